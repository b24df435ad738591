"""A course notebook's frames, in the pages that are made from it: no kernel, no network."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbconvert import HTMLExporter, SlidesExporter
from playwright.sync_api import expect

from tests.browser import little
from tests.browser.edited import edit_in_every_way
from tests.hosts.conftest import PUBLISHED
from tests.hosts.course import BEFORE, HOSTILE
from tests.hosts.looking import assert_alive, assert_only_shown, slider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.hosts.conftest import Network


def widget_in(frame: Locator) -> Locator:
    frame.scroll_into_view_if_needed()
    return frame.content_frame.locator(".rnnviz")


def assert_fits(frame: Locator) -> None:
    """Find all of the page in its frame, and the frame not much larger than the page."""
    inside = frame.content_frame.locator("html")
    needed = inside.evaluate("(html) => html.querySelector('main').getBoundingClientRect().bottom")
    given = inside.evaluate("() => innerHeight")
    assert needed <= given < needed + 120


def assert_hostile_words_are_shown(frame: Locator) -> None:
    assert_only_shown(widget_in(frame))
    document = frame.content_frame
    visible = HOSTILE.replace("\ud800", "\ufffd")
    for name in (".rnnviz-heading", ".rnnviz-caption"):
        assert document.locator(name).all_text_contents() == [visible]
    assert document.locator(".rnnviz-source").all_text_contents() == [f"Source: {visible}"]
    expect(document.locator("img, iframe")).to_have_count(0)


def test_a_published_notebook_says_in_words_what_its_frames_show(executed: Path) -> None:
    notebook = nbformat.read(executed, as_version=4)
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    words = [output.data["text/plain"] for output in outputs]
    assert words[0].startswith("HiddenStateWidget: unit 3 of rnn.l0.h (24 units) after each of 84 ")
    assert [sorted(output.data) for output in outputs] == [["text/html", "text/plain"]] * 3
    # No live widget's state lies beside the frames.
    assert "widgets" not in notebook.metadata


def test_a_frame_is_alive_in_nbconverts_page(executed: Path, window: Page) -> None:
    page = executed.with_suffix(".html")
    page.write_text(HTMLExporter().from_filename(str(executed))[0], encoding="utf-8")
    window.goto(page.as_uri())
    first, second = (window.locator("iframe[srcdoc]").nth(i) for i in range(2))
    assert_alive(widget_in(first), exact=False)
    assert_fits(first)
    assert_hostile_words_are_shown(second)


@pytest.fixture(scope="module")
def slides(executed: Path) -> Path:
    """Make slides of the notebook."""
    page = executed.with_suffix(".slides.html")
    page.write_text(SlidesExporter().from_filename(str(executed))[0], encoding="utf-8")
    return page


def open_slides(page: Path, window: Page, network: Network) -> None:
    network.online = True  # reveal.js itself comes from a CDN
    window.goto(page.as_uri())
    expect(window.locator(".reveal.ready")).to_be_visible()
    network.online = False


def test_a_frame_is_alive_on_its_slide_and_keeps_its_keys(
    slides: Path, window: Page, network: Network
) -> None:
    open_slides(slides, window, network)
    first, second = (window.locator("iframe[srcdoc]").nth(i) for i in range(2))
    expect(first).to_be_hidden()
    assert first.content_frame.locator("html").evaluate("() => innerWidth") == 0
    for _ in range(BEFORE):
        window.keyboard.press("ArrowRight")
    for frame in (first, second):
        window.keyboard.press("ArrowRight")
        expect(frame).to_be_visible()
        if frame is second:
            assert_hostile_words_are_shown(frame)
            continue
        assert_alive(widget_in(frame), exact=False)
        assert_fits(frame)
        here = window.locator("section.present > section.present h1")
        expect(here).to_contain_text("Slide 1")
        for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "PageDown", "Home", "ArrowRight"):
            slider(widget_in(frame)).press(key)
        expect(slider(widget_in(frame))).to_have_attribute("aria-valuetext", "1 of 24")
        expect(here).to_contain_text("Slide 1")
        # A click beside the widget gives the keys back to the slides.
        here.click()


def test_a_text_is_edited_in_a_frame_on_its_slide(
    slides: Path, window: Page, network: Network
) -> None:
    open_slides(slides, window, network)
    for _ in range(BEFORE + len(PUBLISHED)):
        window.keyboard.press("ArrowRight")
    frame = window.locator("iframe[srcdoc]").last
    expect(frame).to_be_visible()
    edit_in_every_way(widget_in(frame).locator(".rnnviz-edited"), little.values)
    here = window.locator("section.present > section.present h1")
    expect(here).to_contain_text(f"Slide {len(PUBLISHED)}")


# --- MyST ------------------------------------------------------------------------------------

_SITE = """
version: 1
project: {title: A course, toc: [{file: index.ipynb}]}
site: {template: ./theme}
"""

_THEME = """
myst: v1
title: A theme that is not used
version: 1.0.0
build: {start: "true"}
"""

_READER = """<!doctype html><meta charset="utf-8"><title>course</title>
<meta name="viewport" content="width=device-width">
<script src="/thebe-core.min.js"></script>
<body><script>
// What the theme of MyST does with an output that is not a plain picture or text: it fetches what
// was stored apart, and gives all to thebe-core, which renders as Jupyter does.
const find = (node) => node.type === "output" ? [node.jupyter_data] :
  (node.children ?? []).flatMap(find);
(async () => {
  const core = window.thebeCore.module;
  const { mdast } = await (await fetch("/content/index.json")).json();
  for (const [i, output] of find(mdast).entries()) {
    const data = {};
    for (const [type, { content, path }] of Object.entries(output.data))
      data[type] = content ?? await (await fetch("/public" + path)).text();
    const cell = new core.PassiveCellRenderer(String(i));
    const element = document.body.appendChild(document.createElement("div"));
    cell.attachToDOM(element, true);
    cell.render(core.stripWidgets([{ ...output, data }]));
  }
})();
</script>
"""


@pytest.fixture(scope="module")
def myst_site(
    executed: Path, packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Build the notebook with MyST, and serve what it built with a reader of our own.

    MyST's own themes come from a host of their own, not from a package registry.
    """
    folder = tmp_path_factory.mktemp("myst")
    (folder / "index.ipynb").write_bytes(executed.read_bytes())
    (folder / "myst.yml").write_text(_SITE)
    (folder / "theme").mkdir()
    (folder / "theme" / "template.yml").write_text(_THEME)
    myst = packages["mystmd"] / "dist" / "myst.cjs"
    done = subprocess.run(
        [shutil.which("node") or "node", myst, "build", "--site", "--ci"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    site = folder / "_build" / "site"
    assert (site / "content" / "index.json").exists(), done.stdout + done.stderr
    (site / "index.html").write_text(_READER)
    shutil.copytree(packages["thebe-core"] / "dist" / "lib", site, dirs_exist_ok=True)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def test_a_frame_is_alive_in_a_myst_site(myst_site: str, window: Page) -> None:
    window.goto(myst_site)
    first, second = (window.locator("iframe[srcdoc]").nth(i) for i in range(2))
    assert_alive(widget_in(first), exact=False)
    assert_fits(first)
    assert_hostile_words_are_shown(second)


def test_a_text_is_edited_in_a_frame_of_a_myst_site_on_a_phone(myst_site: str, phone: Page) -> None:
    phone.goto(myst_site)
    frames = phone.locator("iframe[srcdoc]")
    expect(frames).to_have_count(len(PUBLISHED))
    frame = frames.last
    edit_in_every_way(widget_in(frame).locator(".rnnviz-edited"), little.values)
