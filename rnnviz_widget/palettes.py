"""The colours of values in Python, as ``js/src/store/colour.ts`` has them in the browser.

Both read one table, ``js/src/palettes.json``; the build puts it beside the bundle.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_TABLE = Path(__file__).parent / "static" / "palettes.json"

READABLE = 4.5
"""The contrast that text has at least, as WCAG 2 asks for at level AA."""

_WHITE, _DARK, _BLACK = np.array([[255, 255, 255], [24, 24, 27], [0, 0, 0]], np.uint8)


@cache
def palettes() -> dict[str, NDArray[np.uint8]]:
    """Return the palettes for a light ground by name: `(A, 3)` sRGB, from -1 to +1."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        name: np.array([list(bytes.fromhex(colour[1:])) for colour in themes["light"]], np.uint8)
        for name, themes in table.items()
    }


def anchors(name: str) -> NDArray[np.uint8]:
    """Return a palette's equally spaced colours `(A, 3)`.

    Raises
    ------
    ValueError
        If there is none of this name; the message lists the names.
    """
    known = palettes()
    if name not in known:
        msg = f"palette must be one of {', '.join(map(repr, known))}, got {name!r}"
        raise ValueError(msg)
    return known[name]


def colours(name: str, positions: ArrayLike) -> NDArray[np.uint8]:
    """Return the colours `(N, 3)` at positions `(N,)` on a palette's scale.

    Between two anchors it is linear in sRGB; what lies beyond [-1, 1] has the end's colour. A
    position that is not finite is not on the scale and must not come here.
    """
    table = anchors(name)
    knots = np.linspace(-1, 1, len(table))
    at = np.asarray(positions, np.float64)
    channels = [np.interp(at, knots, channel) for channel in table.T.astype(np.float64)]
    # Half up, as JavaScript rounds.
    return np.floor(np.stack(channels, axis=-1) + 0.5).astype(np.uint8)


def positions(values: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """Return where on a palette's scale, -1 to 1, values lie whose colours end at `low` and `high`.

    A scale that begins at 0 has the palette's upper half: 0 is its middle, as for gates.
    """
    share = (np.asarray(values, np.float64) - low) / (high - low)
    return share if low == 0 else 2 * share - 1


def ink(backgrounds: ArrayLike) -> NDArray[np.uint8]:
    """Return the colours `(N, 3)` of texts on backgrounds `(N, 3)`; their contrast is 4.5 or more.

    White as soon as it can be read: to the eye, black on a saturated blue of the same ratio is
    worse.
    """
    ground = np.asarray(backgrounds, np.uint8)
    result = np.broadcast_to(_BLACK, ground.shape).copy()
    for better in (_DARK, _WHITE):
        result[contrast(better, ground) >= READABLE] = better
    return result


def quiet_ink(backgrounds: ArrayLike) -> NDArray[np.uint8]:
    """Return softer inks `(N, 3)`, as near the backgrounds as a contrast of 4.5 allows.

    For the signs that stand for a newline or a tab.
    """
    ground = np.asarray(backgrounds, np.uint8)
    full = ink(ground)
    result = full.copy()
    for share in (0.1, 0.2, 0.3, 0.4, 0.5):
        mixed = full + share * (ground.astype(float) - full)
        soft = np.floor(mixed + 0.5).astype(np.uint8)
        readable = contrast(soft, ground) >= READABLE
        result[readable] = soft[readable]
    return result


def contrast(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the contrast ratios of colours `(..., 3)` as WCAG 2 defines them, 1 to 21."""
    one, other = luminance(a), luminance(b)
    ratio = (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)
    return np.asarray(ratio, np.float64)


def luminance(colour: ArrayLike) -> NDArray[np.float64]:
    """Return the relative luminance of sRGB colours `(..., 3)` as WCAG 2 defines it."""
    share = np.asarray(colour, np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004  (sRGB's own)
    return np.asarray(linear @ [0.2126, 0.7152, 0.0722], np.float64)
