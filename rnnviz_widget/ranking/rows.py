"""The rows of a ranking's table, and its numbers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.ranking.entry import Entry


def interval_in_words(interval: tuple[float, float]) -> str:
    """Return "0.980 to 0.990", or "not known" for NaN."""
    low, high = interval
    return "not known" if np.isnan(low) else f"{low:.3f} to {high:.3f}"


def range_in_words(scores: Sequence[float]) -> str:
    """Return the lowest and the highest of some scores."""
    if not scores:
        return "not given"
    low, high = min(scores), max(scores)
    return f"{low:.3f}" if len(scores) == 1 else f"{low:.3f} to {high:.3f}"


def networks(scores: Sequence[float]) -> str:
    """Return what some control networks are called."""
    return f"{len(scores)} control networks" if len(scores) > 1 else "control networks"


def table_row(number: int, entry: Entry, extra: Sequence[str]) -> list[str]:
    """Return an entry as the cells of a table, with some further columns."""
    detail = entry.detail
    row = [str(number), entry.name, f"{entry.sign:+d}", f"{entry.score:.3f}"]
    row.append(f"{entry.held_out:.3f}")
    if detail is None:
        return [*row, *([""] * (len(extra) + 1))]
    row.append(interval_in_words(detail.interval) if detail.blocks[0] else "")
    values = {
        "AP": detail.average_precision,
        "threshold": detail.threshold,
        "accuracy": detail.accuracy,
        "F1": detail.f1,
        "Pearson": detail.pearson,
    }
    shown = (values[name] for name in extra)
    return [*row, *("" if value is None else f"{value:.3f}" for value in shown)]


def record_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as a row of a data frame."""
    detail = entry.detail
    low, high = (None, None) if detail is None else detail.interval
    record = {
        name: getattr(entry, name)
        for name in ("state", "unit", "layer", "kind", "score", "held_out", "sign", "metric")
    }
    over_texts = (detail and detail.interval_over_texts) or (None, None)
    record |= {"interval_low": low, "interval_high": high}
    record |= {"over_texts_low": over_texts[0], "over_texts_high": over_texts[1]}
    for name in ("average_precision", "threshold", "accuracy", "f1", "pearson"):
        record[name] = None if detail is None else getattr(detail, name)
    return record
