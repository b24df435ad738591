"""Make the picture in the README: the unit that follows quotation marks, on a story of our own.

Run: ``python -m tests.browser.picture`` whenever the look or the bundled model has changed (needs
playwright and a Chromium, see `tests.chromium`).
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

import rnnviz_widget as rnnviz
from tests import chromium

PICTURE = Path(__file__).parents[2] / "notebooks" / "quote_cell.png"


def quote_cell() -> rnnviz.HiddenStateWidget:
    """Return a story coloured by the unit that was chosen on another one."""
    model, label = rnnviz.load_model("prose"), rnnviz.labels.inside_quotes
    shown, other = (
        rnnviz.record(model, rnnviz.sample_text("prose", number), states="*.h") for number in (1, 2)
    )
    ranking = rnnviz.rank_units(other, label, held_out=shown)
    widget = rnnviz.HiddenStateWidget(shown, ranking, labels={"inside quotes": label})
    widget.cursor = shown.text.index("told me")
    return widget


def main() -> None:
    """Write the picture, in 128 colours."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = quote_cell().save_html(Path(folder) / "page.html").path
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(),
            args=["--no-sandbox", "--disable-lcd-text"],
        )
        tab = browser.new_page(viewport={"width": 1060, "height": 900}, color_scheme="light")
        tab.goto(page.as_uri())
        root = tab.locator(".rnnviz")
        root.locator("[data-row-start]").first.wait_for()
        tab.wait_for_timeout(500)  # the minimap and the chart follow the text
        taken = Image.open(io.BytesIO(root.screenshot()))
        browser.close()
    taken.convert("RGB").quantize(128).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
