"""How strong a relation is, in a word with stated bounds."""

from __future__ import annotations

CLEAR = 0.5
NEAR_PERFECT = 0.95
"""Bounds of the effect size: Spearman's correlation, or 2 AUC - 1.

The second is the rank-biserial correlation, which is Somers' D of a boolean label, so that both lie
on one scale from -1 to 1. From 0.5 on an effect counts as large (J. Cohen, Statistical power
analysis, 1988, section 3.2); 0.95 leaves one wrong pair in forty.
"""


def strength(metric: str, score: float) -> str:
    """Return "weak", "clear" or "near-perfect" for an AUC or a correlation."""
    size = 2 * score - 1 if metric == "AUC" else score
    if size >= NEAR_PERFECT:
        return "near-perfect"
    return "clear" if size >= CLEAR else "weak"


def bounds(metric: str) -> str:
    """Say from which score on a relation is called what."""
    clear, perfect = ((1 + size) / 2 if metric == "AUC" else size for size in (CLEAR, NEAR_PERFECT))
    return f"clear from {metric} {clear:g}, near-perfect from {perfect:g}, else weak"
