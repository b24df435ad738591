"""Pages replace pages of this package, and nobody else's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnnviz_widget import HiddenStateWidget, Trace
from rnnviz_widget.cli import main
from rnnviz_widget.export import pages
from rnnviz_widget.lecture.kit import write_lecture
from rnnviz_widget.lecture.pages import MARK

FOREIGN = '<!doctype html>\n<html><body class="thesis">years of work</body></html>'


@pytest.fixture
def widget() -> HiddenStateWidget:
    return HiddenStateWidget(Trace.from_arrays("ab", {"h": np.zeros((2, 1))}))


def test_a_page_replaces_a_page_and_nothing_else(widget: HiddenStateWidget, tmp_path: Path) -> None:
    page, partial = tmp_path / "story.html", tmp_path / "story.html.partial"
    partial.write_text("mine")
    widget.save_html(page, title="one")
    widget.save_html(page, title="two")
    assert "<title>two</title>" in page.read_text()
    page.write_text(FOREIGN)
    with pytest.raises(FileExistsError, match=r"story.html' holds something that is no page"):
        widget.save_html(page)
    assert page.read_text() == FOREIGN
    widget.save_html(page, overwrite=True)
    assert pages.is_page(page)
    assert partial.read_text() == "mine"
    assert sorted(each.name for each in tmp_path.iterdir()) == [page.name, partial.name]


def test_a_page_that_fails_leaves_the_old_one(
    widget: HiddenStateWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "story.html"
    widget.save_html(page, title="one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        widget.save_html(page, title="two")
    assert "<title>one</title>" in page.read_text()
    assert [each.name for each in tmp_path.iterdir()] == [page.name]


@pytest.mark.parametrize("arguments", [["view", "story.txt"], ["demo", "-o", "story.html"]])
def test_commands_refuse_before_any_work(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("story.txt").write_text('"No," she said.')
    Path("story.html").write_text(FOREIGN)
    monkeypatch.setattr("rnnviz_widget.load_model", None)  # nothing is loaded
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "'story.html' holds something that is no page of rnnviz" in said
    assert "--force" in said
    assert Path("story.html").read_text() == FOREIGN


def test_force_replaces_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("story.txt").write_text('"No," she said.')
    Path("story.html").write_text(FOREIGN)
    assert main(["view", "story.txt", "--unit", "3", "--force", "--no-open"]) == 0
    assert pages.is_page(Path("story.html"))


@pytest.mark.parametrize("index", [None, MARK])
def test_a_kit_replaces_no_page_that_is_not_its_own(tmp_path: Path, index: str | None) -> None:
    """Also beside the index of an earlier kit."""
    if index:
        (tmp_path / "index.html").write_text(index)
    mine = tmp_path / "quotes.html"
    mine.write_text(FOREIGN)
    with pytest.raises(ValueError, match=r"must be new, empty.*with quotes.html"):
        write_lecture(tmp_path, progress=False)
    assert mine.read_text() == FOREIGN
