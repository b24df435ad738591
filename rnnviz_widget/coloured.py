"""Text on the colours of values as plain HTML: for places where no script runs."""

from __future__ import annotations

import html
from functools import cache, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import palettes
from rnnviz_widget.signs import is_mark, sign_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_STEPS = 12  # shades on each side of 0: neighbours of one shade share an element
_JOINERS = "\u200c\u200d"  # in Persian, and in emoji: they shape what is beside them


def coloured_text(tokens: Sequence[str], positions: ArrayLike, palette: str) -> str:
    """Return spans with the tokens, each on the colour of its value and in an ink to be read.

    Parameters
    ----------
    tokens
        N strings.
    positions
        Where their values are on the palette's scale from -1 to 1, `(N,)`; NaN for none.
    palette
        One of `palettes.palettes`.
    """
    at = np.asarray(positions, np.float64)
    shades = np.round(np.clip(at, -1, 1) * _STEPS)
    known = np.isfinite(shades)
    # The last of the styles is none.
    places = np.where(known, np.nan_to_num(shades) + _STEPS, -1).astype(np.intp)
    all_styles = _styles(palette)
    styles = [all_styles[place] for place in places.tolist()]
    pairs = zip(styles, tokens, strict=False)
    runs = [(style, "".join(t for _, t in run)) for style, run in groupby(pairs, lambda p: p[0])]
    return "".join(
        f'<span style="{style}">{escape(text)}</span>' if style else escape(text)
        for style, text in runs
    )


@cache
def _styles(palette: str) -> tuple[str, ...]:
    """Return the style of each shade of a palette, from low to high, and last that of none."""
    grounds = palettes.colours(palette, np.arange(-_STEPS, _STEPS + 1) / _STEPS)
    inks = palettes.ink(grounds)
    styles = (
        f"background:#{bytes(ground).hex()};color:#{bytes(ink).hex()}"
        for ground, ink in zip(grounds, inks, strict=True)
    )
    return (*styles, "")


def in_one_line(text: str) -> str:
    r"""Return text with a sign for each character that has no shape of its own.

    >>> in_one_line("a\n\tb")
    'a↵→b'
    """
    return "".join(map(_in_one_line, text))


@lru_cache(1 << 12)
def _in_one_line(c: str) -> str:
    return c if is_mark(c) or c in _JOINERS else sign_of(c) or c


def escape(text: str) -> str:
    """Return plain text as HTML in ASCII: character references also carry a lone surrogate."""
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode("ascii")
