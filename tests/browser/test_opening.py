"""A page opens before all of its file has been read, and shows the rest as it comes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, labels
from rnnviz_widget.widget import packing
from tests.browser.pixels import assert_painted
from tests.browser.test_saved_page import TEXT, make_trace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

UNIT = 7
PIECES = 'data-rnnviz-piece="'


class SlowFile:
    """Serves a page up to a place, and the rest once it may."""

    def __init__(self, html: str, place: int) -> None:
        self.first, self.rest = html[:place].encode(), html[place:].encode()
        self.may = threading.Event()

    @contextmanager
    def serving(self) -> Iterator[str]:
        slow = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(slow.first) + len(slow.rest)))
                self.end_headers()
                self.wfile.write(slow.first)
                self.wfile.flush()
                slow.may.wait(30)
                self.wfile.write(slow.rest)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            self.may.set()
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> HiddenStateWidget:
    """Return a widget whose page has ten pieces: the facts, and nine of a few units each."""
    monkeypatch.setattr(packing, "PIECE", 6 * len(TEXT))
    made = HiddenStateWidget(
        make_trace(), unit=UNIT, labels={"inside quotes": labels.inside_quotes}, title="A title"
    )
    assert len(made.fragment().pieces) == 9
    return made


def assert_shown(root: Locator, unit: int) -> None:
    values = make_trace().unit("rnn.l0.h", unit)
    known = np.abs(values[np.isfinite(values)].astype(float))
    assert_painted(root, values.tolist(), float(np.quantile(known, 0.995)))


def test_colours_are_there_before_the_rest_and_a_unit_that_is_asked_for_comes_with_it(
    widget: HiddenStateWidget, window: Page
) -> None:
    html = widget.to_html()
    slow = SlowFile(html, html.rindex(PIECES) + 200)
    with slow.serving() as address:
        window.goto(address, wait_until="commit")
        root = window.locator(".rnnviz")
        expect(root.locator("[data-row-start]").first).to_be_visible()
        assert window.evaluate("document.readyState") == "loading"
        assert_shown(root, UNIT)
        slider = root.get_by_role("slider", name="unit", exact=True)
        slider.press("ArrowRight")  # in a piece that is here
        expect(root.locator(".rnnviz-legend")).not_to_contain_text("waiting")
        assert_shown(root, UNIT + 1)
        root.get_by_role("combobox").first.select_option("rnn.l0.z")
        slider.press("End")  # in the last piece, half of which is here
        expect(root.locator(".rnnviz-legend")).to_contain_text("waiting for unit 23")
        expect(root.locator(".rnnviz-scroller")).to_have_attribute("aria-busy", "true")
        slow.may.set()
        expect(root.locator(".rnnviz-legend")).not_to_contain_text("waiting")
        assert_painted(root, make_trace().unit("rnn.l0.z", 23).tolist(), limit=1)


def test_what_was_cut_off_is_said(widget: HiddenStateWidget, window: Page, tmp_path: Path) -> None:
    html = widget.to_html()
    path = tmp_path / "cut.html"
    path.write_text(html[: html.index(PIECES, html.index(PIECES) + 1)])
    window.goto(path.as_uri())
    root = window.locator(".rnnviz")
    assert_shown(root, UNIT)
    expect(window.get_by_text("it was not saved or sent whole")).to_be_visible()


def test_a_frame_and_a_page_of_several_have_their_pieces_too(
    widget: HiddenStateWidget, window: Page, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{widget.to_iframe().html}")
    window.goto(path.as_uri())
    root = window.frame_locator("iframe").locator(".rnnviz")
    root.get_by_role("slider", name="unit", exact=True).press("Home")
    assert_shown(root, 0)
