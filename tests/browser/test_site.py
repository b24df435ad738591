"""A static site, on a host that gives parts of files, on one that does not, and from a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, labels
from rnnviz_widget.export import unit_major
from rnnviz_widget.widget import sites, wire
from tests.browser.accessibility import violations
from tests.browser.pixels import assert_painted
from tests.browser.test_opening import assert_shown
from tests.browser.test_saved_page import HOSTILE, TEXT, make_trace
from tests.static_host import hosting

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from rnnviz_widget.export.site import SavedSite

UNIT = 7
OPENING = 40


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SavedSite:
    """Write a site whose page has half of the text, and four units in a shard."""
    monkeypatch.setattr(wire, "WHOLE_LIMIT", 10)
    monkeypatch.setattr(sites, "OPENING", OPENING)
    monkeypatch.setattr(unit_major, "SHARD", 4 * len(TEXT))
    widget = HiddenStateWidget(
        make_trace(), unit=UNIT, labels={"inside quotes": labels.inside_quotes}, title="A title"
    )
    return widget.save_site(tmp_path / "site", progress=False)


@pytest.mark.parametrize("parts", [True, False])
def test_units_come_from_any_static_host(site: SavedSite, window: Page, *, parts: bool) -> None:
    with hosting(site.path, parts=parts) as host:
        window.goto(host.address)
        root = window.locator(".rnnviz")
        expect(root.locator("[data-row-start]").last).to_contain_text("said he.")
        assert_shown(root, UNIT)
        slider = root.get_by_role("slider", name="unit", exact=True)
        slider.press("End")
        expect(root.locator(".rnnviz-scroller")).to_have_attribute("aria-busy", "false")
        assert_shown(root, 23)
        root.get_by_role("combobox", name="state").select_option("rnn.l0.z")
        slider.press("Home")
        expect(root.locator(".rnnviz-scroller")).to_have_attribute("aria-busy", "false")
        assert_painted(root, make_trace().unit("rnn.l0.z", 0).tolist(), limit=1)
        assert violations(window) == []
        shards = [path for path, _ in host.sent if "/values/0/c/" in path]
        assert parts or len(shards) < 8


def test_from_a_disk_the_beginning_is_shown_and_how_to_see_the_rest(
    site: SavedSite, window: Page
) -> None:
    window.goto(site.index.as_uri())
    root = window.locator(".rnnviz")
    expect(window.get_by_text("python -m http.server")).to_be_visible()
    values = make_trace().unit("rnn.l0.h", UNIT)
    limit = float(np.quantile(np.abs(values.astype(float)), 0.995))
    assert_painted(root, values[:OPENING].tolist(), limit)
    root.get_by_role("slider", name="unit", exact=True).press("End")
    expect(root.locator(".rnnviz-scroller")).to_have_attribute("aria-busy", "false")


def test_hostile_words_show_as_themselves(
    window: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sites, "OPENING", OPENING)
    name = '<img src=x onerror="alert(3)">.h'
    widget = HiddenStateWidget(
        make_trace(HOSTILE, name), title=HOSTILE, labels={HOSTILE: np.zeros(len(HOSTILE))}
    )
    saved = widget.save_site(tmp_path / "site", caption=HOSTILE, progress=False)
    with hosting(saved.path) as host:
        window.goto(host.address)
        rows = window.locator(".rnnviz [data-row-start]")
        expect(rows.last).to_contain_text("</div></style>")
        shown = "".join(rows.all_text_contents()).replace("↵", "\n")
        assert [c for c in shown if c.isascii()] == [c for c in HOSTILE if c.isascii()]
        expect(window.locator("img, iframe")).to_have_count(0)
        expect(window.get_by_role("combobox", name="state")).to_contain_text(name)
