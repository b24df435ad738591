"""`counter_profile`: how a unit's value changes after each token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.counters.changes import Changes, changes_by_token
from rnnviz_widget.counters.series import Series, at_least
from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.tables import (
    data_frame,
    html_facts,
    html_folded,
    html_table,
    plain_facts,
    plain_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.trace import Trace

_SHOWN = 8  # tokens that differ from any token surely at some lag, and of these the strongest
_FEW = 3  # tokens of which a notebook shows the largest change
_NAMES = (0, 1)
_MOST_BLOCKS = 256
_LEAST_BLOCK = 100  # tokens


@dataclass(frozen=True, eq=False)
class TokenChanges:
    """What a unit changed by after one token: ``mean[lag]`` with its 95 % interval.

    Attributes
    ----------
    count : int
        Occurrences.
    mean, low, high : ndarray, shape (L,)
        NaN where nothing can be said.

    """

    count: int
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TokenProfile:
    """One token's row of a profile.

    Attributes
    ----------
    token : str
        The token.
    all, negative, positive : TokenChanges
        Over all its occurrences; over those where the unit was below 0 before the token was read;
        over those where it was 0 or above.

    """

    token: str
    all: TokenChanges
    negative: TokenChanges
    positive: TokenChanges


@dataclass(frozen=True, eq=False, repr=False)
class Profile(Mapping[str, TokenProfile]):
    """How a unit's value changes after each token; ``profile['"']`` is one token's row.

    A mapping from token to `TokenProfile`, the most frequent token first. Printed, and in a
    notebook, it is a table of the tokens that move the unit most.

    Attributes
    ----------
    state, unit : str, int
        Which unit.
    tokens : tuple of str
        The V tokens that occur.
    lags : int
        Changes are given at lag 0 to ``lags``: L = lags + 1 of them.
    all, negative, positive : Changes
        Arrays over tokens and lags: all occurrences; those where the unit was below 0 before the
        token was read; those where it was 0 or above.
    left_out : int
        Occurrences that were left out since the unit is NaN or infinite near them.

    """

    state: str
    unit: int
    tokens: tuple[str, ...]
    lags: int
    all: Changes
    negative: Changes
    positive: Changes
    left_out: int

    def __getitem__(self, token: str) -> TokenProfile:
        """Return a token's changes.

        Raises
        ------
        KeyError
            If the token does not occur.

        """
        try:
            row = self.tokens.index(token)
        except ValueError:
            msg = f"{token!r} does not occur; the {len(self)} tokens that do are in .tokens"
            raise KeyError(msg) from None
        parts = (_row(part, row) for part in (self.all, self.negative, self.positive))
        return TokenProfile(token, *parts)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the tokens, the most frequent first."""
        return iter(self.tokens)

    def __len__(self) -> int:
        """Return V."""
        return len(self.tokens)

    def strongest(self, count: int = _SHOWN) -> tuple[str, ...]:
        """Return the tokens that move the unit most, in sum of squares at their best lag.

        Beyond what any token does: a unit that falls back to its mean moves after each of them.
        """
        moved = np.zeros(len(self))
        for part in (self.negative, self.positive):
            squares = part.count[:, None] * (part.mean - part.any_mean) ** 2
            moved += np.nan_to_num(squares).max(axis=1)
        return tuple(self.tokens[i] for i in np.argsort(-moved, kind="stable")[:count])

    def to_pandas(self) -> Any:  # noqa: ANN401 - pandas is not needed otherwise
        """Return a ``pandas.DataFrame`` with a row per token, value before and lag.

        Raises
        ------
        ImportError
            If pandas is not installed.

        """
        return data_frame(
            {
                "token": token,
                "before": before,
                "lag": lag,
                "count": int(part.count[row]),
                "mean": part.mean[row, lag],
                "low": part.low[row, lag],
                "high": part.high[row, lag],
            }
            for row, token in enumerate(self.tokens)
            for before, part in self._parts()
            for lag in range(self.lags + 1)
        )

    @property
    def title(self) -> str:
        """What the table is about."""
        return f"How {self.state}[{self.unit}] changes after each token"

    @property
    def note(self) -> str:
        """How to read the table, in a line."""
        skipped = f"; {self.left_out:,} left out near NaN" if self.left_out else ""
        return (
            f"{int(self.all.count.sum()):,} tokens, {len(self):,} different{skipped}. Mean change "
            "and 95 % interval, by the sign of the value before; lag 0 is the step that reads the "
            "token. Tokens are given as differences from any token: what is low rises, and what is "
            "high falls, whatever is read."
        )

    def __str__(self) -> str:
        """Return the strongest tokens and what the token explains, as plain text."""
        rows = plain_table(self.rows(), left=_NAMES)
        return for_terminal(
            "\n".join([self.title, self.note, "", *rows, "", *plain_facts(self.facts())])
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        everything = f"<p>{for_html(self.note)}</p>{html_table(self.rows(), left=_NAMES)}"
        return (
            f'<div class="rnnviz-profile"><p><strong>{for_html(self.title)}</strong></p>'
            f"{html_table(self.largest(), left=_NAMES)}"
            + html_folded(everything + html_facts(self.facts()))
            + "</div>"
        )

    def largest(self, count: int = _FEW) -> list[list[str]]:
        """Return the head of a table and the largest change of the strongest tokens, as text."""
        table = [["after", "value before", "times", "largest change", "at lag"]]
        for token in self.strongest(count):
            row = self[token]
            for before, part in (("below 0", row.negative), ("0 or above", row.positive)):
                if part.count and not np.isnan(part.mean).all():
                    lag = int(np.nanargmax(np.abs(part.mean)))
                    table.append(
                        [repr(token), before, f"{part.count:,}", _cell(part, lag), str(lag)]
                    )
        return table

    def rows(self) -> list[list[str]]:
        """Return the head of the table and the rows of the strongest tokens, as text."""
        lags = range(self.lags + 1)
        table = [["token", "before", "count", *(f"lag {lag}" for lag in lags)]]
        parts = (("< 0", self.negative), (">= 0", self.positive))
        for before, part in parts:
            if part.count.any():
                means = (f"{round(float(x), 2) + 0:+.2f}" for x in part.any_mean)
                table.append(["any token", before, f"{int(part.count.sum()):,}", *means])
        # Of so many intervals one in twenty excludes 0 where there is nothing to be found.
        looked_at = len(parts) * len(self) * (self.lags + 1)
        wider = NormalDist().inv_cdf(1 - 0.025 / looked_at) / NormalDist().inv_cdf(0.975)
        told: list[list[str]] = []
        shown = []
        for token in self.strongest(len(self)):
            row, said = self.tokens.index(token), []
            for before, part in parts:
                differences = _difference(part, row)
                half = (differences.high - differences.low) / 2
                if (np.abs(differences.mean) > wider * half).any():
                    cells = (_cell(differences, lag) for lag in lags)
                    said.append([repr(token), before, f"{differences.count:,}", *cells])
            if said:
                shown.append(token)
                told += said
            if len(shown) == _SHOWN:
                break
        table += told
        if len(self) > len(shown):
            table.append([f"... {len(self) - len(shown):,} more", *[""] * (self.lags + 3)])
        return table

    def facts(self) -> list[tuple[str, str]]:
        """Return how much of the changes the current token explains, as (name, value)."""
        names = {"all": "explained by the token", "< 0": "where < 0 before", ">= 0": "where >= 0"}
        return [
            (names[before], ", ".join(_share(lag, x) for lag, x in enumerate(part.eta_squared)))
            for before, part in self._parts()
        ]

    def _parts(self) -> tuple[tuple[str, Changes], ...]:
        return (("all", self.all), ("< 0", self.negative), (">= 0", self.positive))


def counter_profile(
    trace: Trace | Sequence[Trace], state: str, unit: int, *, lags: int = 3, skip: int = 100
) -> Profile:
    """Return the mean change of a unit after each token, and how much the token explains.

    After the token at t the changes are ``h[t + lag] - h[t + lag - 1]`` for lag 0 (the step that
    reads it) up to ``lags``: units often move one step late. They are averaged over all
    occurrences, and apart for those where the unit was below 0 before, ``h[t - 1] < 0``: a switch
    that the same token turns on and off would average to nothing.

    Parameters
    ----------
    trace : Trace or sequence of Trace
        What the network did; several traces are blocks of a text, each from its own start.
    state, unit : str, int
        Which unit.
    lags : int
        The last lag, at least 0.
    skip : int
        Tokens left out at the start of each trace, where the state still comes from zero.

    Returns
    -------
    Profile
        A mapping from token to its changes.

    Raises
    ------
    KeyError
        If there is no such state.
    ValueError
        If there is no such unit; if the traces are too short to have any token with a value
        before and ``lags`` after it; if all values there are NaN or infinite.

    Notes
    -----
    *Intervals.* Changes near each other are not independent, so the text is cut into blocks of at
    least 100 tokens, at most 256 of them, and the variance of a mean is that between blocks (the
    cluster-robust variance of a ratio, Student's t with one degree of freedom less than the
    blocks that hold the token). A token that occurs once, or in one block only, has a mean and no
    interval.

    *Explained.* ``eta_squared`` is Kelley's epsilon squared (1935), eta squared less what as many
    groups explain by chance: a token that occurs once explains its own change and says nothing,
    so eta squared itself grows with the vocabulary. It may come out slightly negative.

    Examples
    --------
    >>> profile = counter_profile(trace, "rnn.l0.h", 16)  # doctest: +SKIP
    >>> profile['"'].positive.mean  # the closing quote: nothing at lag 0  # doctest: +SKIP
    array([ 0.  , -1.88,  0.01,  0.  ])

    """
    lags = at_least("lags", lags, 0)
    skip = at_least("skip", skip, 0)
    series = Series.of(trace, state, unit)
    into, length = series.recording.into_block, len(series)
    ends = np.append(series.recording.starts[1:], length)
    remaining = np.repeat(ends, np.diff(ends, prepend=0)) - np.arange(length)  # in its block
    places = np.flatnonzero((into >= max(skip, 1)) & (remaining > lags))
    if not len(places):
        msg = (
            f"trace must have more than {max(skip, 1) + lags} tokens (skip={skip}, lags={lags}), "
            f"got {length} in {len(series.recording.traces)} traces"
        )
        raise ValueError(msg)
    window = np.arange(-1, lags + 1)
    with np.errstate(invalid="ignore"):
        changes = np.diff(series.values[places[:, None] + window], axis=1)  # (n, L)
    known = np.isfinite(changes).all(axis=1)
    if not known.any():
        msg = f"{state}[{unit}] is NaN or infinite at or beside every token"
        raise ValueError(msg)
    left_out = int(len(places) - known.sum())
    places, changes = places[known], changes[known]

    present, codes = np.unique(series.codes[places], return_inverse=True)
    order = np.argsort(-np.bincount(codes), kind="stable")  # the most frequent first
    codes = np.argsort(order)[codes]
    tokens = tuple(series.vocabulary[i] for i in present[order])
    blocks = places // max(_LEAST_BLOCK, -(-length // _MOST_BLOCKS))
    negative = series.values[places - 1] < 0
    everything, below, above = (
        changes_by_token(changes[rows], codes[rows], blocks[rows], len(tokens))
        for rows in (np.ones_like(negative), negative, ~negative)
    )
    return Profile(state, unit, tokens, lags, everything, below, above, left_out)


def _difference(part: Changes, row: int) -> TokenChanges:
    """Return by how much a token's changes differ from those after any token."""
    low, mean, high = (x[row] - part.any_mean for x in (part.low, part.mean, part.high))
    return TokenChanges(int(part.count[row]), mean, low, high)


def _row(part: Changes, row: int) -> TokenChanges:
    return TokenChanges(int(part.count[row]), part.mean[row], part.low[row], part.high[row])


def _cell(part: TokenChanges, lag: int) -> str:
    mean, low, high = (
        f"{round(float(x), 2) + 0:+.2f}"  # + 0 turns -0 into 0
        for x in (part.mean[lag], part.low[lag], part.high[lag])
    )
    return mean if np.isnan(part.low[lag]) else f"{mean} ({low} to {high})"


def _share(lag: int, share: float) -> str:
    return f"lag {lag}: " + ("-" if np.isnan(share) else f"{100 * share:.0f} %")
