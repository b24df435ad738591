"""Figures of profiles and gates show the numbers that were measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

import rnnviz_widget as rnnviz

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

mpl.use("agg")
TEXT = 'He said "so it is" to $_no^one$ in\tthe\nroom. ' * 12


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def make_trace() -> rnnviz.Trace:
    values = np.random.default_rng(2).uniform(-1, 1, (len(TEXT), 4)).astype(np.float32)
    gates = (values + 1) / 2
    return rnnviz.Trace.from_arrays(
        TEXT, {"rnn.l0.c": values, "rnn.l0.f": gates, "rnn.l0.i": gates**4, "rnn.l1.f": gates}
    )


def test_a_profile_is_drawn_lag_by_lag_on_both_sides_of_zero(tmp_path: Path) -> None:
    profile = rnnviz.counter_profile(make_trace(), "rnn.l0.c", 2, lags=2)
    tokens = ['"', "\n", "$", " "]
    ax = rnnviz.plot_profile(profile, tokens)
    lines = {line.get_label(): line for line in ax.lines}
    for name, side in (("below 0 before", "negative"), ("0 or above before", "positive")):
        means = np.asarray(lines[name].get_ydata()).reshape(4, 4)[:, :3]
        expected = np.stack([getattr(profile[token], side).mean for token in tokens])
        np.testing.assert_array_equal(means, expected)
        places = np.asarray(lines[name].get_xdata()).reshape(4, 4)[:, :3]
        assert (np.rint(places) == np.arange(4)[:, None]).all()  # with its token
        assert (np.diff(places, axis=1) > 0).all()
    assert lines["below 0 before"].get_marker() != lines["0 or above before"].get_marker()
    ends = [segment for bars in ax.collections for segment in bars.get_segments()]
    quote = profile['"'].negative
    np.testing.assert_allclose([ends[0][0][1], ends[0][1][1]], [quote.low[0], quote.high[0]])
    shown = [tick.get_text() for tick in ax.get_xticklabels()]
    assert shown == ['"', "↵", "$", "' '"]
    for kind in ("svg", "pdf", "png"):
        ax.figure.savefig(tmp_path / f"a.{kind}")


def test_a_profile_shows_by_default_the_tokens_that_move_the_unit_most() -> None:
    profile = rnnviz.counter_profile(make_trace(), "rnn.l0.c", 0)
    shown = [tick.get_text() for tick in rnnviz.plot_profile(profile).get_xticklabels()]
    signs = {"\n": "↵", "\t": "→", " ": "' '"}
    assert shown == [signs.get(token, token) for token in profile.strongest(8)]


def test_tokens_that_do_not_occur_are_refused() -> None:
    profile = rnnviz.counter_profile(make_trace(), "rnn.l0.c", 0)
    with pytest.raises(KeyError, match="'Z' does not occur"):
        rnnviz.plot_profile(profile, ["Z"])
    with pytest.raises(ValueError, match="at least one token"):
        rnnviz.plot_profile(profile, [])
    assert not plt.get_fignums()


def test_saturation_has_a_point_for_every_unit_of_every_gate(tmp_path: Path) -> None:
    saturation = rnnviz.gate_saturation(make_trace())
    ax = rnnviz.plot_saturation(saturation)
    drawn = np.concatenate([np.asarray(points.get_offsets()) for points in ax.collections])
    np.testing.assert_allclose(drawn, [(point.left, point.right) for point in saturation])
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["rnn.l0.f", "rnn.l0.i", "rnn.l1.f"]
    ax.figure.savefig(tmp_path / "a.svg")
    some = rnnviz.plot_saturation(saturation, "*.f", ax=plt.figure().add_subplot())
    assert len(some.collections) == 2
    with pytest.raises(ValueError, match="matches none of"):
        rnnviz.plot_saturation(saturation, "*.o")
