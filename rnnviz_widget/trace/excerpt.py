"""What is taken of a trace: states, units and a span of tokens."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnnviz_widget.escaping import briefly, listed
from rnnviz_widget.trace.predictions import Predictions
from rnnviz_widget.trace.trace import Trace, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Excerpt:
    """An excerpt of a trace.

    Attributes
    ----------
    units
        The states, in order, and of each the units, ascending; None stands for all of them.
    start, stop
        The tokens, `stop` not included.
    """

    units: Mapping[str, tuple[int, ...] | None]
    start: int
    stop: int

    @classmethod
    def whole(cls, trace: Trace, states: Iterable[str]) -> Excerpt:
        """Return all units of some states, over the whole text."""
        return cls(dict.fromkeys(states), 0, len(trace))

    @property
    def span(self) -> slice:
        """The tokens, as an index."""
        return slice(self.start, self.stop)

    def has(self, state: str, unit: int) -> bool:
        """Whether a unit that the trace has is in this excerpt."""
        if state not in self.units:
            return False
        chosen = self.units[state]
        return chosen is None or unit in chosen

    def count(self, trace: Trace, state: str) -> int:
        """Return how many units of a state are in this excerpt."""
        chosen = self.units[state]
        return trace.num_units(state) if chosen is None else len(chosen)

    def size(self, trace: Trace) -> int:
        """Return how many values this excerpt has: tokens times units."""
        units = sum(self.count(trace, state) for state in self.units)
        return (self.stop - self.start) * units

    def traits(self, traits: Mapping[str, Any]) -> dict[str, Any]:
        """Return a widget's traits, moved to what of them is in this excerpt.

        A unit keeps its number; `cursor`, `selection` and `marked` count from the excerpt's first
        token.
        """
        moved = dict(traits)
        copies = [(state, unit) for state, unit in traits["units"] if self.has(state, unit)]
        state, unit = traits["state"], traits["unit"]
        if copies and not self.has(state, unit):
            state, unit = copies[0]
        if state not in self.units:
            state = next(iter(self.units))
        if not self.has(state, unit):
            unit = (self.units[state] or (0,))[0]
        moved["state"], moved["unit"] = state, unit
        moved["units"] = copies if len(copies) > 1 else []
        flipped = traits.get("flipped", ())
        moved["flipped"] = [(state, unit) for state, unit in flipped if self.has(state, unit)]
        moved["active"] = copies.index((state, unit)) if moved["units"] else 0
        length = self.stop - self.start
        if not self.start <= traits["cursor"] < self.stop:
            moved["cursor"] = -1
        else:
            moved["cursor"] -= self.start
        moved["marked"] = [
            (max(start, self.start) - self.start, min(stop, self.stop) - self.start)
            for start, stop in traits.get("marked", ())
            if max(start, self.start) < min(stop, self.stop)
        ]
        ends = [min(max(end - self.start, 0), length) for end in traits["selection"]]
        moved["selection"] = ends if ends and ends[0] < ends[1] else []
        return moved


def choose(
    trace: Trace,
    offered: Sequence[str],
    *,
    states: str | Sequence[str] | None = None,
    units: Iterable[int] | Mapping[str, Iterable[int]] | None = None,
    start: int = 0,
    stop: int | None = None,
) -> Excerpt:
    """Return the excerpt that someone chose of a trace.

    Parameters
    ----------
    offered
        The states to choose from.
    states
        Shell patterns; by default all that are offered, or those that `units` names.
    units
        Unit numbers, the same of every state, or by state; by default all.
    start, stop
        Tokens, counted from 0; by default the whole text.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what came and what is allowed.
    """
    if isinstance(units, Mapping):
        if unknown := [name for name in units if name not in offered]:
            msg = f"units must be of states among {listed(offered)}, got {unknown[0]!r}"
            raise ValueError(msg)
        by_state = {name: _numbers(numbers) for name, numbers in units.items()}
        offered = offered if states is not None else list(units)
    else:
        by_state = {} if units is None else dict.fromkeys(offered, _numbers(units))
    chosen = {
        name: _units_of(name, by_state[name], trace.num_units(name)) if name in by_state else None
        for name in select(offered, states)
    }
    tokens = span(trace, start, stop)
    return Excerpt(chosen, tokens.start, tokens.stop)


def span(trace: Trace, start: int = 0, stop: int | None = None) -> slice:
    """Return the tokens `[start, stop)` as a slice; `stop` is by default the end.

    Raises
    ------
    TypeError, ValueError
        If they are not integers with ``0 <= start < stop <= T``.
    """
    first = _index("start", start)
    last = len(trace) if stop is None else _index("stop", stop)
    if not 0 <= first < last <= len(trace):
        msg = (
            f"start and stop must be 0 <= start < stop <= {len(trace)}, the number of tokens, got "
            f"start={first}, stop={last}"
        )
        raise ValueError(msg)
    return slice(first, last)


def tail(trace: Trace, start: int) -> Trace:
    """Return the tokens from one on, each as it is after all that was read before it."""
    predictions, loss = trace.predictions, trace.loss
    if predictions:
        entropy = predictions.entropy
        predictions = Predictions(
            predictions.ids[start:],
            predictions.probabilities[start:],
            predictions.vocabulary,
            None if entropy is None else entropy[start:],
        )
    return Trace.from_arrays(
        trace.tokens[start:],
        {name: trace[name][start:] for name in trace.states},
        bounds={name: pair for name in trace.states if (pair := trace.bounds(name))},
        predictions=predictions,
        loss=None if loss is None else loss[start:],
    )


def _numbers(units: Iterable[int]) -> tuple[int, ...]:
    """Return unit numbers, each once, ascending."""
    if isinstance(units, (str, bytes)) or not hasattr(units, "__iter__"):
        msg = f"units must be unit numbers, or unit numbers by state, got {briefly(units)}"
        raise TypeError(msg)
    return tuple(sorted({_index("units", unit) for unit in units}))


def _units_of(state: str, units: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return the numbers as they are if a state with `count` units has them."""
    if not units:
        msg = f"units must name at least one unit of state {state!r}, got none"
        raise ValueError(msg)
    if wrong := [unit for unit in units if not 0 <= unit < count]:
        msg = f"units must be in [0, {count}) for state {state!r}, got {wrong[0]}"
        raise ValueError(msg)
    return units


def _index(name: str, value: Any) -> int:  # noqa: ANN401  (from outside)
    try:
        return operator.index(value)
    except TypeError:
        msg = f"{name} must be an integer, got {value!r}"
        raise TypeError(msg) from None
