"""What kind of memory a unit is, on networks whose weights are set by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rnnviz_widget import Trace, unit_kind
from rnnviz_widget.counters import UnitKind
from tests.simulations.kinds import answer
from tests.simulations.texts import code
from tests.simulations.units import KINDS
from tests.unit import handmade as nets

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LENGTH = 3000

Text = list[str]


def letters(seed: int) -> Text:
    return np.random.default_rng(seed).choice(list(LETTERS), LENGTH).tolist()


def lines(seed: int) -> Text:
    rng = np.random.default_rng(seed)
    out: Text = []
    column = 0
    while len(out) < LENGTH:
        word = rng.choice(list(LETTERS), rng.integers(1, 9)).tolist()
        column += len(word) + 1
        out += [*word, "\n" if column > 60 else " "]
        column = 0 if column > 60 else column
    return out[:LENGTH]


def quoted(seed: int) -> Text:
    rng = np.random.default_rng(seed)
    out: Text = []
    speaking = False
    while len(out) < LENGTH:
        word = rng.choice(list(LETTERS), rng.integers(1, 9)).tolist()
        if rng.random() < 0.08:
            word = [*word, '"'] if speaking else ['"', *word]
            speaking = not speaking
        out += [*word, " "]
    return out[:LENGTH]


def brackets(seed: int) -> Text:
    rng = np.random.default_rng(seed)
    out: Text = []
    depth = 0
    while len(out) < LENGTH:
        draw = rng.random()
        read = "(" if draw < 0.12 and depth < 8 else ")" if 0.12 <= draw < 0.24 and depth else "x"
        depth += (read == "(") - (read == ")")
        out.append(read)
    return out[:LENGTH]


CASES: dict[str, tuple[str, str, Callable[[int], Text], Callable[[Text], nn.Module]]] = {
    "a copy of the token": ("current token", "h", letters, lambda v: nets.echo(v, 1)),
    "a latch": ("switch", "h", letters, lambda v: nets.tanh_latch(v, ["a"], ["b"])),
    "a latch of four tokens": (
        "switch",
        "h",
        letters,
        lambda v: nets.tanh_latch(v, ["a", "c"], ["b", "d"]),
    ),
    "a toggle": ("switch", "h", quoted, lambda v: nets.gru_toggle(v, ['"'])),
    "a leaky integrator": (
        "leaky sum",
        "c",
        letters,
        lambda v: nets.lstm(v, {"a": 0.5, "b": -0.5, "c": 0.2}, keep=0.9),
    ),
    "an exact count of the tokens since a reset": (
        "clock",
        "c",
        lines,
        lambda v: nets.lstm(v, {}, rest=0.02, resets=["\n"]),
    ),
    "an exact count down since a reset": (
        "clock",
        "c",
        lines,
        lambda v: nets.lstm(v, {}, rest=-0.02, resets=["\n"]),
    ),
    "a counter of words": (
        "bounded counter",
        "c",
        lines,
        lambda v: nets.lstm(v, {" ": 0.2}, resets=["\n"]),
    ),
    "a count since a reset that saturates": (
        "clock",
        "h",
        lines,
        lambda v: nets.tanh_counter(v, dict.fromkeys(v, 0.1), resets=["\n"]),
    ),
    "a counter of depth": (
        "bounded counter",
        "c",
        brackets,
        lambda v: nets.lstm(v, {"(": 0.2, ")": -0.2}),
    ),
}


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", CASES)
def test_a_network_built_by_hand_is_called_what_it_is(name: str, seed: int, noise: float) -> None:
    kind, state, text, make = CASES[name]
    tokens = text(seed)
    vocabulary = sorted(set(tokens))
    trace = nets.run(make(vocabulary), tokens, vocabulary)
    full = next(each for each in trace.states if each.endswith(f".{state}"))
    found = unit_kind(nets.with_noise(trace, full, noise), full, 0)
    assert found.kind == kind, str(found)
    if noise == 0:
        assert found.scores[kind] > 0.95


def test_noise_is_unclear_and_so_is_a_value_that_never_changes() -> None:
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(size=LENGTH), np.ones(LENGTH)], axis=1)
    trace = Trace.from_arrays(letters(0), {"h": values})
    assert unit_kind(trace, "h", 0).kind == "unclear"
    constant = unit_kind(trace, "h", 1)
    assert constant.kind == "unclear"
    assert "the same everywhere" in str(constant)


def test_an_echo_of_an_earlier_token_is_said_to_come_late() -> None:
    tokens = letters(0)
    value = dict(zip(LETTERS, np.random.default_rng(1).normal(size=26), strict=True))
    late = np.array([value[token] for token in tokens])
    trace = Trace.from_arrays(tokens, {"h": np.roll(late, 2)[:, None]})
    found = unit_kind(trace, "h", 0)
    assert found.kind == "an earlier token"
    assert "the token 2 before" in found.words


def test_scale_and_sign_of_a_unit_do_not_matter() -> None:
    tokens = lines(0)
    vocabulary = sorted(set(tokens))
    trace = nets.run(nets.lstm(vocabulary, {}, rest=0.02, resets=["\n"]), tokens, vocabulary)
    state = next(each for each in trace.states if each.endswith(".c"))
    values = np.asarray(trace[state])
    for factor in (-1.0, 1e-3, 1e3):
        scaled = Trace.from_arrays(trace.tokens, {"h": factor * values + 5 * factor})
        found = unit_kind(scaled, "h", 0)
        assert found.kind == "clock"
        assert found.scores["clock"] > 0.95


@pytest.mark.parametrize("name", KINDS)
def test_a_drawn_unit_is_called_what_it_is_or_unclear(name: str) -> None:
    """`python -m tests.simulations.kinds` counts 20 draws of each."""
    _, right, given = answer(name, 0)
    assert given in {right, "unclear"}


def test_most_drawn_units_are_not_unclear() -> None:
    found = [answer(name, 1) for name in ("switch of two tokens", "ring", "n-gram", "clock")]
    assert [given for _, _, given in found] == [right for _, right, _ in found]


def test_a_depth_is_counted_by_every_bracket_however_rare() -> None:
    tokens = code(np.random.default_rng(0))
    depth = np.cumsum([(read in "([{") - (read in ")]}") for read in tokens])
    found = unit_kind(Trace.from_arrays(tokens, {"h": depth[:, None].astype(float)}), "h", 0)
    assert found.kind == "bounded counter"
    assert found.scores["bounded counter"] > 0.999
    up, down = found.words.split("-1 at ")
    assert all(repr(bracket) in up for bracket in "([{")
    assert all(repr(bracket) in down for bracket in ")]}")


def test_the_increment_of_the_commonest_tokens_is_in_the_words() -> None:
    tokens = lines(0)
    steps = {" ": 0.5, "e": -0.4, "\n": 0.0}
    x, values = 0.0, []
    for read in tokens:
        x = 0.0 if read == "\n" else x + steps.get(read, 0.03)
        values.append([x])
    words = unit_kind(Trace.from_arrays(tokens, {"h": np.array(values)}), "h", 0).words
    assert "+0.5 at ' '" in words
    assert "-0.4 at 'e'" in words
    assert "+0.03 at" in words


def test_what_goes_on_for_ever_is_not_called_bounded() -> None:
    tokens = letters(0)
    drift = np.arange(LENGTH, dtype=float)
    fall = np.cumsum(np.where(np.array(tokens) == "a", 2.0, -1.1))
    trace = Trace.from_arrays(tokens, {"h": np.stack([drift, fall], axis=1)})
    for unit in (0, 1):
        found = unit_kind(trace, "h", unit)
        assert found.kind == "unbounded counter"
        assert "no bound was met in this text" in found.words
        assert "bounded below" not in found.words


def test_a_unit_that_is_explained_in_part_is_only_mostly_something() -> None:
    tokens = letters(0)
    noisy = nets.run(nets.tanh_latch(sorted(set(tokens)), ["a"], ["b"]), tokens, LETTERS)
    state = noisy.states[0]
    sure, hedged = (unit_kind(nets.with_noise(noisy, state, n), state, 0) for n in (0.0, 0.5))
    assert (sure.kind, hedged.kind) == ("switch", "switch")
    assert "is a switch: some tokens turn it on" in sure.words
    assert "is mostly a switch: turned on by 'a'" in hedged.words
    assert f"explains {100 * hedged.scores['switch']:.0f} % of its variance" in hedged.words


@pytest.mark.parametrize("seed", range(3))
def test_what_no_explanation_holds_for_has_no_name(seed: int) -> None:
    """A random walk and a trend that turns: what fits the first half fails on the second."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(size=LENGTH))
    turned = np.abs(np.arange(LENGTH) - LENGTH / 2)
    trace = Trace.from_arrays(letters(seed), {"h": np.stack([walk, turned], axis=1)})
    for unit in (0, 1):
        found = unit_kind(trace, "h", unit)
        assert found.kind == "unclear", str(found)


