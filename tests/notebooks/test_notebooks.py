"""The teaching notebooks: they run as they stand, and are committed without what they print."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 10  # lines: more is a function of the package


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_it_is_committed_without_outputs_and_names_its_kernel(
    notebook: nbformat.NotebookNode,
) -> None:
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"  # else JupyterLab asks
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_its_cells_are_short_and_prose_comes_first(notebook: nbformat.NotebookNode) -> None:
    assert notebook.cells[0].cell_type == "markdown"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


def test_it_runs(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()  # raises what a cell raises
