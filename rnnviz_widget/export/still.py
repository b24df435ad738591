"""The beginning of a coloured text as plain HTML: what a page shows where no script may run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.coloured import coloured_text, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["OPENING", "escape", "opening_picture"]

OPENING = 1300
"""Tokens of the opening picture: about what a page shows before anybody scrolls."""


def opening_picture(tokens: Sequence[str], positions: ArrayLike, palette: str) -> str:
    """Return an element with the first tokens, each on the colour of its value.

    Parameters
    ----------
    tokens
        T tokens.
    positions
        Where their values are on the palette's scale from -1 to 1, `(T,)`; NaN for none.
    palette
        One of `palettes.palettes`.
    """
    at = np.asarray(positions, np.float64)[:OPENING]
    more = "\N{HORIZONTAL ELLIPSIS}" if len(tokens) > len(at) else ""
    return f'<pre class="rnnviz-still">{coloured_text(tokens, at, palette)}{escape(more)}</pre>'
