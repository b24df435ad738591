"""How large a saved page is, and how soon it shows its colours, beside pages that show nothing.

Run: ``python -m tests.benchmarks.page [CHARACTERS ...]`` (10,000 and 100,000 unless told; needs
playwright and a Chromium, see `tests.chromium`).

The bundled prose model reads a text that it has drawn itself; its states compress as those of any
real text do. Each page is opened from disk in a new tab, the kinds in turn, and the time is from
the start of the navigation to the frame after the one in which it is done: the colours are on the
canvas, or, of a page that draws nothing, it is loaded. No page can be faster than

- an empty one,
- one with the code and no widget,
- one with the same bytes and no code: they are read from disk and parsed as HTML, that is all.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

import rnnviz_widget as rnnviz
from rnnviz_widget import export
from tests import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from rnnviz_widget import Trace

RUNS = 9
WIDGETS = 4
LIMIT = 1000  # megabytes: longer texts than a page should have are measured, too
PAINTED = "the page, painted"
EMPTY = '<!doctype html><html lang="en"><meta charset="utf-8"><title>empty</title>{}</html>'

WATCH = """
addEventListener("DOMContentLoaded", () => {
  const painted = () => {
    const canvas = document.querySelector(".rnnviz-scroller canvas");
    if (!canvas || !canvas.width || !canvas.height) return false;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.some((channel) => channel > 0);
  };
  const done = () => document.readyState === "complete" && (!window.draws || painted());
  const look = () => requestAnimationFrame(() =>
    done() ? requestAnimationFrame(() => { window.shownAt = performance.now(); }) : look());
  look();
});
"""


def recorded(characters: int) -> Trace:
    """Return what the hidden state of the bundled prose model is over a text of its own."""
    model = rnnviz.load_model("prose")
    return rnnviz.record(model, rnnviz.sample(model, "\n", characters, seed=0), states="rnn.l1.h")


def without_code(html: str) -> str:
    """Return a page of the same bytes whose code does not run."""
    changed = html.replace('<script type="module">', '<script type="unread">')
    if changed == html:
        msg = "the page has no code to take away: nothing would be measured"
        raise RuntimeError(msg)
    return changed


def milliseconds(browser: Browser, file: Path, *, draws: bool) -> float:
    """Return the time from the start of the navigation until the page is shown."""
    tab = browser.new_page(viewport={"width": 1100, "height": 800})
    tab.add_init_script(f"window.draws = {str(draws).lower()};{WATCH}")
    tab.goto(file.as_uri())
    tab.wait_for_function("window.shownAt")
    time: float = tab.evaluate("window.shownAt")
    tab.close()
    return time


def print_sizes(trace: Trace) -> str:
    """Print how large pages of a trace are; return the page of one widget."""
    widget = rnnviz.HiddenStateWidget(trace).fragment(limit=LIMIT)
    one, several = (export.page([widget] * count, limit=LIMIT) for count in (1, WIDGETS))
    (state,) = trace.states
    values = len(trace) * trace.num_units(state)
    spared = WIDGETS * one.size - several.size
    print(f"{len(trace):,} characters, {trace.num_units(state)} units of {state}")
    print(f"  a byte for each value {values / 1e6:10.2f} MB")
    print(f"  the page              {one.size / 1e6:10.2f} MB  ({one.size / values:.2f}x)")
    print(f"  {WIDGETS} widgets in a page   {several.size / 1e6:10.2f} MB  ", end="")
    print(f"({spared / 1e6:.2f} MB less than {WIDGETS} pages)")
    return one.html


def print_times(browser: Browser, folder: Path, html: str) -> None:
    """Print how long each kind of page takes, and as a multiple of that which only reads."""
    pages = {
        "an empty page": EMPTY.format(""),
        "the code alone": EMPTY.format(export.head()),
        "the same bytes unread": without_code(html),
        PAINTED: html,
    }
    files = {name: folder / f"{i}.html" for i, name in enumerate(pages)}
    for name, file in files.items():
        file.write_text(pages[name], encoding="utf-8")
    times: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(RUNS + 1):
        for name, file in files.items():
            times[name].append(milliseconds(browser, file, draws=name == PAINTED))
    # The first run filled the disk cache.
    medians = {name: statistics.median(runs[1:]) for name, runs in times.items()}
    unread = medians["the same bytes unread"]
    for name, median in medians.items():
        print(f"  {name:21} {median:10.0f} ms  ({median / unread:.2f}x)")


def main(lengths: list[int]) -> None:
    """Print sizes and times for texts of these lengths."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(),
            args=["--no-sandbox"],
        )
        for length in lengths:
            print_times(browser, Path(folder), print_sizes(recorded(length)))
        browser.close()


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [10_000, 100_000])
