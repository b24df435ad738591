"""Letters in cells, as an artist; and a figure whose PDF journals accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist, allow_rasterization
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.transforms import Bbox

from rnnviz_widget.figures.fonts import ADVANCE, glyphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.backend_bases import RendererBase
    from matplotlib.transforms import Transform
    from numpy.typing import ArrayLike, NDArray

_BASELINE = 0.2466
"""From the baseline up to the middle between a capital's top and a descender's foot, in em."""


class Letters(Artist):
    r"""Characters, each at its own place and as large as its column is wide.

    Nothing in them is read as mathematics (``$``) or TeX (``\``), whatever the settings are. The
    size follows the axes, also when they are resized.

    Parameters
    ----------
    shown
        N clusters: a character with what combines with it.
    left, middle
        `(N,)`: where its first column begins, and the middle of its row, as `transform` takes them.
    columns
        `(N,)` or one number: how many columns each has.
    colours
        `(N, 3)` or one `(3,)`: 8-bit sRGB.
    transform
        In which one unit to the right is a column.
    largest
        Size in points that letters do not exceed; they are then in the middle of their columns.
    """

    def __init__(
        self,
        shown: Sequence[str],
        *,
        left: ArrayLike,
        middle: ArrayLike,
        columns: ArrayLike,
        colours: NDArray[np.uint8],
        transform: Transform,
        largest: float = np.inf,
    ) -> None:
        super().__init__()
        self.set_zorder(3)  # above what they stand on
        count = len(shown)
        self._glyphs = glyphs(shown)
        self._shown = shown
        self._places = np.stack([np.broadcast_to(a, count) for a in (left, middle)], axis=-1)
        self._columns = np.broadcast_to(np.asarray(columns, np.float64), count)
        self._colours = np.broadcast_to(colours / 255, (count, 3))
        self._largest = largest
        self.set_transform(transform)

    def _em(self) -> tuple[float, float]:
        """Return the width of a column and the size of a letter in pixels."""
        origin, one = self.get_transform().transform([(0, 0), (1, 0)])
        column = float(one[0] - origin[0])
        figure = self.get_figure(root=True)
        point = 1.0 if figure is None else figure.dpi / 72
        return column, min(column / ADVANCE, self._largest * point)

    def get_window_extent(self, renderer: RendererBase | None = None) -> Bbox:  # noqa: ARG002  (matplotlib's own)
        """Return what the letters cover, so that a layout leaves room for them."""
        column, em = self._em()
        places = self.get_transform().transform(self._places)
        (x0, y0), (x1, y1) = places.min(axis=0), places.max(axis=0)
        last = float(self._columns[places[:, 0].argmax()])
        return Bbox([(x0, y0 - em / 2), (x1 + last * column, y1 + em / 2)])

    @allow_rasterization  # type: ignore[untyped-decorator]  # matplotlib gives it no types
    def draw(self, renderer: RendererBase) -> None:
        """Draw every letter as plain text, whatever it is."""
        if not self.get_visible():
            return
        renderer.open_group("letters", self.get_gid())
        gc = renderer.new_gc()
        self._set_gc_clip(gc)  # type: ignore[attr-defined]  # every artist has it
        places = self.get_transform().transform(self._places)
        column, em = self._em()
        point = float(renderer.points_to_pixels(1))  # type: ignore[arg-type]  # one for one
        _, height = renderer.get_canvas_width_height()
        fonts: dict[tuple[str, float], FontProperties] = {}
        for i, (x, y) in enumerate(places.tolist()):
            glyph = self._glyphs[self._shown[i]]
            room = column * float(self._columns[i])
            size = min(em, room / glyph.advance)  # a glyph of another font may be wider
            if (glyph.path, size) not in fonts:
                prop = FontProperties(fname=glyph.path, size=size / point)
                fonts[glyph.path, size] = prop
            gc.set_foreground(tuple(self._colours[i]))
            x += (room - glyph.advance * size) / 2  # noqa: PLW2901
            y -= _BASELINE * size  # noqa: PLW2901
            if renderer.flipy():
                y = height - y  # noqa: PLW2901
            renderer.draw_text(gc, x, y, glyph.text, fonts[glyph.path, size], 0, ismath=False)
        gc.restore()
        renderer.close_group("letters")
        self.stale = False


class PrintFigure(Figure):
    """A figure that is saved with TrueType fonts inside: PDF and PostScript that journals accept.

    matplotlib decides on the kind of font when a file is written, by a global setting; this one
    sets it for its own files.
    """

    def savefig(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (matplotlib's own)
        """Write the figure, see `matplotlib.figure.Figure.savefig`."""
        with mpl.rc_context({"pdf.fonttype": 42, "ps.fonttype": 42}):
            super().savefig(*args, **kwargs)
