"""One row of a survey for each unit, and what is said of each label."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnviz_widget.ranking.sweep import Sweep, best_of_kinds
from rnnviz_widget.surveys.bins import area_gains, coarsely, rank_gains

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.ranking import Entry, Ranking
    from rnnviz_widget.surveys.summary import Summary
    from rnnviz_widget.trace.blocks import Recording


class LabelScore(NamedTuple):
    """How a unit follows a label, by the best of its kinds.

    Attributes
    ----------
    label, metric : str
        Which label; ``"AUC"`` or ``"Spearman"``.
    state : str
        Of the kind.
    score, held_out, error, sign, claimed
        As in `UnitRow`.

    """

    label: str
    metric: str
    state: str
    score: float
    held_out: float
    error: float
    sign: int
    claimed: bool

    @property
    def size(self) -> float:
        """The effect size on part A, in [0, 1]: 2 AUC - 1, or the correlation."""
        return 2 * self.score - 1 if self.metric == "AUC" else self.score

    @property
    def words(self) -> str:
        """The held-out score, with its error."""
        error = f" \N{PLUS-MINUS SIGN} {self.error:.4f}" if self.error else ""
        return f"{self.metric} {self.held_out:.3f}{error}"


@dataclass(frozen=True)
class UnitRow:
    """What a survey found of a unit.

    Attributes
    ----------
    state, unit : str, int
        The column: of the unit's kinds (h, c, ...) the one that follows a label best.
    layer : str
        Of the unit.
    scores : tuple of LabelScore
        How it follows each label, the one with the largest effect on part A of the corpus first;
        labels that do not vary are absent, and none is there for a unit that is NaN somewhere.
    kind : str
        What kind of memory it is, see `unit_kind`; empty where that was not asked.
    mean, spread : float
        Of its values over the corpus: mean and standard deviation.
    low, high : float
        The share of tokens at which it is saturated: below 0.1 and above 0.9 of a gate, below
        -0.9 and above 0.9 of what lies in (-1, 1); 0 for others.
    missing : float
        The share at which it is NaN or infinite.

    """

    state: str
    unit: int
    layer: str
    scores: tuple[LabelScore, ...]
    kind: str
    mean: float
    spread: float
    low: float
    high: float
    missing: float

    @property
    def name(self) -> str:
        """The unit in words, such as ``rnn.l0.c[152]``."""
        return f"{self.state}[{self.unit}]"

    @property
    def best(self) -> LabelScore | None:
        """How it follows the label that it follows best."""
        return self.scores[0] if self.scores else None

    @property
    def claimed(self) -> bool:
        """Whether it may be said to follow that label, as `Ranking.claimed` has it."""
        return bool(self.scores) and self.scores[0].claimed

    @property
    def finding(self) -> str:
        """What may be said, in a few words."""
        if self.best is None:
            return "nothing to compare with"
        if self.claimed:
            return f"follows {self.best.label}: {self.best.words}"
        return f"nothing shown; nearest is {self.best.label}: {self.best.words}"

    def record(self) -> dict[str, Any]:
        """Return a row of a data frame, with what is known of the label it follows best."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "scores"}
        best = dict.fromkeys(LabelScore._fields) if self.best is None else self.best._asdict()
        return {**best, **own}


@dataclass(frozen=True)
class Scores:
    """How all units follow a label.

    Attributes
    ----------
    entries : sequence of Entry
        Of each unit the best of its kinds.
    errors : dict
        By (state, unit) what its held-out score may be off by.
    ranking : Ranking
        Exact, on the sample.

    """

    entries: Sequence[Entry]
    errors: Mapping[tuple[str, int], float]
    ranking: Ranking


def exact_scores(ranking: Ranking) -> Scores:
    """Return what a ranking of the whole corpus says."""
    return Scores(ranking.entries, {}, ranking)


def binned_scores(
    summary: Summary, name: str, ranking: Ranking, columns: list[tuple[str, int]], of: Recording
) -> Scores:
    """Return what the counts of the whole corpus say; exact but for the order within bins."""
    hits = summary.hits[name]
    if ranking.metric == "AUC":
        gains = [area_gains(part, summary.mixed) for part in hits]
    else:
        mixed, exact = coarsely(summary.mixed, summary.counts), not summary.inexact[name]
        gains = [rank_gains(part, mixed, exact=exact) for part in hits]
    a, b = (np.where(summary.missing > 0, np.nan, gain.values) for gain in gains)
    none = np.zeros(0)
    swept = Sweep(columns, a, b, none.astype(np.intp), none)
    base = 0.5 if ranking.metric == "AUC" else 0.0
    entries = best_of_kinds(swept, of, base=base, metric=ranking.metric)
    return Scores(entries, dict(zip(columns, gains[1].errors.tolist(), strict=True)), ranking)


def rows_of(
    summary: Summary,
    scores: Mapping[str, Scores],
    columns: list[tuple[str, int]],
    of: Recording,
    kinds: Mapping[tuple[str, int], str],
) -> list[UnitRow]:
    """Return one row for each unit of each layer, those that follow a label best first."""
    found: dict[tuple[str, int, int], list[LabelScore]] = {}
    for name, its in scores.items():
        # Where nothing may be said of the best unit, nothing is said of the others.
        sure = its.ranking.claimed
        claimed = {(e.state, e.unit) for e in its.ranking if sure and its.ranking.claims(e)}
        for e in its.entries:
            error = its.errors.get((e.state, e.unit), 0.0)
            score = e.score, e.held_out, error, e.sign, (e.state, e.unit) in claimed
            found.setdefault(_key(of, e.state, e.unit), []).append(
                LabelScore(name, e.metric, e.state, *score)
            )
    number = {column: c for c, column in enumerate(columns)}
    first = {_key(of, *column): column for column in reversed(columns)}
    counted = np.maximum(summary.tokens.sum() - summary.missing, 1)
    mean = summary.total / counted
    spread = np.sqrt(np.maximum(summary.square / counted - mean**2, 0))
    rows = []
    for key, column in reversed(first.items()):
        mine = sorted(found.get(key, ()), key=lambda score: -score.size)
        state = mine[0].state if mine else column[0]
        c = number[state, column[1]]
        rows.append(
            UnitRow(
                state,
                column[1],
                layer=key[0],
                scores=tuple(mine),
                kind=kinds.get((state, column[1]), ""),
                mean=float(mean[c]),
                spread=float(spread[c]),
                low=float(summary.low[c] / counted[c]),
                high=float(summary.high[c] / counted[c]),
                missing=float(summary.missing[c] / max(1, summary.tokens.sum())),
            )
        )
    return sorted(rows, key=lambda row: (not row.claimed, -row.best.size if row.best else 1.0))


def _key(of: Recording, state: str, unit: int) -> tuple[str, int, int]:
    return of.layer_and_kind(state)[0], of.num_units[state], unit
