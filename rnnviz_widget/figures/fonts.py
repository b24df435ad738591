"""Which font draws a character: the one that matplotlib brings, else one that is installed."""

from __future__ import annotations

import warnings
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from rnnviz_widget.signs import SHAPELESS_SIGN

if TYPE_CHECKING:
    from collections.abc import Iterable

FAMILY = "DejaVu Sans Mono"
ADVANCE = 1233 / 2048
"""Width of each of its characters, in em."""

_NO_GLYPH = "\N{WHITE SQUARE}"
_CONTROL_PICTURES = ("\N{SYMBOL FOR NULL}", "\N{SYMBOL FOR DELETE}")
"""First and last of the signs for control characters: few fonts have them."""


class Glyph(NamedTuple):
    """What is drawn for a cluster: the text, the file of the font, the width in em."""

    text: str
    path: str
    advance: float


def glyphs(clusters: Iterable[str]) -> dict[str, Glyph]:
    """Return a glyph for each cluster; a box, and one warning, where no installed font has it."""
    found = {cluster: _find(cluster) for cluster in dict.fromkeys(clusters)}
    if lacking := [cluster for cluster, glyph in found.items() if glyph is None]:
        named = ", ".join(f"U+{ord(cluster[0]):04X}" for cluster in lacking[:5])
        more = ", ..." if len(lacking) > 5 else ""  # noqa: PLR2004
        warnings.warn(
            f"no installed font has {named}{more}: drawn as {_NO_GLYPH}; install one that does",
            stacklevel=2,
        )
    return {cluster: glyph or _of_own_font(_NO_GLYPH) for cluster, glyph in found.items()}


def _of_own_font(cluster: str) -> Glyph:
    return Glyph(cluster, font_manager.findfont(FAMILY), ADVANCE)


@cache
def _find(cluster: str) -> Glyph | None:
    own = _of_own_font(cluster)
    if all(_font(own.path).get_char_index(ord(character)) for character in cluster):
        return own
    for path in _installed():
        try:
            font = _font(path)
            if all(font.get_char_index(ord(character)) for character in cluster):
                font.set_size(1000, 72)
                glyph = font.load_char(ord(cluster[0]))
                return Glyph(cluster, path, glyph.linearHoriAdvance / 65536 / 1000)
        except (OSError, RuntimeError):  # a font that freetype or matplotlib cannot draw
            continue
    first, last = _CONTROL_PICTURES
    return _find(SHAPELESS_SIGN) if first <= cluster <= last else None


@cache
def _font(path: str) -> FT2Font:
    return FT2Font(path)


@cache
def _installed() -> tuple[str, ...]:
    """Return the files of upright regular fonts, those of fixed width first."""
    regular = [
        entry
        for entry in font_manager.fontManager.ttflist
        # The font of last resort has a picture of a block's name for every character.
        if entry.style == "normal" and entry.weight == 400 and "Last Resort" not in entry.name  # noqa: PLR2004
    ]
    regular.sort(key=lambda entry: ("Mono" not in entry.name, entry.name, entry.fname))
    return tuple(entry.fname for entry in regular)
