"""Standalone pages: opened from disk in a browser that is offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from rnnviz_widget import HiddenStateWidget

    Open = Callable[[HiddenStateWidget], Locator]


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Cut the page off: what it needs it must carry."""
    return browser_context_args | {
        "offline": True,
        "viewport": {"width": 1100, "height": 800},
        "color_scheme": "light",
    }


@pytest.fixture
def open_page(page: Page, tmp_path: Path) -> Open:
    """Save a widget, open the file, and watch for what must not happen."""
    page.on("dialog", lambda dialog: pytest.fail(f"the page ran something: {dialog.message}"))
    page.on("pageerror", lambda error: pytest.fail(f"the page failed: {error}"))

    def refuse(request: Any) -> None:
        if not request.url.startswith(("file:", "blob:", "data:")):
            pytest.fail(f"the page asked the network for {request.url}")

    page.on("request", refuse)

    def open_(widget: HiddenStateWidget) -> Locator:
        page.goto(widget.save_html(tmp_path / "page.html").path.as_uri())
        root = page.locator(".rnnviz")
        expect(root.locator("[data-row-start]").first).to_be_visible()
        return root

    return open_
