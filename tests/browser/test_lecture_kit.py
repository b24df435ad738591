"""The lecture kit, opened from disk with the network off, as in a hall without Wi-Fi."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.stats import spearmanr

import rnnviz_widget as rnnviz
from rnnviz_widget.lecture import write_lecture
from rnnviz_widget.lecture.demos import DEMOS
from tests.browser.edited import PATIENCE, colours, until
from tests.browser.pixels import RED_BLUE, RGB, differences, expected_colours, painted_colours

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

    Open = Callable[[str], None]

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = [demo.name for demo in DEMOS]
depth_of_brackets = partial(rnnviz.labels.nesting_depth, brackets="()", language=None)


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the whole kit once; fewer draws of chance than for a lecture, to be quick."""
    folder = tmp_path_factory.mktemp("kit")
    with pytest.MonkeyPatch.context() as patch:
        quick = partial(rnnviz.rank_units, shifts=19, resamples=50, probe=False)
        patch.setattr(rnnviz, "rank_units", quick)
        patch.setattr(rnnviz, "survey", partial(rnnviz.survey, shifts=19, resamples=50))
        write_lecture(folder, progress=False)
    return folder


@pytest.fixture
def open_page(guarded: Page, kit: Path) -> Open:
    """Open a page of the kit, guarded against what must not happen there."""

    def open_(name: str) -> None:
        guarded.goto((kit / f"{name}.html").as_uri())

    return open_


def shown(page: Page) -> Locator:
    """Wait for the text of the first widget; in a page whose network is there, for that."""
    live = page.locator("script[data-rnnviz-engine]").count() > 0
    text = page.locator(".rnnviz-edited" if live else ".rnnviz [role=textbox]").first
    expect(text).to_be_visible()
    if not live:
        expect(text.locator("[data-row-start]").first).to_be_visible()
    return text


def slider(root: Locator, name: str) -> Locator:
    return root.get_by_role("slider", name=name, exact=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_alive_offline_and_its_links_lead_somewhere(
    name: str, open_page: Open, page: Page, kit: Path
) -> None:
    open_page(name)
    roots = page.locator(".rnnviz")
    expect(roots).to_have_count(2 if name == "depth" else 1)
    shown(page)
    for root in roots.all():
        unit = slider(root, "unit")
        before = int(unit.input_value())
        unit.press("ArrowRight")
        expect(unit).not_to_have_value(str(before))
        unit.press("ArrowLeft")
        expect(unit).to_have_value(str(before))
    for link in page.locator("nav a").all():
        assert (kit / str(link.get_attribute("href"))).is_file()
    expect(page.locator("h1")).to_have_text(next(d.title for d in DEMOS if d.name == name))


def test_the_index_leads_to_every_page_and_each_page_back(open_page: Open, page: Page) -> None:
    open_page("index")
    for demo in DEMOS:
        page.get_by_role("link", name=demo.title, exact=True).click()
        expect(page).to_have_url(re.compile(f"/{demo.name}.html$"))
        page.get_by_role("link", name="All demos").click()
        expect(page).to_have_url(re.compile("/index.html$"))
    page.get_by_role("link", name=DEMOS[0].title, exact=True).click()
    for demo in DEMOS[1:]:
        page.get_by_role("link", name=f"Next: {demo.title}").click()
        expect(page).to_have_url(re.compile(f"/{demo.name}.html$"))


def test_the_index_leads_to_an_atlas_of_all_units_and_back(open_page: Open, page: Page) -> None:
    open_page("index")
    expect(page.get_by_text("an illustration")).to_be_visible()
    page.get_by_role("link", name="Atlas: every unit of the prose model").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Every unit of the prose model, on two sample texts"
    )
    units = page.locator("table.units tbody tr")
    expect(units).to_have_count(512)
    page.get_by_label("Search").fill("rnn.l1.h[86]")
    row = units.filter(visible=True)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("inside quotes")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("rnn.l1.h[86]")
    page.get_by_role("link", name="All units").click()
    page.get_by_role("link", name="All demos").click()
    expect(page).to_have_url(re.compile("/index.html$"))


