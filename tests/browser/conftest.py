"""Standalone pages: opened from disk in a browser that is offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Locator, Page, Request

    from rnnviz_widget import HiddenStateWidget


class Open(Protocol):
    """Saves a widget, opens the file, and returns the widget in it."""

    def __call__(self, widget: HiddenStateWidget, **choice: Any) -> Locator: ...


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Cut the page off: what it needs it must carry."""
    return browser_context_args | {
        "offline": True,
        "viewport": {"width": 1100, "height": 800},
        "color_scheme": "light",
    }


@pytest.fixture
def guarded(page: Page) -> Iterator[Page]:
    """Watch a page for what must not happen: dialogs, errors, messages, requests to a network.

    What is found fails the test at its end: an exception in a browser event would be lost.
    """
    wrong: list[str] = []

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"the page ran something: {dialog.message}")
        dialog.dismiss()

    def look(request: Request) -> None:
        if not request.url.startswith(("file:", "blob:", "data:", "about:")):
            wrong.append(f"the page asked the network for {request.url}")

    page.on("dialog", refuse)
    page.on("console", lambda message: wrong.append(f"on the console: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"the page failed: {error}"))
    page.on("request", look)
    yield page
    assert wrong == []


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """Open a tab that reaches this machine, and in which nothing may go wrong."""
    context = browser.new_context(viewport={"width": 1100, "height": 800}, color_scheme="light")
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def open_page(guarded: Page, tmp_path: Path) -> Open:
    """Save a widget and open the file."""

    def open_(widget: HiddenStateWidget, **choice: Any) -> Locator:
        guarded.goto(widget.save_html(tmp_path / "page.html", **choice).path.as_uri())
        root = guarded.locator(".rnnviz")
        expect(root.locator("[data-row-start]").first).to_be_visible()
        return root

    return open_