def test_the_words_of_a_switch_say_that_it_does_not_count_and_name_its_tokens() -> None:
    tokens = letters(0)
    vocabulary = sorted(set(tokens))
    trace = nets.run(nets.tanh_latch(vocabulary, ["a"], ["b"]), tokens, vocabulary)
    found = unit_kind(trace, trace.states[0], 0)
    assert "it does not count" in found.words
    assert "turned on by 'a', off by 'b'" in found.words
    assert list(found.to_pandas()["explanation"]) == list(found.scores)


def test_a_mark_that_opens_and_closes_turns_it_on_with_the_token_before() -> None:
    """Behind a space it opens, also where the last was never closed: no toggle does that."""
    rng = np.random.default_rng(0)
    tokens: Text = []
    inside: list[int] = []
    for _ in range(LENGTH // 9):
        spoken, closed = rng.random() < 0.3, rng.random() < 0.8
        word = rng.choice(list("abc"), rng.integers(1, 9)).tolist()
        tokens += [*(['"'] * spoken), *word, *(['"'] * (spoken and closed)), " "]
    for read, before in zip(tokens, [" ", *tokens], strict=False):
        inside.append(before == " " if read == '"' else (inside or [0])[-1])
    found = unit_kind(Trace.from_arrays(tokens, {"h": np.array(inside)[:, None]}), "h", 0)
    assert found.kind == "switch"
    assert found.scores["switch"] > 0.95
    assert """turned on by ' "', off by '"';""" in found.words


def test_what_it_says_is_escaped() -> None:
    tokens = ["<b>" if read == "a" else read for read in letters(0)]
    values = np.cumsum([read == "<b>" for read in tokens])[:, None] % 2
    html = unit_kind(Trace.from_arrays(tokens, {"h": values}), "h", 0)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_what_is_worse_than_the_mean_is_said_not_to_fit() -> None:
    kinds = UnitKind(
        "h",
        0,
        "clock",
        {"switch": -55.2, "clock": 0.99, "ring": float("nan")},
        {"switch": 0.4, "clock": 0.98, "ring": float("nan")},
        {"switch": "on", "clock": "runs", "ring": "round"},
    )
    rows = kinds.rows()[1:]
    assert [row[:2] for row in rows] == [
        ["clock", "0.990"],
        ["switch", "does not fit"],
        ["ring", "does not fit"],
    ]
    assert "-55" not in str(kinds)
    assert "-55" not in kinds._repr_html_()


def test_bad_input_is_refused_by_name() -> None:
    short = Trace.from_arrays("ab" * 150, {"h": np.zeros((300, 1))})
    with pytest.raises(ValueError, match="trace must leave at least 100 tokens"):
        unit_kind(short, "h", 0)
    values = np.zeros((LENGTH, 1))
    values[7] = np.nan
    missing = Trace.from_arrays(letters(0), {"h": values})
    with pytest.raises(ValueError, match=r"h\[0\] must be finite, but 1 of its 3,000 values"):
        unit_kind(missing, "h", 0)
    with pytest.raises(ValueError, match="skip must be at least 0"):
        unit_kind(missing, "h", 0, skip=-1)
