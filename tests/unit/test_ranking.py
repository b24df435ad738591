"""Rankings of made-up networks, of which it is known what there is to be found."""

import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from rnnviz_widget import labels
from rnnviz_widget.ranking import Ranking, rank_units
from rnnviz_widget.ranking.strength import bounds, strength
from rnnviz_widget.trace import Trace
from tests.unit.stories import echo_states, story

STORY = story(12_000)
ECHO = echo_states(STORY, 24)
QUOTES = np.asarray(labels.inside_quotes(STORY))
FAST = {"shifts": 19, "resamples": 50}


def noise(units: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((len(STORY), units)).astype(np.float32)


def with_quote_unit(states: NDArray[np.float32], unit: int, sign: int = 1) -> NDArray[np.float32]:
    states = states.copy()
    states[:, unit] = sign * (2.0 * QUOTES - 1) + 0.6 * noise(1)[:, 0]
    return states


@pytest.mark.parametrize("sign", [1, -1])
def test_a_planted_unit_is_found_and_claimed(sign: int) -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5, sign)})
    ranking = rank_units(trace, labels.inside_quotes)
    best = ranking[0]
    assert (best.state, best.unit, best.sign, best.kind) == ("rnn.l0.h", 5, sign, "h")
    assert 0.98 < best.score < 1
    assert 0.98 < best.held_out < 1
    assert best.detail is not None
    assert best.detail.interval[0] < best.held_out < best.detail.interval[1]
    assert best.detail.f1 is not None
    assert best.detail.f1 > 0.9
    assert ranking.claimed
    assert ranking.verdict.startswith("rnn.l0.h[5] follows inside quotes: held-out 0.9")
    assert "readable, not shown to be used" in ranking.verdict


def test_rows_are_ordered_by_the_score_they_were_chosen_by() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": ECHO})
    ranking = rank_units(trace, labels.inside_quotes, probe=False, **FAST)
    assert len(ranking) == 24
    scores = [entry.score for entry in ranking]
    assert scores == sorted(scores, reverse=True)
    held_out = [entry.held_out for entry in ranking]
    assert held_out != sorted(held_out, reverse=True), "part B has no say in the order"


