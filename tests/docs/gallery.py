"""Draw the pictures of the README's gallery anew: ``python -m tests.docs.gallery``.

All of them are of texts that were written for this project, read by the bundled models; the place
that is shown is the one on which the kit's page opens.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
from PIL import Image

import rnnviz_widget as rnnviz
from rnnviz_widget.lecture.materials import Materials
from rnnviz_widget.lecture.opening import place

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from rnnviz_widget.lecture.materials import Reader
    from rnnviz_widget.trace import Trace

FOLDER = Path(__file__).parents[2] / "notebooks" / "gallery"
LARGEST = 300_000
"""Bytes of all pictures together."""

_COLOURS = 64
_DPI = 84


def text_of(
    reader: Reader,
    name: str,
    label: Callable[[Trace], ArrayLike],
    lines: int = 6,
    start: int | None = None,
) -> Axes:
    """Return lines of a text: by default those that a model's own unit for a label is clear on."""
    trace, unit = reader.shown, reader.model.card.units[name]
    values = unit.sign * trace.unit(unit.painted, unit.unit)
    if start is None:
        start = place(values, label(trace), trace.text, lines)
    stop = start + sum(map(len, trace.text[start:].splitlines(keepends=True)[:lines]))
    palette = "red-blue" if unit.sign > 0 else "blue-red"
    return rnnviz.plot_text(
        trace, unit.painted, unit.unit, start, stop, label=label, palette=palette
    )


def depth_of_brackets(trace: Trace) -> ArrayLike:
    """Return how many round brackets are open."""
    return rnnviz.labels.nesting_depth(trace, "()", language=None)


def depth_along_a_direction(materials: Materials) -> Axes:
    """Return code without white space in the colours of what all units say of its depth."""
    reader, state = materials.c_without_indentation, "rnn.l0.c"
    direction = reader.probe(rnnviz.labels.nesting_depth, "nesting depth", state).direction(state)
    trace = rnnviz.along(reader.shown, state, direction, name="depth")
    label = rnnviz.labels.nesting_depth
    start = place(trace.unit("depth", 0), label(trace), trace.text, 8)
    stop = start + sum(map(len, trace.text[start:].splitlines(keepends=True)[:8]))
    return rnnviz.plot_text(trace, "depth", 0, start, stop, label=label)


def training(materials: Materials) -> Axes:
    """Return the quote unit on the first lines of a text, early, on the way, and at the end."""
    unit = materials.prose.model.card.units["inside quotes"]
    read = list(materials.snapshots.values())
    chosen = {f"{i + 1} of {len(read)}": read[i] for i in (0, 2, len(read) - 1)}
    stop = sum(map(len, read[0].text.splitlines(keepends=True)[:3]))
    columns = {name: trace.unit(unit.state, unit.unit)[:, None] for name, trace in chosen.items()}
    bounds = dict.fromkeys(columns, (-1.0, 1.0))
    trace = rnnviz.Trace.from_arrays(read[0].tokens, columns, bounds=bounds)
    return rnnviz.plot_text(trace, list(columns), [0, 0, 0], 0, stop)


def pictures(materials: Materials) -> dict[str, Callable[[], Axes]]:
    """Return what draws each picture, by its name."""
    labels, prose, c = rnnviz.labels, materials.prose, materials.c
    return {
        "quotes": lambda: text_of(prose, "inside quotes", labels.inside_quotes),
        "line": lambda: text_of(prose, "line position", labels.line_position, 4, 0),
        "comments": lambda: text_of(c, "inside comment", labels.inside_comment, 8),
        "strings": lambda: text_of(
            materials.c_with_strings, "inside string", labels.inside_string, 8
        ),
        "brackets": lambda: text_of(materials.brackets, "nesting depth", depth_of_brackets, 4),
        "depth": lambda: depth_along_a_direction(materials),
        "training": lambda: training(materials),
        "gates": lambda: rnnviz.plot_saturation(rnnviz.gate_saturation(c.all_states)),
    }


def save(axes: Axes, path: Path) -> int:
    """Write a figure as a small PNG; return its size in bytes."""
    drawn = io.BytesIO()
    axes.figure.savefig(drawn, dpi=_DPI, bbox_inches="tight", facecolor="white")
    plt.close("all")
    drawn.seek(0)
    small = Image.open(drawn).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    return path.stat().st_size


def main() -> None:
    """Draw all."""
    mpl.use("Agg")
    FOLDER.mkdir(exist_ok=True)
    sizes = {
        name: save(draw(), FOLDER / f"{name}.png") for name, draw in pictures(Materials()).items()
    }
    for name, size in {**sizes, "together": sum(sizes.values())}.items():
        sys.stdout.write(f"{name:10} {size / 1e3:5.1f} kB\n")


if __name__ == "__main__":
    main()
