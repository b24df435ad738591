"""The beginning of a coloured text as plain HTML: what a page shows where no script may run."""

from __future__ import annotations

import html
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import palettes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

OPENING = 1300
"""Tokens of the opening picture: about what a page shows before anybody scrolls."""

_STEPS = 12  # shades on each side of 0: neighbours of one shade share an element


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
    shades = np.round(np.clip(at, -1, 1) * _STEPS)
    known = np.isfinite(shades)
    grounds = palettes.colours(palette, np.where(known, shades, 0) / _STEPS)
    inks = palettes.ink(grounds)
    styles = [
        f"background:#{bytes(ground).hex()};color:#{bytes(ink).hex()}" if there else ""
        for ground, ink, there in zip(grounds, inks, known, strict=True)
    ]
    pairs = zip(styles, tokens, strict=False)
    runs = [(style, "".join(t for _, t in run)) for style, run in groupby(pairs, lambda p: p[0])]
    shown = "".join(
        f'<span style="{style}">{escape(text)}</span>' if style else escape(text)
        for style, text in runs
    )
    more = "\N{HORIZONTAL ELLIPSIS}" if len(tokens) > len(at) else ""
    return f'<pre class="rnnviz-still">{shown}{escape(more)}</pre>'


def escape(text: str) -> str:
    """Return plain text as HTML in ASCII: character references also carry a lone surrogate."""
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode("ascii")