def test_every_score_says_which_text_it_is_from_and_on_how_many_spans(
    open_page: Open, page: Page
) -> None:
    where = re.compile(
        r"chosen on [\d,]+ tokens with \d+ (spans|lines), reported on [\d,]+ with \d+"
    )
    open_page("index")
    scores = page.locator(".demo .measured", has_text=re.compile("AUC|Spearman"))
    assert scores.count() >= len(DEMOS) - 1  # one is a riddle
    for text in scores.all_text_contents():
        assert re.search(r"rnn\.l\d\.\w+\[\d+\], (AUC|Spearman) -?\d\.\d{3}", text), text
        assert re.search(r"\d on held-out text; chance \d\.\d\d", text), text
    for name in NAMES:
        open_page(name)
        for text in page.locator("main .measured", has_text="held-out").all_text_contents():
            assert where.search(text), text


def test_training_time_moves_and_its_numbers_stand_below(open_page: Open, page: Page) -> None:
    open_page("training")
    time = slider(page.locator(".rnnviz"), "checkpoint")
    expect(time).to_have_value("7")
    root = page.locator(".rnnviz")
    late = painted_colours(root, range(60, 240))
    time.press("Home")
    expect(time).to_have_value("0")
    page.wait_for_timeout(200)
    early = painted_colours(root, range(60, 240))
    assert max(differences(early, late)) > 40
    areas = [float(area) for area in re.findall(r"AUC (\d\.\d+)", str(page.text_content("table")))]
    assert len(areas) == 8
    assert areas[0] < 0.6
    assert areas[-1] > 0.95


def test_the_film_colours_what_was_read_and_what_was_written_at_each_moment(
    open_page: Open, page: Page
) -> None:
    """In the last frame a character is red where a quotation is open, in the first it is not so."""
    open_page("training")
    frames = page.locator(".film > section")
    expect(frames).to_have_count(8)
    written = {frame: frame.locator("pre").nth(1) for frame in (frames.first, frames.last)}
    agreement = []
    for still in written.values():
        colours = [
            tuple(map(int, re.findall(r"\d+", colour)))[:3]
            for colour, text in still.evaluate(_RUNS)
            for _ in text
        ]
        inside = np.asarray(rnnviz.labels.inside_quotes(str(still.text_content())))
        red = np.array([colour[0] > colour[2] for colour in colours])
        agreement.append(np.mean(red == inside[: len(red)]))
    assert agreement[-1] > 0.9 > agreement[0]


_RUNS = """
(still) => [...still.childNodes].map((run) => [
  run.style ? getComputedStyle(run).backgroundColor : "rgb(255, 255, 255)", run.textContent])
"""


def test_depth_of_stripped_code_is_shown_along_a_direction_too(open_page: Open, page: Page) -> None:
    open_page("depth")
    figure = page.locator("figure").last
    expect(figure.locator("[role=textbox]")).to_have_count(2)
    said = str(figure.locator("figcaption").text_content())
    assert "no single unit of this network counts brackets" in said
    whole, bare, along, last = map(float, re.findall(r"\d\.\d\d", said))
    assert bare < 0.6 < whole
    assert along > max(bare, last)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "guess"])
def test_no_list_names_a_unit_twice(name: str, open_page: Open, page: Page) -> None:
    open_page(name)
    for group in page.locator(".rnnviz-ranked optgroup").all():
        units = [text.split()[-1] for text in group.locator("option").all_text_contents()]
        states = [text.split()[-2] for text in group.locator("option").all_text_contents()]
        assert units
        assert len(set(zip(states, units, strict=True))) == len(units)
        kinds = {state.rpartition(".")[2] for state in states}
        assert len(kinds) == 1


def test_a_riddle_keeps_its_answer(open_page: Open, page: Page) -> None:
    open_page("index")
    riddle = page.locator(".demo", has_text="Guess before you look")
    expect(riddle).not_to_contain_text("quotes")
    open_page("guess")
    expect(page.locator(".rnnviz-present")).to_be_visible()
    answer = page.locator("main > .numbers")
    expect(answer.locator("p").first).to_be_hidden()
    expect(answer).to_have_count(1)
    expect(answer.locator("summary")).not_to_contain_text("quotes")
    answer.locator("summary").click()
    expect(answer.locator("p").last).to_contain_text("inside quotes")


# --- what is seen at first sight -----------------------------------------------------------------

_ON_SCREEN = """
(root) => {
  const text = root.querySelector("[role=textbox]");
  const { top, bottom } = text.getBoundingClientRect();
  const seen = [...text.querySelectorAll("[data-row-start]")].filter((row) => {
    const box = row.getBoundingClientRect();
    return box.top >= top - 1 && box.bottom <= bottom + 1;
  });
  return [seen[0].dataset.line, seen[0].dataset.rowStart, seen.at(-1).dataset.rowStart].map(Number);
}
"""


