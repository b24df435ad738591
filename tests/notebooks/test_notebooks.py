"""Every notebook runs from top to bottom, bears its own claims, and is kept as it should be."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

REPOSITORY = Path(__file__).parents[2]
CLAIMS = tomllib.loads(Path(__file__).with_name("claims.toml").read_text(encoding="utf-8"))
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
MOST_LINES = 10
MOST_BYTES = 3_000_000  # of an executed notebook, its widgets in it
CELL_SECONDS = 300  # a stuck cell, not a slow machine
WIDGET = "application/vnd.jupyter.widget-view+json"

TERMS = {
    "AUC": r"\bAUC\b",
    "Spearman": r"\bSpearman\b",
    "nats": r"\bnats\b",
    "spans": r"\b[Ss]pans?\b",
    "held out": r"\bheld[ -]out\b",
    "chance": r"\b[Cc]hance\b",
    "probe": r"\b[Pp]robes?\b",
    "lag": r"\b[Ll]ags?\b",
    "label": r"\b[Ll]abels?\b(?!\s*=)",
}
"""Words of the trade, each with what finds it in prose."""

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose_of(notebook: nbformat.NotebookNode) -> str:
    """Return all prose, its line breaks undone."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.sub(r"\s+", " ", prose)


def shows_a_picture(cell: nbformat.NotebookNode) -> bool:
    kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
    return bool(kinds & {WIDGET, "image/png", "text/html"})


@pytest.fixture(scope="session")
def list_of_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where matplotlib keeps the list of fonts that it takes seconds to make."""
    return tmp_path_factory.mktemp("matplotlib")


@each_notebook
def test_a_notebook_runs_and_its_claims_hold(
    path: Path, tmp_path: Path, list_of_fonts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a kernel of its own; each claim of ``claims.toml`` is checked in it when all has run."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("MPLCONFIGDIR", str(list_of_fonts))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = read(path)
    length = len(notebook.cells)
    notebook.cells.append(new_code_cell("import numpy as np"))
    notebook.cells += [
        new_code_cell(f"# {claim['says']}\n{claim['holds']}") for claim in CLAIMS[path.stem]
    ]
    folder = tmp_path / "folder"
    folder.mkdir()
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    notebook.cells = notebook.cells[:length]
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    errors = "".join(o.text for o in outputs if o.get("name") == "stderr")
    assert not errors
    widgets = [o.data for o in outputs if WIDGET in o.get("data", {})]
    assert widgets
    # What a notebook shows that is not trusted.
    assert all(w["text/plain"].startswith("HiddenStateWidget: unit ") for w in widgets)
    before = next(i for i, cell in enumerate(notebook.cells[1:], 1) if cell.cell_type != "code")
    assert any(map(shows_a_picture, notebook.cells[1:before])), "the picture comes first"
    assert len(nbformat.writes(notebook).encode()) <= MOST_BYTES


@pytest.mark.parametrize("name", CLAIMS)
def test_what_is_checked_is_what_the_notebook_says(name: str) -> None:
    prose = prose_of(read(REPOSITORY / "notebooks" / f"{name}.ipynb"))
    for claim in CLAIMS[name]:
        assert claim["says"] in prose
        assert "assert " in claim["holds"]


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
@pytest.mark.parametrize("term", TERMS)
def test_a_word_of_the_trade_is_explained_where_it_first_stands(term: str, path: Path) -> None:
    """In bold, which nothing else makes of it."""
    prose = prose_of(read(path))
    first = re.search(TERMS[term], prose)
    if first is None:
        return
    assert prose[: first.start()].endswith("**"), prose[first.start() - 80 : first.end() + 40]


@each_notebook
def test_every_exercise_has_a_folded_answer_and_nothing_gives_it_away(path: Path) -> None:
    cells = read(path).cells
    start = next(i for i, cell in enumerate(cells) if "## Exercises" in cell.source)
    exercises = "\n".join(cell.source for cell in cells[start:] if cell.cell_type == "markdown")
    asked = exercises.partition("## Exercises")[2]
    folded = re.findall(
        r"<details><summary>Answers?</summary>\n\n.*?\n\n</details>", asked, re.DOTALL
    )
    count = len(
        re.findall(
            r"^(?:\*\*)?\d\. ", re.sub(r"(?s)<details>.*?</details>", "", asked), re.MULTILINE
        )
    )
    assert count >= 3
    answers = sum(len(re.findall(r"^\d\. ", one, re.MULTILINE)) or 1 for one in folded)
    assert answers == count
    for cell in cells[start:]:
        if cell.cell_type == "code":
            assert "plot_" not in cell.source
            assert "print(" not in cell.source
            hidden = "HiddenStateWidget" not in cell.source or "guess=True" in cell.source
            assert hidden or "model=model" in cell.source or "model=small" in cell.source


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
    assert set(CLAIMS) == {path.stem for path in NOTEBOOKS}
