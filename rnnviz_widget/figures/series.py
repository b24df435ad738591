"""`plot_unit` and `plot_heatmap`: the values of units over tokens, for print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rnnviz_widget import palettes
from rnnviz_widget.figures.layout import visible
from rnnviz_widget.figures.scale import INK, MUTED, scale_of, strip_of
from rnnviz_widget.figures.token_axis import axes_of_size, draw_token_axis, plain
from rnnviz_widget.limits import EVERY_UNIT, limits_of, trace_limits
from rnnviz_widget.trace.excerpt import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from rnnviz_widget.figures.scale import Scale
    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.limits import LimitsLike
    from rnnviz_widget.trace import Trace

_VECTOR_CELLS = 20_000  # up to which a heatmap is drawn as rectangles: a file of more opens slowly
_WIDTH = 10.0  # inches: of a new figure
_NAMED_UNITS = 40  # rows up to which each is named


def plot_unit(
    trace: Trace,
    state: str,
    unit: int,
    start: int = 0,
    stop: int | None = None,
    *,
    label: LabelLike | None = None,
    palette: str = "red-blue",
    limits: LimitsLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with a unit's value as a line over the tokens, and a label below it.

    The line has gaps, hatched, where a value is missing. Up to 160 tokens of one character (60
    longer ones) stand below, in the colours of `plot_text`; of more tokens the numbers do.

    Parameters
    ----------
    trace, state, unit, start, stop, palette, limits
        As in `plot_text`; one unit.
    label : array_like or callable, optional
        Bools or numbers `(T,)`, or a function of the trace: a bar below each token.
    ax : Axes, optional
        Axes to draw on, by default those of a new figure.

    Raises
    ------
    KeyError, ValueError
        Naming the argument, what came and what is allowed.
    """
    shown = span(trace, start, stop)
    values = trace.unit(state, unit)
    ends = limits_of(trace_limits(limits, trace), state, unit)
    scale = scale_of(values, trace.bounds(state), palette, ends)
    strip = None if label is None else strip_of(trace, label)
    values = values[shown]
    known = np.isfinite(values)

    ax = axes_of_size(ax, _WIDTH, 2.6)
    tokens = np.arange(shown.start, shown.stop)
    ax.axhline(0, color=MUTED / 255, linewidth=0.6)
    ax.plot(tokens, np.where(known, values, np.nan), color=INK / 255, linewidth=1, gid="unit")
    for t in tokens[~known]:
        ax.axvspan(t - 0.5, t + 0.5, facecolor="none", edgecolor=MUTED / 255, hatch="////", lw=0)
    low = min(scale.low, float(values[known].min(initial=0)))
    high = max(scale.high, float(values[known].max(initial=0)))
    margin = 0.02 * (high - low)
    ax.set_ylim(low - margin, high + margin)
    ax.spines[["top", "right"]].set_visible(False)
    plain(ax.set_ylabel(visible(f"{state}[{unit}]")))
    colours = np.full((len(values), 3), 255, np.uint8)
    colours[known] = scale.colours(values[known])
    draw_token_axis(ax, trace, shown, strip, colours)
    return ax


def plot_heatmap(
    trace: Trace,
    state: str,
    units: Sequence[int] | None = None,
    start: int = 0,
    stop: int | None = None,
    *,
    label: LabelLike | None = None,
    palette: str = "red-blue",
    limits: LimitsLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with units as rows, tokens as columns, values as colours.

    All rows share one colour scale, so that they can be compared: the proven bound, else a robust
    maximum over all of them. It stands at the right as a colour bar, pointed where values lie
    beyond it. Missing values are hatched. More than 20,000 cells are drawn as pixels, at the
    resolution given to `savefig`.

    Parameters
    ----------
    trace, state, start, stop, palette, limits
        As in `plot_text`; one scale for all units.
    units : sequence of int, optional
        Columns of the state from top to bottom, all by default.
    label : array_like or callable, optional
        Bools or numbers `(T,)`, or a function of the trace: a bar below each token.
    ax : Axes, optional
        Axes to draw on, by default those of a new figure.

    Raises
    ------
    KeyError, ValueError
        Naming the argument, what came and what is allowed.
    """
    shown = span(trace, start, stop)
    chosen = list(range(trace.num_units(state))) if units is None else [int(u) for u in units]
    if not chosen:
        msg = "units must name at least one unit, got none"
        raise ValueError(msg)
    values = np.stack([trace.unit(state, unit) for unit in chosen])  # (N, T)
    ends = limits_of(trace_limits(limits, trace), state, EVERY_UNIT)
    scale = scale_of(values.ravel(), trace.bounds(state), palette, ends)
    strip = None if label is None else strip_of(trace, label)
    values = values[:, shown]
    known = np.isfinite(values)

    ax = axes_of_size(ax, _WIDTH, min(8.0, 1.2 + 0.2 * len(chosen)))
    pixels = np.zeros((*values.shape, 4))
    pixels[known, :3] = scale.colours(values[known]) / 255
    pixels[known, 3] = 1
    if not known.all():
        ax.patch.set(hatch="//////", edgecolor=MUTED / 255)  # shows where nothing covers it
    ax.pcolormesh(
        np.arange(shown.start, shown.stop + 1) - 0.5,
        np.arange(len(chosen) + 1) - 0.5,
        pixels,
        edgecolors="face",  # no seam between neighbours, see `sheet.rectangles`
        linewidth=0.3,
        rasterized=values.size > _VECTOR_CELLS,
        gid="cells",
    )
    ax.set_ylim(len(chosen) - 0.5, -0.5)
    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: str(chosen[round(y)]) if 0 <= round(y) < len(chosen) else "")
    )
    if len(chosen) <= _NAMED_UNITS:
        ax.set_yticks(range(len(chosen)))
    else:
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel("unit")
    notes = [scale.beyond, "" if known.all() else "hatched: missing"]
    plain(ax.set_title(visible(state), loc="left", fontsize="medium"))
    ax.set_title("; ".join(filter(None, notes)), loc="right", fontsize="small", color=MUTED / 255)
    draw_token_axis(ax, trace, shown, strip)
    _draw_colour_bar(ax, scale)
    return ax


def _draw_colour_bar(ax: Axes, scale: Scale) -> None:
    """Draw the scale beside the axes."""
    ramp = palettes.colours(scale.palette, np.linspace(0 if scale.from_zero else -1, 1, 256)) / 255
    shades = ScalarMappable(Normalize(scale.low, scale.high), ListedColormap(ramp))
    beyond = "neither" if not scale.beyond else "max" if scale.from_zero else "both"
    ax.figure.colorbar(shades, ax=ax, extend=beyond, fraction=0.05, pad=0.01, aspect=25)