def seen(page: Page, label: Any, text: rnnviz.Trace) -> tuple[Any, list[RGB]]:
    """Return the label `(T,)` of the tokens on screen, by whole lines, and their colours."""
    root = page.locator(".rnnviz").first
    if (field := shown(page)).locator("textarea").count():
        values = np.asarray(label(text))
        for _ in until(PATIENCE):
            drawn = colours(field)
            on_screen = [t for t, colour in enumerate(drawn) if colour]
            if len(drawn) == len(values) and on_screen:
                break
        return values[on_screen], [colour for colour in drawn if colour]
    line, first, last = root.evaluate(_ON_SCREEN)
    start = sum(map(len, text.text.splitlines(keepends=True)[: line - 1]))
    here = np.asarray(label(text))[start : start + last - first]
    return here, painted_colours(root.locator("[role=textbox]").first, range(first, last))


def sample(name: str, number: int) -> rnnviz.Trace:
    text = rnnviz.sample_text(name, number)
    return rnnviz.Trace.from_arrays(text, {"h": np.zeros((len(text), 1))})


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("quotes", sample("prose", 1), rnnviz.labels.inside_quotes),
        ("training", sample("prose", 1), rnnviz.labels.inside_quotes),
        ("together", sample("prose", 1), rnnviz.labels.inside_quotes),
        ("comments", sample("linux", 1), rnnviz.labels.inside_comment),
        ("strings", sample("linux", 3), rnnviz.labels.inside_string),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_opens_with_red_where_its_label_is(
    name: str, text: rnnviz.Trace, label: Any, open_page: Open, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    open_page(name)
    here, colours = seen(page, label, text)
    assert 0.03 < here.mean() < 0.97, "the opening does not show the label"
    red = np.array([red > blue for red, _, blue in colours])
    assert np.mean(red == here) >= 0.95


@pytest.mark.parametrize(
    ("name", "text", "label"),
    [
        ("line", sample("prose", 1), rnnviz.labels.line_position),
        ("depth", sample("linux", 1), rnnviz.labels.nesting_depth),
        ("brackets", sample("brackets", 1), depth_of_brackets),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_page_opens_where_the_painted_value_rises_with_its_label(
    name: str, text: rnnviz.Trace, label: Any, open_page: Open, page: Page
) -> None:
    """By the palette's table: how far along it from blue to red each character's colour stands."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    open_page(name)
    here, colours = seen(page, label, text)
    steps = np.linspace(-1, 1, 255)
    table = np.array(expected_colours(steps, RED_BLUE, 1.0))  # (255, 3)
    painted = np.array(colours)  # (T, 3)
    values = steps[np.abs(painted[:, None] - table).sum(axis=-1).argmin(axis=1)]
    assert spearmanr(values, here).statistic >= 0.9


@pytest.mark.parametrize("name", ["quotes", "guess"])
def test_one_key_leads_from_page_to_page(name: str, open_page: Open, page: Page) -> None:
    at = NAMES.index(name)
    open_page(name)
    shown(page).focus()
    page.keyboard.press(",")
    before = NAMES[at - 1] if at else name
    expect(page).to_have_url(re.compile(f"/{before}.html$"))
    page.locator(".rnnviz").first.wait_for()
    page.keyboard.press(".")
    after = NAMES[at] if at else NAMES[1]
    expect(page).to_have_url(re.compile(f"/{after}.html$"))


def test_the_key_leads_from_the_index_to_the_first_page(open_page: Open, page: Page) -> None:
    open_page("index")
    page.keyboard.press(".")
    expect(page).to_have_url(re.compile(f"/{NAMES[0]}.html$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 360])
@pytest.mark.parametrize("name", ["index", "depth", "guess", "quotes"])
def test_nothing_stands_in_the_way_of_those_who_cannot_see_or_point(
    name: str, width: int, scheme: Any, open_page: Open, page: Page
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    open_page(name)
    if name != "index":
        shown(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # a page of ours lets no script element in
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found["violations"]
    ] == []
    scrolls = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not scrolls, "the page is wider than the window"


def test_the_index_prints_its_cards_and_their_colours(open_page: Open, page: Page) -> None:
    open_page("index")
    page.emulate_media(media="print")
    expect(page.locator(".strip").first).to_be_visible()
    assert len(page.pdf()) > 10_000
