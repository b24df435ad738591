"""A small course notebook: a widget that is as it should be, and one full of hostile words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from rnnviz_widget import HiddenStateWidget, Trace

BEFORE = 4
"""Slides between the first and that of the first widget."""

UNITS = 24
STATE = "rnn.l0.h"

HOSTILE = (
    "</script><script>alert('hostile')</script></iframe></title></div>\n"
    "<img src='https://hostile.example/' onerror=\"alert('hostile')\"> ]]> &amp; ${1} {{2}}\n"
    "\" onload=\"alert('hostile')\" '-alert('hostile')-' <!-- --> \u2028 \ud800 --> `\n"
)
"""What would ask the network, or show a dialog, if any of it were taken for markup or code."""

TEXT = 'The lamp was out.\n"Who is there?" she\tasked,\nand nobody answered.\n\n"I am," said he.\n'

SETUP = f"""\
import numpy as np
from rnnviz_widget import HiddenStateWidget, Predictions, Trace, rank_units

TEXT = {TEXT!r}
HOSTILE = {HOSTILE!r}

def make_trace(text, state):
    values = np.tanh(np.random.default_rng(5).standard_normal((len(text), {UNITS})))
    predictions = Predictions(
        np.tile(np.arange(2, dtype=np.uint32), (len(text), 1)),
        np.tile(np.float32([0.75, 0.25]), (len(text), 1)),
        (text, "a"),
    )
    return Trace.from_arrays(
        text, {{state: values}}, bounds={{state: (-1, 1)}}, predictions=predictions
    )

def plain(**arguments):
    return HiddenStateWidget(make_trace(TEXT, {STATE!r}), unit=3, title="A unit", **arguments)

def hostile(**arguments):
    trace = make_trace(HOSTILE, HOSTILE.replace("\\ud800", "") + ".h")
    label = np.arange(len(HOSTILE)) % 2 == 0
    quick = dict(skip=0, gap=0, shifts=3, resamples=3, probe=False)
    ranking = rank_units(trace, label, name=HOSTILE, caption=HOSTILE, **quick)
    return HiddenStateWidget(
        trace, ranking, unit=3, title=HOSTILE, labels={{HOSTILE: label}}, **arguments
    )
"""
"""Run in notebooks, and here: both have the same widgets."""


def namespace() -> dict[str, Any]:
    """Return what `SETUP` defines."""
    names: dict[str, Any] = {}
    exec(SETUP, names)  # noqa: S102  (the same code that the notebooks run)
    return names


def trace() -> Trace:
    """Return the trace of the ordinary widget."""
    names = namespace()
    made: Trace = names["make_trace"](TEXT, STATE)
    return made


def widget(name: str, **arguments: Any) -> HiddenStateWidget:
    """Return the widget ``"plain"`` or ``"hostile"``."""
    made: HiddenStateWidget = namespace()[name](**arguments)
    return made


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of `SETUP` and a slide for each of `cells`, behind some others.

    A slide show keeps slides that are further than three away out of the page's layout.
    """

    def slide(cell: Any, kind: str) -> Any:
        cell.metadata["slideshow"] = {"slide_type": kind}
        return cell

    contents = [
        slide(new_markdown_cell("# A course"), "slide"),
        slide(new_code_cell(SETUP), "skip"),
        *(slide(new_markdown_cell(f"# Before it, {i}"), "slide") for i in range(BEFORE)),
    ]
    for number, source in enumerate(cells, 1):
        contents.append(slide(new_markdown_cell(f"# Slide {number}"), "slide"))
        contents.append(slide(new_code_cell(source), "-"))
    contents.append(slide(new_markdown_cell("# The end"), "slide"))
    notebook = new_notebook(cells=contents)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(notebook, path)
    return path
