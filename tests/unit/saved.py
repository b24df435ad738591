"""Saved pages, read as their script reads them."""

from __future__ import annotations

import base64
import gzip
import json
import re
from itertools import pairwise
from typing import Any

import numpy as np

_OPENING = re.compile(
    r'<script type="application/json" data-rnnviz>(.*?)</script>',
    re.DOTALL,
)
_PIECE = re.compile(
    r'<script type="application/json" data-rnnviz-piece="(\w+)">(.*?)</script>', re.DOTALL
)


def read_pages(html: str) -> list[tuple[dict[str, Any], list[bytes]]]:
    """Return what a page's script reads of each widget: JSON, and the buffers beside it.

    What stands in pieces behind an opening is put where a page without pieces has it.
    """
    pieces: dict[str, list[str]] = {}
    for key, raw in _PIECE.findall(html):
        pieces.setdefault(key, []).append(raw)
    widgets = []
    for raw in _OPENING.findall(html):
        data, buffers = _read(raw)
        later = data.get("later", {})
        if "each" in later:
            _put_in_place(data, buffers, [_read(piece) for piece in pieces[later["key"]]])
        widgets.append((data, buffers))
    return widgets


def read_opening(html: str) -> tuple[dict[str, Any], list[bytes]]:
    """Return what a page of one widget opens with: JSON, and the buffers beside it."""
    (raw,) = _OPENING.findall(html)
    return _read(raw)


def _put_in_place(
    data: dict[str, Any], buffers: list[bytes], pieces: list[tuple[dict[str, Any], list[bytes]]]
) -> None:
    """Move what pieces have into the content of an opening."""
    checkpoints = data["content"]["checkpoints"]
    (facts, extra), *values = pieces
    for checkpoint, more in zip(checkpoints, facts["checkpoints"], strict=True):
        checkpoint |= _moved(more, len(buffers))  # noqa: PLW2901  (in its list)
    buffers += extra
    each, order = data["later"]["each"], data["later"]["order"]
    units = sum(state["units"] for state in data["content"]["states"])
    groups = -(-units // each)
    assert len(values) == groups * len(order)
    for place, moment in enumerate(order):
        mine = values[place * groups : (place + 1) * groups]
        for name in ("values", "scales", "limits", "peaks"):
            checkpoints[moment][name] = {"$b": len(buffers)}
            buffers.append(b"".join(found[piece[name]["$b"]] for piece, found in mine))


def _moved(value: Any, by: int) -> Any:
    """Return JSON whose buffers have numbers that are higher."""
    if isinstance(value, list):
        return [_moved(item, by) for item in value]
    if not isinstance(value, dict):
        return value
    if "$b" in value:
        return {"$b": value["$b"] + by}
    return {key: _moved(item, by) for key, item in value.items()}


def _read(raw: str) -> tuple[dict[str, Any], list[bytes]]:
    data = json.loads(raw)
    plain = data.get("plain")
    blob = base64.b64decode(plain or data["blobs"])
    blob = blob if plain else gzip.decompress(blob)
    ends = np.concatenate([[0], np.cumsum(data["lengths"], dtype=int)])
    assert ends[-1] == len(blob)
    return data, [blob[a:b] for a, b in pairwise(ends)]
