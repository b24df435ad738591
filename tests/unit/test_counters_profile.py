"""Profiles of made-up units, of which it is known how each token changes them."""

import subprocess
import sys
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from rnnviz_widget.counters import Profile, counter_profile
from rnnviz_widget.counters.changes import changes_by_token
from rnnviz_widget.stats.intervals import student_quantile
from rnnviz_widget.trace import Trace


def letters(length: int, alphabet: str = "abc", seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list(alphabet), length))


def trace_of(tokens: object, values: object) -> Trace:
    column = np.asarray(values, np.float32)[:, None]
    return Trace.from_arrays(tokens, {"rnn.l0.c": column})


def profile_of(tokens: object, values: object, **options: int) -> Profile:
    return counter_profile(trace_of(tokens, values), "rnn.l0.c", 0, **options)


def by_hand(tokens: str, values: NDArray[np.float32], lags: int, skip: int) -> dict[str, object]:
    """Average the changes token after token."""
    found = defaultdict(list)
    for t in range(max(skip, 1), len(tokens) - lags):
        window = values[t - 1 : t + lags + 1].astype(float)
        if np.isfinite(window).all():
            found[tokens[t]].append((window[0], *np.diff(window)))
    return {token: np.array(rows) for token, rows in found.items()}


def test_the_increments_built_in_come_back() -> None:
    text = letters(3000)
    steps = {"a": 0.5, "b": -0.25, "c": 0.0}
    profile = profile_of(text, np.cumsum([steps[token] for token in text]), skip=0)
    for token, step in steps.items():
        np.testing.assert_allclose(profile[token].all.mean[0], step, atol=1e-6)
        assert profile[token].all.low[0] <= step + 1e-6
        assert profile[token].all.high[0] >= step - 1e-6
        assert profile[token].all.count == pytest.approx(1000, abs=100)
    np.testing.assert_allclose(profile.all.eta_squared[0], 1)
    assert np.abs(profile.all.eta_squared[1:]).max() < 0.01


def test_a_switch_of_one_token_shows_only_when_split_by_the_value_before_and_at_its_lag() -> None:
    text = "".join(f'{word}"a' for word in letters(4000, "abcdefgh").split("h"))
    on = np.cumsum([letter == '"' for letter in text]) % 2
    late = np.concatenate(([0], on[:-1]))  # one step late
    row = profile_of(text, 2.0 * late - 1)['"']
    np.testing.assert_allclose(row.negative.mean[:3], [0, 2, 0], atol=0.3)
    np.testing.assert_allclose(row.positive.mean[:3], [0, -2, 0], atol=0.3)
    np.testing.assert_allclose(row.all.mean[:3], 0, atol=0.1)


