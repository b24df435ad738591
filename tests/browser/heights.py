"""How high each part of the widget is, guessed and measured: ``python -m tests.browser.heights``.

The guesses stand in ``js/src/heights.json``. A part is what a page with it has more than one
without it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnviz_widget import HiddenStateWidget, Predictions, Trace, labels, rank_units
from rnnviz_widget.counters import gate_saturation
from tests import chromium
from tests.browser.pixels import settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

TEXT = (
    'The lamp was out.\n"Who is there?" she asked,\nand nobody answered.\n\n"I am," said he.\n' * 8
)
WIDTH = 900


class Height(NamedTuple):
    """Of a page in CSS pixels, as `to_iframe` guesses it and as Chromium lays it out."""

    guessed: int
    needed: int


def trace(seed: int = 5, *, predictions: bool = False) -> Trace:
    """Return a trace of two states of 24 units."""
    values = np.tanh(np.random.default_rng(seed).standard_normal((len(TEXT), 24)))
    likely = None
    if predictions:
        ids = np.tile(np.arange(5, dtype=np.uint32), (len(TEXT), 1))
        likely = Predictions(ids, np.full(ids.shape, 0.2), tuple("abcde"))
    return Trace.from_arrays(
        TEXT,
        {"rnn.l0.h": values, "rnn.l0.z": (values + 1) / 2},
        bounds={"rnn.l0.h": (-1, 1), "rnn.l0.z": (0, 1)},
        predictions=likely,
    )


PLAIN = trace()
INSIDE = labels.inside_quotes(PLAIN)
QUOTES = {"inside quotes": INSIDE}
UNBOUNDED = Trace.from_arrays(TEXT, {"c": 3 * PLAIN["rnn.l0.h"]})
RANKING = rank_units(PLAIN, INSIDE, states="*.h", shifts=0, resamples=0, probe=False)

PARTS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "nothing else": (PLAIN, {}, {}),
    "a label": (PLAIN, {"labels": QUOTES}, {}),
    "three labels": (PLAIN, {"labels": dict.fromkeys("abc", INSIDE)}, {}),
    "values beyond": (UNBOUNDED, {}, {}),
    "next tokens": (trace(predictions=True), {}, {}),
    "a ranking": (PLAIN, {"ranking": RANKING}, {}),
    "checkpoints": ([PLAIN, trace(6)], {"checkpoint": 0}, {}),
    "gates": (PLAIN, {"saturation": gate_saturation(PLAIN)}, {}),
    "three copies": (PLAIN, {"units": [1, 2, 3]}, {}),
    "copies side by side": (PLAIN, {"units": [1, 2], "arrange": "side by side"}, {}),
    "a riddle": (PLAIN, {"guess": True}, {}),
    "a title and notes": (PLAIN, {"title": "A"}, {"caption": "What is seen.", "source": "Ours."}),
    "a hall": (PLAIN, {"present": True}, {}),
    "a riddle in a hall": (PLAIN, {"present": True, "guess": True}, {}),
    "copies in a hall": (PLAIN, {"present": True, "units": [1, 2]}, {}),
    "values beyond in a hall": (UNBOUNDED, {"present": True}, {}),
    "a label in a hall": (PLAIN, {"present": True, "labels": QUOTES}, {}),
}
"""What is shown, the widget's arguments and the frame's."""


def height(page: Page, part: str, folder: Path) -> Height:
    """Return how high a frame with this part is."""
    shown, arguments, choice = PARTS[part]
    widget = HiddenStateWidget(shown, **arguments)
    widget.cursor = 30  # what the readout says of a token takes its room
    frame = widget.to_iframe(**choice)
    path = folder / "inside.html"
    path.write_text(frame.page.html, encoding="utf-8")
    page.set_viewport_size({"width": WIDTH, "height": 300})
    page.goto(path.as_uri())
    page.locator("[data-row-start]").first.wait_for()
    settle(page)
    return Height(frame.height, page.evaluate("document.documentElement.scrollHeight"))


def main() -> None:
    """Print what each part is guessed to add, and what it adds."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(), args=["--no-sandbox"]
        )
        page = browser.new_page()
        found = {part: height(page, part, Path(folder)) for part in PARTS}
        browser.close()
    for part, (guessed, needed) in found.items():
        base = found["a hall" if "a hall" in part else "nothing else"]
        more = f"{guessed - base.guessed:+5d} {needed - base.needed:+5d}"
        sys.stdout.write(f"{part:32}{guessed:6d}{needed:6d}   {more}\n")


if __name__ == "__main__":
    main()
