"""The atlas of the kit: every unit of the prose model, on the texts of the demos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import rnnviz_widget as rnnviz
from rnnviz_widget import labels
from rnnviz_widget.export.still import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rnnviz_widget.lecture.materials import Reader
    from rnnviz_widget.trace import Trace

ATLAS = "atlas"
"""Its folder, in the kit's."""

_LABELS: dict[str, Callable[[Trace], Any]] = {
    "inside quotes": labels.inside_quotes,
    "line position": labels.line_position,
    "a newline comes next": partial(labels.next_is, chars="\n"),
}

# A kit is written while somebody waits.
_SHIFTS, _RESAMPLES, _DETAILS = 49, 200, 3
_STRIP = 700  # characters that each unit is shown over

_LINK = """\
<h2><a href="{href}">Atlas: every unit of the {name} model</a></h2>
<p>A table of all {units:,} units that can be searched and sorted, and a page for each: where it is
highest, lowest and changes most, what it follows, and how often it has which value. Surveyed on the
sample texts of these demos only, {tokens:,} characters: an illustration. <code>rnnviz survey</code>
makes one of a corpus.</p>"""


@dataclass(frozen=True)
class Atlas:
    """An atlas on disk: what the kit's index says of it, and the bytes of all its files."""

    link: str
    size: int


def write_atlas(reader: Reader, folder: Path) -> Atlas:
    """Survey a model on its two texts, and write what was found into the kit's folder."""
    found = rnnviz.survey(
        reader.model,
        reader.texts,
        labels=_LABELS,
        states=reader.states,
        control=rnnviz.untrained(reader.model),
        title=f"Every unit of the {reader.name} model, on two sample texts",
        probe=False,
        kinds=False,
        shifts=_SHIFTS,
        resamples=_RESAMPLES,
        details=_DETAILS,
        progress=False,
    )
    # Of a page most is its letters in their colours.
    found = replace(found, sample=found.sample[:_STRIP], strips=found.strips[:, :_STRIP])
    index = found.to_site(folder / ATLAS, home=("../index.html", "All demos"))
    link = _LINK.format(
        href=f"{ATLAS}/{index.name}",
        name=escape(reader.name),
        units=len(found),
        tokens=found.tokens,
    )
    size = sum(path.stat().st_size for path in index.parent.rglob("*.html"))
    return Atlas(link, size)
