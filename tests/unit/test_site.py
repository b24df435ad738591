"""Static sites: what lies in the folder, and which folder is replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from rnnviz_widget import HiddenStateWidget, Trace, labels
from rnnviz_widget.cli import main
from rnnviz_widget.export import unit_major
from rnnviz_widget.export.site import MARK
from rnnviz_widget.widget import sites, wire
from tests.unit.saved import read_opening
from tests.unit.test_export import HOSTILE, Reader, make_trace

TEXT = 'He said "yes" and left.\n"No," she said.\n' * 3


@pytest.fixture
def widget() -> HiddenStateWidget:
    return HiddenStateWidget(
        [make_trace(TEXT), make_trace(TEXT + "")],
        unit=2,
        title="A title",
        labels={"inside quotes": labels.inside_quotes},
    )


def content_of(site: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the whole content as zarr reads it, buffers as bytes, and the values by checkpoint."""
    data, _ = read_opening((site / "index.html").read_text(encoding="utf-8"))
    later = data["later"]
    root = zarr.open_group(str(site / later["folder"]), mode="r")

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$z" in value:
            array: Any = root[f"buffers/{value['$z']}"]
            return array[:].tobytes()
        return {key: filled(item) for key, item in value.items()}

    content = filled(later["content"])
    for checkpoint, facts in zip(content["checkpoints"], filled(later["facts"]), strict=True):
        checkpoint |= facts  # noqa: PLW2901  (in its list)
    content["numbers"] = filled(later["numbers"])
    arrays: list[Any] = [root[f"values/{i}"] for i in range(len(content["checkpoints"]))]
    return content, [array[:] for array in arrays]


@pytest.mark.parametrize(("row", "shard"), [(2**22, 2**24), (50, 100), (7, 7), (1000, 360)])
def test_any_reader_of_zarr_finds_every_value(
    widget: HiddenStateWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: int, shard: int
) -> None:
    monkeypatch.setattr(unit_major, "ROW", row)
    monkeypatch.setattr(unit_major, "SHARD", shard)
    monkeypatch.setattr(unit_major, "BUFFER", 64)
    saved = widget.save_site(tmp_path / "site", progress=False)
    content, values = content_of(saved.path)
    assert content["text"] == TEXT.encode("utf-16-le")
    assert content["labels"] == widget._content["labels"]
    for mine, numbers, known in zip(
        values, content["numbers"], widget._content["checkpoints"], strict=True
    ):
        assert mine.tobytes() == known["values"]
        scales = np.frombuffer(numbers, "<f4").reshape(-1, 3)
        for i, name in enumerate(("scales", "limits", "peaks")):
            assert scales[:, i].tobytes() == known[name]


def test_a_part_goes_in_alone(widget: HiddenStateWidget, tmp_path: Path) -> None:
    saved = widget.save_site(
        tmp_path / "site", states="*.z", units=[5, 3], start=10, stop=50, progress=False
    )
    content, (values, _) = content_of(saved.path)
    whole = np.frombuffer(widget._content["checkpoints"][0]["values"], np.int8).reshape(12, -1)
    np.testing.assert_array_equal(values, whole[[9, 11], 10:50])
    assert content["states"][0]["ids"] == [3, 5]
    assert content["origin"]["token"] == 10


def test_the_page_has_the_beginning_however_long_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "OPENING", 40)
    monkeypatch.setattr(wire, "WHOLE_LIMIT", 10)
    sizes = []
    for times in (20, 300):
        widget = HiddenStateWidget(make_trace(TEXT * times), unit=3)
        saved = widget.save_site(tmp_path / "site", progress=False)
        html = saved.index.read_text(encoding="utf-8")
        sizes.append(len(html))
        data, buffers = read_opening(html)
        assert buffers[data["content"]["text"]["$b"]] == TEXT[:40].encode("utf-16-le")
        (row,) = data["content"]["checkpoints"][0]["rows"]
        content, (values,) = content_of(saved.path)
        assert content["length"] == len(TEXT) * times
        assert buffers[row["values"]["$b"]] == values[3, :40].tobytes()
    assert sizes[1] < sizes[0] + 2000
    widget.cursor = 99
    widget.save_site(tmp_path / "site", progress=False)
    data, _ = read_opening((tmp_path / "site" / "index.html").read_text(encoding="utf-8"))
    assert (data["content"]["length"], data["traits"]["cursor"]) == (100, 99)


def test_what_is_more_than_a_reader_should_fetch_unasked_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = make_trace(TEXT)
    loss = np.append(np.arange(len(TEXT) - 1, dtype=np.float32), np.float32(np.nan))
    arrays = {name: np.asarray(trace[name]) for name in trace.states}
    widget = HiddenStateWidget(Trace.from_arrays(TEXT, arrays, loss=loss))
    monkeypatch.setattr(sites, "FACTS_LIMIT", 7 * len(TEXT))
    content, _ = content_of(widget.save_site(tmp_path / "a", progress=False).path)
    (checkpoint,) = content["checkpoints"]
    assert checkpoint["loss"] == loss.tobytes()
    assert len(checkpoint["pinned"]) == 1
    monkeypatch.setattr(sites, "FACTS_LIMIT", 2 * len(TEXT))
    content, _ = content_of(widget.save_site(tmp_path / "b", progress=False).path)
    assert "loss" not in content["checkpoints"][0]
    assert len(content["checkpoints"][0]["pinned"]) == 1