def test_sign_and_score_come_from_the_first_half_alone() -> None:
    turned = np.where(np.arange(len(STORY)) < len(STORY) // 2, 1, -1)
    states = noise(3)
    states[:, 1] = (2.0 * QUOTES - 1) * turned
    trace = Trace.from_arrays(STORY, {"s": states})
    ranking = rank_units(trace, QUOTES, probe=False, **FAST)
    assert (ranking[0].unit, ranking[0].sign) == (1, 1)
    assert ranking[0].score == pytest.approx(1)
    assert ranking[0].held_out == pytest.approx(0)
    assert not ranking.claimed


def test_the_kinds_of_a_unit_are_one_row_by_its_best_kind() -> None:
    c = with_quote_unit(ECHO, 3)
    states = {
        "rnn.l0.h": noise(24),
        "rnn.l0.c": c,
        "rnn.l0.tanh_c": np.tanh(c),
        "rnn.l1.c": noise(24, 2),
        "attention": noise(2, 3),
        "attention.first": noise(2, 4),
    }
    ranking = rank_units(Trace.from_arrays(STORY, states), QUOTES, probe=False, **FAST)
    assert len(ranking) == 24 + 24 + 2 + 2
    assert (ranking[0].layer, ranking[0].unit, ranking[0].kind) == ("rnn.l0", 3, "c")
    assert {entry.layer for entry in ranking} == {
        "rnn.l0",
        "rnn.l1",
        "attention",
        "attention.first",
    }
    assert ranking.columns == 3 * 24 + 24 + 2 + 2
    only = rank_units(
        Trace.from_arrays(STORY, states), QUOTES, states=["*.h", "att*"], probe=False, **FAST
    )
    assert only.columns == 24 + 2 + 2


def test_a_projected_output_and_its_cell_are_not_the_same_units() -> None:
    states = {"lstm.l0.h": noise(3), "lstm.l0.c": noise(8, 2), "lstm.l0.o": noise(8, 3)}
    ranking = rank_units(Trace.from_arrays(STORY, states), QUOTES, probe=False, **FAST)
    assert len(ranking) == 3 + 8


def test_a_number_is_followed_by_rank() -> None:
    position = np.asarray(labels.line_position(STORY))
    states = ECHO.copy()
    states[:, 2] = -np.exp(position / 20) + noise(1)[:, 0] * 0.1  # bends
    ranking = rank_units(Trace.from_arrays(STORY, {"rnn.l0.h": states}), labels.line_position)
    best = ranking[0]
    assert (best.unit, best.sign, best.metric) == (2, -1, "Spearman")
    assert best.detail is not None
    assert best.detail.pearson is not None
    assert best.held_out > 0.99
    assert 0.5 < best.detail.pearson < 0.95
    assert best.detail.f1 is None
    assert ranking.claimed
    assert ranking.chosen_on.base_rate is None


def test_a_unit_that_knows_only_within_a_token_is_missed_pooled_and_found_within() -> None:
    y = np.asarray(labels.next_is(STORY, "\n"))
    of_token = {token: 40.0 * i for i, token in enumerate(sorted(set(STORY)))}
    states = noise(12)
    states[:, 4] = y * 6 + states[:, 4] + [of_token[token] for token in STORY]
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": states})

    def newline(trace: Trace) -> labels.Label:
        return labels.next_is(trace, "\n")

    pooled = rank_units(trace, newline)
    within = rank_units(trace, newline, within="token")
    assert not pooled.claimed
    assert pooled.baselines["current token"] > pooled[0].held_out
    assert pooled.verdict.startswith("No single unit follows next is '\\n' here.")
    assert within.claimed
    assert within.verdict.startswith(
        "rnn.l0.h[4] follows next is '\\n' within each token: held-out"
    )
    assert within[0].unit == 4
    assert within[0].held_out > 0.99
    assert within.baselines["current token"] == 0.5
    assert within[0].detail is not None
    assert within[0].detail.threshold is None, "one threshold for all tokens would mean nothing"


def test_spread_information_is_found_by_the_probe_and_said_to_be_spread() -> None:
    states = noise(40)
    states += 0.12 * (2.0 * QUOTES[:, None] - 1)  # a little in each
    others = [Trace.from_arrays(STORY, {"rnn.l0.h": noise(40, seed)}) for seed in (8, 9)]
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": states})
    ranking = rank_units(trace, labels.inside_quotes, control=others)
    assert ranking.probe is not None
    assert not ranking.claimed
    assert ranking[0].held_out < 0.6
    assert ranking.probe.held_out > 0.8
    assert len(ranking.probe.control) == len(ranking.control) == 2
    assert max(*ranking.probe.control, *ranking.control) < 0.56
    assert "spread over units" in ranking.verdict


def test_where_there_is_nothing_it_says_so() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": noise(20)})
    ranking = rank_units(trace, labels.inside_quotes, control=trace)
    assert not ranking.claimed
    score = r"\d\.\d{3}"
    assert re.fullmatch(
        rf"No single unit follows inside quotes here\. Best rnn\.l0\.h\[\d+\]: held-out {score} "
        rf"\(AUC, 95 % interval {score} to {score}\), chance {score}, current token {score}, last "
        rf"three tokens {score}, control networks' best unit {score}\. The interval does not lie "
        rf"above (([a-z0-9' ]+) \({score}\),? ?)+\. Probe {score}, controls "
        rf"{score} \(last 20 tokens\) and {score} \(control networks\): not linearly readable\. "
        r"This is not proof of absence\.",
        ranking.verdict,
    )


def test_what_every_untrained_network_has_too_is_not_claimed() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    alone = rank_units(trace, QUOTES, probe=False)
    beside = rank_units(trace, QUOTES, probe=False, control=[trace])
    assert alone.claimed
    assert beside.control == (beside[0].held_out,)
    assert not beside.claimed
    assert dict(alone.controls())["control networks' best unit"] == "not given"


def test_few_spans_make_an_illustration_and_no_claim() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    y = np.zeros(len(STORY), bool)
    y[300:330] = y[2000:2100] = y[8000:8100] = True
    states = with_quote_unit(ECHO, 5)
    states[:, 5] = y
    ranking = rank_units(Trace.from_arrays(STORY, {"rnn.l0.h": states}), y, name="islands", **FAST)
    assert (ranking.chosen_on.spans, ranking.reported_on.spans) == (2, 1)
    assert ranking[0].held_out == 1
    assert not ranking.claimed
    assert ranking.note.endswith("with 1: an illustration, not a measurement")
    assert ranking.verdict.startswith("rnn.l0.h[5] is the best follower of islands in this short")
    assert not rank_units(trace, QUOTES, probe=False).illustration


def test_without_chance_or_intervals_nothing_is_claimed() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    for fewer in ({"shifts": 0}, {"resamples": 0}, {"details": 0}):
        ranking = rank_units(trace, QUOTES, probe=False, **fewer)
        assert ranking[0].unit == 5
        assert not ranking.claimed
        assert "follows" not in ranking.verdict or "No single unit" in ranking.verdict
        assert str(ranking)


def test_columns_with_nan_are_left_out_and_counted() -> None:
    states = with_quote_unit(ECHO, 5)
    clean = rank_units(Trace.from_arrays(STORY, {"s": states}), QUOTES, probe=False, **FAST)
    broken = states.copy()
    broken[7000, 2] = np.nan
    broken[50, 3] = np.nan  # before anything counts
    broken[:, 4] = np.inf
    ranking = rank_units(Trace.from_arrays(STORY, {"s": broken}), QUOTES, **FAST)
    assert ranking.left_out == 1
    assert {entry.unit for entry in ranking} == set(range(24)) - {2}
    assert ranking[0] == clean[0]
    assert "1 columns that hold NaN" in str(ranking)
    with pytest.raises(ValueError, match="every unit of s holds NaN"):
        rank_units(Trace.from_arrays(STORY, {"s": np.full((len(STORY), 2), np.nan)}), QUOTES)


@pytest.mark.parametrize("chance", [{}, {"shifts": 0}])
@pytest.mark.parametrize("token", [1000, 7000])  # in part A, in part B
def test_nan_in_either_part_leaves_a_column_out(token: int, chance: dict[str, int]) -> None:
    states = with_quote_unit(ECHO, 5)
    states[token, [2, 5]] = np.nan
    ranking = rank_units(Trace.from_arrays(STORY, {"s": states}), QUOTES, **(FAST | chance))
    assert ranking.left_out == 2
    assert {entry.unit for entry in ranking} == set(range(24)) - {2, 5}
    assert not any(np.isnan([entry.score, entry.held_out]).any() for entry in ranking)


def test_the_former_name_of_the_caption_still_works() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    with pytest.warns(DeprecationWarning, match="texts is now called caption"):
        ranking = rank_units(trace, labels.inside_quotes, texts="two halves", probe=False, **FAST)
    assert ranking.caption == "two halves"


def test_a_ranking_prints_as_a_table_with_its_controls() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    ranking = rank_units(trace, labels.inside_quotes, caption="a story of our own")
    text = str(ranking)
    assert text == repr(ranking)
    assert text.startswith(
        "Which unit follows inside quotes?\na story of our own; chosen on 5,850 "
    )
    for word in (
        "rnn.l0.h[5]",
        "+1",
        "base rate",
        "chance",
        "p = 0.005",
        "current token",
        "last three tokens",
        "not given",
        "... and 14 more units",
        ranking.verdict,
    ):
        assert word in text
    assert max(map(len, text.split("\n")[:18])) <= 130
    assert ranking[0].text == f"AUC {ranking[0].held_out:.3f}"
    assert [entry.unit for entry in ranking[:3]] == [ranking[i].unit for i in range(3)]


def test_the_html_of_a_ranking_is_escaped() -> None:
    evil = "<script>alert('x')</script>&"
    trace = Trace.from_arrays(STORY, {evil: with_quote_unit(ECHO, 5)})
    ranking = rank_units(trace, QUOTES, name=evil, caption=evil, probe=False, **FAST)
    markup = ranking._repr_html_()
    assert "<script" not in markup
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;" in markup
    assert markup.count("<table>") == markup.count("</table>")
    assert markup.count("<tr>") == markup.count("</tr>")


def test_a_notebook_shows_three_rows_and_a_bar_for_each_control_and_folds_the_rest() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    ranking = rank_units(trace, QUOTES, probe=False, **FAST)
    seen, folded = ranking._repr_html_().split("<details>")
    table, bars = seen.split("<table>")[1:]
    assert table.count("<tr>") == 1 + 3
    assert bars.count("background-color") == 1 + len(ranking.rivals)
    lengths = [float(width) for width in re.findall(r"; width: ([\d.]+)%", bars)]
    assert lengths[0] == pytest.approx(200 * (ranking[0].held_out - 0.5), abs=0.06)
    assert ranking.verdict in html.unescape(seen)
    assert folded.count("<tr>") > 1 + 10 + len(ranking.controls())
    assert "0.5 says nothing" in folded


def test_a_ranking_becomes_a_data_frame() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5)})
    ranking = rank_units(trace, QUOTES, probe=False, details=2, **FAST)
    frame = ranking.to_pandas()
    assert len(frame) == 24
    assert frame.unit.tolist() == [entry.unit for entry in ranking]
    assert frame.held_out[0] == ranking[0].held_out
    assert frame.f1.notna().sum() == 2
    assert {"state", "unit", "layer", "kind", "sign", "score", "interval_low"} <= set(frame)


