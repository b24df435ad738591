"""An atlas, opened from disk with the network off: by mouse, by keys, by link, on a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from rnnviz_widget import labels, survey
from tests.browser.accessibility import violations
from tests.unit.planted import COUNTER, LATCH, planted, quoted

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an atlas of a network with a planted latch and a planted counter."""
    text = quoted(9000).replace("lamp", "<b>&amp;")
    found = survey(
        planted(),
        text,
        labels={HOSTILE: labels.inside_quotes, "line position": labels.line_position},
        probe=False,
        shifts=19,
        resamples=40,
        title=f"Units of {HOSTILE}",
    )
    return found.to_site(tmp_path_factory.mktemp("site") / "atlas")


def units(page: Page) -> list[str]:
    return page.locator("table.units tbody tr:visible td:first-child").all_inner_texts()


def test_the_table_is_searched_and_sorted_and_a_link_keeps_it(guarded: Page, atlas: Path) -> None:
    guarded.goto(atlas.as_uri())
    expect(guarded.get_by_role("heading", level=1)).to_have_text(f"Units of {HOSTILE}")
    assert units(guarded)[0].startswith("rnn.l0.")
    assert len(units(guarded)) == 6
    guarded.keyboard.press("/")
    guarded.keyboard.type("line pos")
    found = [name for name in units(guarded) if f"[{COUNTER}]" in name]
    assert found
    guarded.get_by_label("Search").fill("")
    mean = guarded.get_by_role("button", name="mean")
    mean.focus()
    guarded.keyboard.press("Enter")

    def means() -> list[float]:
        cells = guarded.locator("table.units tbody tr:visible td:nth-child(5)")
        return [float(text) for text in cells.all_inner_texts()]

    assert means() == sorted(means(), reverse=True)
    mean.click()
    assert means() == sorted(means())
    head = guarded.get_by_role("columnheader", name="mean")
    expect(head).to_have_attribute("aria-sort", "ascending")
    before = units(guarded)
    guarded.goto("about:blank")
    guarded.goto(f"{atlas.as_uri()}#by=mean&way=up")
    assert units(guarded) == before
    guarded.goto(f"{atlas.as_uri()}#find=nowhere")
    expect(guarded.get_by_text("0 of 6 units")).to_be_visible()


def test_a_unit_has_a_page_that_shows_text_as_text(guarded: Page, atlas: Path) -> None:
    guarded.goto(atlas.as_uri())
    guarded.get_by_role("link", name=f"[{LATCH}]").first.click()
    expect(guarded.get_by_role("heading", level=1)).to_have_text(re.compile(rf"\[{LATCH}\]$"))
    expect(guarded.get_by_text(f"Follows {HOSTILE}")).to_be_visible()
    expect(guarded.locator("img")).to_have_count(0)
    expect(guarded.locator(".contexts td:last-child").first).to_be_visible()
    expect(guarded.locator(".strip")).to_contain_text("<b>&amp;")
    expect(guarded.get_by_role("img", name=re.compile("values from"))).to_be_visible()
    heading = guarded.get_by_role("heading", level=1)
    name = heading.inner_text()
    guarded.keyboard.press(".")
    expect(heading).not_to_have_text(name)
    guarded.keyboard.press(",")
    expect(heading).to_have_text(name)
    guarded.get_by_role("link", name="All units").click()
    expect(guarded.get_by_label("Search")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_are_accessible_and_fit_a_phone(guarded: Page, atlas: Path, scheme: str) -> None:
    guarded.emulate_media(color_scheme=scheme)
    guarded.set_viewport_size({"width": 375, "height": 700})
    for page in (atlas, next(iter((atlas.parent / "units").iterdir()))):
        guarded.goto(page.as_uri())
        assert violations(guarded) == []
        wide = guarded.evaluate("document.documentElement.scrollWidth")
        assert wide <= 375