def test_it_says_where_it_is_how_large_and_what_it_shows(
    widget: HiddenStateWidget, tmp_path: Path
) -> None:
    saved = widget.save_site(tmp_path / "site", progress=False)
    assert saved.size == sum(f.stat().st_size for f in saved.path.rglob("*") if f.is_file())
    assert repr(saved) == f"{saved.path} ({saved.size / 1e6:.2f} MB): {saved.words}"
    assert Path(saved) / "index.html" == saved.index


# --- which folder is replaced ----------------------------------------------------------------


def test_a_site_replaces_a_site_or_an_empty_folder(
    widget: HiddenStateWidget, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    first = widget.save_site(site, progress=False, title="one")
    (old,) = site.glob("data-*")
    widget.save_site(site, progress=False, title="two")
    assert "<title>two</title>" in first.index.read_text()
    assert not old.exists()
    assert len(list(site.iterdir())) == 3
    assert list(tmp_path.iterdir()) == [site]


@pytest.mark.parametrize(
    "foreign", ["notes.txt", "data-0123456789abcdef/notes.txt", "CNAME", "site.js.bak", "docs/a.md"]
)
def test_nothing_of_others_is_replaced(
    widget: HiddenStateWidget, tmp_path: Path, foreign: str
) -> None:
    site = tmp_path / "site"
    widget.save_site(site, progress=False)
    mine = site / foreign
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(FileExistsError, match="a site and something else"):
        widget.save_site(site, progress=False)
    assert mine.read_text() == "mine"
    widget.save_site(site, progress=False, overwrite=True)
    assert not mine.exists()


@pytest.mark.parametrize("name", ["index.html", "story.txt"])
def test_a_folder_or_file_of_others_is_left_alone(
    widget: HiddenStateWidget, tmp_path: Path, name: str
) -> None:
    site, file = tmp_path / "site", tmp_path / "file"
    site.mkdir()
    (site / name).write_text("<!doctype html>years of work")
    file.write_text(MARK)
    for path, found in ((site, "no site"), (file, "no folder")):
        with pytest.raises(FileExistsError, match=found):
            widget.save_site(path, progress=False)
    assert (site / name).read_text() == "<!doctype html>years of work"
    assert file.read_text() == MARK


def test_a_site_that_fails_leaves_the_old_one(
    widget: HiddenStateWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    widget.save_site(site, progress=False, title="one")
    before = sorted(site.rglob("*"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sites, "write_rows", full)
    with pytest.raises(OSError, match="No space left"):
        widget.save_site(site, progress=False, title="two")
    assert sorted(site.rglob("*")) == before
    assert list(tmp_path.iterdir()) == [site]


# --- words of others, and the command --------------------------------------------------------


def test_no_text_leaves_the_place_it_is_written_in(tmp_path: Path) -> None:
    names = {HOSTILE.replace("\ud800", ""): 2}
    widget = HiddenStateWidget(
        make_trace(HOSTILE, **names), title=HOSTILE, labels={HOSTILE: np.zeros(len(HOSTILE))}
    )
    hostile = widget.save_site(tmp_path / "a", caption=HOSTILE, source=HOSTILE, progress=False)
    plain = HiddenStateWidget(make_trace(), title="T").save_site(
        tmp_path / "b", caption="C", source="S", progress=False
    )
    made, expected = (
        [
            (tag, list(attributes))
            for tag, attributes in Reader(saved.index.read_text(encoding="utf-8")).elements
            if (tag, *attributes) != ("span", "style")
        ]
        for saved in (hostile, plain)
    )
    assert made == expected
    assert content_of(hostile.path)[0]["text"].decode("utf-16-le", "surrogatepass") == HOSTILE
    for file in hostile.path.rglob("zarr.json"):
        json.loads(file.read_text())


def test_the_command_writes_the_site_of_a_saved_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_trace(TEXT).save(tmp_path / "t.zarr")
    out = tmp_path / "site"
    arguments = ["site", str(tmp_path / "t.zarr"), "-o", str(out)]
    assert main([*arguments, "--state", "*.z", "--unit", "4", "--label", "inside_quotes"]) == 0
    assert "python -m http.server -d" in capsys.readouterr().out
    content, (values,) = content_of(out)
    assert [state["name"] for state in content["states"]] == ["rnn.l0.z"]
    assert [label["name"] for label in content["labels"]] == ["inside quotes"]
    assert values.shape == (6, len(TEXT))
    (out / "mine.txt").write_text("mine")
    assert main(arguments) == 1
    assert "mine.txt" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
