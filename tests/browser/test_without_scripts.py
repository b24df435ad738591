"""A page where no script may run, and a page whose text would like to run one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, labels
from rnnviz_widget.export import content_policy
from tests.browser.test_saved_page import TEXT, make_trace

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Open


def test_without_scripts_the_words_and_the_opening_picture_stand_there(
    browser: Browser, tmp_path: Path
) -> None:
    widget = HiddenStateWidget(
        make_trace(), unit=7, labels={"inside quotes": labels.inside_quotes}, title="A title"
    )
    saved = widget.save_html(tmp_path / "page.html", caption="What it is.", source="My own.")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(saved.path.as_uri())
    for words in ("A title", "What it is.", "Source: My own.", saved.words):
        expect(page.get_by_text(words, exact=True)).to_be_visible()
    still = page.locator(".rnnviz-still")
    assert still.inner_text().replace("\t", "").split() == TEXT.replace("\t", "").split()
    colours = {
        span.evaluate("span => getComputedStyle(span).backgroundColor")
        for span in still.locator("span").all()
    }
    assert len(colours) > 5
    context.close()


def test_the_script_puts_the_widget_in_their_place(open_page: Open, page: Page) -> None:
    widget = HiddenStateWidget(make_trace(), unit=7)
    open_page(widget)
    expect(page.locator(".rnnviz-still")).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text(repr(widget))


@pytest.mark.parametrize(
    "attempt",
    [
        "fetch('data:,a')",
        "fetch(location.href)",
        "new Promise((y, n) => Object.assign(new Image(), {onload: y, onerror: n, src: 'data:,'}))",
        "new Worker(URL.createObjectURL(new Blob(['1'])))",
        "WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))",
        "navigator.sendBeacon('https://example.org/') || Promise.reject('refused')",
        "document.body.append(Object.assign(document.createElement('script'), {text: 'a'}))",
    ],
)
def test_nothing_but_its_own_code_runs_and_nothing_leaves(
    page: Page, tmp_path: Path, attempt: str
) -> None:
    saved = HiddenStateWidget(make_trace()).save_html(tmp_path / "page.html")
    page.goto(saved.path.as_uri())
    expect(page.locator(".rnnviz [data-row-start]").first).to_be_visible()
    blocked = page.evaluate(
        """async (attempt) => {
            let violated = false;
            document.addEventListener("securitypolicyviolation", () => { violated = true; });
            try { await (ATTEMPT); } catch (error) { return true; }
            await new Promise((done) => setTimeout(done, 50));
            return violated;
        }""".replace("ATTEMPT", attempt),
        attempt,
    )
    assert blocked


def test_a_live_page_runs_webassembly_in_a_worker(page: Page, tmp_path: Path) -> None:
    code = """
        const work = `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))
            .then((made) => postMessage(String(made)), (error) => postMessage(String(error)))`;
        const worker = new Worker(URL.createObjectURL(new Blob([work])));
        worker.onmessage = ({ data }) => document.body.append(data);
        worker.onerror = () => document.body.append("no worker");
    """
    head = f'<script type="module">{code}</script>'
    path = tmp_path / "live.html"
    path.write_text(f"<!doctype html>{content_policy(head, live=True)}{head}<body></body>")
    page.goto(path.as_uri())
    expect(page.locator("body")).to_have_text("[object WebAssembly.Module]")
