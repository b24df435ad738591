"""The lecture notebook turns into slides, each with its cells."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbconvert.exporters import SlidesExporter

LECTURE = Path(__file__).parents[2] / "notebooks" / "00_lecture.ipynb"


def kind(cell: nbformat.NotebookNode) -> str:
    return str(cell.metadata.get("slideshow", {}).get("slide_type", "-"))


def test_every_slide_opens_with_prose_and_the_code_follows_on_it() -> None:
    cells = nbformat.read(LECTURE, as_version=4).cells
    assert kind(cells[0]) == "slide"
    for cell in cells:
        if cell.cell_type == "code":
            assert kind(cell) == "-"
        else:
            assert kind(cell) in {"slide", "subslide"}
            assert cell.source.startswith("#") == (kind(cell) == "slide")


def test_nbconvert_makes_as_many_slides_as_the_notebook_has() -> None:
    cells = nbformat.read(LECTURE, as_version=4).cells
    body, _ = SlidesExporter().from_filename(str(LECTURE))
    slides = [kind(cell) for cell in cells if kind(cell) != "-"]
    # A vertical stack around each slide, and one section for each slide and subslide in it.
    assert len(re.findall(r"<section\b", body)) == slides.count("slide") + len(slides)
    for heading in ("Rank", "Look", "Profile", "Name it", "Ablate"):
        assert re.search(f"<h2[^>]*>{heading}", body), heading
