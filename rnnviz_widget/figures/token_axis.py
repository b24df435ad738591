"""What stands below axes whose x counts tokens: a label as a strip, and the tokens themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory

from rnnviz_widget import palettes
from rnnviz_widget.figures.fonts import FAMILY
from rnnviz_widget.figures.layout import clusters
from rnnviz_widget.figures.letters import Letters, PrintFigure
from rnnviz_widget.figures.scale import MUTED
from rnnviz_widget.figures.sheet import rectangles
from rnnviz_widget.pieces import readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from numpy.typing import NDArray

    from rnnviz_widget.figures.scale import Strip
    from rnnviz_widget.trace import Trace

_MOST_LETTERS = 160  # tokens up to which letters are still large enough to read
_MOST_WORDS = 60  # the same for tokens of several characters, which are turned by 90 degrees
_LETTER = 8.0  # points

_STRIP_HEIGHT, _ROW_HEIGHT, _GAP = 6.0, 13.0, 3.0  # points


def axes_of_size(ax: Axes | None, width: float, height: float) -> Axes:
    """Return `ax`, or the axes of a new figure of this size in inches, which pyplot knows."""
    if ax is not None:
        return ax
    figure = plt.figure(FigureClass=PrintFigure, figsize=(width, height), layout="constrained")
    return figure.add_subplot()


def plain(text: Text) -> Text:
    """Make a text show its characters, whatever they are: no mathematics, no TeX."""
    text.set_parse_math(False)
    text.set_usetex(False)
    return text


def draw_token_axis(
    ax: Axes,
    trace: Trace,
    shown: slice,
    strip: Strip | None,
    colours: NDArray[np.uint8] | None = None,
) -> None:
    """Draw a label and the tokens below the axes.

    Parameters
    ----------
    ax
        Token t is at x = t.
    trace, shown
        The tokens.
    strip
        The label, if there is one.
    colours
        `(N, 3)` of the cells that letters stand in; white by default.
    """
    ax.set_xlim(shown.start - 0.5, shown.stop - 0.5)
    # x counts tokens, y points upwards from the lower edge.
    edge = ScaledTranslation(0, 0, ax.transAxes)  # type: ignore[arg-type]  # any transform serves
    points = Affine2D().scale(1 / 72) + ax.figure.dpi_scale_trans + edge
    below = blended_transform_factory(ax.transData, points)
    y = -_GAP
    if strip is not None:
        y -= _STRIP_HEIGHT
        bars = [
            (t - 0.5, y, t + 0.5, y + _STRIP_HEIGHT * height, colour)
            for t in range(shown.start, shown.stop)
            for height, colour in [strip.bar(t)]
            if height
        ]
        if bars:
            ax.add_collection(rectangles(bars, "label", below), autolim=False).set_clip_on(False)
        name = ax.annotate(
            strip.legend,
            (0, 0),
            (-_GAP, y - 1),  # clear of the number at the lowest tick
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=_LETTER,
            color=MUTED / 255,
        )
        plain(name)
        y -= _GAP
    tokens = readable(trace.tokens)[shown]
    drawn = clusters(tokens)
    if len(drawn) <= _MOST_LETTERS and all(len(cluster) == 1 for cluster in drawn):
        ax.set_xticks([])
        lefts = np.arange(shown.start, shown.stop) - 0.5
        grounds = np.full((len(drawn), 3), 255, np.uint8) if colours is None else colours
        if colours is not None:
            boxes = [(x, y - _ROW_HEIGHT, x + 1, y, c) for x, c in zip(lefts, colours, strict=True)]
            ax.add_collection(rectangles(boxes, "cells", below), autolim=False).set_clip_on(False)
        letters = Letters(
            [cluster for (cluster,) in drawn],
            left=lefts,
            middle=y - _ROW_HEIGHT / 2,
            columns=1,
            colours=palettes.ink(grounds),
            transform=below,
            largest=_LETTER,
        )
        ax.add_artist(letters).set_clip_on(False)
        return
    ax.tick_params(axis="x", pad=_GAP - y)
    if len(drawn) <= _MOST_WORDS:
        words = ["".join(of_token) for of_token in drawn]
        ax.set_xticks(range(shown.start, shown.stop))
        ax.set_xticklabels(words, rotation=90, family=FAMILY, fontsize=_LETTER)
        for tick in ax.get_xticklabels():
            plain(tick)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("token")