@given(
    tokens=st.text("abcdx\n", min_size=6, max_size=60),
    lags=st.integers(0, 3),
    skip=st.integers(0, 2),
    seed=st.integers(0, 99),
)
def test_means_and_counts_are_those_of_a_loop_over_the_tokens(
    tokens: str, lags: int, skip: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(len(tokens)).astype(np.float32)
    values[rng.random(len(tokens)) < 0.05] = rng.choice([np.nan, np.inf, -np.inf])
    expected = by_hand(tokens, values, lags, skip)
    if not expected:
        with pytest.raises(ValueError, match="NaN or infinite"):
            profile_of(tokens, values, lags=lags, skip=skip)
        return
    profile = profile_of(tokens, values, lags=lags, skip=skip)
    assert set(profile) == set(expected)
    for token, rows in expected.items():
        before, changes = rows[:, 0], rows[:, 1:]
        for part, chosen in (
            (profile[token].all, changes),
            (profile[token].negative, changes[before < 0]),
            (profile[token].positive, changes[before >= 0]),
        ):
            assert part.count == len(chosen)
            mean = chosen.mean(axis=0) if len(chosen) else np.full(lags + 1, np.nan)
            np.testing.assert_allclose(part.mean, mean, atol=1e-9)
    counted = sum(map(len, expected.values()))
    assert profile.left_out == max(len(tokens) - lags - max(skip, 1), 0) - counted
    counts = [profile[token].all.count for token in profile]
    assert counts == sorted(counts, reverse=True)


def test_intervals_cover_the_truth_where_neighbouring_changes_are_not_independent() -> None:
    """Slow noise: an interval that took occurrences for independent would cover 60 % or so."""
    rng = np.random.default_rng(3)
    covered, naive = [], []
    for _ in range(300):
        n, blocks = 2000, np.arange(2000) // 100
        noise = np.repeat(rng.standard_normal(n // 20), 20)[:, None]
        changes = changes_by_token(noise + 0.7, np.zeros(n, int), blocks, 1)
        covered.append(changes.low[0, 0] < 0.7 < changes.high[0, 0])
        naive.append(abs(noise.mean()) < 1.96 * noise.std() / np.sqrt(n))
    assert 0.91 <= np.mean(covered) <= 0.98
    assert np.mean(naive) < 0.6


def test_without_dependence_the_interval_is_that_of_the_t_test_over_blocks() -> None:
    values = np.random.default_rng(0).standard_normal((600, 1))
    blocks = np.repeat(np.arange(6), 100)
    changes = changes_by_token(values, np.zeros(600, int), blocks, 1)
    means = values.reshape(6, 100).mean(axis=1)
    expected = stats.t.interval(0.95, 5, means.mean(), stats.sem(means))
    np.testing.assert_allclose((changes.low[0, 0], changes.high[0, 0]), expected, rtol=1e-3)


def test_students_quantile_agrees_with_scipy() -> None:
    df = np.arange(1, 400)
    np.testing.assert_allclose(student_quantile(df), stats.t.ppf(0.975, df), atol=2e-3)


def test_tokens_that_explain_nothing_explain_nothing_however_rare_they_are() -> None:
    rng = np.random.default_rng(1)
    tokens = [f"w{i}" for i in rng.integers(0, 700, 2000)]  # three of each
    shares = [
        profile_of(tokens, rng.standard_normal(2000), skip=0).all.eta_squared for _ in range(20)
    ]
    assert np.abs(np.mean(shares, axis=0)).max() < 0.02


def test_what_tokens_explain_is_the_share_built_in() -> None:
    text = letters(20_000, "ab")
    rng = np.random.default_rng(2)
    changes = np.where(np.array(list(text)) == "a", 1.0, -1.0) + 2 * rng.standard_normal(20_000)
    share = profile_of(text, np.cumsum(changes)).all.eta_squared
    assert share[0] == pytest.approx(1 / 5, abs=0.02)  # variance 1 of 1 + 4


def test_a_token_that_occurs_once_has_a_mean_and_no_interval() -> None:
    text = letters(800)
    values = np.cumsum(np.random.default_rng(0).standard_normal(801))
    row = profile_of(text[:500] + "!" + text[500:], values)["!"]
    assert row.all.count == 1
    assert row.all.mean[0] == pytest.approx(values[500] - values[499], abs=1e-5)
    assert np.isnan(row.all.low).all()
    assert np.isnan(row.all.high).all()


def test_changes_are_not_taken_across_the_seam_of_two_traces() -> None:
    first, second = trace_of("aab", [0, 1, 2]), trace_of("aab", [100, 101, 102])
    profile = counter_profile([first, second], "rnn.l0.c", 0, lags=0, skip=0)
    assert profile["a"].all.count == 2
    np.testing.assert_allclose(profile["a"].all.mean, 1)
    np.testing.assert_allclose(profile["b"].all.mean, 1)


def test_a_unit_that_never_moves_has_no_share_to_explain() -> None:
    profile = profile_of(letters(300), np.full(300, 0.1))
    assert np.isnan(profile.all.eta_squared).all()
    np.testing.assert_array_equal(profile.all.mean, 0)
    assert "lag 0: -" in str(profile)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"trace must have more than 103 tokens \(skip=100, lags=3\), got 50 in 1 traces"),
        ({"lags": -1}, "lags must be at least 0, got -1"),
        ({"skip": -5}, "skip must be at least 0, got -5"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        profile_of(letters(50), np.zeros(50), **options)


def test_wrong_names_and_types_are_refused() -> None:
    trace = trace_of(letters(300), np.zeros(300))
    with pytest.raises(KeyError, match=r"no state is named 'rnn.l1.c'"):
        counter_profile(trace, "rnn.l1.c", 0)
    with pytest.raises(ValueError, match=r"unit must be in \[0, 1\)"):
        counter_profile(trace, "rnn.l0.c", 1)
    with pytest.raises(TypeError, match=r"lags must be a whole number, got 1.5"):
        counter_profile(trace, "rnn.l0.c", 0, lags=1.5)
    with pytest.raises(KeyError, match="'z' does not occur"):
        counter_profile(trace, "rnn.l0.c", 0)["z"]


def test_a_profile_is_escaped_in_a_notebook() -> None:
    tokens = ["<script>alert(1)</script>", "b"] * 200
    html = profile_of(tokens, np.arange(400) % 2)._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<table>") == html.count("</table>") == 3


def test_a_notebook_shows_where_the_strongest_tokens_change_it_most_and_folds_the_rest() -> None:
    text = letters(3000, "abcdefghijklmnopq")
    rises = np.cumsum([{"q": 1.0, "p": -0.5}.get(token, 0.0) for token in text])
    profile = profile_of(text, np.roll(rises, 1) - 40)  # one step late
    head, *rows = profile.largest(2)
    assert head == ["after", "value before", "times", "largest change", "at lag"]
    assert [(row[0], row[3][:5], row[4]) for row in rows if "0 or" not in row[1]] == [
        ("'q'", "+1.00", "1"),
        ("'p'", "-0.50", "1"),
    ]
    seen, folded = profile._repr_html_().split("<details>")
    assert seen.count("<tr>") <= 1 + 2 * 3
    assert folded.count("<tr>") > seen.count("<tr>")


def test_a_profile_prints_the_tokens_that_move_the_unit_most() -> None:
    text = letters(3000, "abcdefghijklmnopq")
    values = np.cumsum([{"q": 1.0}.get(token, 0.0) for token in text])
    profile = profile_of(text, values - 40)
    assert profile.strongest()[0] == "q"
    lines = str(profile).splitlines()
    assert lines[0] == "How rnn.l0.c[0] changes after each token"
    row = next(line for line in lines if line.startswith("'q'"))
    assert "+0.9" in row
    assert "... 9 more" in str(profile)


def test_a_profile_becomes_a_data_frame() -> None:
    profile = profile_of(letters(3000), np.arange(3000) % 7, lags=2)
    frame = profile.to_pandas()
    assert len(frame) == 3 * 3 * 3  # tokens, values before, lags
    row = frame[frame.token.isin(["a"]) & (frame.before == "all") & (frame.lag == 1)].iloc[0]
    assert row["mean"] == profile["a"].all.mean[1]
    assert row["count"] == profile["a"].all.count


def test_counters_work_without_torch() -> None:
    program = """
import sys
sys.modules["torch"] = None
import rnnviz_widget as rnnviz
trace = rnnviz.Trace.from_arrays("ab" * 200, {"l0.f": [[0.05], [0.95]] * 200})
assert rnnviz.counter_profile(trace, "l0.f", 0)["a"].all.mean[0] < -0.8
assert rnnviz.gate_saturation(trace)[0].left == 0.5
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_falling_back_to_the_mean_is_any_token_and_no_count() -> None:
    """Noise that knows no token: where it is low it rises, after every token alike."""
    rng = np.random.default_rng(0)
    text = letters(20_000, "abcdefghij")
    profile = counter_profile(trace_of(text, rng.standard_normal(len(text))), "rnn.l0.c", 0)
    assert profile["a"].negative.low[0] > 0.5, "which looks like counting up"
    table = profile.rows()
    assert [row[:2] for row in table[1:3]] == [["any token", "< 0"], ["any token", ">= 0"]]
    assert float(table[1][3]) == pytest.approx(0.8, abs=0.05)  # the mean of a half normal
    assert float(table[2][3]) == pytest.approx(-0.8, abs=0.05)
    named = {row[0] for row in table[3:-1]}
    assert len(named) <= 1, "of eighty intervals some exclude 0 by chance"
    assert table[-1][0].endswith("more")


def test_what_a_token_does_beyond_any_token_is_shown_as_a_difference() -> None:
    text = letters(20_000, "abcd")
    steps = np.array([{"a": 1.0, "b": -1.0}.get(token, 0.0) for token in text])
    noise = np.random.default_rng(1).standard_normal(len(text))
    values = steps + 2 * noise  # forgets at once: back to the mean, and what the token adds
    profile = counter_profile(trace_of(text, values), "rnn.l0.c", 0, lags=0)
    any_mean = profile.all.any_mean[0]
    changes = np.diff(values)[99:]
    assert any_mean == pytest.approx(changes.mean(), abs=1e-6)
    shown = {(row[0], row[1]): row[3] for row in profile.rows()[3:] if len(row) > 3}
    for token, sign in (("'a'", "+"), ("'b'", "-")):
        for before in ("< 0", ">= 0"):
            assert shown[token, before].startswith(sign)
            assert abs(abs(float(shown[token, before].split()[0])) - 1) < 0.2
