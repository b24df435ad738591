"""The rival that a unit is a counter: each token adds its own increment, up to a bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.counters.sample import listed, said_with_sign
from rnnviz_widget.counters.scans import clipped_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.counters.readout import Curve
    from rnnviz_widget.counters.sample import Reading

START, RESET, LOW, HIGH = range(4)
"""What can hold a counter: the rows of `Counter.anchors`."""

_MOST_NAMED = 4
"""Different increments that one sentence names; more are told as a range."""

_STEPS_LOST = 3
"""Usual steps that a bound must have taken away to count as met: a depth touches 0 by itself."""

_PERMUTATIONS = 8
"""Orders of the same increments that a reach is averaged over; it varies little between them."""

_UNHELD_REACH = 0.5
"""Share of the reach in any order from which on nothing holds a counter. Tokens that undo each
other, as brackets do, keep it below; a counter that only goes up reaches all of it."""

_SLIGHT_STEP = 0.005
"""Share of the largest step below which a step is called nothing, ..."""

_SLIGHT_SUM = 0.02
"""... if all its occurrences together move the unit by less than this share of the most moving."""


@dataclass(frozen=True)
class Counter:
    """``x[t] = clip(x[t-1] + increments[token t], low, high)``; reset tokens set x.

    Attributes
    ----------
    increments : ndarray, shape (V + 1,)
        What each token adds; the last for "no token".
    resets : tuple of int
        The tokens that set x to ``anchors[1]``.
    delay : int
        How many tokens late all this happens.
    anchors : ndarray, shape (4,)
        x at the start, at a reset, and its bounds (infinite if there is none).
    curve : Curve
        From x to the unit's value.
    seen : ndarray of int, shape (V,)
        How often each token was read in the text it was fitted to.
    met : tuple of bool
        Whether each bound was met there.
    free : bool
        Whether nothing held it, and the text did not either: it counts on and on.

    """

    increments: NDArray[np.float64]
    resets: tuple[int, ...]
    delay: int
    anchors: NDArray[np.float64]
    curve: Curve
    seen: NDArray[np.intp]
    met: tuple[bool, bool] = (False, False)
    free: bool = False

    def predict(self, reading: Reading) -> NDArray[np.float64]:
        """Count, and bend."""
        return self.curve(self.count(reading)[0])

    def count(self, reading: Reading) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return x, and which anchor holds it at each token (-1: none), both of shape (T,)."""
        return self._count(reading)[:2]

    def stopped(self, reading: Reading) -> tuple[bool, bool]:
        """Whether each bound stopped it: took away three steps or more.

        A bound that it only touches, as a depth touches 0 where all is closed, is not seen to hold.
        """
        _, held, reached = self._count(reading)
        steps = np.abs(self.increments[reading.delayed(self.delay)])
        least = _STEPS_LOST * float(np.sqrt((steps**2).sum() / max(1, np.count_nonzero(steps))))
        low, high = self.anchors[LOW:]
        cut = (low - reached[held == LOW]).sum(), (reached[held == HIGH] - high).sum()
        return bool(cut[0] >= least > 0), bool(cut[1] >= least > 0)

    def _count(
        self, reading: Reading
    ) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
        codes = reading.delayed(self.delay)
        steps = self.increments[codes]
        is_reset = np.zeros(len(self.increments), np.bool_)
        is_reset[list(self.resets)] = True
        low, high = (np.full(len(reading), bound) for bound in self.anchors[LOW:])
        reset = is_reset[codes]
        low[reset] = high[reset] = self.anchors[RESET]
        low[reading.starts] = high[reading.starts] = self.anchors[START]
        x = clipped_sum(steps, low, high)
        reached = np.concatenate(([0.0], x[:-1])) + steps
        held = np.full(len(reading), -1)
        held[reached <= self.anchors[LOW]] = LOW
        held[reached >= self.anchors[HIGH]] = HIGH
        held[reset] = RESET
        held[reading.starts] = START
        return x, held, reached

    def goes_on(self, reading: Reading) -> bool:
        """Whether it counts on and on: nothing holds it, and the text does not either.

        The text holds a counter if what adds and what takes away alternate, as brackets do. Then
        the counter does not reach as far as it would with the same tokens in another order.
        """
        if self.resets or any(self.met):
            return False
        rng, steps = np.random.default_rng(0), self.increments[reading.delayed(self.delay)]
        starts = np.flatnonzero(reading.starts)
        far = [
            np.mean([np.ptp(np.cumsum(rng.permutation(its))) for _ in range(_PERMUTATIONS)])
            for its in np.split(steps, starts[1:])
        ]
        reached = [np.ptp(np.cumsum(its)) for its in np.split(steps, starts[1:])]
        return bool(max(reached) > _UNHELD_REACH * max(far))

    def words(self, vocabulary: Sequence[str], scale: float) -> str:
        """Say what it adds where, and what stops it."""
        late = f" ({self.delay} later)" if self.delay else ""
        said = self._increments(vocabulary, scale)
        if self.resets:
            said += f"; set back by {listed([repr(vocabulary[code]) for code in self.resets])}"
        bounds = [name for name, met in zip(("below", "above"), self.met, strict=True) if met]
        bound = f"bounded {' and '.join(bounds)}" if bounds else "no bound was met in this text"
        if not bounds and not self.resets and not self.free:
            bound += ", which itself comes back"
        return f"{said}{late}; {bound}"

    def _increments(self, vocabulary: Sequence[str], scale: float) -> str:
        """Name every increment, those first that move the unit most in all."""
        steps = scale * self.increments[:-1]
        nothing = _SLIGHT_STEP * np.abs(steps[self.seen > 0]).max(initial=0)
        moved = self.seen * np.abs(steps)
        slight = (np.abs(steps) < nothing) & (moved < _SLIGHT_SUM * moved.max(initial=0))
        its: dict[str, list[int]] = {}
        for code in np.argsort(-moved, kind="stable").tolist():
            step = "0" if slight[code] else said_with_sign(steps[code])
            its.setdefault(step, []).append(code)
        still = its.pop("0", [])
        named = list(its.items())[: _MOST_NAMED if len(its) <= _MOST_NAMED else _MOST_NAMED - 1]
        said = [
            f"{step} at "
            + ("every token" if len(codes) == len(steps) > 1 else _quoted(vocabulary, codes))
            for step, codes in named
        ]
        rest = [code for codes in list(its.values())[len(named) :] for code in codes]
        if rest:
            common = max(rest, key=lambda code: self.seen[code])
            low, high = (said_with_sign(float(f(steps[rest]))) for f in (np.min, np.max))
            said.append(
                f"{low} to {high} at {len(rest)} more (at the commonest of them, "
                f"{vocabulary[common]!r}, {said_with_sign(steps[common])})"
            )
        if still and said:
            said.append(f"nothing at {len(still)} other token{'s' * (len(still) > 1)}")
        return ", ".join(said) or "nothing at any token"


def _quoted(vocabulary: Sequence[str], codes: Sequence[int]) -> str:
    return listed([repr(vocabulary[code]) for code in codes])
