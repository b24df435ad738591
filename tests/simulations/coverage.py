"""How often the 95 % interval of a score holds the score that a text without end would give.

Run from the repository: ``python -m tests.simulations.coverage [TRIALS]``, by default 100 of each
row (two minutes on one core). A unit is the label plus slow noise, as many standard deviations of
the label as make the score; the noise has the autocorrelation time that the row names.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from rnnviz_widget.ranking.resampling import Resampling
from rnnviz_widget.ranking.splits import labelled, split
from rnnviz_widget.trace import Trace
from tests.simulations.false_claims import autoregressive

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKENS = 40_000  # half of them are reported on
TIMES = (5, 200, 400, 1_000)
NOISE = (0.5,)
SPAN = 20  # tokens of a span
LINE = 50
LABELS = ("spans", "line position", "slow numbers")
"""What is followed: a boolean label (AUC), and two numeric ones (Spearman)."""


def label_of(
    rng: np.random.Generator, name: str, length: int, time: float
) -> NDArray[np.bool_] | NDArray[np.float64]:
    """Return a label of variance 1, or one that is true half of the time."""
    if name == "spans":
        return np.repeat(rng.random(length // SPAN + 1) < 0.5, SPAN)[:length]
    if name == "line position":
        return (np.arange(length) % LINE) / (LINE / np.sqrt(12))
    return autoregressive(rng, 1, length, time)[0]


def truth(name: str, noise: float) -> float:
    """Return the score of a label plus so much noise, from two million independent tokens."""
    rng = np.random.default_rng(1)
    label = label_of(rng, name, 2_000_000, 0)
    unit = label + noise * rng.standard_normal(len(label))
    if name == "spans":
        return float(roc_auc_score(label, unit))
    return float(spearmanr(label, unit).statistic)


def coverage(
    name: str, *, time: float, noise: float, expected: float, trials: int, tokens: int = TOKENS
) -> tuple[int, int]:
    """Return in how many trials an interval is known, and in how many it holds the expected."""
    rng = np.random.default_rng(0)
    known = covered = 0
    text = "".join(rng.choice(list("etaoin"), tokens))
    for _ in range(trials):
        label = label_of(rng, name, tokens, time)
        unit = label + noise * autoregressive(rng, 1, tokens, time)[0]
        trace = Trace.from_arrays(text, {"s": unit[:, None]})
        _, part = split(labelled(trace, label, "label"), None, skip=0, gap=0, within=None)
        low, high = Resampling(part, 400).intervals(unit[part.rows].astype(np.float32), 1).text
        known += not np.isnan(low)
        covered += low < expected < high
    return known, covered


def main() -> None:
    """Print the coverage for each autocorrelation time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=int, nargs="?", default=100)
    trials = parser.parse_args().trials
    print(f"{TOKENS // 2:,} tokens reported on, {trials} trials of each row\n")
    print("| label | score | time | tokens / time | known | coverage where known |")
    print("|---|---|---|---|---|---|")
    for name in LABELS:
        for noise in NOISE:
            expected = truth(name, noise)
            score = f"{'AUC' if name == 'spans' else 'Spearman'} {expected:.3f}"
            for time in TIMES:
                known, covered = coverage(
                    name, time=time, noise=noise, expected=expected, trials=trials
                )
                share = f"{100 * covered / known:.0f} %" if known else "-"
                print(
                    f"| {name} | {score} | {time:,} | {TOKENS // 2 / time:,.0f} "
                    f"| {100 * known / trials:.0f} % | {share} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
