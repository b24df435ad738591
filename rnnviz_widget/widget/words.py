"""What a widget shows, said in words: for outputs that show no picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rnnviz_widget.pieces import readable
from rnnviz_widget.widget.wire import json_safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.trace import Trace
    from rnnviz_widget.trace.excerpt import Excerpt

_OPENING = 60  # characters of the text that are quoted


def in_words(
    trace: Trace,
    excerpt: Excerpt,
    shown: tuple[str, int],
    rankings: Sequence[dict[str, Any]],
    *,
    quoted: bool = True,
) -> str:
    """Return which unit is shown over which text, and what it was found to follow.

    Parameters
    ----------
    shown
        State and unit.
    rankings
        As `wire`'s content has them: labels, notes and entries.
    quoted
        Whether the text may be told.
    """
    state, unit = shown
    count = excerpt.stop - excerpt.start
    tokens = "characters" if all(len(t) == 1 for t in trace.tokens) else "tokens"
    where = ""
    if count < len(trace):
        where = f" ({excerpt.start:,} to {excerpt.stop - 1:,} of {len(trace):,})"
    said = (
        f"unit {unit} of {state} ({trace.num_units(state)} units) after each of "
        f"{count:,} {tokens}{where}"
    )
    if quoted:
        said += f", {_opening(trace, excerpt)}"
    found = [
        f"{ranking['label']}: {entry['text']}, {'low' if entry['sign'] < 0 else 'high'} where it "
        f"holds ({ranking['note']})"
        for ranking in rankings
        for entry in ranking["entries"]
        if (entry["state"], entry["unit"]) == (state, unit)
    ]
    return json_safe(". ".join([said, *found]) + ".")


def _opening(trace: Trace, excerpt: Excerpt) -> str:
    """Return the beginning of the excerpt's text, in quotes, on one line."""
    stop = min(excerpt.stop, excerpt.start + _OPENING + 1)  # no token is empty
    text = re.sub(r"\s+", " ", "".join(readable(trace.tokens)[excerpt.start : stop])).strip()
    if len(text) <= _OPENING and stop == excerpt.stop:
        return f"“{text}”"
    whole_words = text[:_OPENING].rpartition(" ")[0]
    return f"“{whole_words or text[:_OPENING]} …”"
