"""Texts that are edited in a real JupyterLab: by a network in the page, by one in the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser import little
from tests.browser.edited import PATIENCE, edit_in_every_way, settle, text_of, until
from tests.jupyterlab.lab import Notebook, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, Locator

TEXT = '"You are late," he said.\n"Well?"\n'

CELLS = (
    """\
from tests.browser import little
page = little.widget()
page""",
    f"""\
import torch
import rnnviz_widget as rnnviz
text = {TEXT!r}
model = rnnviz.load_model("prose")
""",
    """\
from rnnviz_widget.quantise import colour_limit
def on_scale(v):
    return (v / colour_limit([v], kernel.trace.bounds(kernel.state))).tolist()
class Loop(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.vocabulary = model.vocabulary
        size = len(self.vocabulary)
        self.cell, self.out = torch.nn.GRUCell(size, 12), torch.nn.Linear(12, size)
    def forward(self, ids):
        h, logits = None, []
        for x in torch.nn.functional.one_hot(ids, len(self.vocabulary)).float():
            h = self.cell(x[None], h)
            logits.append(self.out(h)[0])
        return torch.stack(logits)
loop = Loop().eval()
kernel = rnnviz.HiddenStateWidget(model=loop, text=text, unit=3)
kernel""",
)
READ = (
    "rnnviz.record(loop, torch.tensor([model.vocabulary.index(c) for c in {0!r}]), "
    "tokens=list({0!r})).unit(kernel.state, 3)"
)


@pytest.fixture(scope="module")
def notebook(browser: Browser, lab: Server) -> Iterator[Notebook]:
    context = browser.new_context(viewport={"width": 1400, "height": 2400}, color_scheme="light")
    yield Notebook.open(context.new_page(), lab, "live", CELLS)
    context.close()


def field_of(notebook: Notebook, index: int) -> Locator:
    field = notebook.page.locator(".rnnviz-edited").nth(index)
    expect(field).to_be_visible(timeout=PATIENCE * 1000)
    return field


def values(notebook: Notebook, expression: str) -> NDArray[np.float32]:
    return np.array(notebook.evaluate(expression), np.float32)


def follows(notebook: Notebook, name: str, text: str) -> None:
    """Wait until Python has the text, too."""
    heard: Any = None
    for _ in until(PATIENCE):
        heard = notebook.evaluate(f"[{name}.text, {name}.trace.text]")
        if heard == [text, text]:
            return
    assert heard == [text, text]


def test_a_text_is_edited_by_the_network_in_the_page_and_python_follows(
    notebook: Notebook,
) -> None:
    field = field_of(notebook, 0)
    field.locator("textarea").click()
    expect(field.locator("textarea")).to_be_focused()
    active = notebook.active_cell
    edit_in_every_way(field, little.values)
    now = text_of(field)
    field.locator("textarea").click(position={"x": 2, "y": 10})
    notebook.page.keyboard.type('jdd"')  # of these letters Lab makes commands
    assert text_of(field) == 'jdd"' + now
    assert notebook.active_cell == active
    assert notebook.cell_sources() == list(CELLS)
    follows(notebook, "page", text_of(field))


def test_a_network_that_stays_in_the_kernel_is_edited_by_messages_and_its_end_loses_nothing(
    notebook: Notebook,
) -> None:
    field, keys = field_of(notebook, 1), notebook.page.keyboard
    settle(field, values(notebook, f"on_scale({READ.format(TEXT)})"))
    area = field.locator("textarea")
    area.click(position={"x": 8 * 8, "y": 10})
    keys.type("No! ")
    now = TEXT[:8] + "No! " + TEXT[8:]
    assert text_of(field) == now
    follows(notebook, "kernel", now)
    settle(field, values(notebook, f"on_scale({READ.format(now)})"))
    held = notebook.page.get_by_role("slider", name="hold the unit at").nth(1)
    held.fill("0.5")
    settle(field, values(notebook, f"on_scale(0 * {READ.format(now)} + 0.5)"))

    shutdown = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()"
    area.click(position={"x": 8 * 12, "y": 10})
    keys.type("One")
    notebook.page.evaluate(f"() => {{ {shutdown}; }}")
    keys.type(" more.")
    assert text_of(field) == now[:12] + "One more." + now[12:]
