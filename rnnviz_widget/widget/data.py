"""What a widget shows, checked, and the form in which its view and its pages get it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from traitlets import TraitError

from rnnviz_widget.counters import Saturation
from rnnviz_widget.escaping import listed
from rnnviz_widget.quantise import colour_limit
from rnnviz_widget.ranking import Ranking
from rnnviz_widget.ranking.marked import stretches_of
from rnnviz_widget.trace.excerpt import Excerpt
from rnnviz_widget.widget import wire
from rnnviz_widget.widget.checkpoints import as_checkpoints, offered_states
from rnnviz_widget.widget.traits import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.widget.checkpoints import Traces

MOST_COPIES = 16
"""Copies of the text that may be shown at once."""

_OPENING_UNITS = 16  # of a ranking, that travel where not all do
_RANKED_UNITS = 100  # offered from a ranking: nobody scrolls through thousands


@dataclass(frozen=True, eq=False)
class WidgetData:
    """Traces of one text at one or several checkpoints of a training, and what goes with them.

    Attributes
    ----------
    checkpoints
        The traces by name, in the order of training; a single one is named "".
    states
        The states to choose from.
    title
        A line above the text.
    labels
        By name: arrays `(T,)`, or functions of a trace.
    rankings
        What was measured, of the last checkpoint where there are several.
    saturation
        How often gates are closed and open, where that was measured.
    """

    checkpoints: Mapping[str, Trace]
    states: tuple[str, ...]
    title: str
    labels: Mapping[str, LabelLike]
    rankings: Sequence[Ranking]
    saturation: Saturation | None

    @property
    def traces(self) -> tuple[Trace, ...]:
        """One per checkpoint."""
        return tuple(self.checkpoints.values())

    @property
    def trace(self) -> Trace:
        """Any of the traces, for what all have in common: text, states, widths."""
        return self.traces[0]

    @property
    def whole(self) -> Excerpt:
        """All of it."""
        return Excerpt.whole(self.trace, self.states)

    @classmethod
    def of(
        cls,
        traces: Traces,
        *,
        offered: str | Sequence[str] | None,
        title: str,
        labels: Mapping[str, LabelLike] | None,
        ranking: Ranking | Sequence[Ranking] | None,
        saturation: Saturation | None,
    ) -> WidgetData:
        """Return what a widget was given to show, checked.

        Raises
        ------
        TraitError, TypeError
            Naming the argument, what came and what is allowed.
        """
        checkpoints = as_checkpoints(traces)
        states = offered_states(checkpoints, offered)
        rankings = [ranking] if isinstance(ranking, Ranking) else list(ranking or [])
        for item in rankings:
            if not isinstance(item, Ranking):
                msg = f"ranking must be a Ranking or a list of them, got {type(item).__name__}"
                raise TypeError(msg)
        if not isinstance(saturation, Saturation | None):
            msg = f"saturation must be a Saturation, got {type(saturation).__name__}"
            raise TypeError(msg)
        return cls(checkpoints, states, title, dict(labels or {}), rankings, saturation)

    def with_traces(
        self, checkpoints: Mapping[str, Trace], offered: str | Sequence[str] | None
    ) -> WidgetData:
        """Return the same of other traces, less what was of the old ones: arrays, saturation."""
        labels = {name: label for name, label in self.labels.items() if callable(label)}
        states = offered_states(checkpoints, offered)
        return replace(self, checkpoints=checkpoints, states=states, labels=labels, saturation=None)

    # --- what it has -------------------------------------------------------------------------

    @property
    def units(self) -> dict[str, int]:
        """How many units each state that is offered has."""
        return {state: self.trace.num_units(state) for state in self.states}

    @property
    def characters(self) -> bool:
        """Whether each token is a single character."""
        return all(len(token) == 1 for token in self.trace.tokens)

    @property
    def has_extras(self) -> bool:
        """Whether there is something to draw that ordinary widgets have not."""
        return len(self.checkpoints) > 1 or self.saturation is not None

    def guess(self, hidden: str | bool) -> str | bool:  # noqa: FBT001  (a trait's value)
        """Return what is hidden to be guessed, or refuse it."""
        if hidden == "text" and not self.characters:
            msg = "guess must be 'values' where tokens have several characters, got 'text'"
            raise TraitError(msg)
        return hidden

    def state(self, name: str) -> str:
        """Return the name of a state that is offered, or refuse it."""
        if name not in self.states:
            msg = f"state must be one of {listed(self.states)}, got {name!r}"
            raise TraitError(msg)
        return name

    def selection(self, selection: Sequence[int]) -> list[int]:
        """Return selected tokens as they are, if the text has them.

        Raises
        ------
        TraitError
            If they are neither empty nor ``[start, stop]`` within the text.
        """
        match list(selection):
            case []:
                return []
            case [start, stop] if 0 <= start < stop <= len(self.trace):
                return [start, stop]
        msg = (
            "selection must be [] or [start, stop] with 0 <= start < stop <= "
            f"{len(self.trace)}, got {list(selection)}"
        )
        raise TraitError(msg)

    def marked(self, marked: Sequence[Any]) -> list[tuple[int, int]]:
        """Return marked stretches in order, or refuse what are none."""
        try:
            return list(stretches_of(marked, len(self.trace)))
        except (TypeError, ValueError) as error:
            raise TraitError(str(error)) from None

    def unit(self, state: str, unit: int) -> int:
        """Return a unit that a state has, or refuse it."""
        units = self.trace.num_units(state)
        if not 0 <= unit < units:
            msg = f"unit must be in [0, {units}) for state {state!r}, got {unit}"
            raise TraitError(msg)
        return unit

    def checkpoint(self, index: int) -> int:
        """Return the index of a checkpoint that there is, or refuse it."""
        if not 0 <= index < len(self.checkpoints):
            msg = f"checkpoint must be in [0, {len(self.checkpoints)}), got {index}"
            raise TraitError(msg)
        return index

    def cursor(self, token: int) -> int:
        """Return a token that there is, or -1 for none, or refuse it."""
        if not -1 <= token < len(self.trace):
            msg = f"cursor must be in [-1, {len(self.trace)}), got {token}"
            raise TraitError(msg)
        return token

    def copies(self, units: Sequence[Any], state: str) -> list[tuple[str, int]]:
        """Return pairs of state and unit; a unit alone is of the state before it, first `state`."""
        if len(units) > MOST_COPIES:
            msg = f"units must be at most {MOST_COPIES}, got {len(units)}"
            raise TraitError(msg)
        copies: list[tuple[str, int]] = []
        for item in units:
            match item:
                case [name, number]:
                    pass
                case number:
                    name = state
            try:
                unit = whole_number(number)
            except TypeError:
                msg = f"units must be pairs (state, unit) or unit numbers, got {item!r}"
                raise TraitError(msg) from None
            state, count = self.state(name), self.trace.num_units(name)
            if not 0 <= unit < count:
                msg = f"units must be in [0, {count}) for state {state!r}, got {unit}"
                raise TraitError(msg)
            copies.append((state, unit))
        return copies

    def flips(self, units: Sequence[Any]) -> list[tuple[str, int]]:
        """Return pairs of state and unit whose colours are turned."""
        pairs = []
        for item in units:
            match item:
                case [str() as state, unit]:
                    pairs.append((self.state(state), self.unit(state, whole_number(unit))))
                case _:
                    msg = f"flipped must hold pairs (state, unit), got {item!r}"
                    raise TraitError(msg)
        return pairs

    def flipped(
        self, units: Sequence[tuple[str, int]], *, flip: bool | None
    ) -> list[tuple[str, int]]:
        """Return which of some units to turn: all, none, or those that rankings found negative."""
        if flip is not None:
            return list(dict.fromkeys(units)) if flip else []
        signs: dict[tuple[str, int], int] = {}
        for ranking in self.rankings:
            for entry in ranking:
                signs.setdefault((entry.state, entry.unit), entry.sign)
        return [unit for unit in dict.fromkeys(units) if signs.get(unit, 1) < 0]

    # --- as the view gets it -----------------------------------------------------------------

    def content(self, shown: int, units: Sequence[tuple[str, int]] = ()) -> dict[str, Any]:
        """Return all of it, with as many values as are not too many for a notebook to keep.

        Those of the `shown` checkpoint come first. Of one whose values do not all fit, some `units`
        travel and those that were ranked best, so that it opens without a kernel too; all others
        are asked for unit by unit.
        """
        excerpt = self.whole
        content = self.excerpt_content(excerpt)
        room = wire.LIVE_LIMIT // excerpt.size(self.trace)
        order = [shown, *(i for i in range(len(self.traces)) if i != shown)]
        limits = self.limits(excerpt) if room else None
        for i in order[:room]:
            content["checkpoints"][i] |= wire.encode_values(self.traces[i], excerpt, limits)
        if rest := order[room:]:
            count = wire.LIVE_LIMIT // (max(1, len(self.trace)) * len(rest))
            rows = [(*unit, self._limit(*unit)) for unit in self._opening(units)[:count]]
            for i in rest:
                content["checkpoints"][i]["rows"] = [
                    wire.encode_row(self.traces[i], *row) for row in rows
                ]
        return content

    def _opening(self, units: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
        """Return some units and the best of each ranking."""
        best = [
            (entry["state"], entry["unit"])
            for ranking in self.ranked(self.whole)
            for entry in ranking["entries"][:_OPENING_UNITS]
        ]
        return list(dict.fromkeys([*units, *best]))

    def _limit(self, state: str, unit: int) -> float:
        """Return the end of a unit's colour scale, which its checkpoints share."""
        columns = (trace.unit(state, unit) for trace in self.traces)
        return colour_limit(columns, self.trace.bounds(state))

    def limits(self, excerpt: Excerpt) -> list[float] | None:
        """Return the end of each unit's colour scale, where several checkpoints share it."""
        return wire.shared_limits(self.traces, excerpt) if len(self.traces) > 1 else None

    def excerpt_content(self, excerpt: Excerpt) -> dict[str, Any]:
        """Return an excerpt of it, less the values."""
        return {
            **wire.encode_text(self.trace, excerpt),
            "checkpoints": wire.encode_checkpoints(self.checkpoints, excerpt),
            "title": wire.json_safe(self.title),
            "labels": [
                wire.encode_label(name, label, self.trace, excerpt)
                for name, label in self.labels.items()
            ],
            "rankings": self.ranked(excerpt),
            "saturation": self._gates(excerpt),
        }

    def ranked(self, excerpt: Excerpt) -> list[dict[str, Any]]:
        """Return what was measured of the units of an excerpt, best first."""
        return [self._describe(ranking, excerpt) for ranking in self.rankings]

    def _describe(self, ranking: Ranking, excerpt: Excerpt) -> dict[str, Any]:
        """Return the first units of a ranking that an excerpt has, with scores in words."""
        known = (
            e
            for e in ranking
            if excerpt.has(e.state, e.unit) and e.unit < self.trace.num_units(e.state)
        )
        held_out, spans = ranking.reported_on, "spans" if ranking.metric == "AUC" else "lines"
        last = list(self.checkpoints)[-1]
        note = f"measured at {last}; {ranking.note}" if len(self.checkpoints) > 1 else ranking.note
        return {
            "label": wire.json_safe(ranking.label),
            "note": wire.json_safe(note),
            "extent": f"on {held_out.spans:,} {spans} ({held_out.tokens:,} tokens)",
            "entries": [
                {"state": e.state, "unit": e.unit, "text": e.text, "sign": e.sign}
                for e in islice(known, _RANKED_UNITS)
            ],
        }

    def _gates(self, excerpt: Excerpt) -> dict[str, Any] | None:
        """Return the shares of the units that are in an excerpt; of gates that are not, of all."""
        if (saturation := self.saturation) is None:
            return None
        gates = []
        for state in saturation.states:
            points = [
                p
                for p in saturation.of(state)
                if state not in excerpt.units or excerpt.has(state, p.unit)
            ]
            gates.append(
                {
                    "state": wire.json_safe(state),
                    "ids": np.array([p.unit for p in points], "<u4").tobytes(),
                    "closed": np.array([p.left for p in points], "<f4").tobytes(),
                    "open": np.array([p.right for p in points], "<f4").tobytes(),
                }
            )
        return {"tokens": saturation.tokens, "gates": gates}
