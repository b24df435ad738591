"""Hostile words as the name of a label and of the texts: every output shows them, none runs them.

Beside what `guarded` hears of (a dialog, an error, a message, a request), nothing that the words
spell may be among the elements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from playwright.sync_api import expect

import rnnviz_widget as rnnviz
from rnnviz_widget.lecture import kit, write_lecture
from rnnviz_widget.lecture.demo import Demo, DemoContent
from rnnviz_widget.lecture.opening import ChosenUnit

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from rnnviz_widget.ranking import Ranking
    from tests.browser.conftest import Open

mpl.use("agg")
HOSTILE = (
    "</script><script>alert(1)</script></iframe></title></svg></option> ]]> <!-- -- "
    '" onload="alert(2)" \'-alert(3)-\' \u2028 <img src=x onerror=alert(4)>'
)
MARKUP = "<img src=x onerror=alert(4)>"


@pytest.fixture(scope="module")
def trace() -> rnnviz.Trace:
    text = (HOSTILE + "\n") * 8
    values = np.tanh(np.random.default_rng(3).standard_normal((len(text), 4)))
    return rnnviz.Trace.from_arrays(text, {HOSTILE + ".h": values}, source={"name": HOSTILE})


@pytest.fixture(scope="module")
def ranking(trace: rnnviz.Trace) -> Ranking:
    letters = np.array([token.isalpha() for token in trace.tokens])
    quick = {"skip": 0, "gap": 0, "shifts": 3, "resamples": 3, "probe": False}
    return rnnviz.rank_units(trace, letters, name=HOSTILE, caption=HOSTILE, **quick)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def widget(trace: rnnviz.Trace, ranking: Ranking) -> rnnviz.HiddenStateWidget:
    return rnnviz.HiddenStateWidget([trace, trace], ranking)


def assert_only_shown(root: Locator) -> None:
    """Find the name and the note of the ranking as words, and no element that they spell."""
    expect(root.locator("[data-row-start]").first).to_be_visible()
    expect(root.locator("option", has_text=MARKUP).first).to_be_attached()
    note = root.locator(".rnnviz-notes")
    expect(note).to_contain_text(f"{HOSTILE}: AUC")
    expect(note).to_contain_text(f"{HOSTILE}; chosen on")
    expect(root.locator("img, script, iframe, svg svg")).to_have_count(0)


def test_a_saved_page_shows_them(widget: rnnviz.HiddenStateWidget, open_page: Open) -> None:
    assert_only_shown(open_page(widget))


def test_a_frame_shows_them(
    widget: rnnviz.HiddenStateWidget, guarded: Page, tmp_path: Path
) -> None:
    outer = tmp_path / "outer.html"
    outer.write_text(f"<!doctype html><body>{widget.to_iframe().html}", encoding="utf-8")
    guarded.goto(outer.as_uri())
    expect(guarded.locator("iframe")).to_have_count(1)
    assert_only_shown(guarded.frame_locator("iframe").locator(".rnnviz"))


def test_the_table_of_a_ranking_shows_them(ranking: Ranking, guarded: Page, tmp_path: Path) -> None:
    file = tmp_path / "table.html"
    file.write_text(f"<!doctype html><body>{ranking._repr_html_()}", encoding="utf-8")
    guarded.goto(file.as_uri())
    table = guarded.locator(".rnnviz-ranking")
    for place in ("strong", "p >> nth=0", "td >> nth=1", "p >> nth=1"):
        expect(table.locator(place)).to_contain_text(MARKUP)
    expect(guarded.locator("img, script, iframe")).to_have_count(0)


def test_the_lecture_kit_shows_them(
    widget: rnnviz.HiddenStateWidget,
    ranking: Ranking,
    guarded: Page,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace = widget.trace
    (state,) = trace.states
    facts = (HOSTILE, ((HOSTILE, HOSTILE),))
    opened = (ChosenUnit.of(ranking, None),)
    shown = DemoContent((widget.fragment(),), opened, "prose", trace, state, 0, facts=facts)
    demo = Demo("one", HOSTILE, HOSTILE, HOSTILE, HOSTILE, lambda _: shown)
    monkeypatch.setattr(kit, "DEMOS", (demo,))
    write_lecture(tmp_path / "kit", progress=False)
    guarded.goto((tmp_path / "kit" / "one.html").as_uri())
    assert_only_shown(guarded.locator(".rnnviz"))
    numbers = guarded.locator("details.numbers")
    for place in (
        numbers.locator("summary"),
        numbers.locator(".measured").first,
        numbers.locator("td"),
    ):
        expect(place).to_contain_text(MARKUP)
    guarded.goto((tmp_path / "kit" / "index.html").as_uri())
    expect(guarded.locator(".demo .measured").first).to_contain_text(MARKUP)
    expect(guarded.locator("img, iframe")).to_have_count(0)
    expect(guarded.locator("script")).to_have_count(1)  # the keys from page to page


def test_figures_show_them(trace: rnnviz.Trace, guarded: Page, tmp_path: Path) -> None:
    (state,) = trace.states
    label = rnnviz.labels.Label(np.arange(len(trace)) % 3 == 0, HOSTILE)
    for plot in (rnnviz.plot_text, rnnviz.plot_unit):
        file = tmp_path / "figure.svg"
        plot(trace, state, 1, 0, 60, label=label).figure.savefig(file)
        plt.close("all")
        guarded.goto(file.as_uri())
        assert guarded.evaluate("document.documentElement.localName") == "svg"
        expect(guarded.locator("img, script, iframe, svg svg")).to_have_count(0)


def test_the_words_for_places_without_pictures_have_them_on_one_line(
    widget: rnnviz.HiddenStateWidget, ranking: Ranking
) -> None:
    for words in (repr(widget), repr(widget.to_iframe()), str(ranking)):
        assert MARKUP in words
        words.encode("utf-8")
    assert "\n" not in repr(widget)
