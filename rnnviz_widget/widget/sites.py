"""What a site has of a widget: the page it opens with, and beside it all values, unit after unit.

The page carries the beginning of the text and of the units that are shown. In the folder
``data-KEY`` beside it, a Zarr v3 group, lie

    values/i    int8, `(units, T)`: the units of the i-th checkpoint, of all states in order
    buffers/j   uint8: the text, the labels and whatever else is bytes in `wire`'s content

The reader is ``js/src/site``. The key is another one in every site: a page that was opened before
the site was replaced finds nothing, rather than what is not its own.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.export import Budget, json_for_script, pack_plain
from rnnviz_widget.export.unit_major import write_buffer, write_group, write_rows
from rnnviz_widget.progress import Bar
from rnnviz_widget.quantise import MISSING
from rnnviz_widget.widget import wire
from rnnviz_widget.widget.packing import FACTS, bytes_of, opening_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from rnnviz_widget.trace.excerpt import Excerpt
    from rnnviz_widget.widget.data import WidgetData

OPENING = 2**14
"""Tokens that the page itself has: on screen at once, however long the text."""

FACTS_LIMIT = 16 * 2**20
"""Bytes of next tokens, losses and near-exact values that a reader fetches without asking."""

_KEY_BYTES = 8


def write_values(
    folder: Path,
    data: WidgetData,
    excerpt: Excerpt,
    traits: dict[str, Any],
    *,
    progress: bool | None,
) -> str:
    """Write what a page asks for into a site's folder; return the JSON that the page opens with.

    Parameters
    ----------
    excerpt
        What goes in: its text and units.
    traits
        The widget's traits as the page shall open, of the excerpt.
    progress
        Show a bar over the units.
    """
    name = f"data-{secrets.token_hex(_KEY_BYTES)}"
    root = folder / name
    for each in (root, root / "buffers", root / "values"):
        write_group(each)
    buffers = _Buffers(root / "buffers")
    content = data.excerpt_content(excerpt)
    facts = [
        {fact: checkpoint.pop(fact) for fact in FACTS} for checkpoint in content["checkpoints"]
    ]
    _pin(facts[traits["checkpoint"]], data, excerpt, traits)
    numbers = _write_units(root / "values", data, excerpt, progress=progress)
    later = {
        "folder": name,
        "content": buffers.lift({**content, "title": ""}),
        "facts": [buffers.lift(fact) for fact in _few(facts)],
        "numbers": [buffers.lift(each) for each in numbers],
    }
    opening = {"traits": traits, "content": _opening(data, excerpt, traits), "later": later}
    return json_for_script(pack_plain(opening, Budget(float("inf"), 0)))


class _Buffers:
    """Writes bytes as numbered arrays, and says in their place which they are."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def lift(self, value: Any) -> Any:  # noqa: ANN401  (any JSON value)
        match value:
            case bytes():
                write_buffer(self._folder / str(self._count), value)
                self._count += 1
                return {"$z": self._count - 1}
            case dict():
                return {key: self.lift(item) for key, item in value.items()}
            case list():
                return [self.lift(item) for item in value]
            case _:
                return value


def _opening(data: WidgetData, excerpt: Excerpt, traits: dict[str, Any]) -> dict[str, Any]:
    """Return the beginning of an excerpt: as far as the cursor at least, with the units shown."""
    stop = max(OPENING, traits["cursor"] + 1, *traits["selection"], 0)
    first = replace(excerpt, stop=min(excerpt.stop, excerpt.start + stop))
    content = data.excerpt_content(first)
    for checkpoint in content["checkpoints"]:
        for fact in FACTS:
            del checkpoint[fact]
    content["checkpoints"][traits["checkpoint"]]["rows"] = opening_rows(data, first, traits)
    return {**content, "title": ""}


def _pin(facts: dict[str, Any], data: WidgetData, excerpt: Excerpt, traits: dict[str, Any]) -> None:
    trace = data.traces[traits["checkpoint"]]
    facts["pinned"] = wire.pin(
        trace, excerpt, [(traits["state"], traits["unit"]), *traits["units"]]
    )


def _few(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is known beside the values, the smallest first, as long as it is not too much."""
    kinds = {"loss": ["loss"], "pinned": ["pinned"], "next": ["top_ids", "top_probs"]}
    sizes = {
        kind: sum(bytes_of([one[n] for n in names]) for one in facts)
        for kind, names in kinds.items()
    }
    left = FACTS_LIMIT
    dropped: list[str] = []
    for kind in sorted(kinds, key=sizes.__getitem__):
        if sizes[kind] > left:
            dropped += kinds[kind]
        else:
            left -= sizes[kind]
    return [{name: value for name, value in one.items() if name not in dropped} for one in facts]


def _write_units(
    folder: Path, data: WidgetData, excerpt: Excerpt, *, progress: bool | None
) -> list[bytes]:
    """Write the values of each checkpoint; return the scale, limit and peak of each unit."""
    units = sum(excerpt.count(data.trace, state) for state in excerpt.units)
    limits, numbers = data.limits(excerpt), []
    total = units * len(data.traces)
    with Bar(total=total, desc="units", unit="unit", disable=progress is False) as bar:
        for i, trace in enumerate(data.traces):
            scales: list[tuple[float, float, float]] = []

            def rows() -> Iterator[NDArray[np.int8]]:
                for unit in wire.quantised_units(trace, excerpt, limits):  # noqa: B023  (used at once)
                    scales.append((unit.scale, unit.limit, unit.peak))  # noqa: B023
                    bar.update()
                    yield unit.values

            shape = (units, excerpt.stop - excerpt.start)
            write_rows(folder / str(i), rows(), shape, MISSING)
            numbers.append(np.array(scales, "<f4").tobytes())
    return numbers
