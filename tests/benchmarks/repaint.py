"""From a step of the unit slider to the painted colours, beside the bare frame floor.

Run: ``python -m tests.benchmarks.repaint [CHARACTERS]`` (10,000 unless told; needs playwright and
a Chromium, see `tests.chromium`).

The floor is what the same page needs for a double `requestAnimationFrame` with nothing to draw: no
page that paints can be faster. Both begin just after a frame. Every step is checked to have changed
the colours on the canvas.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from rnnviz_widget import HiddenStateWidget, Trace
from rnnviz_widget.texts import sample_text
from tests import chromium

UNITS = 256
STEPS = 40

MEASURE = """
async (steps) => {
  const frames = () => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))));
  const slider = document.querySelector('input[type=range]');
  const canvas = [...document.querySelectorAll('.rnnviz-scroller canvas')];
  const colours = () => canvas.map((c) =>
    c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()).join();
  const start = () => new Promise((done) =>
    requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
  const step = async () => {
    const begun = await start();
    slider.value = String((Number(slider.value) + 1) % (Number(slider.max) + 1));
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    return (await frames()) - begun;
  };
  const floor = async () => {
    const begun = await start();
    return (await frames()) - begun;
  };
  const times = { step: [], floor: [] };
  let unchanged = 0;
  for (let i = 0; i < steps + 5; i++) {
    await new Promise((done) => setTimeout(done, 30));
    const bare = await floor();
    const before = colours();
    await new Promise((done) => setTimeout(done, 30));
    const painted = await step();
    if (colours() === before) unchanged++;
    if (i >= 5) { times.floor.push(bare); times.step.push(painted); }
  }
  return { ...times, unchanged };
}
"""


def page(characters: int) -> str:
    """Return a page with `characters` of text and units of smooth random values."""
    text = (sample_text() * (characters // len(sample_text()) + 1))[:characters]
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((characters, UNITS), dtype=np.float32)
    values = np.tanh(np.cumsum(noise, axis=0) / 10)
    return HiddenStateWidget(Trace.from_arrays(text, {"rnn.l0.h": values})).to_html()


def main(characters: int) -> None:
    """Print both medians and their difference."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(page(characters), encoding="utf-8")
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(),
            args=["--no-sandbox"],
        )
        tab = browser.new_page(viewport={"width": 1100, "height": 800})
        tab.goto(file.as_uri())
        tab.wait_for_selector(".rnnviz-scroller canvas")
        tab.wait_for_timeout(500)
        result = tab.evaluate(MEASURE, STEPS)
        browser.close()
    if result["unchanged"]:
        msg = f"{result['unchanged']} steps changed no colour: nothing was measured"
        raise RuntimeError(msg)
    step, floor = (statistics.median(result[name]) for name in ("step", "floor"))
    print(f"{characters:,} characters, {UNITS} units, medians of {STEPS} steps in turn")
    print(f"  bare double requestAnimationFrame {floor:6.1f} ms")
    print(f"  slider step to painted colours    {step:6.1f} ms  ({step / floor:.2f}x)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
