"""How large a saved page is, and how soon it shows its colours, beside pages that show nothing.

Run: ``python -m tests.benchmarks.page [CHARACTERS ...]`` (10,000 and 100,000 unless told; needs
playwright and a Chromium, see `tests.chromium`).

The bundled prose model reads a text that it has drawn itself; its states compress as those of any
real text do. Each page is opened from disk in a new tab, the kinds in turn, and the time is from
the start of the navigation to the frame after the one in which it is done: the colours are on the
canvas, or, of a page that draws nothing, it is loaded. Beside the page stand

- an empty one,
- one with the code and no widget,
- one whose widget shows a line of text and one unit: the same code, which draws all that a page
  has, and nothing more to read. However large a file is, its opening is to take no more than 1.3
  times as long,
- one of the same text and one unit: what the text alone takes,
- one with the same bytes and no code: they are read from disk and parsed as HTML, that is all.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
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
LINE = "a line, painted"
ONE = "one unit, painted"
EMPTY = '<!doctype html><html lang="en"><meta charset="utf-8"><title>empty</title>{}</html>'

WATCH = """
{
  const painted = () => {
    const canvas = document.querySelector(".rnnviz-scroller canvas");
    if (!canvas || !canvas.width || !canvas.height) return false;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, 1).data;
    return pixels.some((channel) => channel > 0);
  };
  // What draws need not have been read to its end.
  const done = () => window.draws ? painted() : document.readyState === "complete";
  const look = () => requestAnimationFrame(() =>
    done()
      ? requestAnimationFrame(() => {
          window.shownAt = performance.now();
          window.wasRead = document.readyState !== "loading";
        })
      : look());
  look();
}
"""

# Not by `wait_for_function`: what it evaluates in the page, the page's policy forbids.
SHOWN = """
new Promise((done) => {
  const look = () => window.shownAt ? done([window.shownAt, window.wasRead]) : setTimeout(look, 10);
  look();
})
"""


def recorded(characters: int) -> Trace:
    """Return what the hidden state of the bundled prose model is over a text of its own."""
    model = rnnviz.load_model("prose")
    return rnnviz.record(model, rnnviz.sample(model, "\n", characters, seed=0), states="rnn.l1.h")


def without_code(html: str) -> str:
    """Return a page of the same bytes whose code does not run."""
    changed = html.replace('<script type="module" async>', '<script type="unread">')
    if changed == html:
        msg = "the page has no code to take away: nothing would be measured"
        raise RuntimeError(msg)
    return changed


def milliseconds(browser: Browser, file: Path, *, draws: bool) -> tuple[float, bool]:
    """Return the time from the start of the navigation until it is shown; whether all was read."""
    tab = browser.new_page(viewport={"width": 1100, "height": 800})
    tab.add_init_script(f"window.draws = {str(draws).lower()};{WATCH}")
    tab.goto(file.as_uri(), wait_until="commit")
    time, was_read = tab.evaluate(SHOWN)
    tab.close()
    return time, was_read


def print_sizes(trace: Trace) -> tuple[str, str]:
    """Print how large pages of a trace are; return those of all units and of one."""
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
    few = rnnviz.HiddenStateWidget(trace).to_html(units=[0], limit=LIMIT)
    return one.html, few


def line() -> str:
    """Return a page whose widget shows a line of text and one unit."""
    text = "It was late, and the lamp over the door had gone out an hour ago.\n"
    values = np.tanh(np.arange(len(text), dtype=np.float32) / 9 - 3)
    trace = rnnviz.Trace.from_arrays(text, {"rnn.l1.h": values[:, None]})
    return rnnviz.HiddenStateWidget(trace).to_html()


def print_times(browser: Browser, folder: Path, html: str, few: str) -> None:
    """Print how long each kind of page takes, and as a multiple of that which shows a line."""
    pages = {
        "an empty page": EMPTY.format(""),
        "the code alone": EMPTY.format(export.head()),
        LINE: line(),
        ONE: few,
        "the same bytes unread": without_code(html),
        PAINTED: html,
    }
    files = {name: folder / f"{i}.html" for i, name in enumerate(pages)}
    for name, file in files.items():
        file.write_text(pages[name], encoding="utf-8")
    times: dict[str, list[float]] = {name: [] for name in pages}
    unread = 0
    for _ in range(RUNS + 1):
        for name, file in files.items():
            time, was_read = milliseconds(browser, file, draws=name in (LINE, ONE, PAINTED))
            times[name].append(time)
            unread += name == PAINTED and not was_read
    # The first run filled the disk cache.
    medians = {name: statistics.median(runs[1:]) for name, runs in times.items()}
    for name, median in medians.items():
        print(f"  {name:21} {median:10.0f} ms  ({median / medians[LINE]:.2f}x)")
    print(f"  {unread} of {RUNS + 1} times it was painted before all of its file was read")


def main(lengths: list[int]) -> None:
    """Print sizes and times for texts of these lengths."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(),
            args=["--no-sandbox"],
        )
        for length in lengths:
            print_times(browser, Path(folder), *print_sizes(recorded(length)))
        browser.close()


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [10_000, 100_000])
