"""How soon a text that is edited has its new colours, and a page with its network opens.

Run: ``python -m tests.benchmarks.editing [KEYSTROKES]`` (60 unless told; needs playwright and a
Chromium, see `tests.chromium`). The bundled prose model, its quote unit.

A quotation mark is typed into the first line of a text of 2,000 characters without any, and taken
back, in turns: the last row on screen turns red, and blue. The time is from the `input` event to
the frame in which a pixel of that row has its new colour. Beside it: the longest task on the page's
thread meanwhile, and two bare frames, below which nothing can be.

A page of 3,500 characters is opened from disk: until its first colours are there, until all values
of the unit are computed anew, and all of another unit are there after a change of the slider.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import rnnviz_widget as rnnviz
from tests.simulations.engine import browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

UNIT = {"state": "rnn.l1.h", "unit": 86}
WATCH = """
addEventListener("DOMContentLoaded", () => {
  window.tasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.tasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
  const painted = () => {
    const canvas = document.querySelector(".rnnviz-scroller canvas, .rnnviz-edited canvas");
    if (!canvas?.width || !canvas.height) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((channel) => channel > 0);
  };
  const look = () => {
    if (!window.shownAt && painted()) window.shownAt = performance.now();
    const said = document.querySelector(".rnnviz-cost")?.textContent;
    if (said && !window.wholeAt) window.wholeAt = performance.now();
    if (!window.wholeAt) requestAnimationFrame(look);
  };
  look();
});
"""
KEYSTROKE = """
({ row, column }) => new Promise((resolve) => {
  const canvas = document.querySelector(".rnnviz-edited canvas");
  const ratio = canvas.width / canvas.clientWidth;
  const x = (36 + 8 * column + 1) * ratio;
  const red = () => {
    const [r, , b] = canvas.getContext("2d").getImageData(x, (row * 24 + 1) * ratio, 1, 1).data;
    return r > b;
  };
  const before = red();
  document.querySelector("textarea").addEventListener("input", () => {
    const begun = performance.now();
    window.tasks.length = 0;
    const look = () => {
      const time = performance.now() - begun;
      if (red() !== before) return resolve({ time, tasks: [...window.tasks] });
      if (time > 5000) return resolve({ time: Infinity, tasks: [...window.tasks] });
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true });
  window.armed = true;
})
"""
FRAMES = """
() => new Promise((resolve) => {
  const begun = performance.now();
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begun)));
})
"""


def text_without_marks(length: int) -> str:
    """Return prose with no quotation mark and no blank line, of so many characters."""
    text = "".join(rnnviz.sample_text("prose", number) for number in (1, 2))
    lines = [line for line in text.replace('"', "").splitlines() if line.strip()]
    return "\n".join(lines)[:length]


def keystrokes(page: Page, count: int) -> None:
    """Print how long the last row on screen takes to follow a key in the first."""
    area = page.locator("textarea")
    area.click(position={"x": 8 * 20, "y": 10})
    place = {"row": 15, "column": 12}
    times, tasks, frames = [], [0.0], []
    for stroke in range(count + 4):
        page.evaluate("() => { window.armed = false; }")
        page.evaluate(f"(place) => {{ window.result = ({KEYSTROKE})(place); }}", place)
        page.keyboard.press("Backspace" if stroke % 2 else '"')
        found = page.evaluate("() => window.result")
        if stroke >= 4:  # the first few to warm up
            times.append(found["time"])
            tasks += found["tasks"]
        frames.append(page.evaluate(FRAMES))
    times.sort()
    p95 = times[int(0.95 * (len(times) - 1))]
    print(f"  keystroke to the last visible row: p50 {statistics.median(times):.0f} ms, ", end="")
    print(
        f"p95 {p95:.0f} ms (bar 100), of {count}; two bare frames {statistics.median(frames):.0f}"
    )
    print(f"  longest task on the page's thread: {max(tasks):.0f} ms (0: none over 50)")


def main(count: int) -> None:
    """Print all of it."""
    model = rnnviz.load_model("prose")
    with tempfile.TemporaryDirectory() as folder, browser() as started:
        for name, text in (
            ("2,000 characters", text_without_marks(2000)),
            ("3,500 characters", rnnviz.sample_text("prose", 2)[:3500]),
        ):
            widget = rnnviz.HiddenStateWidget(model=model, text=text, **UNIT)  # type: ignore[arg-type]
            saved = widget.save_html(Path(folder) / "page.html", live=True)
            print(f"{name}, page of {saved.size / 1e6:.2f} MB")
            for _ in range(3):
                page = started.new_page(viewport={"width": 1100, "height": 900})
                page.add_init_script(WATCH)
                page.goto(saved.path.as_uri())
                page.wait_for_function("window.wholeAt", timeout=120_000)
                shown, whole = page.evaluate("[window.shownAt, window.wholeAt]")
                print(f"  opened: first colours {shown:.0f} ms (bar 500), ", end="")
                print(f"all values {whole:.0f} ms (bar 3000)")
                if name.startswith("2"):
                    keystrokes(page, count)
                page.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
