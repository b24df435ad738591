"""What a figure shows of a unit: values, colour scale, name; and a label beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import palettes
from rnnviz_widget.figures.layout import visible
from rnnviz_widget.labels.reading import read_label
from rnnviz_widget.quantise import kind, quantise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.trace import Trace

MUTED = np.array([95, 99, 104], np.uint8)
INK = np.array([32, 33, 36], np.uint8)
_UNKNOWN = 0.2  # height of the line where a label is not known


@dataclass(frozen=True)
class Scale:
    """Which value has which colour, as in the widget.

    Attributes
    ----------
    palette
        A palette's name.
    low, high
        The values at the ends of the scale, as `quantise` or a person sets them.
    peak
        The largest finite size of a value.
    chosen
        Whether a person set the ends.
    """

    palette: str
    low: float
    high: float
    peak: float
    chosen: bool = False

    @property
    def limit(self) -> float:
        """The size of the value at the farther end."""
        return max(abs(self.low), abs(self.high))

    @property
    def from_zero(self) -> bool:
        """Whether the scale begins at 0, and so has the upper half of the palette."""
        return self.low == 0

    def colours(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the colours `(N, 3)` of finite values."""
        return palettes.colours(self.palette, palettes.positions(values, self.low, self.high))

    @property
    def ends(self) -> tuple[str, str]:
        """What stands at the two ends."""
        return self._written(self.low), self._written(self.high)

    @property
    def middle(self) -> str:
        """What stands in the middle; empty where the scale begins at 0."""
        return "" if self.from_zero else self._written((self.low + self.high) / 2)

    def _written(self, value: float) -> str:
        plus = "+" if self.low < 0 else ""
        sign = "\N{MINUS SIGN}" if value < 0 else plus if value > 0 else ""
        return sign + short(abs(value))

    @property
    def beyond(self) -> str:
        """What to say of values that are not on the scale; empty if all are."""
        if self.chosen:
            return "a scale set by hand: what lies beyond has the end colours"
        if self.peak <= self.limit:
            return ""
        return f"values up to {short(self.peak)} in size have the end colours"


def scale_of(
    values: NDArray[np.float32],
    bounds: tuple[float, float] | None,
    palette: str,
    limits: tuple[float, float] | None = None,
) -> Scale:
    """Return the scale for all of a unit's values; `limits` are its ends where they were set."""
    palettes.anchors(palette)  # refuses an unknown name
    unit = quantise(values, bounds)
    low = 0.0 if kind(bounds) == "gate" else -unit.limit
    ends = (low, unit.limit) if limits is None else limits
    return Scale(palette, *ends, unit.peak, chosen=limits is not None)


def short(value: float) -> str:
    """Return a positive number in few characters: 1, 0.35, 12.4, 3.1e-05."""
    return f"{value:.1e}" if value and not 1e-3 <= value < 1e5 else f"{float(f'{value:.3g}'):g}"  # noqa: PLR2004


def columns_of(state: str | Sequence[str], unit: int | Sequence[int]) -> list[tuple[str, int]]:
    """Return (state, unit) pairs: of one unit, of several, or of several in as many states.

    Raises
    ------
    ValueError
        If there are none, or not as many of both.
    """
    units = [int(u) for u in np.atleast_1d(np.asarray(unit))]
    states = [state] * len(units) if isinstance(state, str) else list(state)
    if not units or len(states) != len(units):
        msg = (
            "unit must be a column, or several, of one state or of as many states; got "
            f"{len(units)} units and {len(states)} states"
        )
        raise ValueError(msg)
    return list(zip(states, units, strict=True))


@dataclass(frozen=True)
class Strip:
    """A label as a strip beside a unit.

    Attributes
    ----------
    name
        In words; empty if not known.
    heights
        `(T,)`, 0 to 1: of the bar at each token. A number's largest size is 1.
    known
        `(T,)`: where the label is known; elsewhere a thin grey line is drawn.
    most
        The number that a full bar stands for; None for a label of bools.
    """

    name: str
    heights: NDArray[np.float64]
    known: NDArray[np.bool_]
    most: float | None

    @property
    def legend(self) -> str:
        """What the strip is, in words."""
        most = "" if self.most is None else f", full bar {self.most:g}"
        unknown = "" if self.known.all() else ", thin grey: not known"
        return f"{visible(self.name) or 'label'}{most}{unknown}"

    def bar(self, token: int) -> tuple[float, NDArray[np.uint8]]:
        """Return the height, 0 to 1, and the colour of what is drawn at a token."""
        return (self.heights[token], INK) if self.known[token] else (_UNKNOWN, MUTED)


def strip_of(trace: Trace, label: LabelLike) -> Strip:
    """Return a label, or what a function makes of the trace, as a strip.

    Raises
    ------
    ValueError
        If it is not one bool or real number per token.
    """
    read = read_label(label, trace, "label")
    known = ~np.isnan(read.numbers)
    sizes = np.abs(np.nan_to_num(read.numbers))
    if read.values.dtype == np.bool_:
        return Strip(read.name, sizes, known, None)
    most = float(sizes.max()) or 1.0
    return Strip(read.name, sizes / most, known, most)
