"""What the notebooks say of the models that ship is so."""

from __future__ import annotations

import numpy as np

import rnnviz_widget as rnnviz


def test_the_clock_moves_the_same_way_at_nearly_every_character_and_by_more_late_in_the_line() -> (
    None
):
    """Notebooks 0 and 3; the newline, which sets it back, apart."""
    model, text = rnnviz.load_model("prose"), rnnviz.sample_text("prose")
    clock = model.card.units["line position"]
    trace = rnnviz.record(model, text, states=[clock.state])
    change = clock.sign * np.diff(trace.unit(clock.state, clock.unit))
    position = np.asarray(rnnviz.labels.line_position(trace))[1:]
    moved = change[position > 5]
    assert np.mean(moved > 0) > 0.85
    early, late = (change[(position > low) & (position <= low + 15)] for low in (5, 50))
    assert late.mean() > 2 * early.mean()
