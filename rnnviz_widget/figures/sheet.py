"""A sheet of squared paper: letters and rectangles by column and row, drawn on axes at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection, PolyCollection

from rnnviz_widget.figures.fonts import ADVANCE
from rnnviz_widget.figures.layout import clusters
from rnnviz_widget.figures.letters import Letters, PrintFigure
from rnnviz_widget.figures.scale import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

    RGB = NDArray[np.uint8]
    Box = tuple[float, float, float, float, RGB]

LINE = 1.55
"""Height of a row, in em."""

_MARGIN = 0.08  # inches around a sheet that is a figure of its own


@dataclass
class Sheet:
    """What is on the sheet; x counts columns from the left, y rows from the top."""

    width: float
    height: float = 0.0
    letters: list[tuple[str, float, float, int, RGB]] = field(default_factory=list)
    cells: list[Box] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)
    gaps: list[tuple[float, float, float, float]] = field(default_factory=list)

    def write(self, text: str, x: float, y: float, colour: RGB) -> float:
        """Put a line of text with its middle at `y`, cut where the sheet ends; return its end."""
        drawn = clusters([text])[0]
        room = int(self.width - x)
        if len(drawn) > room:
            drawn = [*drawn[: room - 1], "\N{HORIZONTAL ELLIPSIS}"]
        for cluster in drawn:
            self.letters.append((cluster, x, y, 1, colour))
            x += 1
        return x

    def draw(self, ax: Axes) -> None:
        """Draw it all; the axes then show the sheet and nothing else."""
        ax.set_axis_off()
        ax.set(xlim=(0, self.width), ylim=(self.height, 0))
        ax.set_aspect(LINE / ADVANCE, adjustable="box", anchor="NW")
        for name, boxes in (("cells", self.cells), ("marks", self.marks)):
            if boxes:
                ax.add_collection(rectangles(boxes, name, ax.transData), autolim=False)
        draw_gaps(ax, self.gaps)
        if self.letters:
            shown, left, middle, columns, colours = zip(*self.letters, strict=True)
            letters = Letters(
                shown,
                left=left,
                middle=middle,
                columns=columns,
                colours=np.array(colours),
                transform=ax.transData,
            )
            ax.add_artist(letters)


def rectangles(boxes: list[Box], name: str, transform: Transform) -> PolyCollection:
    """Return boxes (left, top, right, bottom, colour) as one group that is called `name`."""
    left, top, right, bottom = np.array([box[:4] for box in boxes]).T
    x = np.stack([left, right, right, left], axis=1)
    y = np.stack([top, top, bottom, bottom], axis=1)
    return PolyCollection(
        list(np.stack([x, y], axis=-1)),  # N of (4, 2)
        facecolors=np.array([box[4] for box in boxes]) / 255,
        edgecolors="face",
        # Neighbours leave no seam: pixels have hard edges, and where a reader of vectors softens
        # them an overlap keeps the paper from shining through.
        antialiaseds=False,
        linewidths=0.3,
        gid=name,
        transform=transform,
    )


def draw_gaps(ax: Axes, gaps: list[tuple[float, float, float, float]]) -> None:
    """Hatch rectangles (left, top, right, bottom): a value is missing there."""
    if not gaps:
        return
    segments = []
    for left, top, right, bottom in gaps:
        for share in (0.0, 1 / 3, 2 / 3):
            at = left + share * (right - left)
            segments.append([(at, bottom), (at + (right - left) / 3, top)])
    lines = LineCollection(segments, colors=[MUTED / 255], linewidths=0.4, gid="missing")
    ax.add_collection(lines, autolim=False)


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """Return `ax`, or the axes of a new figure of this size in inches, which pyplot knows."""
    if ax is not None:
        return ax
    figure = plt.figure(
        FigureClass=PrintFigure, figsize=(width + 2 * _MARGIN, height + 2 * _MARGIN)
    )
    x, y = _MARGIN / (width + 2 * _MARGIN), _MARGIN / (height + 2 * _MARGIN)
    return figure.add_axes((x, y, 1 - 2 * x, 1 - 2 * y))
