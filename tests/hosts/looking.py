"""What is looked at in every host: colours, slider, pointer, hostile words that are only shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.pixels import centre, wait_until_painted
from tests.hosts.course import HOSTILE, STATE, trace

if TYPE_CHECKING:
    from playwright.sync_api import Locator

SECONDS = 20.0
TOKENS = range(0, 84, 3)
"""Those that are looked at: of every row some."""


def assert_painted(widget: Locator, unit: int) -> None:
    """Wait until sampled characters have the colours of a unit's values."""
    values = trace().unit(STATE, unit)
    wait_until_painted(widget, {t: float(values[t]) for t in TOKENS}, SECONDS)


def slider(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="unit", exact=True)


def assert_alive(widget: Locator, *, exact: bool) -> None:
    """Look at unit 3, step to unit 4 by a key, look again, and read a value under the pointer."""
    # What is out of sight, browsers do not draw.
    widget.scroll_into_view_if_needed()
    expect(widget.locator("[data-row-start]").first).to_be_visible()
    assert_painted(widget, 3)
    slider(widget).press("ArrowRight")
    expect(slider(widget)).to_have_attribute("aria-valuetext", "4 of 24")
    assert_painted(widget, 4)
    token = 30
    value = widget.locator(".rnnviz-value")
    until = time.monotonic() + 2 * SECONDS
    while True:
        widget.page.mouse.move(*centre(widget, token + 1))
        widget.page.mouse.move(*centre(widget, token))
        expect(widget.locator(".rnnviz-readout")).to_contain_text(f"after reading token {token}")
        # Where a kernel was too busy to answer in time, it is asked again after a while.
        if (value.get_attribute("data-exact") == "true") == exact or time.monotonic() > until:
            break
        widget.page.wait_for_timeout(200)
    expect(value).to_have_attribute("data-exact", str(exact).lower())
    known = float(trace().unit(STATE, 4)[token])
    shown = float(value.get_attribute("data-value") or "nan")
    assert shown == known if exact else abs(shown - known) < 1 / 127


def assert_only_shown(widget: Locator) -> None:
    """Read the hostile text letter for letter, and find none of it among the elements."""
    widget.scroll_into_view_if_needed()
    rows = widget.locator("[data-row-start]")
    expect(rows.first).to_be_visible()
    shown = "".join(rows.all_text_contents()).replace("↵", "\n")
    assert [c for c in shown if c.isascii()] == [c for c in HOSTILE if c.isascii()]
    expect(widget.locator("img, script, iframe")).to_have_count(0)
    options = widget.get_by_role("combobox", name="state").locator("option")
    assert options.all_text_contents() == [HOSTILE.replace("\ud800", "") + ".h"]
    ranked = widget.get_by_role("combobox", name="follows").locator("optgroup option").first
    expect(ranked).to_contain_text("</script><script>alert('hostile')</script>")
    expect(widget.locator(".rnnviz-notes p")).to_contain_text("</script><script>alert('hostile')")
