"""Which part of the package may import which: downwards only, and never in a circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = Path(__file__).parents[2] / "rnnviz_widget"

LAYERS = (
    ("cli",),
    ("lecture",),
    ("surveys",),
    ("evaluation", "figures"),
    ("widget",),
    ("export", "extremes"),
    ("interventions",),
    ("network",),
    ("charlm", "counters"),
    ("ranking", "recording"),
    ("labels", "limits", "recurrent"),
    ("trace",),
    ("coloured",),
    ("stats", "palettes", "pieces", "progress", "quantise", "signs", "tables", "texts"),
    ("escaping", "former"),
)
"""From the top down; a part imports from below its own layer only."""

WITHOUT_TORCH = (
    "coloured",
    "counters",
    "escaping",
    "extremes",
    "export",
    "figures",
    "former",
    "labels",
    "limits",
    "palettes",
    "pieces",
    "progress",
    "quantise",
    "ranking",
    "signs",
    "stats",
    "surveys",
    "tables",
    "texts",
    "trace",
    "widget",
)


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = ["rnnviz_widget", *path.relative_to(PACKAGE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str) -> set[str]:
    """Return the modules of ours that a module imports anywhere, for types too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {each if each in MODULES else node.module for each in inner}
    return {each for each in found if each.startswith("rnnviz_widget")} - {name}


IMPORTS = {name: imports(name) for name in MODULES}


def part_of(name: str) -> str:
    """Return the part of the package that a module belongs to, "" for the package itself."""
    return name.partition(".")[2].partition(".")[0]


def circle() -> list[str]:
    """Return modules of which each imports the next and the last the first, if there are such."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for each in sorted(IMPORTS[name]):
            if found := visit(each, [*path, name]):
                return found
        done.add(name)
        return []

    return next(filter(None, (visit(name, []) for name in sorted(MODULES))), [])


def test_every_part_has_a_layer() -> None:
    parts = {part_of(name) for name in MODULES} - {""}
    assert parts <= {part for layer in LAYERS for part in layer}


def test_a_part_imports_from_below_only() -> None:
    layer = {part: number for number, parts in enumerate(LAYERS) for part in parts}
    upwards = {
        (name, other)
        for name, others in IMPORTS.items()
        for other in others
        if part_of(name) and part_of(other) and part_of(name) != part_of(other)
        if layer[part_of(name)] >= layer[part_of(other)]
    }
    assert not upwards


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Not for its types either: two files that need each other are one subject or three."""
    # A package's own names stand in its __init__, which its modules may be imported through.
    assert circle() == []


def importing(parts: Iterable[str], absent: Iterable[str]) -> None:
    """Import parts where some modules are not to be had."""
    code = "import sys\n" + "".join(f"sys.modules[{name!r}] = None\n" for name in absent)
    code += "".join(f"import rnnviz_widget.{part}\n" for part in parts)
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_looks_at_a_trace_is_imported_without_torch() -> None:
    """As in JupyterLite."""
    importing(WITHOUT_TORCH, ["torch"])


def test_numbers_and_labels_need_neither_torch_nor_a_widget() -> None:
    importing(["stats", "labels"], ["torch", "anywidget", "ipywidgets", "traitlets"])
    known = {
        part_of(other)
        for name in MODULES
        if part_of(name) in {"stats", "labels"}
        for other in IMPORTS[name]
    }
    assert known <= {"", "stats", "labels", "trace", "escaping"}
