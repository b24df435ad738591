"""`plot_text`: a text coloured by hidden units, for print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import palettes
from rnnviz_widget.figures.fonts import ADVANCE
from rnnviz_widget.figures.layout import lay_out
from rnnviz_widget.figures.scale import INK, MUTED, columns_of, scale_of, strip_of
from rnnviz_widget.figures.sheet import LINE, Sheet, axes_for
from rnnviz_widget.limits import limits_of, trace_limits
from rnnviz_widget.pieces import readable
from rnnviz_widget.trace.excerpt import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rnnviz_widget.figures.layout import TextCell
    from rnnviz_widget.figures.scale import Scale, Strip
    from rnnviz_widget.figures.sheet import RGB
    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.limits import LimitsLike
    from rnnviz_widget.trace import Trace

_MOST_ROWS = 1000
"""Rows that one figure holds: more would not fit the 65,536 pixels that matplotlib draws."""

_LEAST_COLUMNS = 8
_RAMP = 17  # columns of the colour scale; odd, so that zero has one of its own
_PAPER = np.array([255, 255, 255], np.uint8)
_STRONG = 0.25  # of the scale: from here on a sign is worth a mark
_BAR, _STRIP = 0.08, 0.11  # heights in rows: a sign's mark, a label's full bar
_HEAD_LINE, _BETWEEN = 1.2, 0.9  # rows: a line above the text, the room between two units
_LEAST_WIDTH = 48  # columns that the lines above the text have


def plot_text(
    trace: Trace,
    state: str | Sequence[str],
    unit: int | Sequence[int],
    start: int = 0,
    stop: int | None = None,
    *,
    label: LabelLike | None = None,
    palette: str = "red-blue",
    limits: LimitsLike | None = None,
    signs: bool = False,
    legend: bool = True,
    columns: int = 72,
    font_size: float = 9.0,
    ax: Axes | None = None,
) -> Axes:
    r"""Return axes with a text whose every character has the colour of a hidden unit's value.

    Colours, scale, wrapping and signs (↵ for a newline, → for a tab, ◌ for what has no shape) are
    the widget's, the values exact. A missing value is hatched. Nothing in the text is read as
    mathematics (``$``) or TeX.

    Save it by ``ax.figure.savefig("quote.pdf")``, or ``.svg``, ``.png``: a figure made here keeps
    its fonts in a PDF as TrueType, text that can be searched and copied. In a figure of your own
    set ``matplotlib.rcParams["pdf.fonttype"] = 42`` for the same. SVG has letters as outlines, so
    it looks the same everywhere; ``matplotlib.rcParams["svg.fonttype"] = "none"`` makes them text.

    Parameters
    ----------
    trace : Trace
        What was recorded.
    state, unit : str or sequence of str and int or sequence of int
        A name in ``trace.states`` and a column of it. Several units are drawn one below the other,
        each with its own scale: of one state, or of as many states.
    start, stop : int
        The tokens to show, ``trace.tokens[start:stop]``; all by default.
    label : array_like or callable, optional
        Bools or numbers `(T,)`, or a function of the trace such as `labels.inside_quotes`: a bar
        under each token where it is true, as high as the number is large.
    palette : str
        As in `HiddenStateWidget`. ``"red-blue"`` and ``"purple-green"`` are told apart by those who
        confuse red and green; printed without colour only ``"grey"`` tells high from low.
    limits : (float, float) or dict, optional
        The values at the ends of the colour scale, as in `HiddenStateWidget`: ``(low, high)``, or
        by state, or by state and unit. By default what is proven of a state, else what the unit's
        own values are.
    signs : bool
        Mark a value above zero by a bar along the top of its cell and one below by a bar along the
        bottom, from a quarter of the scale on: for prints and projectors without colour.
    legend : bool
        Draw the unit's name and the colour scale above the text.
    columns : int
        Where the text is wrapped.
    font_size : float
        In points. It sets the size of a new figure; in given axes letters fill their cells.
    ax : Axes, optional
        Axes to draw on, which then show nothing else; those of a new figure by default.

    Raises
    ------
    KeyError, ValueError
        Naming the argument, what came and what is allowed.
    ImportError
        Without matplotlib: ``pip install "rnnviz-widget[plot]"``.

    Examples
    --------
    >>> ax = plot_text(trace, "rnn.l0.h", 152, 0, 400, label=labels.inside_quotes)  # doctest: +SKIP
    >>> ax.figure.savefig("quote.pdf")  # doctest: +SKIP
    """
    shown = span(trace, start, stop)
    if columns < _LEAST_COLUMNS:
        msg = f"columns must be at least {_LEAST_COLUMNS}, the width of a tab, got {columns}"
        raise ValueError(msg)
    pairs = columns_of(state, unit)
    values = [trace.unit(name, column) for name, column in pairs]
    ends = trace_limits(limits, trace)
    scales = [
        scale_of(of_unit, trace.bounds(name), palette, limits_of(ends, name, column))
        for of_unit, (name, column) in zip(values, pairs, strict=True)
    ]
    strip = None if label is None else strip_of(trace, label)
    cells = lay_out(readable(trace.tokens)[shown], columns, first=start)
    rows = (cells[-1].row + 1) * len(pairs)
    if rows > _MOST_ROWS:
        msg = (
            f"start and stop must leave at most {_MOST_ROWS:,} rows in a figure, got {rows:,} "
            f"({len(trace.tokens[shown]):,} tokens, {len(pairs)} units, {columns} columns)"
        )
        raise ValueError(msg)

    used = max(cell.column + cell.width for cell in cells)
    sheet = Sheet(width=max(used, _LEAST_WIDTH) if legend else used)
    tokens = [cell.token for cell in cells]
    for i, ((name, column), of_unit, scale) in enumerate(zip(pairs, values, scales, strict=True)):
        sheet.height += _BETWEEN if i else 0
        of_cells = of_unit[tokens]
        if legend:
            _head(sheet, f"{name}[{column}]", scale, signs=signs)
            _notes(sheet, scale, of_cells, strip if i == 0 else None)
        _body(sheet, cells, of_cells, scale, strip, signs=signs)
    em = font_size / 72
    ax = axes_for(ax, sheet.width * ADVANCE * em, sheet.height * LINE * em)
    sheet.draw(ax)
    return ax


def _head(sheet: Sheet, name: str, scale: Scale, *, signs: bool) -> None:
    """Write a unit's name and its scale: in one line if there is room."""
    low, high = scale.ends
    high += " high"
    width = len(low) + 1 + _RAMP + 1 + len(high)
    y = sheet.height + 0.5
    if sheet.write(name, 0, y, INK) + 2 + width > sheet.width:
        y += _HEAD_LINE
    x = sheet.write(low, sheet.width - width, y, MUTED) + 1
    positions = np.linspace(0 if scale.from_zero else -1, 1, _RAMP)
    colours = palettes.colours(scale.palette, positions)
    for i, position in enumerate(positions):
        box = (x + i, y - 0.3, x + i + 1, y + 0.3)
        sheet.cells.append((*box, colours[i]))
        if signs:
            _mark_sign(sheet, box, position, colours[i])
    if scale.middle:
        left = x + (_RAMP - len(scale.middle)) // 2
        sheet.write(scale.middle, left, y, palettes.quiet_ink(colours[_RAMP // 2]))
    sheet.write(high, x + _RAMP + 1, y, MUTED)
    sheet.height = y + 0.85


def _notes(sheet: Sheet, scale: Scale, values: NDArray[np.float32], strip: Strip | None) -> None:
    """Write what else is drawn, a line each."""
    if scale.beyond:
        sheet.write(scale.beyond, 0, sheet.height + 0.25, MUTED)
        sheet.height += _HEAD_LINE
    if not np.isfinite(values).all():
        y = sheet.height + 0.25
        sheet.gaps += [(i, y - 0.3, i + 1, y + 0.3) for i in range(2)]
        sheet.write("missing value", 3, y, MUTED)
        sheet.height += _HEAD_LINE
    if strip is not None:
        y = sheet.height + 0.25
        sheet.marks.append((0, y, 2, y + _STRIP, INK))
        sheet.write(strip.legend, 3, y, MUTED)
        sheet.height += _HEAD_LINE


def _body(
    sheet: Sheet,
    cells: Sequence[TextCell],
    values: NDArray[np.float32],
    scale: Scale,
    strip: Strip | None,
    *,
    signs: bool,
) -> None:
    """Draw the text, `values` being those of the cells."""
    known = np.isfinite(values)
    colours = np.tile(_PAPER, (len(cells), 1))
    colours[known] = scale.colours(values[known])
    inks = {False: palettes.ink(colours), True: palettes.quiet_ink(colours)}
    foot = 0.93 if strip is None else 0.83
    for i, cell in enumerate(cells):
        x, y = cell.column, sheet.height + cell.row
        end = x + cell.width
        box = (x, y, end, y + foot)
        if known[i]:
            sheet.cells.append((*box, colours[i]))
        else:
            sheet.gaps.append(box)
        if known[i] and signs:
            _mark_sign(sheet, box, values[i] / scale.limit, colours[i])
        if strip is not None:
            height, colour = strip.bar(cell.token)
            if height:
                sheet.marks.append((x, y + 0.98 - _STRIP * height, end, y + 0.98, colour))
        # A tab is drawn at its left end, as in the widget.
        width = 1 if cell.sign else cell.width
        sheet.letters.append((cell.shown, x, y + foot / 2, width, inks[cell.sign][i]))
    sheet.height += cells[-1].row + 1


def _mark_sign(
    sheet: Sheet, box: tuple[float, float, float, float], position: float, ground: RGB
) -> None:
    """Mark a position on the scale by a bar along the top (above zero) or bottom of its cell."""
    if abs(position) >= _STRONG:
        left, top, right, bottom = box
        top = top if position > 0 else bottom - _BAR
        sheet.marks.append((left, top, right, top + _BAR, palettes.ink(ground)))
