"""Pages, pieces of pages and frames: what goes in, what is refused, what is written."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnviz_widget import HiddenStateWidget, Trace, rank_units
from rnnviz_widget.export import head, page
from rnnviz_widget.widget import packing, wire
from tests.unit.saved import read_opening, read_pages

TEXT = 'He said "yes" and left.\n"No," she said.\n'
HOSTILE = (
    "</script><script>alert(1)</script><!--]]>&amp;\u2028\"'\x00\ud800< </iframe> </title> "
    '" onload="alert(2)" {x} </figure>\n'
)


def make_trace(text: str = TEXT, **states: int) -> Trace:
    rng = np.random.default_rng(0)
    shapes = states or {"rnn.l0.h": 6, "rnn.l0.z": 6}
    arrays = {name: rng.uniform(0, 1, (len(text), u)) for name, u in shapes.items()}
    return Trace.from_arrays(text, {k: v.astype(np.float32) for k, v in arrays.items()})


OLD = '<body class="rnnviz-body">an older page</body>'


@pytest.fixture
def widget() -> HiddenStateWidget:
    return HiddenStateWidget(make_trace(), state="rnn.l0.h", unit=2, title="A title")


class Reader(HTMLParser):
    """Collects the elements and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(dict(attrs).get("class") or tag)

    def handle_endtag(self, _: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text[self._open[-1]] = self.text.get(self._open[-1], "") + data

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


def test_a_saved_page_holds_the_widget_as_it_is(widget: HiddenStateWidget, tmp_path: Path) -> None:
    widget.unit, widget.cursor, widget.palette = 1, 9, "grey"
    saved = widget.save_html(tmp_path / "page.html")
    ((data, buffers),) = read_pages(Path(saved).read_text(encoding="utf-8"))
    expected = {"state": "rnn.l0.h", "unit": 1, "cursor": 9, "selection": [], "palette": "grey"}
    assert data["traits"] == data["traits"] | expected
    (checkpoint,) = data["content"]["checkpoints"]
    assert buffers[checkpoint["values"]["$b"]] == widget._content["checkpoints"][0]["values"]
    for name in ("scales", "limits", "peaks"):
        assert buffers[checkpoint[name]["$b"]] == widget._content["checkpoints"][0][name]
    (pinned,) = checkpoint["pinned"]
    values = np.frombuffer(buffers[pinned["values"]["$b"]], "<f2")
    np.testing.assert_allclose(values, widget.trace.unit("rnn.l0.h", 1), rtol=1e-3)


def test_it_says_how_large_it_is_and_what_it_shows(
    widget: HiddenStateWidget, tmp_path: Path
) -> None:
    saved = widget.save_html(str(tmp_path / "page.html"))
    words = repr(widget).removeprefix("HiddenStateWidget: ")
    assert saved.size == saved.path.stat().st_size
    assert repr(saved) == f"{saved.path} ({saved.size / 1e6:.2f} MB): {words}"
    assert "unit 2 of rnn.l0.h" in repr(page(widget))


def test_a_part_goes_in_alone(widget: HiddenStateWidget) -> None:
    widget.unit, widget.cursor, widget.selection = 5, 12, [3, 30]
    html = widget.to_html(states="*.h", units=[5, 3], start=10, stop=20)
    ((data, buffers),) = read_pages(html)
    content, traits = data["content"], data["traits"]
    assert (traits["unit"], traits["cursor"], traits["selection"]) == (5, 2, [0, 10])
    assert [state["ids"] for state in content["states"]] == [[3, 5]]
    assert content["origin"] == {"token": 10, "line": 1, "column": 11}
    whole = np.frombuffer(widget._content["checkpoints"][0]["values"], np.int8).reshape(
        12, len(TEXT)
    )
    assert buffers[content["checkpoints"][0]["values"]["$b"]] == whole[[3, 5], 10:20].tobytes()


def test_what_is_shown_but_not_chosen_moves_to_what_is(widget: HiddenStateWidget) -> None:
    widget.cursor, widget.selection = 30, [25, 30]
    ((data, _),) = read_pages(widget.to_html(units={"rnn.l0.z": [4, 1]}, stop=20))
    traits = data["traits"]
    assert (traits["state"], traits["unit"]) == ("rnn.l0.z", 1)
    assert (traits["cursor"], traits["selection"]) == (-1, [])


def test_a_ranking_offers_only_the_units_that_are_there() -> None:
    text = 'He said "yes, I will," and she said "no." ' * 20
    trace = make_trace(text)
    ranking = rank_units(trace, np.arange(len(text)) % 7 < 3)
    html = HiddenStateWidget(trace, ranking).to_html(units={ranking[1].state: [ranking[1].unit]})
    ((data, _),) = read_pages(html)
    (offered,) = data["content"]["rankings"]
    assert [(e["state"], e["unit"]) for e in offered["entries"]] == [
        (ranking[1].state, ranking[1].unit)
    ]
    assert data["traits"]["unit"] == ranking[1].unit


def test_a_trace_too_large_to_travel_live_makes_a_page_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = read_pages(HiddenStateWidget(make_trace()).to_html())
    monkeypatch.setattr(wire, "LIVE_LIMIT", 10)
    widget = HiddenStateWidget(make_trace())
    assert widget._content["checkpoints"][0]["values"] is None
    assert read_pages(widget.to_html()) == expected


# --- size ------------------------------------------------------------------------------------


def test_a_page_over_the_limit_is_refused_with_its_size_and_what_lowers_it(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(0)
    text = "abcdefgh" * 500
    trace = Trace.from_arrays(text, {"h": rng.standard_normal((len(text), 400))})
    widget = HiddenStateWidget(trace)
    size = len(widget.to_html()) / 1e6
    path = tmp_path / "page.html"
    path.write_text(OLD)
    with pytest.raises(ValueError, match=r"over limit=0\.5 MB") as refused:
        widget.save_html(path, limit=0.5)
    message = str(refused.value)
    assert all(word in message for word in ("units=", "states=", "start=, stop=", "4,000 tokens"))
    (estimate,) = re.findall(r"about ([\d.]+) MB", message)
    assert float(estimate) == pytest.approx(size, rel=0.2)
    assert path.read_text() == OLD
    assert widget.save_html(path, units=range(20), limit=0.5).size < 0.5e6
    assert widget.save_html(path, limit=size + 0.01).size == pytest.approx(size * 1e6, rel=0.01)


def test_several_widgets_are_refused_by_their_sum(widget: HiddenStateWidget) -> None:
    one = page(widget).size / 1e6
    fragments = [widget.fragment()] * 3
    with pytest.raises(ValueError, match=r"the page would be 0\.\d MB, over limit=.*fewer widgets"):
        page(fragments, limit=one)


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    widget: HiddenStateWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text(OLD)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        widget.save_html(path)
    monkeypatch.undo()
    assert path.read_text() == OLD
    assert list(tmp_path.iterdir()) == [path]


# --- several widgets, words around them ------------------------------------------------------


def test_several_widgets_share_one_copy_of_the_code(widget: HiddenStateWidget) -> None:
    other = HiddenStateWidget(make_trace(), unit=4)
    html = page([widget, other.fragment(stop=9, caption="Nine letters")], title="Two").html
    assert html.count('<script type="module" async>') == html.count("<style>") == 1
    assert [data["traits"]["unit"] for data, _ in read_pages(html)] == [2, 4]
    reader = Reader(html)
    assert reader.text["title"] == "Two"
    assert reader.text["rnnviz-heading"] == "TwoA title"
    assert reader.text["rnnviz-caption"].count("Nine letters") == 1


def test_fragments_fit_into_a_page_of_ones_own(widget: HiddenStateWidget) -> None:
    fragment = widget.fragment(units=[2])
    html = f"<body>{fragment.html}<hr>{fragment.html}{head()}</body>"
    assert len(read_pages(html)) == 2
    assert "A title" in fragment.html


@pytest.mark.parametrize("shown", [[], ["text"], "text", 3])
def test_a_page_of_nothing_is_refused(shown: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"a page (must show|shows)"):
        page(shown)


def test_a_single_widgets_title_is_the_pages(widget: HiddenStateWidget) -> None:
    reader = Reader(widget.to_html(caption="Under it", source="A novel"))
    assert reader.text["title"] == reader.text["rnnviz-heading"] == "A title"
    assert "Under it" in reader.text["rnnviz-caption"]
    assert reader.text["rnnviz-source"] == "Source: A novel"
    assert Reader(widget.to_html(title="Other")).text["rnnviz-heading"] == "Other"
    assert Reader(HiddenStateWidget(make_trace()).to_html()).text["title"] == "Hidden units"


# --- frames ----------------------------------------------------------------------------------


def test_a_frame_holds_the_page_in_a_sandbox(widget: HiddenStateWidget) -> None:
    frame = widget.to_iframe(units=[2, 3], title="Quote")
    ((tag, attributes),) = Reader(frame._repr_html_()).elements
    assert (tag, attributes["sandbox"], attributes["title"]) == ("iframe", "allow-scripts", "Quote")
    assert attributes["srcdoc"] == frame.page.html
    (inside,), (alone,) = map(read_pages, (frame.page.html, widget.to_html(units=[2, 3])))
    assert inside == alone
    assert repr(widget) == f"HiddenStateWidget: {frame!r}"
    assert Reader(frame.html).text == {"iframe": frame.page.words}  # where frames are taken out


def test_a_frame_is_as_high_as_its_text_needs_or_as_it_is_told() -> None:
    def height(lines: int, **arguments: Any) -> int:
        text = "A line of some sixty characters, as a novel has it on a page.\n" * lines
        widget = HiddenStateWidget(Trace.from_arrays(text, {"h": np.zeros((len(text), 1))}))
        frame = widget.to_iframe(**arguments)
        assert f"height:{frame.height}px" in frame.html
        return frame.height

    assert height(1) < height(8) < height(14) < height(18) == height(500)
    assert height(500, caption="Words.") > height(500)
    assert height(500, height=333) == 333


# --- hostile words ---------------------------------------------------------------------------


def test_no_text_leaves_the_place_it_is_written_in() -> None:
    trace = make_trace(HOSTILE, **{HOSTILE.replace("\ud800", ""): 2})
    widget = HiddenStateWidget(trace, title=HOSTILE, labels={HOSTILE: np.zeros(len(HOSTILE))})
    plain = Reader(HiddenStateWidget(make_trace(), title="T").to_html(caption="C", source="S"))
    html = widget.to_html(caption=HOSTILE, source=HOSTILE)
    html.encode("utf-8")
    reader = Reader(html)
    # A span of the opening picture is a run of one colour: of those there may be any number.
    made, expected = (
        [(tag, list(attrs)) for tag, attrs in each.elements if (tag, *attrs) != ("span", "style")]
        for each in (reader, plain)
    )
    assert made == expected
    ((data, buffers),) = read_pages(html)
    text = buffers[data["content"]["text"]["$b"]].decode("utf-16-le", "surrogatepass")
    assert text == HOSTILE
    visible = HOSTILE.replace("\ud800", "\ufffd")
    for name in ("title", "rnnviz-heading"):
        assert reader.text[name] == visible
    repr(widget).encode("utf-8")
    frame = widget.to_iframe(caption=HOSTILE)
    reader = Reader(frame.html)
    assert reader.tags == ["iframe"]
    assert list(reader.elements[0][1]) == ["srcdoc", "sandbox", "title", "style"]
    assert reader.elements[0][1]["srcdoc"] == frame.page.html


# --- what a page opens with ------------------------------------------------------------------


@pytest.mark.parametrize("cursor", [-1, 9])
def test_a_page_opens_with_what_is_seen_and_has_the_rest_in_pieces(
    widget: HiddenStateWidget, monkeypatch: pytest.MonkeyPatch, cursor: int
) -> None:
    widget.cursor = cursor
    whole = read_pages(widget.to_html())
    monkeypatch.setattr(packing, "PIECE", 3 * len(TEXT))
    html = widget.to_html()
    data, buffers = read_opening(html)
    (checkpoint,) = data["content"]["checkpoints"]
    assert checkpoint["values"] is None
    (row,) = checkpoint["rows"]
    ((_, known),) = whole
    assert (
        buffers[row["values"]["$b"]] == known[_place(whole, "values")][2 * len(TEXT) :][: len(TEXT)]
    )
    assert ("pinned" in checkpoint) == (cursor >= 0)  # the readout speaks of it
    assert len(widget.fragment().pieces) == 1 + 12 / 3
    ((data, found),) = read_pages(html)
    for name in ("values", "scales", "limits", "peaks"):
        assert found[_place([(data, found)], name)] == known[_place(whole, name)]
    assert len(data["content"]["checkpoints"][0]["pinned"]) == 1


def _place(pages: list[tuple[dict[str, Any], list[bytes]]], name: str) -> int:
    place: int = pages[0][0]["content"]["checkpoints"][0][name]["$b"]
    return place


def test_widgets_that_are_alike_share_their_pieces(
    widget: HiddenStateWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "PIECE", 3 * len(TEXT))
    one, other = widget.fragment(), widget.fragment(units=[2, 3, 4])
    html = page([one, one, other]).html
    for fragment in (one, other):
        assert html.count(f'data-rnnviz-piece="{fragment.key}"') == len(fragment.pieces) > 1
    assert [len(buffers) > 0 for _, buffers in read_pages(html)] == [True] * 3
    assert len(read_pages(f"<body>{one.html}{head()}</body>")) == 1
    assert html.index(f'data-rnnviz-piece="{one.key}"') > html.rindex("data-rnnviz>")
