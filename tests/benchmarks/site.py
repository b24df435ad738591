"""How soon a static site of a long text shows its colours, a unit, and what that takes.

Run: ``python -m tests.benchmarks.site [CHARACTERS]`` (1,000,000 unless told; needs playwright and a
Chromium, see `tests.chromium`).

Both layers of the bundled prose model, 512 units, over a text that it has drawn itself: 100,000
characters, and the same again, further apart than a compressor looks back. The site is served by a
static host on this machine, and opened in a browser that has nothing of it. Printed are

- the time from the start of the navigation to the frame after the one in which the first colours
  are on the canvas, and until the whole text is there; beside it, the time of an empty page;
- the time from the choice of a unit that was never asked for to the frame after its colours;
- the bytes sent for each unit: beside those that are stored of it, and beside one for each value.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from playwright.sync_api import sync_playwright

import rnnviz_widget as rnnviz
from tests import chromium
from tests.benchmarks.page import EMPTY, SHOWN, WATCH
from tests.static_host import hosting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.static_host import Host

SAMPLED = 100_000  # characters
RUNS = 5
UNITS = (100, 200, 30, 150, 250, 60, 180, 220)  # far apart: neighbours are fetched ahead
KEPT_INDEX = 4096  # bytes: an answer of less is a shard's index

CHOOSE = """
(unit) => new Promise((done) => {
  const slider = document.querySelector(".rnnviz input[type=range]");
  const scroller = document.querySelector(".rnnviz-scroller");
  const start = performance.now();
  slider.value = String(unit);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  const look = () => requestAnimationFrame(() =>
    scroller.getAttribute("aria-busy") === "true"
      ? look()
      : requestAnimationFrame(() => done(performance.now() - start)));
  look();
})
"""

WHOLE = """
(length) => new Promise((done) => {
  const look = () =>
    Number(document.querySelector(".rnnviz-sizer")?.clientHeight) > length
      ? done(performance.now())
      : setTimeout(look, 10);
  look();
})
"""


def write_site(folder: Path, characters: int) -> None:
    """Record the model and write the site."""
    model = rnnviz.load_model("prose")
    text = rnnviz.sample(model, "\n", min(SAMPLED, characters), seed=0)
    short = rnnviz.record(model, text, states="*.h")
    times = -(-characters // len(text))
    trace = rnnviz.Trace.from_arrays(
        (text * times)[:characters],
        {state: np.tile(short[state], (times, 1))[:characters] for state in short.states},
        bounds=dict.fromkeys(short.states, (-1.0, 1.0)),
    )
    began = time.monotonic()
    saved = rnnviz.HiddenStateWidget(trace).save_site(folder / "site")
    values = len(trace) * sum(trace.num_units(state) for state in trace.states)
    print(f"{len(trace):,} characters, {values // len(trace)} units")
    print(f"  a byte for each value {values / 1e6:10.1f} MB")
    print(f"  the site              {saved.size / 1e6:10.1f} MB  ", end="")
    print(f"(written in {time.monotonic() - began:.0f} s)")
    (folder / "site" / "empty.html").write_text(EMPTY.format(""), encoding="utf-8")


def opened(browser: Browser, address: str, *, draws: bool) -> tuple[Page, float]:
    """Return a page in a browser that has nothing of it, and when it was shown."""
    page = browser.new_context(viewport={"width": 1100, "height": 800}).new_page()
    page.add_init_script(f"window.draws = {str(draws).lower()};{WATCH}")
    page.goto(address, wait_until="commit")
    shown, _ = page.evaluate(SHOWN)
    return page, shown


def print_opening(browser: Browser, host: Host) -> None:
    """Print how soon the page is there."""
    times: dict[str, list[float]] = {"an empty page": [], "first colours": [], "the whole text": []}
    for _ in range(RUNS + 1):
        empty, shown = opened(browser, f"{host.address}empty.html", draws=False)
        times["an empty page"].append(shown)
        empty.context.close()
        page, shown = opened(browser, host.address, draws=True)
        times["first colours"].append(shown)
        opening = page.evaluate("document.querySelector('.rnnviz-sizer').clientHeight")
        times["the whole text"].append(page.evaluate(WHOLE, opening))
        page.context.close()
    for name, runs in times.items():
        print(f"  {name:21} {statistics.median(runs[1:]):10.0f} ms")


def print_units(browser: Browser, host: Host, characters: int) -> None:
    """Print how soon a unit is there, and the bytes that were sent for it."""
    page, _ = opened(browser, host.address, draws=True)
    page.wait_for_timeout(2000)
    host.sent.clear()
    times = []
    for unit in UNITS:
        times.append(page.evaluate(CHOOSE, unit))
        page.wait_for_timeout(300)  # what is fetched ahead is not to be in the way of the next
    values = [size for path, size in host.sent if "/values/" in path]
    units = [size for size in values if size > KEPT_INDEX]
    each = sum(values) / len(units)
    print(
        f"  a never-seen unit     {statistics.median(times):10.0f} ms  (slowest {max(times):.0f})"
    )
    print(f"  bytes sent for a unit {each / 1e6:10.3f} MB  ", end="")
    print(f"({sum(values) / sum(units):.4f}x those stored of it, ", end="")
    print(f"{each / characters:.2f}x a byte for each value)")
    page.context.close()


def main(characters: int) -> None:
    """Print sizes and times for a text of this length."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        write_site(folder, characters)
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(), args=["--no-sandbox"]
        )
        with hosting(folder / "site") as host:
            print_opening(browser, host)
            print_units(browser, host, characters)
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
