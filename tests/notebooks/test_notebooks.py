"""Every notebook runs from top to bottom, and is kept as it should be."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

REPOSITORY = Path(__file__).parents[2]
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
MOST_LINES = 10
CELL_SECONDS = 300  # a stuck cell, not a slow machine

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@each_notebook
def test_a_notebook_runs_from_top_to_bottom(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a kernel of its own, an error fails; it draws a widget and warns of nothing."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = read(path)
    folder = tmp_path / "folder"
    folder.mkdir()
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert any("application/vnd.jupyter.widget-view+json" in o.get("data", {}) for o in outputs)
    errors = "".join(o.text for o in outputs if o.get("name") == "stderr")
    assert "Warning" not in errors, errors


@each_notebook
def test_a_notebook_is_kept_without_outputs_and_paths(path: Path) -> None:
    notebook = read(path)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in code_cells(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert not cell.metadata
    found = re.search(r"/(home|tmp|root|work|mnt|Users|content)/|[A-Z]:\\", path.read_text("utf-8"))
    assert not found, found


@each_notebook
def test_a_notebook_is_prose_first_and_short_cells(path: Path) -> None:
    cells = read(path).cells
    number = int(path.stem[:2])
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith(f"# {number} · ")
    for cell in cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= MOST_LINES, cell.source
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for heading in ("## What must not be concluded", "## Exercises"):
        assert heading in prose


@each_notebook
def test_a_notebook_names_no_unit_by_its_number(path: Path) -> None:
    """Numbers are those of one training run: another model is put in, and the text stays true."""
    for cell in read(path).cells:
        found = re.search(r"\bunits?(?: | ?= ?\[?)\d|\.[hc]`?\[\d", cell.source)
        assert not found, found


def test_no_two_notebooks_have_the_same_number() -> None:
    numbers = [path.stem[:2] for path in NOTEBOOKS]
    assert numbers
    assert len(numbers) == len(set(numbers))
