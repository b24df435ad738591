"""The widget in a real JupyterLab: what a person sees and does there, and what the kernel hears."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.pixels import centre, painted_colours, wait_until_painted
from tests.jupyterlab.conftest import CELLS, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.jupyterlab.lab import Notebook

SECONDS = 10.0


def wait_until(notebook: Notebook, condition: Callable[[], bool]) -> None:
    """Return as soon as `condition` holds; fail when it does not within `SECONDS`."""
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come true in time"
        notebook.page.wait_for_timeout(50)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    return notebook.page.locator(".rnnviz")


@pytest.fixture
def slider(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="unit", exact=True)


def recorded(notebook: Notebook, unit: int) -> list[float]:
    """Return the recorded values of a unit, at all tokens."""
    values: list[float] = notebook.evaluate(f'trace.unit("rnn.l0.h", {unit}).tolist()')
    return values


def assert_painted(widget: Locator, values: list[float]) -> None:
    """Wait until every character has the colour of its value on the scale from -1 to 1."""
    wait_until_painted(widget, dict(enumerate(values)), SECONDS)


def test_it_shows_the_whole_text(widget: Locator) -> None:
    rows = widget.locator("[data-row-start]").all_text_contents()
    assert "".join(rows) == TEXT.replace("\n", "↵")


def test_every_character_has_the_colour_of_its_recorded_value(
    notebook: Notebook, widget: Locator
) -> None:
    values = recorded(notebook, 3)
    assert max(values) - min(values) > 0.5  # else one colour would do
    assert_painted(widget, values)


def test_setting_the_unit_in_a_cell_repaints(notebook: Notebook, widget: Locator) -> None:
    assert_painted(widget, recorded(notebook, 3))
    notebook.run("w.unit = 40")
    expect(widget.get_by_role("spinbutton", name="unit number")).to_have_value("40")
    assert_painted(widget, recorded(notebook, 40))


def test_dragging_the_slider_sets_the_unit_in_the_kernel(
    notebook: Notebook, widget: Locator, slider: Locator
) -> None:
    box = slider.bounding_box()
    assert box is not None
    mouse, middle = notebook.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + box["width"] * 0.1, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.75, middle, steps=8)
    mouse.up()
    units = notebook.evaluate("trace.num_units(w.state)")
    shown = int(slider.input_value())
    assert shown == pytest.approx(0.75 * units, abs=0.05 * units)
    wait_until(notebook, lambda: notebook.evaluate("w.unit") == shown)
    assert_painted(widget, recorded(notebook, shown))


def test_the_keyboard_moves_the_slider_and_labs_shortcuts_stay_quiet(
    notebook: Notebook, slider: Locator
) -> None:
    slider.focus()
    active = notebook.active_cell
    for key in ("ArrowRight", "ArrowUp", "ArrowDown", "ArrowRight", "b", "a", "d", "d", "x"):
        notebook.page.keyboard.press(key)
    expect(slider).to_be_focused()
    expect(slider).to_have_value("5")
    assert notebook.active_cell == active
    assert notebook.cell_sources() == list(CELLS)
    wait_until(notebook, lambda: notebook.evaluate("w.unit") == 5)


@pytest.mark.parametrize("focused", ["unit number", "state", "text"])
def test_labs_shortcuts_stay_quiet_wherever_the_focus_is(
    notebook: Notebook, widget: Locator, focused: str
) -> None:
    target = {
        "unit number": widget.get_by_role("spinbutton", name="unit number"),
        "state": widget.get_by_role("combobox", name="state"),
        "text": widget.get_by_role("textbox"),
    }[focused]
    target.focus()
    active = notebook.active_cell
    for key in ("b", "ArrowDown", "ArrowUp", "j", "d", "d"):
        notebook.page.keyboard.press(key)
    assert notebook.active_cell == active
    assert notebook.cell_sources() == list(CELLS)


@pytest.mark.parametrize("focused", ["unit", "text", "next unit"])
def test_saving_the_notebook_works_while_the_widget_has_the_focus(
    notebook: Notebook, widget: Locator, focused: str
) -> None:
    target = {
        "unit": widget.get_by_role("slider", name="unit"),
        "text": widget.get_by_role("textbox"),
        "next unit": widget.get_by_role("button", name="next unit"),
    }[focused]
    model = "window.jupyterapp.shell.currentWidget.context.model"
    notebook.page.evaluate(f"{model}.dirty = true")
    target.focus()
    notebook.page.keyboard.press("Control+s")
    wait_until(notebook, lambda: not notebook.page.evaluate(f"{model}.dirty"))
    expect(target).to_be_focused()


def test_labs_shortcuts_do_act_where_the_widget_has_no_focus(notebook: Notebook) -> None:
    """The control: without it the tests above could pass in a Lab that has no shortcuts."""
    notebook.page.locator(".jp-Cell").nth(1).locator(".jp-InputPrompt").click()
    notebook.page.keyboard.press("b")
    wait_until(notebook, lambda: notebook.cell_sources() == [*CELLS[:2], "", CELLS[2]])
    notebook.page.keyboard.press("d")
    notebook.page.keyboard.press("d")
    wait_until(notebook, lambda: notebook.cell_sources() == list(CELLS))


def test_the_pointer_reads_the_exact_value(notebook: Notebook, widget: Locator) -> None:
    values = recorded(notebook, 3)
    shown = widget.locator(".rnnviz-value")
    for token in (0, TEXT.index("lamp"), TEXT.index("\n"), len(TEXT) - 3):
        notebook.page.mouse.move(*centre(widget, token))
        expect(widget.get_by_text(f"after reading token {token}", exact=True)).to_be_visible()
        expect(shown).to_have_attribute("data-exact", "true")
        assert float(shown.get_attribute("data-value") or "nan") == values[token]
        number = shown.inner_text().replace("\N{MINUS SIGN}", "-")
        assert float(number) == pytest.approx(values[token], abs=0.6e-4)


def test_a_click_sets_the_cursor_in_the_kernel(notebook: Notebook, widget: Locator) -> None:
    token = TEXT.index("sand")
    notebook.page.mouse.click(*centre(widget, token))
    wait_until(notebook, lambda: notebook.evaluate("w.cursor") == token)


def test_the_selection_goes_both_ways(notebook: Notebook, widget: Locator) -> None:
    word = TEXT.index("late")
    notebook.page.mouse.dblclick(*centre(widget, word + 1))
    wait_until(notebook, lambda: notebook.evaluate("w.selection") == [word, word + 4])
    expect(widget.locator(".rnnviz-selected")).to_have_count(1)
    notebook.run("w.selection = []")
    expect(widget.locator(".rnnviz-selected")).to_have_count(0)
    notebook.run("w.selection = [0, len(trace)]")
    expect(widget.locator(".rnnviz-selected")).to_have_count(TEXT.count("\n"))


def test_state_and_palette_go_both_ways(notebook: Notebook, widget: Locator) -> None:
    names = notebook.evaluate("trace.states")
    state = widget.get_by_role("combobox", name="state")
    state.select_option(names[-1])
    wait_until(notebook, lambda: notebook.evaluate("w.state") == names[-1])
    notebook.run(f"w.state = {names[0]!r}; w.palette = 'grey'")
    expect(state).to_have_value(names[0])
    palette = widget.get_by_role("combobox", name="palette")
    expect(palette).to_have_value("grey")
    palette.select_option("purple-green")
    wait_until(notebook, lambda: notebook.evaluate("w.palette") == "purple-green")


def test_a_text_box_that_records_anew_repaints(notebook: Notebook, widget: Locator) -> None:
    text = 'He wrote "all is well" twice.'
    box = notebook.page.locator(".widget-text input")
    box.fill(text)
    box.press("Enter")
    row = widget.locator("[data-row-start]")
    expect(row).to_have_text([text])
    values = notebook.evaluate('w.trace.unit("rnn.l0.h", 3).tolist()')
    alone = notebook.evaluate(f'rnnviz.record(model, {text!r}).unit("rnn.l0.h", 3).tolist()')
    assert values == alone
    assert_painted(widget, values)


def test_a_linked_slider_and_the_widget_follow_each_other_in_the_browser(
    notebook: Notebook, slider: Locator
) -> None:
    linked = notebook.page.get_by_role("slider").and_(notebook.page.locator(".noUi-handle"))
    linked.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("4")
    slider.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(linked).to_have_attribute("aria-valuenow", "5.0")
    wait_until(notebook, lambda: notebook.evaluate("[w.unit, linked.value]") == [5, 5])


def test_copies_of_the_text_go_both_ways(
    notebook: Notebook, widget: Locator, slider: Locator
) -> None:
    notebook.run('w.units = [("rnn.l0.h", 3), 40]')
    copies = widget.locator(".rnnviz-copy")
    expect(copies).to_have_count(2)
    for i, unit in enumerate((3, 40)):
        assert_painted(copies.nth(i), recorded(notebook, unit))
    copies.nth(1).get_by_role("button", name="rnn.l0.h 40").click()
    wait_until(notebook, lambda: notebook.evaluate("[w.active, w.unit]") == [1, 40])
    slider.press("ArrowRight")
    units = [["rnn.l0.h", 3], ["rnn.l0.h", 41]]
    wait_until(notebook, lambda: notebook.evaluate("w.units") == units)
    assert_painted(copies.nth(1), recorded(notebook, 41))
    notebook.run("w.active = 0")
    expect(slider).to_have_value("3")


def test_guess_mode_and_the_mode_for_halls_go_both_ways(
    notebook: Notebook, widget: Locator
) -> None:
    values = recorded(notebook, 3)
    notebook.run("w.cursor = 19; w.guess = True")
    text = widget.get_by_role("textbox")
    text.press("ArrowRight")
    wait_until(notebook, lambda: notebook.evaluate("w.cursor") == 20)
    assert_painted(widget, values[:21])
    assert set(painted_colours(widget, range(21, len(values)))) == {(255, 255, 255)}
    text.press("Escape")
    wait_until(notebook, lambda: notebook.evaluate("w.guess") is False)
    notebook.run("w.present = True")
    expect(text).to_have_css("font-size", "28px")
    widget.get_by_role("button", name="large").click()
    wait_until(notebook, lambda: notebook.evaluate("w.present") is False)


def test_checkpoints_go_both_ways_also_when_the_kernel_is_asked_for_each(
    notebook: Notebook, widget: Locator
) -> None:
    notebook.run(
        "from rnnviz_widget.widget import wire\n"
        "limit, wire.LIVE_LIMIT = wire.LIVE_LIMIT, 0\n"
        "early = rnnviz.record(rnnviz.untrained(model), trace.text)\n"
        "w.trace = {'before': early, 'after': trace}; w.checkpoint = 1\n"
        "wire.LIVE_LIMIT = limit"
    )
    slider = widget.get_by_role("slider", name="checkpoint")
    expect(slider).to_have_value("1")
    assert_painted(widget, recorded(notebook, 3))
    slider.press("ArrowLeft")
    wait_until(notebook, lambda: notebook.evaluate("w.checkpoint") == 0)
    early = notebook.evaluate('early.unit("rnn.l0.h", 3).tolist()')
    assert_painted(widget, early)
    notebook.page.mouse.move(*centre(widget, 5))
    shown = widget.locator(".rnnviz-value")
    expect(shown).to_have_attribute("data-exact", "true")
    assert float(shown.get_attribute("data-value") or "nan") == early[5]
    notebook.run("w.checkpoint = 1")
    assert_painted(widget, recorded(notebook, 3))
