"""A unit whose colours are turned, so that red is what it was found to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import traitlets
from playwright.sync_api import expect

from rnnviz_widget import HiddenStateWidget, Ranking, Trace, labels, rank_units
from tests.browser.pixels import assert_painted

if TYPE_CHECKING:
    from tests.browser.conftest import Open

TEXT = 'The lamp was out.\n"Who is there?" she asked,\nand nobody answered.\n"I am," said he.\n' * 4
H, GATE = "rnn.l0.h", "rnn.l0.z"


@pytest.fixture
def trace() -> Trace:
    """Make unit 2 of h, and of the gate, low inside quotation marks."""
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (len(TEXT), 4)).astype(np.float32)
    inside = np.asarray(labels.inside_quotes(TEXT), bool)
    noise[:, 2] -= np.where(inside, 0.6, -0.6)
    states = {H: noise, GATE: (noise + 1) / 2}
    return Trace.from_arrays(TEXT, states, bounds={H: (-1, 1), GATE: (0, 1)})


def ranked(trace: Trace, states: str) -> Ranking:
    return rank_units(
        trace, labels.inside_quotes, states=states, probe=False, shifts=9, resamples=9
    )


@pytest.mark.parametrize("state", [H, GATE])
def test_a_unit_that_is_low_where_the_label_holds_opens_with_its_colours_turned(
    open_page: Open, trace: Trace, state: str
) -> None:
    ranking = ranked(trace, state)
    assert (ranking[0].unit, ranking[0].sign) == (2, -1)
    widget = HiddenStateWidget(trace, ranking)
    assert widget.flipped == [(state, 2)]
    root = open_page(widget)
    values = trace.unit(state, 2)
    turned = -values if state == H else 1 - values
    assert_painted(root, turned.tolist(), 1)
    expect(root.locator(".rnnviz-ends")).to_contain_text(
        "+1 flipped" if state == H else "1 flipped"
    )
    expect(root.get_by_role("button", name="flip")).to_have_attribute("aria-pressed", "true")
    root.get_by_role("textbox").press("f")
    assert_painted(root, values.tolist(), 1)
    expect(root.locator(".rnnviz-ends")).not_to_contain_text("flipped")


def test_flipping_is_each_units_own_and_choosing_a_ranked_unit_turns_it(
    open_page: Open, trace: Trace
) -> None:
    widget = HiddenStateWidget(trace, ranked(trace, H), unit=0, state=H, flip=False)
    root = open_page(widget)
    assert_painted(root, trace.unit(H, 0).tolist(), 1)
    root.get_by_role("combobox", name="follows").select_option("0")
    assert_painted(root, (-trace.unit(H, 2)).tolist(), 1)
    root.get_by_role("button", name="next unit").click()
    assert_painted(root, trace.unit(H, 3).tolist(), 1)
    root.get_by_role("button", name="previous unit").click()
    assert_painted(root, (-trace.unit(H, 2)).tolist(), 1)


def test_what_is_flipped_can_be_said_in_python_and_wrong_units_are_refused(trace: Trace) -> None:
    assert HiddenStateWidget(trace, unit=1, flip=True).flipped == [(H, 1)]
    widget = HiddenStateWidget(trace, ranked(trace, H), flip=False)
    assert widget.flipped == []
    widget.flipped = [(GATE, 3)]
    for wrong in ([(GATE, 4)], [("nope", 0)], [3], [(H, True)], [(H, 1.5)]):
        with pytest.raises((traitlets.TraitError, TypeError)):
            widget.flipped = wrong
        widget.set_state({"flipped": wrong, "unit": 1})
        assert (widget.flipped, widget.unit) == ([(GATE, 3)], 2)
    widget.trace = Trace.from_arrays(TEXT, {H: np.zeros((len(TEXT), 2))})
    assert widget.flipped == []
