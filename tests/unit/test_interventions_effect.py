"""What holding units costs: against losses counted by hand, and what a table of it says."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.metrics import roc_auc_score

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import CharLM, CharLMConfig, sample
from rnnviz_widget.interventions import effects
from rnnviz_widget.interventions.groups import class_of
from rnnviz_widget.recording import record
from rnnviz_widget.stats.direction import Direction
from rnnviz_widget.stats.maxima import family_p_values
from tests.simulations import effects as simulation
from tests.unit.untouched import contents

TEXT = "".join(f'cab {"fed" * (i % 5)} (a1) "be", dad\n' for i in range(30))
VOCABULARY = tuple(sorted(set(TEXT)))


def model_of(cell: Any, layers: int = 1, units: int = 16) -> CharLM:
    torch.manual_seed(3)
    model = CharLM(VOCABULARY, CharLMConfig(cell, units, layers))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    return model.eval()


def with_newline_unit(unit: int = 5) -> CharLM:
    """Return a model whose head reads the newline off one unit alone, which is on after each d."""
    model = model_of("gru", units=40)
    with torch.no_grad():
        model.head.weight[:, unit] = 0
        model.head.weight[VOCABULARY.index("\n"), unit] = 6.0
        size, d = model.config.hidden_size, VOCABULARY.index("d")
        for gate in range(3):
            model.rnn.weight_hh_l0[gate * size + unit] = 0  # type: ignore[operator]
            model.rnn.weight_ih_l0[gate * size + unit] = 0  # type: ignore[operator]
        model.rnn.weight_ih_l0[2 * size + unit, d] = 10.0  # type: ignore[operator]
        model.rnn.bias_ih_l0[size + unit] = -20.0  # type: ignore[operator]
        model.rnn.bias_hh_l0[2 * size + unit] = 0  # type: ignore[operator]
    return model


def mean_by_class(text: str, loss: np.ndarray[Any, Any]) -> dict[str, float]:
    classes = np.array([class_of(character) for character in text[1:]])
    return {name: float(loss[:-1][classes == name].mean()) for name in set(classes)}


@pytest.mark.parametrize("where", ["recurrence", "readout"])
@pytest.mark.parametrize(("cell", "kind"), [("gru", "h"), ("lstm", "c"), ("rnn", "pre")])
@pytest.mark.parametrize("layer", [0, 1])
def test_changes_are_those_between_two_recordings(
    cell: Any, kind: str, where: Any, layer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "_WINDOW", 100)
    model, state = model_of(cell, 2), f"rnn.l{layer}.{kind}"
    trace = record(model, TEXT)
    found = rnnviz.effect(model, TEXT, state, [2, 7], where=where, random=1, seed=4)
    with rnnviz.ablate(model, state, [2, 7], trace=trace, where=where):
        held = record(model, TEXT)
    assert trace.loss is not None
    assert held.loss is not None
    before, after = mean_by_class(TEXT, trace.loss), mean_by_class(TEXT, held.loss)
    assert set(found) == {"all", *before}
    for name, loss in before.items():
        assert found[name].before == pytest.approx(loss, abs=1e-5)
        assert found[name].change == pytest.approx(after[name] - loss, abs=1e-5)
    assert found["all"].count == len(TEXT) - 1
    assert sum(found[name].count for name in before) == len(TEXT) - 1


def test_random_units_are_held_at_their_own_means() -> None:
    model = model_of("gru")
    trace = record(model, TEXT)
    found = rnnviz.effect(model, TEXT, "rnn.l0.h", 3, random=20)
    expected = []
    for unit in set(range(16)) - {3}:  # there are not more
        with rnnviz.ablate(model, "rnn.l0.h", unit, trace=trace):
            held = record(model, TEXT)
        expected.append(float(held.loss[:-1].mean() - trace.loss[:-1].mean()))  # type: ignore[index]
    assert found.random == 15
    np.testing.assert_allclose(sorted(found["all"].random_changes), sorted(expected), atol=1e-5)
    larger = sum(abs(value) >= abs(found["all"].change) for value in expected)
    assert found["all"].p_value == (1 + larger) / 16


def test_a_unit_that_alone_tells_the_newline_stands_out_before_newlines() -> None:
    found = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, where="readout")
    assert found["newline"].stands_out
    assert found["newline"].change > 0
    assert "next is newline +" in found.verdict
    assert not rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 4, where="readout")[
        "newline"
    ].stands_out


def test_intervals_come_from_whole_lines() -> None:
    """Against a bootstrap over lines, written out; the same lines in another order change none."""
    model = model_of("gru")
    found = rnnviz.effect(model, TEXT, "rnn.l0.h", 3, random=0, resamples=4000)["letter"]
    trace = record(model, TEXT)
    with rnnviz.ablate(model, "rnn.l0.h", 3, trace=trace):
        held = record(model, TEXT)
    difference = (held.loss - trace.loss)[:-1].astype(np.float64)  # type: ignore[operator]
    letter = np.array([character.isalpha() for character in TEXT[1:]])
    line = np.array([TEXT[: t + 1].count("\n") for t in range(len(TEXT) - 1)])
    rng = np.random.default_rng(7)
    means = []
    for _ in range(2000):
        lines = rng.integers(0, 30, 30)
        rows = np.concatenate([np.flatnonzero(letter & (line == i)) for i in lines])
        means.append(difference[rows].mean())
    low, high = np.quantile(means, [0.025, 0.975])
    width = high - low
    assert found.interval[0] == pytest.approx(low, abs=width / 8)
    assert found.interval[1] == pytest.approx(high, abs=width / 8)
    assert found.interval[0] < found.change < found.interval[1]


def test_labels_sort_predictions_by_what_has_been_read() -> None:
    model = model_of("gru")
    label = rnnviz.labels.inside_quotes
    found = rnnviz.effect(
        model,
        TEXT,
        "rnn.l0.h",
        3,
        labels={"speech": label, "early": np.arange(len(TEXT)) < 100},
        random=0,
    )
    inside = np.asarray(label(TEXT))[:-1]
    assert found["speech"].count == inside.sum()
    assert found["not speech"].count == (~inside).sum()
    assert found["early"].count == 100
    trace = record(model, TEXT)
    assert trace.loss is not None
    assert found["speech"].before == pytest.approx(trace.loss[:-1][inside].mean(), abs=1e-5)


def test_what_a_label_does_not_know_is_left_out() -> None:
    def near(text: str) -> Any:
        distance = rnnviz.labels.distance_to_line_end(text)  # of the last line nobody knows
        return np.ma.masked_array(distance < 5, distance.missing)

    text = TEXT[:200].rpartition("\n")[0] + "\ndeaf"
    found = rnnviz.effect(model_of("gru"), text, "rnn.l0.h", 3, labels={"near": near}, random=0)
    assert found["near"].count + found["not near"].count == len(text) - 1 - len("\ndea")


def test_several_texts_are_read_each_from_the_start() -> None:
    model = model_of("gru")
    texts = [TEXT[:300], TEXT[300:500]]
    both = rnnviz.effect(model, texts, "rnn.l0.h", 3, random=2, to=0.25)
    single = [rnnviz.effect(model, text, "rnn.l0.h", 3, random=2, to=0.25) for text in texts]
    total = sum(each["all"].change * each["all"].count for each in single)
    assert both["all"].count == sum(each["all"].count for each in single) == 498
    assert both["all"].change == pytest.approx(total / 498, abs=1e-6)
    assert both.levels == (0.25,)
    assert both.lines == sum(each.lines for each in single)


def test_a_model_is_left_as_it_was() -> None:
    model = model_of("lstm").train()
    before, random = contents(model), torch.random.get_rng_state()
    rnnviz.effect(model, TEXT[:50], "rnn.l0.c", 3)
    assert contents(model) == before
    assert torch.equal(torch.random.get_rng_state(), random)


@pytest.mark.parametrize(
    ("character", "name"),
    [
        *(("\n", "newline"), ("\t", "space"), ("é", "letter"), ("7", "digit"), ("'", "quote")),
        *(("\N{LEFT DOUBLE QUOTATION MARK}", "quote"), ("{", "bracket"), ("<", "punctuation")),
    ],
)
def test_a_next_character_has_one_class(character: str, name: str) -> None:
    assert class_of(character) == name


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"text": "a"}, ValueError, r"text must be one or more texts of at least 2 characters"),
        ({"text": []}, ValueError, r"text must be one or more texts"),
        ({"text": "a\u00e9"}, ValueError, r"text has 'é' .* at position 1"),
        ({"state": "rnn.l1.h"}, ValueError, r"state must be one of rnn\.l0\.h, .*rnn\.l1\.h"),
        ({"units": 16}, ValueError, r"units must be in \[0, 16\)"),
        ({"to": "max"}, ValueError, r"to must be one of 'mean', 'zero', 'resample', got 'max'"),
        (
            {"to": np.inf},
            ValueError,
            r"to must be 'mean', 'zero', 'resample' or a finite number, got inf",
        ),
        ({"random": -1}, ValueError, r"random must be at least 0, got -1"),
        ({"labels": {"x": [True]}}, ValueError, r"labels\['x'\] must have one value for each of"),
        (
            {"labels": {"depth": rnnviz.labels.line_position}},
            TypeError,
            r"labels\['depth'\] must be boolean, got int64; .* depth > 2",
        ),
        (
            {"labels": {"newline": rnnviz.labels.inside_quotes}},
            ValueError,
            r"labels must have names of their own, got newline",
        ),
    ],
)
def test_what_cannot_be_measured_is_named(
    more: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments: dict[str, Any] = {"text": TEXT[:60], "state": "rnn.l0.h", "units": 3} | more
    with pytest.raises(error, match=message):
        rnnviz.effect(model_of("gru"), **arguments)


def test_a_module_without_text_or_logits_is_refused() -> None:
    with pytest.raises(TypeError, match="GRU cannot read a text"):
        rnnviz.effect(torch.nn.GRU(2, 3), "abc", "gru.l0.h", 1, to="zero")
    model = model_of("gru")
    model.head = torch.nn.Linear(16, 4)
    with pytest.raises(TypeError, match=r"returns \(a tensor \(4, 60, 4\), .* for ids \(4, 60\)"):
        rnnviz.effect(model, TEXT[:60], "rnn.l0.h", 1, to="zero", random=2)


# --- what is shown --------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.add(tag)


def tags_of(html: str) -> set[str]:
    parser = Tags()
    parser.feed(html)
    return parser.tags


def test_an_effect_prints_escapes_and_becomes_a_data_frame() -> None:
    wicked = "<script>alert(1)</script>"
    found = rnnviz.effect(
        model_of("gru"), TEXT[:200], "rnn.l0.h", 3, labels={wicked: np.arange(200) < 99}
    )
    assert "an illustration, not a measurement" in str(found)
    assert "rnn.l0.h[3] held at its mean, " in repr(found)
    assert "script" not in tags_of(found._repr_html_())
    frame = found.to_pandas()
    assert list(frame["name"]) == list(found)
    assert frame.loc[0, "change"] == found["all"].change
    with pytest.raises(KeyError, match=r"no prediction is of 'tab'; there are 'all', 'newline'"):
        found["tab"]


def test_a_notebook_shows_three_rows_and_the_largest_change_beside_those_of_random_units() -> None:
    found = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, where="readout", random=20)
    seen, folded = found._repr_html_().split("<details>")
    table, bars = seen.split("<table>")[1:]
    assert table.count("<tr>") == 1 + 3
    assert folded.count("<tr>") > 1 + len(found)
    shown = re.findall(r"margin-left: ([\d.]+)%; width: ([\d.]+)%", bars)
    (start, length), (least, spread) = ([float(end) for end in pair] for pair in shown)
    most = max(list(found.values())[1:], key=lambda change: abs(change.change))
    ends = [0.0, most.change, *most.random_changes]
    scale = 100 / (max(ends) - min(ends))
    assert length == pytest.approx(abs(most.change) * scale, abs=0.1)
    assert start == pytest.approx((min(0.0, most.change) - min(ends)) * scale, abs=0.1)
    assert least == pytest.approx((min(most.random_changes) - min(ends)) * scale, abs=0.1)
    assert spread == pytest.approx(np.ptp(most.random_changes) * scale, abs=0.8)


def test_an_effect_without_random_units_claims_nothing() -> None:
    found = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, where="readout", random=0)
    assert not found["newline"].stands_out
    assert "Without random units" in found.verdict
    quiet = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, where="readout", resamples=0)
    assert np.isnan(quiet["newline"].interval).all()
    assert "Nowhere" in quiet.verdict


def test_clamped_samples_stand_beside_the_free_one() -> None:
    model = model_of("gru")
    found = rnnviz.sample_clamped(
        model, "rnn.l0.h", [3, 4], [-1, 0.5], prefix="cab", length=40, seed=2
    )
    assert list(found) == ["as it is", "held at -1", "held at 0.5"]
    assert found["as it is"] == sample(model, "cab", 40, seed=2)
    with rnnviz.clamp(model, "rnn.l0.h", [3, 4], -1):
        assert found["held at -1"] == sample(model, "cab", 40, seed=2)
    assert "--- held at 0.5 ---\ncab" in str(found)


def test_samples_are_escaped() -> None:
    model = CharLM(tuple("<b>/"), CharLMConfig("gru", 8)).eval()
    found = rnnviz.sample_clamped(model, "rnn.l0.h", 1, 0.9, prefix="<b>", length=200)
    html = found._repr_html_()
    assert tags_of(html) == {"div", "p", "strong", "pre", "span"}
    assert io.StringIO(str(found)).readline() == "rnn.l0.h, unit 1, held in the recurrence\n"


def test_samples_keep_words_whole_and_show_the_newlines_that_were_written() -> None:
    found = rnnviz.sample_clamped(model_of("gru"), "rnn.l0.h", 1, 0.9, prefix="cab\n", length=30)
    html = found._repr_html_()
    assert "overflow-wrap: normal" in html
    assert "anywhere" not in html
    assert html.count("</span>\n") == sum(text.count("\n") + 1 for text in found.values())


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(2, 60)),
        elements=st.floats(-5, 5),
    )
)
def test_at_most_one_in_twenty_stands_out_of_its_family_whatever_the_changes(
    changes: np.ndarray[Any, Any],
) -> None:
    """Each variant in turn is tested against all others: written out, and counted."""
    variants = changes.shape[1]
    scale = np.abs(changes).mean(axis=1)
    size = np.abs(changes)[scale > 0] / scale[scale > 0][:, None]
    smallest = []
    for v in range(variants):
        others = np.delete(np.arange(variants), v)
        found = family_p_values(changes[:, [v, *others]])
        smallest.append(found.min())
        if len(size):
            largest = size.max(axis=0)
            expected = (1 + (largest[others] >= largest[v] * (1 - 1e-12)).sum()) / variants
            assert found.min() == pytest.approx(expected, abs=1.01 / variants)
    for level in (0.05, 0.2):
        assert sum(p <= level for p in smallest) <= level * variants


def test_the_family_is_judged_by_the_largest_change_of_each_draw() -> None:
    changes = np.array([[0.0, 1, 1, 2], [9, 1, 1, 1]])
    np.testing.assert_allclose(family_p_values(changes), [1, 0.25])
    found = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, where="readout")
    assert found.random == 39
    assert found.p_value == found["newline"].family_p == 1 / 40
    assert "(p = 0.025, the largest change in any row against theirs)" in found.verdict
    few = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, where="readout", random=18)
    assert not few["newline"].stands_out
    assert "at least 19 are needed" in few.verdict


@pytest.mark.parametrize("where", ["recurrence", "readout"])
@pytest.mark.parametrize("to", ["mean", "zero"])
def test_one_units_direction_is_that_unit(where: Any, to: Any) -> None:
    model = model_of("gru", 2)
    trace = record(model, TEXT)
    along = Direction(np.eye(16)[3] * -2)
    unit = rnnviz.effect(model, TEXT, "rnn.l0.h", 3, to=to, where=where, random=15)
    line = rnnviz.effect(model, TEXT, "rnn.l0.h", along, to=to, where=where, random=40)
    for name in unit:
        assert line[name].change == pytest.approx(unit[name].change, abs=1e-5)
        possible = np.array([unit[name].change, *unit[name].random_changes])
        for change in line[name].random_changes:  # the same weight, on any unit
            assert np.abs(possible - change).min() < 1e-5
    with rnnviz.ablate(model, "rnn.l0.h", along, to=to, trace=trace, where=where):
        one = record(model, TEXT)
    with rnnviz.ablate(model, "rnn.l0.h", 3, to=to, trace=trace, where=where):
        other = record(model, TEXT)
    np.testing.assert_allclose(one.loss[:-1], other.loss[:-1], atol=1e-5)  # type: ignore[index]
    assert "along a direction held at" in str(line)
    assert "random directions" in str(line)


@pytest.mark.parametrize(("cell", "kind"), [("gru", "h"), ("lstm", "c"), ("rnn", "pre")])
def test_what_is_said_along_a_direction_is_replaced_and_the_rest_is_left(
    cell: Any, kind: str
) -> None:
    """Against the equation h + (value - h d) d, step by step in float64."""
    model = model_of(cell).double()
    state = f"rnn.l0.{kind}"
    weights = np.random.default_rng(0).standard_normal(16)
    d = weights / np.linalg.norm(weights)
    free = np.asarray(record(model, TEXT[:1])[state])[0].astype(float)
    with rnnviz.clamp(model, state, Direction(weights), 0.7):
        held = np.asarray(record(model, TEXT[:60])[state]).astype(float)
    np.testing.assert_allclose(held @ d, 0.7, atol=1e-6)
    np.testing.assert_allclose(held[0], free + (0.7 - free @ d) * d, atol=1e-6)


def test_resampled_values_are_those_of_other_tokens() -> None:
    model = model_of("gru")
    trace = record(model, TEXT)
    with rnnviz.ablate(model, "rnn.l0.h", [2, 7], to="resample", trace=trace, seed=1):
        held = record(model, TEXT)
    places = np.random.default_rng(1).permutation(len(TEXT))
    for unit in (2, 7):
        expected = trace.unit("rnn.l0.h", unit)[places]
        np.testing.assert_allclose(held.unit("rnn.l0.h", unit), expected, atol=1e-6)
    found = rnnviz.effect(model, TEXT, "rnn.l0.h", [2, 7], to="resample", random=3)
    assert "rnn.l0.h[2, 7] resampled, in the recurrence" in str(found)
    assert found.levels == ()
    one = rnnviz.effect(with_newline_unit(), TEXT, "rnn.l0.h", 5, to="resample", where="readout")
    assert one["newline"].stands_out
    along = Direction(np.eye(16)[2])
    line = rnnviz.effect(model, TEXT, "rnn.l0.h", along, to="resample", random=1, seed=4)
    unit = rnnviz.effect(model, TEXT, "rnn.l0.h", 2, to="resample", random=0, seed=4)
    assert "along a direction resampled" in str(line)
    assert abs(line["all"].change - unit["all"].change) < 0.2


def test_a_probes_direction_can_be_held() -> None:
    model = with_newline_unit()
    trace = record(model, TEXT, states="*.h")
    newline = rnnviz.labels.next_is(TEXT, "\n")
    probe = rnnviz.rank_units(trace, newline, skip=0, gap=0, shifts=0, resamples=0).probe
    assert probe is not None
    said = np.asarray(trace["rnn.l0.h"]) @ probe.direction("rnn.l0.h").weights
    assert roc_auc_score(np.asarray(newline)[:-1], said[:-1]) > 0.95
    found = rnnviz.effect(model, TEXT, "rnn.l0.h", probe.direction(), where="readout", random=20)
    assert (found.units, found.random, len(found.levels)) == ((), 20, 1)
    assert found.levels[0] == pytest.approx(said.mean(), abs=1e-5)
    with pytest.raises(KeyError, match=r"state must be one of rnn\.l0\.h, which the probe reads"):
        probe.direction("rnn.l1.h")


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([0, 0], ValueError, "not all 0"),
        ([[1.0]], ValueError, r"shape \(U,\), not all 0, got shape \(1, 1\)"),
        ([np.nan, 1], ValueError, "one finite number"),
        (["a"], TypeError, "weights must be real numbers"),
    ],
)
def test_a_direction_that_is_none_is_refused(
    weights: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Direction(weights)
    with pytest.raises(ValueError, match=r"a weight for each of the 16 units of rnn\.l0\.h, got 2"):
        rnnviz.clamp(model_of("gru"), "rnn.l0.h", Direction([1, 2]), 0)


def test_few_randomly_drawn_units_stand_out_in_the_simulation() -> None:
    """The simulation of `How far to trust it`, made small."""
    model, row = rnnviz.load_model("prose"), simulation.Row("prose", "rnn.l1.h", "readout", 8)
    found = simulation.p_values(model, rnnviz.sample_text("prose")[:100], row, 8, draws=19)
    assert len(found) == 8
    assert all(p * 20 == pytest.approx(round(p * 20)) for p in found)
    assert sum(p <= simulation.LEVEL for p in found) <= simulation.chance(8)


def test_what_is_no_surprise_is_the_binomial_distributions() -> None:
    for units in (1, 16, 156):
        most = simulation.chance(units)
        below = [stats.binom.cdf(k, units, simulation.LEVEL) for k in (most - 1, most)]
        assert below[0] < 0.95 <= below[1]
