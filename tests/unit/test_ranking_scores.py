"""Scores against independent references: scikit-learn, scipy and plain counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from rnnviz_widget.ranking.entry import detector
from rnnviz_widget.ranking.scores import BoolTarget, NumberTarget, Strata
from rnnviz_widget.stats.auc import area_under_curve

SHAPES = {
    "smooth": lambda rng, n: rng.standard_normal(n),
    "few values": lambda rng, n: rng.integers(-2, 3, n),
    "saturated": lambda rng, n: np.tanh(rng.standard_normal(n) * 9),
    "one bit apart": lambda rng, n: 1 + rng.integers(0, 4, n) * 2.0**-23,
    "two zeros": lambda rng, n: rng.choice([0.0, -0.0, 1e-40, -1e-40], n),
    "infinite": lambda rng, n: rng.choice([np.inf, -np.inf, 0, 1], n),
    "constant": lambda _, n: np.full(n, 0.25),
}


def pooled(label: NDArray[np.bool_]) -> BoolTarget:
    return BoolTarget(label, Strata.pool(len(label)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rate", [0.02, 0.5, 0.97])
def test_area_agrees_with_scikit_learn(shape: str, rate: float) -> None:
    rng = np.random.default_rng(1)
    column = SHAPES[shape](rng, 4000).astype(np.float32)
    label = rng.random(4000) < rate
    column[label] += np.float32(0.5) if shape == "smooth" else np.float32(0)
    finite = np.clip(column, -9, 9)  # scikit-learn refuses infinity; the order is the same
    expected = roc_auc_score(label, finite)
    target = pooled(label)
    assert target.gain(column) + 0.5 == pytest.approx(expected, abs=1e-7)
    assert target.features(column) @ target.direction + 0.5 == pytest.approx(expected, abs=1e-6)


def share_in_order(column: NDArray[np.float32], label: NDArray[np.bool_]) -> float:
    above = column[label][:, None] > column[~label]
    equal = column[label][:, None] == column[~label]
    return float((above + equal / 2).mean())


LABELS = hnp.arrays(np.bool_, 40).filter(lambda y: 0 < y.sum() < y.size)
# Any float32 at all, and values next to where units saturate.
FLOATS = st.floats(width=32, allow_nan=False)
NEAR_ONE = st.integers(-4, 4).map(lambda k: (-1) ** k * (1 - abs(k) * 2.0**-24))
COLUMNS = hnp.arrays(np.float32, 40, elements=FLOATS | NEAR_ONE | st.floats(-1, 1, width=32))


@given(COLUMNS, LABELS)
def test_area_is_the_share_of_pairs_in_order(
    column: NDArray[np.float32], label: NDArray[np.bool_]
) -> None:
    assert area_under_curve(column, label) == pytest.approx(
        share_in_order(column, label), abs=1e-12
    )


@pytest.mark.parametrize("shape", ["smooth", "few values", "saturated"])
def test_rank_correlation_agrees_with_scipy(shape: str) -> None:
    rng = np.random.default_rng(2)
    column = SHAPES[shape](rng, 3000).astype(np.float32)
    label = np.round(column * 3 + rng.standard_normal(3000) * 4)
    target = NumberTarget(label, Strata.pool(3000))
    expected = spearmanr(column, label).statistic
    assert target.gain(column) == pytest.approx(expected, abs=1e-9)
    assert target.features(column) @ target.direction == pytest.approx(expected, abs=1e-6)
    assert target.linear_gain(column) == pytest.approx(pearsonr(column, label).statistic, abs=1e-9)


def test_a_constant_column_correlates_with_nothing() -> None:
    label = np.arange(50.0)
    target = NumberTarget(label, Strata.pool(50))
    assert target.gain(np.full(50, 0.1, np.float32)) == 0
    assert target.linear_gain(np.full(50, 0.1, np.float32)) == 0


def test_what_is_infinite_has_a_rank_and_no_value() -> None:
    column = np.array([-np.inf, 1, 2, np.inf, 3], np.float32)
    target = NumberTarget(np.array([0.0, 1, 2, 9, 3]), Strata.pool(5))
    assert target.gain(column) == pytest.approx(1)
    assert np.isnan(target.linear_gain(column))


def test_within_strata_the_area_is_the_weighted_average_of_the_strata() -> None:
    rng = np.random.default_rng(3)
    codes = rng.choice(5, 2000, p=[0.5, 0.3, 0.15, 0.04, 0.01])
    column = rng.integers(0, 30, 2000).astype(np.float32)
    label = rng.random(2000) < np.array([0.1, 0.5, 0.9, 0.2, 0.0])[codes]  # the last never varies
    total = weight_of_all = 0.0
    for code in range(4):
        true = label[codes == code]
        weight = true.sum() * (~true).sum() / len(true)
        total += weight * roc_auc_score(true, column[codes == code])
        weight_of_all += weight
    target = BoolTarget(label, Strata(codes))
    assert target.gain(column) + 0.5 == pytest.approx(total / weight_of_all, abs=1e-9)
    assert target.features(column) @ target.direction == pytest.approx(
        target.gain(column), abs=1e-6
    )


def test_within_strata_correlation_is_the_weighted_average_of_the_strata() -> None:
    rng = np.random.default_rng(4)
    codes = rng.choice(4, 1000, p=[0.6, 0.3, 0.05, 0.05])
    column = rng.integers(0, 30, 1000).astype(np.float32)
    label = np.where(codes == 3, 7.0, column * (codes - 1) + rng.integers(0, 40, 1000))
    sizes = np.bincount(codes)[:3]
    each = [spearmanr(column[codes == code], label[codes == code]).statistic for code in range(3)]
    expected = np.average(each, weights=sizes - 1)
    target = NumberTarget(label, Strata(codes))
    assert target.gain(column) == pytest.approx(expected, abs=1e-9)
    assert target.features(column) @ target.direction == pytest.approx(expected, abs=1e-6)


def test_what_the_token_alone_says_counts_nothing_within_tokens() -> None:
    codes = np.arange(60) % 3
    label = np.arange(60) % 4 == 0
    assert BoolTarget(label, Strata(codes)).gain(codes.astype(np.float32)) == 0
    assert pooled(codes == 1).gain(codes.astype(np.float32)) == pytest.approx(0)
    assert pooled(codes == 2).gain(codes.astype(np.float32)) == 0.5


HARD = {
    **SHAPES,
    "with outliers": lambda rng, n: (
        rng.standard_normal(n) * np.where(rng.random(n) < 1e-3, 1e29, 1)
    ),
    "subnormal": lambda rng, n: rng.integers(-(10**6), 10**6, n) * 2.0**-149,
    "subnormal and large": lambda rng, n: rng.choice([2.0**-149, 2.0**-148, 0, 3, 3e38, -3e38], n),
    "any float": lambda rng, n: rng.standard_normal(n) * 10.0 ** rng.integers(-44, 38, n),
    "just below two": lambda rng, n: 2 - rng.integers(1, 5, n) * 2.0**-23,
    "just below minus two": lambda rng, n: -2 - rng.integers(0, 5, n) * 2.0**-22,
    "a slow drift": lambda rng, n: np.cumsum(rng.standard_normal(n)),
    "far from zero": lambda rng, n: 1e6 + rng.standard_normal(n),
    "order in the last digit": lambda rng, n: rng.integers(0, 30_000, n) + rng.random(n) / 100,
}


@pytest.mark.parametrize("rate", [3e-5, 0.02, 0.3, 0.9])
@pytest.mark.parametrize("shape", HARD)
def test_the_area_of_a_long_column_agrees_with_scikit_learn(shape: str, rate: float) -> None:
    rng = np.random.default_rng(8)
    label = rng.random(150_000) < rate
    column = (HARD[shape](rng, len(label)) + 0.5 * label * (shape == "smooth")).astype(np.float32)
    # scikit-learn refuses infinity and takes nearly equal scores for equal: give it ranks
    expected = roc_auc_score(label, np.unique(column, return_inverse=True)[1])
    assert area_under_curve(column, label) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_detector_agrees_with_scikit_learn(sign: int) -> None:
    rng = np.random.default_rng(7)
    label_a, label_b = rng.random((2, 1500)) < 0.2
    column_a, column_b = np.round(rng.standard_normal((2, 1500)), 1).astype(np.float32)
    column_a[label_a] += sign
    column_b[label_b] += sign
    threshold, precision, accuracy, f1 = detector(column_a, label_a, column_b, label_b, sign)

    def says_true(column: NDArray[np.float32], cut: float) -> NDArray[np.bool_]:
        return column >= cut if sign > 0 else column <= cut

    best_on_a = max(f1_score(label_a, says_true(column_a, cut)) for cut in np.unique(column_a))
    assert f1_score(label_a, says_true(column_a, threshold)) == pytest.approx(best_on_a)
    assert f1 == pytest.approx(f1_score(label_b, says_true(column_b, threshold)))
    assert accuracy == pytest.approx((label_b == says_true(column_b, threshold)).mean())
    assert precision == pytest.approx(average_precision_score(label_b, sign * column_b), abs=1e-9)