def test_without_pandas_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": ECHO})
    ranking = rank_units(trace, QUOTES, probe=False, **FAST)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        ranking.to_pandas()


def test_the_same_seed_gives_the_same_ranking() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": ECHO})
    first, again = (rank_units(trace, QUOTES, probe=False, **FAST) for _ in range(2))
    assert str(first) == str(again)
    assert str(first) != str(rank_units(trace, QUOTES, probe=False, seed=1, **FAST))


def test_a_progress_bar_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": ECHO})
    rank_units(trace, QUOTES, probe=False, **FAST)
    assert capsys.readouterr().err == ""
    rank_units(trace, QUOTES, probe=False, progress=True, **FAST)
    assert "24/24" in capsys.readouterr().err


def test_a_trace_on_disk_ranks_as_in_memory(tmp_path_factory: pytest.TempPathFactory) -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": with_quote_unit(ECHO, 5), "rnn.l0.c": ECHO})
    path = tmp_path_factory.mktemp("traces") / "story.zarr"
    trace.save(path)
    in_memory, on_disk = (
        rank_units(t, labels.inside_quotes, **FAST) for t in (trace, Trace.load(path))
    )
    assert str(in_memory) == str(on_disk)


def test_a_trace_kept_in_float16_ranks_by_what_was_kept(tmp_path: Path) -> None:
    states = with_quote_unit(ECHO, 5)
    Trace.from_arrays(STORY, {"s": states}).save(tmp_path / "story.zarr", dtype="float16")
    kept = Trace.from_arrays(STORY, {"s": states.astype(np.float16)})
    of_disk, of_memory = (
        rank_units(trace, labels.inside_quotes, probe=False, **FAST)
        for trace in (Trace.load(tmp_path / "story.zarr"), kept)
    )
    assert str(of_disk) == str(of_memory)


