"""How often a ranking claims a unit: where no unit follows the label, and where one does.

Run from the repository: ``python -m tests.simulations.false_claims [TRIALS]``, by default 200 of
each row (a quarter of an hour on one core). Label and units are independent of each other where
nothing follows; each slow on its own account. Where something does, one of the units is the label
with independent noise of the same slowness added, of the strength that the row names.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import lfilter

from rnnviz_widget.ranking import rank_units
from rnnviz_widget.trace import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKENS = 20_000
UNITS = 16
LINE = 50


class Series(NamedTuple):
    """A kind of slow series: ``time`` of its autocorrelation, and whether it walks or drifts.

    ``time`` 0 is white noise, infinity a random walk. ``trend`` is how far it rises from the first
    token to the last, in standard deviations of the rest.
    """

    name: str
    time: float
    trend: float = 0

    def draw(self, rng: np.random.Generator, count: int, length: int) -> NDArray[np.float64]:
        """Return ``count`` series, (count, length)."""
        if self.time == np.inf:
            values = np.cumsum(rng.standard_normal((count, length)), axis=1)
        else:
            values = autoregressive(rng, count, length, self.time)
        scale = values.std(axis=1, keepdims=True)
        slope = self.trend * rng.choice([-1, 1], (count, 1)) * scale
        return values + slope * np.linspace(0, 1, length)


def autoregressive(
    rng: np.random.Generator, count: int, length: int, time: float
) -> NDArray[np.float64]:
    """Return stationary AR(1) series of variance 1 with correlation exp(-k / time) at lag k."""
    decay = np.exp(-1 / time) if time else 0.0
    noise = rng.standard_normal((count, length)) * np.sqrt(1 - decay**2)
    start = rng.standard_normal((count, 1)) * decay
    return np.asarray(lfilter([1], [1, -decay], noise, axis=1, zi=start)[0])


class Waves(NamedTuple):
    """Smooth trends that turn: three sines of up to a period and a half, of random phase."""

    name: str = "smooth waves"

    def draw(self, rng: np.random.Generator, count: int, length: int) -> NDArray[np.float64]:
        """Return ``count`` series, (count, length)."""
        values = np.zeros((count, length))
        for periods in (0.5, 1, 1.5):
            size, phase = rng.standard_normal((count, 1)), rng.random((count, 1))
            values += size * np.sin(2 * np.pi * (periods * np.linspace(0, 1, length) + phase))
        return values


KINDS = (
    *(Series(f"AR, time {time:,}", time) for time in (30, 100, 300, 1_000, 3_000, 10_000)),
    Series("random walk", np.inf),
    Series("trend", 0, 100),
    Series("noise with a trend", 0, 2),
    Series("AR, time 300, with a trend", 300, 3),
    Series("random walk with a trend", np.inf, 3),
)
WALK, TREND = KINDS[6], KINDS[7]
WAVES = Waves()
NOTHING = (
    *((kind, kind) for kind in KINDS),
    (WALK, TREND),
    (TREND, WALK),
    (TREND, KINDS[2]),
    (KINDS[2], TREND),
    (WALK, KINDS[3]),
    (KINDS[3], WALK),
    (WAVES, WAVES),
    (TREND, WAVES),
    (WALK, WAVES),
)
"""Label and units."""

SOMETHING = ((30, 0.6), (30, 0.9), (100, 0.6), (100, 0.9), (300, 0.6), (300, 0.9), (300, 0.98))
"""The label's autocorrelation time, and its correlation with the unit that follows it."""


def text_of(rng: np.random.Generator, length: int) -> str:
    """Return letters in lines."""
    letters = rng.choice(list("etaoin"), length)
    letters[LINE - 1 :: LINE] = "\n"
    return "".join(letters)


def claimed(
    rng: np.random.Generator, label: NDArray[np.float64], units: NDArray[np.float64]
) -> bool:
    """Return whether a ranking of units, (units, tokens), claims the best of them."""
    trace = Trace.from_arrays(text_of(rng, len(label)), {"s": units.T})
    ranking = rank_units(
        trace, label, probe=False, shifts=99, details=1, seed=int(rng.integers(1 << 30))
    )
    return ranking.claimed


def nothing(label: Series | Waves, units: Series | Waves, trials: int, tokens: int = TOKENS) -> int:
    """Return in how many of some trials a unit is claimed though none follows the label."""
    rng = np.random.default_rng(0)
    return sum(
        claimed(rng, label.draw(rng, 1, tokens)[0], units.draw(rng, UNITS, tokens))
        for _ in range(trials)
    )


def something(time: float, correlation: float, trials: int, tokens: int = TOKENS) -> int:
    """Return in how many of some trials a unit is claimed where one follows the label."""
    rng = np.random.default_rng(0)
    total = 0
    for _ in range(trials):
        label = autoregressive(rng, 1, tokens, time)[0]
        units = autoregressive(rng, UNITS, tokens, time)
        units[3] = correlation * label + np.sqrt(1 - correlation**2) * units[3]
        total += claimed(rng, label, units)
    return total


def main() -> None:
    """Print how often there is a claim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int, nargs="?", default=200)
    trials = parser.parse_args().trials
    print(f"{TOKENS:,} tokens, {UNITS} units, {trials} trials of each row\n")
    print("| label | units | false claims |\n|---|---|---|")
    for label, units in NOTHING:
        print(f"| {label.name} | {units.name} | {nothing(label, units, trials)} |", flush=True)
    print("\n| label | correlation with one unit | true claims |\n|---|---|---|")
    for time, correlation in SOMETHING:
        found = something(time, correlation, trials)
        print(f"| AR, time {time:,} | {correlation} | {found} |", flush=True)


if __name__ == "__main__":
    main()
