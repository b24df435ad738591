"""The ordinary live widget in the page that one nbconvert command makes, for a reader online."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.hosts.looking import assert_alive, assert_only_shown

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.hosts.conftest import Network


def test_a_live_widget_stays_alive_where_the_reader_is_online(
    live_page: Path, window: Page, network: Network
) -> None:
    network.online = True
    window.goto(live_page.as_uri())
    widgets = window.locator(".rnnviz")
    expect(widgets).to_have_count(2)
    assert_alive(widgets.nth(0), exact=False)
    assert_only_shown(widgets.nth(1))
    assert network.served == {"anywidget", "requirejs", "@jupyter-widgets/html-manager"}