def test_tokens_of_several_characters_are_ranked_within_each_of_them() -> None:
    tokens = re.findall(r"\w+|.|\n", STORY)
    rng = np.random.default_rng(0)
    trace = Trace.from_arrays(tokens, {"s": rng.standard_normal((len(tokens), 5))})
    inside = np.asarray(labels.inside_quotes(trace))
    of_token = np.unique(tokens, return_inverse=True)[1]
    states = np.asarray(trace["s"]) + np.outer(30 * of_token + 4 * inside, np.eye(5)[2])
    trace = Trace.from_arrays(tokens, {"s": states})
    pooled = rank_units(trace, labels.inside_quotes, probe=False, **FAST)
    within = rank_units(trace, labels.inside_quotes, within="token", probe=False, **FAST)
    assert pooled[0].held_out < 0.7
    assert (within[0].unit, within[0].sign) == (2, 1)
    assert within[0].held_out > 0.99


def test_labels_and_ranking_work_without_torch() -> None:
    program = """
import sys
sys.modules["torch"] = None
import numpy as np
from rnnviz_widget import labels
from rnnviz_widget.ranking import rank_units
from rnnviz_widget.ranking.strength import bounds, strength
from rnnviz_widget.trace import Trace
text = 'a "b" c\\n' * 200
y = labels.inside_quotes(text)
trace = Trace.from_arrays(text, {"s": np.stack([y, ~y], axis=1)})
print(rank_units(trace, y)[0].held_out)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("1.0", 0), done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"within": "line"}, "within must be 'token' or a label, got 'line'"),
        ({"skip": -1}, "skip must be at least 0, got -1"),
        ({"shifts": -2}, "shifts must be at least 0, got -2"),
        ({"states": "x*"}, r"states='x\*' matches none of s"),
        ({"skip": 12_000}, "must vary in both parts, but part A .* has no token"),
        ({"null": [1.0, 2.0]}, "null must be a boolean label, got float64"),
        ({"null": [True, True]}, "null must vary, got 2 equal values"),
        ({"control": Trace.from_arrays("ab", {"s": [[1], [2]]})}, "control 0 must be recorded on"),
        ({"control": Trace.from_arrays("ab", {"h": [[1], [2]]})}, "states .* ranked, but lacks s"),
    ],
)
def test_bad_arguments_are_refused_by_name(change: dict[str, object], message: str) -> None:
    trace = Trace.from_arrays(STORY, {"s": noise(2)})
    with pytest.raises(ValueError, match=message):
        rank_units(trace, QUOTES, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (QUOTES[:-1], "label must have one value for each of the 12000 tokens, got 11999"),
        (QUOTES[:, None], r"label must be a one-dimensional array .* got shape \(12000, 1\)"),
        (np.array(["a"] * len(STORY)), "booleans or real numbers, got .* <U1"),
        (np.zeros(len(STORY), bool), "must vary in both parts, but part A .* is False at all"),
        (np.arange(len(STORY)) < 3000, "must vary in both parts, but part B .* is False at all"),
        (np.full(len(STORY), np.nan), "part A .* has no token"),
    ],
)
def test_bad_labels_are_refused(label: NDArray[np.generic], message: str) -> None:
    trace = Trace.from_arrays(STORY, {"s": noise(2)})
    with pytest.raises(ValueError, match=message):
        rank_units(trace, label)


def test_a_ranking_is_made_of_plain_numbers() -> None:
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": ECHO})
    ranking = rank_units(trace, QUOTES, probe=False, **FAST)
    best = ranking[0]
    assert json.dumps([best.state, best.unit, best.score, best.held_out, best.sign])
    assert isinstance(ranking, Ranking)


def test_a_claim_beats_every_control_that_is_printed() -> None:
    """A unit that knows what the last twenty tokens tell as well is not claimed for it."""
    states = noise(12)
    before = np.zeros(len(STORY))
    before[9:] = np.array(list(STORY))[:-9] == "e"
    states[:, 4] = before + 0.8 * states[:, 4]
    trace = Trace.from_arrays(STORY, {"s": states})
    ranking = rank_units(trace, before > 0)
    assert ranking.probe is not None
    assert ranking.probe.tokens > 0.99
    detail = ranking[0].detail
    assert detail is not None
    assert ranking.bar == max(ranking.rivals.values())
    assert set(ranking.rivals) == {
        "chance",
        "current token",
        "last three tokens",
        "a probe of the last 20 tokens",
    }
    assert not ranking.claimed
    without = replace(ranking, probe=None)
    assert without.claimed
    rival = f"The interval does not lie above a probe of the last 20 tokens ({ranking.bar:.3f})."
    assert rival in ranking.verdict
    assert "(AUC, clear, " in without.verdict


@pytest.mark.parametrize(
    ("metric", "weak", "clear", "perfect"),
    [("AUC", 0.749, 0.75, 0.975), ("Spearman", 0.499, 0.5, 0.95)],
)
def test_effect_sizes_have_a_word_with_bounds(
    metric: str, weak: float, clear: float, perfect: float
) -> None:
    found = [strength(metric, score) for score in (weak, clear, perfect - 0.001, perfect, 1)]
    assert found == ["weak", "clear", "clear", "near-perfect", "near-perfect"]
    assert f"clear from {metric} {clear:g}, near-perfect from {perfect:g}" in bounds(metric)


def test_a_unit_is_followed_inside_quotes_and_outside_each_on_its_own() -> None:
    """Line position, turned round inside quotes: pooled little is left, held fixed all of it."""
    position = np.asarray(labels.line_position(STORY)).astype(float)
    states = noise(8)
    states[:, 2] = position + 3 * states[:, 2] + 200 * QUOTES
    trace = Trace.from_arrays(STORY, {"rnn.l0.h": states})
    fixed = rank_units(trace, labels.line_position, within=labels.inside_quotes, **FAST)
    best = fixed[0]
    assert (best.unit, best.sign) == (2, 1)
    assert best.detail is not None
    part = np.arange(6050, len(STORY))
    for group, inside in zip(best.detail.groups, (~QUOTES, QUOTES), strict=True):
        rows = part[inside[part]]
        expected = stats.spearmanr(states[rows, 2], position[rows]).statistic
        assert group.held_out == pytest.approx(expected, abs=1e-6)
        assert (group.value, group.tokens) == (str(bool(QUOTES[rows[0]])), len(rows))
    counts = np.array([group.tokens - 1 for group in best.detail.groups])
    scores = np.array([group.held_out for group in best.detail.groups])
    assert best.held_out == pytest.approx(counts @ scores / counts.sum(), abs=1e-6)
    assert "line position with inside quotes held fixed" in fixed.verdict
    assert "at False" in str(fixed)
    pooled = rank_units(trace, labels.line_position, **FAST)
    assert abs(pooled[0].held_out) < 0.6 < best.held_out
    arrays = rank_units(trace, position, within=QUOTES.astype(int), **FAST)
    assert arrays[0].held_out == pytest.approx(best.held_out)


def test_a_label_to_rank_within_fits_and_has_few_values() -> None:
    trace = Trace.from_arrays(STORY, {"s": noise(2)})
    with pytest.raises(ValueError, match="within must have few values"):
        rank_units(trace, QUOTES, within=np.arange(len(STORY)))
    with pytest.raises(ValueError, match="within must have one value for each of the 12000 tok"):
        rank_units(trace, QUOTES, within=QUOTES[1:])
    with pytest.raises(TypeError, match="within must be a function of a trace, or a pair"):
        rank_units(trace, QUOTES, within=QUOTES, held_out=(trace, QUOTES))


def test_what_lasts_too_long_for_the_text_has_no_interval_and_is_not_claimed() -> None:
    position = np.asarray(labels.line_position(STORY)).astype(float)
    states = noise(4)
    into_half = np.arange(len(STORY)) % 6000
    states[:, 1] = position * np.where(into_half < 4500, 1, -1)  # loses its way once in each half
    ranking = rank_units(Trace.from_arrays(STORY, {"s": states}), position, probe=False, **FAST)
    detail = ranking[0].detail
    assert ranking[0].unit == 1
    assert detail is not None
    assert np.isnan(detail.interval).all()
    assert not ranking.claimed
    assert "is not known here" in ranking.verdict
    assert "not known" in ranking.rows(1)[1]


def test_a_label_that_only_drifts_is_not_claimed() -> None:
    drift = np.arange(len(STORY)) / 1000
    trace = Trace.from_arrays(STORY, {"s": np.stack([drift, drift**2 - 30, -drift], axis=1)})
    ranking = rank_units(trace, drift, probe=False, **FAST)
    assert ranking[0].held_out == pytest.approx(1)
    assert ranking.illustration
    assert not ranking.claimed
    assert "The label varies too slowly for 5,850 tokens: over about 3 indep" in ranking.verdict


def test_several_texts_have_an_interval_over_texts() -> None:
    """Units that are right in some texts and wrong in others: known of this text, not of texts."""
    rng = np.random.default_rng(4)
    traces = []
    for i in range(12):
        y = np.asarray(labels.inside_quotes(text := story(2000, seed=i)))
        right = i % 4 != 3
        values = rng.standard_normal((len(text), 3)).astype(np.float32)
        values[:, 0] += 3 * y if right else 0
        traces.append(Trace.from_arrays(text, {"s": values}))
    ranking = rank_units(
        traces[:6], labels.inside_quotes, held_out=traces[6:], skip=10, probe=False, resamples=400
    )
    detail = ranking[0].detail
    assert detail is not None
    assert detail.interval_over_texts is not None
    low, high = detail.interval_over_texts
    assert low < detail.interval[0]
    assert high >= detail.interval[1] - 0.02
    assert "interval over traces" in str(ranking)
    few = rank_units(traces[:4], labels.inside_quotes, skip=10, probe=False, **FAST)
    assert few[0].detail is not None
    assert few[0].detail.interval_over_texts is None
