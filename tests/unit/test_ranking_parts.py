"""What counts where: halves, blocks, held-out texts, missing labels, spans, chance, baselines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from rnnviz_widget import labels
from rnnviz_widget.ranking import rank_units
from rnnviz_widget.ranking.baselines import last_tokens
from rnnviz_widget.ranking.chance import foreign_labels, held_out_by_chance, shifted_labels
from rnnviz_widget.ranking.probe import LastTokens, UnitFeatures, _Moments, carried, predict
from rnnviz_widget.ranking.resampling import Resampling
from rnnviz_widget.ranking.scores import Strata, make_target
from rnnviz_widget.ranking.splits import Part, labelled, split
from rnnviz_widget.ranking.sweep import sweep
from rnnviz_widget.stats.intervals import draw, joined
from rnnviz_widget.trace import Trace
from rnnviz_widget.trace.blocks import Columns, Recording

LINE = 'He read "the whole, long day" and then "slept" well.\n'


def trace_of(text: str, units: int = 3, seed: int = 0, **more: ArrayLike) -> Trace:
    rng = np.random.default_rng(seed)
    return Trace.from_arrays(text, {"s": rng.standard_normal((len(text), units)), **more})


def parts(
    trace: Trace | list[Trace],
    label: ArrayLike | Callable[[Trace], ArrayLike],
    *,
    skip: int = 0,
    gap: int = 0,
    within: str | None = None,
) -> tuple[Part, Part]:
    return split(labelled(trace, label, "label"), None, skip=skip, gap=gap, within=within)


def test_halves_leave_out_the_start_and_the_gap() -> None:
    text = LINE * 20
    a, b = parts(trace_of(text), labels.inside_quotes, skip=100, gap=51)
    middle = len(text) // 2
    assert (a.rows[0], a.rows[-1] + 1) == (100, middle - 25)
    assert (b.rows[0], b.rows[-1] + 1) == (middle + 26, len(text))
    assert a.span == slice(100, middle - 25)


def test_each_block_is_left_out_its_own_start() -> None:
    traces = [trace_of(LINE * n, seed=n) for n in (4, 5, 6, 5)]
    a, b = parts(traces, labels.inside_quotes, skip=30)
    starts = np.cumsum([0, 4, 5, 6]) * len(LINE)
    middle = 10 * len(LINE)
    expected = [t for t in range(20 * len(LINE)) if all(not 0 <= t - s < 30 for s in starts)]
    assert a.rows.tolist() == [t for t in expected if t < middle]
    assert b.rows.tolist() == [t for t in expected if t >= middle]
    assert a.span == slice(30, middle)  # which has holes, and they are not read
    whole = np.concatenate([np.asarray(trace["s"]) for trace in traces])
    for part in (a, b):
        assert np.array_equal(part.read(Columns("s", 1, 3)), whole[part.rows, 1:].T)


def test_blocks_read_as_their_traces_end_to_end() -> None:
    traces = [trace_of(LINE * n, seed=n) for n in (1, 2)]
    recording = Recording(traces)
    whole = np.concatenate([np.asarray(trace["s"]) for trace in traces])
    assert np.array_equal(recording.read(Columns("s", 1, 3)), whole[:, 1:].T)
    for first, last in [(0, 40), (40, len(LINE)), (40, 70), (len(LINE), 3 * len(LINE)), (7, 8)]:
        memory = np.full((4, 50 + 2 * len(LINE)), np.nan, np.float32)
        read = recording.read(Columns("s", 1, 3), slice(first, last), memory)
        assert np.array_equal(read, whole[first:last, 1:].T)
        assert np.shares_memory(read, memory)
    assert np.array_equal(recording.rows(["s"], 40, 70), whole[40:70])
    assert [len(recording.rows(["s"], t, t + 1)) for t in (0, len(LINE) - 1, len(LINE))] == [1] * 3
    with pytest.raises(ValueError, match="traces must have the same states"):
        Recording([traces[0], trace_of("ab", 4)])
    with pytest.raises(ValueError, match="at least one trace"):
        Recording([])
    with pytest.raises(TypeError, match="a Trace or a list of them must be given, got str"):
        Recording(["ab"])  # type: ignore[list-item]


def test_a_missing_label_leaves_its_token_out() -> None:
    text = LINE * 4
    trace = trace_of(text)
    values = np.arange(len(text), dtype=float)
    values[[3, 9]] = np.nan
    a, _ = parts(trace, values)
    assert set(range(len(text) // 2)) - set(a.rows.tolist()) == {3, 9}

    masked = np.ma.masked_array(np.asarray(labels.inside_quotes(text)))
    masked[[4, 8]] = np.ma.masked
    a, _ = parts(trace, masked)
    assert set(range(len(text) // 2)) - set(a.rows.tolist()) == {4, 8}

    _, b = parts(trace, lambda trace: labels.next_is(trace, "\n"))
    assert b.rows[-1] == len(text) - 2


def test_a_label_may_be_a_function_an_array_or_one_array_per_trace() -> None:
    traces = [trace_of(LINE * n, seed=n) for n in (2, 3)]
    each = [labels.inside_quotes(trace) for trace in traces]
    whole = np.concatenate([np.asarray(y) for y in each])
    for given in (labels.inside_quotes, each, whole):
        made = labelled(traces, given, "label")
        assert made.values.tolist() == whole.tolist()
    assert labelled(traces, labels.inside_quotes, "label").name == "inside quotes"
    assert labelled(traces, each, "label").name == "inside quotes"
    assert labelled(traces, whole, "label").name == "the label"

    def of_vowels(trace: Trace) -> NDArray[np.bool_]:
        return np.isin(list(trace.text), list("aeiou"))

    assert labelled(traces, of_vowels, "label").name == "of vowels"


def test_spans_and_lines_are_counted_in_each_part() -> None:
    trace = trace_of(LINE * 10)
    a, b = parts(trace, labels.inside_quotes)
    assert (a.spans, b.spans) == (10, 10)
    a, b = parts(trace, labels.line_position)
    assert (a.spans, b.spans) == (5, 5)
    for y in (a.segments, b.segments):
        assert y[0] == 0
        assert set(np.diff(y)) <= {0, 1}


def test_a_bool_label_is_resampled_from_one_start_of_a_span_to_the_next() -> None:
    y = np.array([0, 1, 1, 0, 0, 1, 0, 1] * 2, bool)
    a, b = parts(trace_of("abcdefgh" * 2), y)
    assert a.segments.tolist() == [0, 1, 1, 1, 1, 2, 2, 3]
    assert b.spans == 3
    block = joined(a.segments, 1)
    assert block.tolist() == a.segments.tolist()
    assert draw(4, 7).sum(axis=1).tolist() == [4] * 7


def test_a_number_in_a_text_without_lines_is_resampled_in_pieces() -> None:
    a, _ = parts(trace_of("ab" * 500), np.arange(1000))
    assert a.spans == 5


def test_an_interval_is_wide_where_spans_are_few() -> None:
    def width(lines: int) -> float:
        text = LINE * lines
        y = np.asarray(labels.inside_quotes(text))
        rng = np.random.default_rng(0)
        slow = np.repeat(rng.standard_normal(len(text) // 10 + 1), 10)[: len(text)]
        _, b = parts(trace_of(text), y)
        column = (y + slow)[b.rows].astype(np.float32)
        low, high = Resampling(b, 1000).intervals(column, 1).text
        assert low < b.target.base + b.target.gain(column) < high
        return high - low

    assert 1.5 < width(20) / width(80) < 2.7  # about the square root of 4


@pytest.mark.parametrize("within", [None, "token"])
@pytest.mark.parametrize("kind", ["bool", "number"])
def test_a_resampled_score_is_the_score_of_the_repeated_spans(
    within: str | None, kind: str
) -> None:
    rng = np.random.default_rng(6)
    text = "".join(rng.choice(list("ab\n"), 400, p=[0.6, 0.3, 0.1]))
    column = rng.integers(0, 8, 400).astype(np.float32)
    label = rng.integers(0, 4, 400) + (column > 3)
    _, b = parts(trace_of(text), label > 2 if kind == "bool" else label, within=within)
    draws = draw(int(b.segments[-1]) + 1, 5)
    gains = Resampling(b, 5).gains(column[b.rows], b.segments, draws)
    for counts, gain in zip(draws, gains, strict=True):
        again = np.repeat(np.arange(len(b.rows)), counts[b.segments].astype(int))
        target = make_target(b.target.label[again], Strata(b.target.strata.codes[again]))
        assert gain == pytest.approx(target.gain(column[b.rows][again]), abs=1e-6)


def test_many_spans_are_drawn_in_blocks_of_neighbours() -> None:
    _, b = parts(trace_of(LINE * 1000), labels.inside_quotes)
    block = joined(b.segments, 1)
    assert b.spans == 1000
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    assert set(np.diff(block)) == {0, 1}
    assert len(starts) == 256
    assert set(starts) <= set(np.flatnonzero(np.diff(b.segments, prepend=-1)))


def test_another_text_can_be_held_out() -> None:
    first, second = LINE * 30, LINE.replace("day", "night") * 20
    make = labels.inside_quotes
    ya, yb = make(first), make(second)
    traces = []
    for text, y in ((first, ya), (second, yb)):
        noise = np.random.default_rng(len(text)).standard_normal((len(text), 4))
        noise[:, 2] -= 3 * np.asarray(y)
        traces.append(Trace.from_arrays(text, {"rnn.l0.h": noise}))
    a, b = traces
    ranking = rank_units(a, ya, held_out=(b, yb), probe=False)
    same = rank_units(a, make, held_out=b, probe=False)
    in_lists = rank_units([a], make, held_out=([b], make), probe=False)
    assert str(ranking) == str(same) == str(in_lists)
    assert (ranking[0].unit, ranking[0].sign) == (2, -1)
    assert ranking.chosen_on.tokens == len(first) - 100
    assert ranking.reported_on.tokens == len(second) - 100
    column = np.asarray(b["rnn.l0.h"])[100:, 2]
    expected = make_target(np.asarray(yb)[100:], Strata.pool(len(column))).gain(-column) + 0.5
    assert ranking[0].held_out == pytest.approx(expected)
    assert ranking.note.startswith("two texts; ")

    with_controls = rank_units(a, ya, held_out=(b, yb), control=[(a, b), (a, b)])
    assert with_controls.control == (ranking[0].held_out,) * 2
    assert rank_units(a, ya, held_out=(b, yb), control=(a, b)).control == with_controls.control[:1]
    with pytest.raises(TypeError, match=r"held_out must be \(trace, label\) where label is an"):
        rank_units(a, ya, held_out=b)


def test_controls_have_the_form_of_the_traces() -> None:
    blocks = [trace_of(LINE * n, seed=n) for n in (8, 8, 8, 8)]
    one = rank_units(blocks, labels.inside_quotes, control=blocks, shifts=9, probe=False)
    assert one.control == (one[0].held_out,)
    two = rank_units(blocks, labels.inside_quotes, control=[blocks, blocks], shifts=9, probe=False)
    assert two.control == one.control * 2
    with pytest.raises(ValueError, match="control 0 must be recorded on the tokens"):
        rank_units(blocks, labels.inside_quotes, control=blocks[:3], probe=False)


def forth_and_back(label: NDArray[Any], start: int) -> NDArray[Any]:
    n = len(label)
    places = [t % (2 * n) for t in range(start, start + n)]
    return np.array([label[t] if t < n else label[2 * n - 1 - t] for t in places])


def gain_of_chance(part: Part, start: int, column: NDArray[np.float32]) -> float:
    label = part.target.label
    if part.target.strata.pooled and label.dtype != np.bool_:
        ranks = stats.rankdata(column), forth_and_back(stats.rankdata(label), start)
        return float(np.corrcoef(*ranks)[0, 1])
    return make_target(forth_and_back(label, start), part.target.strata).gain(column.copy())


def test_every_label_of_chance_repeats_the_whole_choice() -> None:
    rng = np.random.default_rng(3)
    text = LINE * 16
    trace = Trace.from_arrays(text, {"s": np.cumsum(rng.standard_normal((len(text), 9)), axis=0)})
    for label in (labels.inside_quotes, labels.line_position):
        for within in (None, "token"):
            a, b = parts(trace, label, gap=10, within=within)
            shifts_a = shifted_labels(a, 12, np.random.default_rng(1))
            shifts_b = shifted_labels(b, 12, np.random.default_rng(2))
            swept = sweep(a, b, ["s"], shifts_a)
            scores = held_out_by_chance(swept, b, shifts_b)

            offsets = [
                np.random.default_rng(seed).choice(
                    np.arange(len(p.rows) // 20, 2 * len(p.rows) - len(p.rows) // 20 + 1), 12
                )
                for p, seed in ((a, 1), (b, 2))
            ]
            columns = np.asarray(trace["s"])
            for s, (i, j) in enumerate(zip(*offsets, strict=True)):
                gains = [gain_of_chance(a, i, columns[a.rows, unit]) for unit in range(9)]
                best = int(np.argmax(np.abs(gains)))
                expected = np.sign(gains[best]) * gain_of_chance(b, j, columns[b.rows, best])
                assert scores[s] - b.target.base == pytest.approx(expected, abs=1e-5)


def test_another_texts_label_can_be_the_chance() -> None:
    a, _ = parts(trace_of(LINE * 10), labels.inside_quotes)
    other = np.zeros(97, bool)
    other[:10] = True
    drawn = foreign_labels(a, other, 5, np.random.default_rng(0))
    assert len(drawn) == 5
    assert all(len(direction.values) == len(a.rows) for direction in drawn)
    assert {np.count_nonzero(direction.values) for direction in drawn} <= set(range(20, 41))
    ranking = rank_units(trace_of(LINE * 10), labels.inside_quotes, null=other, probe=False)
    assert ranking.chance is not None
    assert "another text's label" in str(ranking)
    rare = np.zeros(10**6, bool)
    rare[0] = True
    with pytest.raises(ValueError, match="null must vary in windows as long as a part"):
        foreign_labels(a, rare, 50, np.random.default_rng(0))


def test_the_last_tokens_predict_what_depends_on_them_alone() -> None:
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abcd"), 6000))
    is_a = np.array(list(text)) == "a"
    trace = trace_of(text)
    assert last_tokens(*parts(trace, is_a), 1) == pytest.approx(1)

    after_a = np.concatenate(([False], is_a[:-1]))
    a, b = parts(trace, after_a)
    assert last_tokens(a, b, 1) == pytest.approx(0.5, abs=0.05)
    assert last_tokens(a, b, 2) == pytest.approx(1)
    count = np.convolve(is_a, [1, 1, 1])[: len(text)].astype(float)
    a, b = parts(trace, count)
    assert last_tokens(a, b, 3) > 0.9, "all but the ties of the counts"
    assert last_tokens(a, b, 1) < 0.7


@pytest.mark.parametrize(
    ("units", "state", "got"),
    [(2, "s", "2 units"), (4, "s", "4 units"), (3, "other", "no such state")],
)
def test_a_held_out_text_is_of_the_same_network(units: int, state: str, got: str) -> None:
    rng = np.random.default_rng(0)
    other = Trace.from_arrays(LINE * 9, {state: rng.standard_normal((9 * len(LINE), units))})
    message = f"held_out must be of the network that is ranked, with 3 units of s, got {got}"
    with pytest.raises(ValueError, match=message):
        rank_units(trace_of(LINE * 9), labels.inside_quotes, held_out=other)


@pytest.mark.parametrize("shifts", [0, 5])
def test_ranking_leaves_traces_as_they_were(shifts: int) -> None:
    traces = [trace_of(LINE * 9, seed=n) for n in range(3)]  # with holes: the start of each
    before = [np.array(trace["s"]) for trace in traces]
    ranking = rank_units(traces, labels.inside_quotes, skip=30, shifts=shifts, resamples=0)
    for trace, values in zip(traces, before, strict=True):
        assert np.array_equal(trace["s"], values)
    a, _ = parts(traces, labels.inside_quotes, skip=30, gap=100)
    expected = [
        roc_auc_score(a.target.label, column) for column in np.concatenate(before)[a.rows].T
    ]
    found = {entry.unit: entry.score for entry in ranking}
    assert [found[unit] for unit in range(3)] == pytest.approx([max(x, 1 - x) for x in expected])


def test_what_the_last_tokens_predict_is_the_same_however_many_other_tokens_there_are() -> None:
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abcd"), 3000))
    a, b = parts(trace_of(text), np.convolve(np.array(list(text)) == "a", [1, 1, 1])[:3000])
    far = [replace(part, codes=part.codes * 10_000) for part in (a, b)]
    assert last_tokens(*far, 3) == last_tokens(a, b, 3)


def test_tokens_never_seen_before_say_nothing() -> None:
    text = "ab" * 50 + "cd" * 50
    y = np.arange(200) % 4 == 0
    assert last_tokens(*parts(trace_of(text), y), 3) == 0.5


def test_the_probe_is_ridge_regression_on_standardised_units() -> None:
    rng = np.random.default_rng(0)
    text = LINE * 12
    y = np.asarray(labels.inside_quotes(text))
    x = rng.standard_normal((len(text), 5)) * [1, 10, 0.1, 1, 3] + [0, 100, 0, -5, 1]
    x[:, 1] += 9 * y
    a, _ = parts(Trace.from_arrays(text, {"s": x}), y)
    index = np.arange(len(a.rows))
    weights = _Moments.of(a, index, UnitFeatures(["s"])).weights(0.1)
    chosen = x[a.rows].astype(np.float32)
    deviation = chosen.std(axis=0)
    reference = Ridge(alpha=0.1 * len(index)).fit(chosen / deviation, y[a.rows])
    assert weights * deviation == pytest.approx(reference.coef_, rel=2e-3)


def test_within_tokens_the_probe_fits_what_the_token_does_not_say() -> None:
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abc"), 3000))
    codes = np.searchsorted(list("abc"), list(text))
    y = rng.random(3000) < 0.1 + 0.4 * codes
    x = np.stack([codes + 0.1 * rng.standard_normal(3000), y + rng.standard_normal(3000)], axis=1)
    a, _ = parts(Trace.from_arrays(text, {"s": x}), y, within="token")
    weights = _Moments.of(a, np.arange(len(a.rows)), UnitFeatures(["s"])).weights(1e-5)
    dummies = np.eye(3)[codes[a.rows]]
    design = np.concatenate([x[a.rows], dummies], axis=1)
    reference = np.linalg.lstsq(design, y[a.rows].astype(float), rcond=None)[0][:2]
    assert weights == pytest.approx(reference, rel=1e-2, abs=1e-4)


def test_constant_repeated_and_huge_units_do_not_upset_the_probe() -> None:
    text = LINE * 20
    y = np.asarray(labels.inside_quotes(text)).astype(float)
    beyond = np.where(np.arange(len(y)) % 7 == 0, np.inf, 1e38 * (y - 0.5))
    x = np.stack([y, y, np.full(len(y), 7.0), np.zeros(len(y)), beyond], axis=1)
    a, b = parts(Trace.from_arrays(text, {"s": x}), y > 0)
    said = predict(a, b, UnitFeatures(["s"]))
    assert np.isfinite(said).all()
    assert b.target.gain(said) == pytest.approx(0.5)


def test_the_rival_probe_reads_the_last_twenty_tokens() -> None:
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("abcd"), 8000))
    is_a = np.array(list(text)) == "a"

    def some_tokens_ago(lag: int) -> float:
        a, b = parts(trace_of(text), np.roll(is_a, lag), skip=30)
        said = predict(a, b, LastTokens.common_in(a))
        return b.target.base + b.target.gain(said)

    assert some_tokens_ago(19) > 0.99
    assert some_tokens_ago(20) < 0.6


def test_the_probe_reads_what_the_network_carries_on() -> None:
    assert carried(["l.l0.h", "l.l0.c", "l.l0.i"]) == ("l.l0.h", "l.l0.c")
    assert carried(["l.l0.i", "l.l0.f"]) == ("l.l0.i", "l.l0.f")
    assert carried(["encoder"]) == ("encoder",)
