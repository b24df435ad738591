"""`rnnviz lecture`: the folder it writes, and those it does not touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget import cli
from rnnviz_widget.lecture import kit, write_lecture
from rnnviz_widget.lecture.atlas import ATLAS, Atlas
from rnnviz_widget.lecture.demo import Demo, DemoContent
from rnnviz_widget.lecture.demos import DEMOS
from rnnviz_widget.lecture.opening import place
from rnnviz_widget.lecture.pages import MARK

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '</script><img src=x onerror="alert(1)">'


def build(_: Any) -> DemoContent:
    trace = rnnviz.Trace.from_arrays("some text\n", {"h": np.linspace(-1, 1, 20).reshape(10, 2)})
    return DemoContent((rnnviz.HiddenStateWidget(trace).fragment(),), (), "prose", trace, "h", 1)


def interrupt(_: Any) -> DemoContent:
    raise KeyboardInterrupt


QUICK = (
    Demo("one", HOSTILE, "About one.", "Ask one.", "Do one.", build),
    Demo("two", "Two", HOSTILE, HOSTILE, HOSTILE, build),
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "DEMOS", QUICK)
    monkeypatch.setattr(kit, "write_atlas", lambda *_: Atlas("<p>An atlas.</p>", 0))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_command_writes_the_pages_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "kit"
    assert cli.main(["lecture", "-o", str(folder), "--no-open"]) == 0
    assert names(folder) == ["index.html", "one.html", "two.html"]
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert f"wrote {folder / 'index.html'} ({size / 1e6:.1f} MB)" in capsys.readouterr().out


def test_words_are_written_as_text(tmp_path: Path) -> None:
    write_lecture(tmp_path, progress=False)
    for path in tmp_path.iterdir():
        html = path.read_text(encoding="utf-8")
        assert HOSTILE not in html
        assert "&lt;/script&gt;&lt;img" in html


def test_an_earlier_kit_is_replaced_and_what_lies_beside_it_stays(tmp_path: Path) -> None:
    write_lecture(tmp_path, progress=False)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "one.html").write_text('<body class="lecture">old', encoding="utf-8")
    write_lecture(tmp_path, progress=False)
    assert names(tmp_path) == ["index.html", "notes.txt", "one.html", "two.html"]
    assert "About one." in (tmp_path / "one.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["thesis.tex", "index.html"])
def test_a_folder_with_other_things_in_it_is_left_alone(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    assert cli.main(["lecture", "-o", str(tmp_path), "--no-open"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("rnnviz lecture: folder must be new, empty, or one that an earlier kit")
    assert error.endswith(f"with {name}\n")
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_an_atlas_of_an_earlier_kit_is_replaced_and_another_folder_of_its_name_is_not(
    tmp_path: Path,
) -> None:
    (tmp_path / ATLAS / "units").mkdir(parents=True)
    (tmp_path / ATLAS / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=f"with {ATLAS}"):
        write_lecture(tmp_path, progress=False)
    mark = '<meta name="generator" content="rnnviz atlas">'
    (tmp_path / ATLAS / "index.html").write_text(mark, encoding="utf-8")
    write_lecture(tmp_path, progress=False)
    assert "<p>An atlas.</p>" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "kit").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="folder must be a folder, got the file"):
        write_lecture(tmp_path / "kit", progress=False)


def test_an_interruption_leaves_whole_pages_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = (QUICK[0], Demo("two", "Two", "", "", "", interrupt))
    monkeypatch.setattr(kit, "DEMOS", stopped)
    assert cli.main(["lecture", "-o", str(tmp_path), "--no-open"]) == 130
    assert names(tmp_path) == ["one.html"]
    assert (tmp_path / "one.html").read_text(encoding="utf-8").endswith("</html>\n")
    monkeypatch.setattr(kit, "DEMOS", QUICK)
    write_lecture(tmp_path, progress=False)
    assert names(tmp_path) == ["index.html", "one.html", "two.html"]
    assert MARK in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_every_demo_has_a_file_of_its_own_and_all_words() -> None:
    assert len({demo.name for demo in DEMOS}) == len(DEMOS) >= 9
    assert all(demo.title and demo.about and demo.ask and demo.do for demo in DEMOS)
    assert all(demo.name.isidentifier() and demo.name != "index" for demo in DEMOS)


def test_a_page_opens_where_the_label_is_seen_to_hold_and_the_unit_follows_it() -> None:
    """Of four paragraphs one has no label, in one the unit fails, and in one it is right."""
    lines = [
        "out\n",
        "out\n",
        "\n",
        "IN\n",
        "out\n",
        "\n",
        "out\n",
        "IN\n",
        "\n",
        "o\n",
        "o\n",
        "\n",
    ]
    text = "".join(lines)
    label = np.array([character.isupper() for character in text])
    values = np.where(label, 0.5, -0.5)
    values[text.index("IN") : text.index("IN") + 2] = -0.1
    right = text.rindex("out")
    assert place(values, label, text, lines=3) == right
    assert place(values, np.zeros(len(text), dtype=bool), text, lines=3) == 0
    depth = np.where(label, 3, 0)
    assert place(values, depth, text, lines=3) == right


def test_a_page_opens_at_the_start_of_a_text_shorter_than_a_screen() -> None:
    assert place([1.0, -1.0, 1.0], [True, False, True], "ab\n") == 0
