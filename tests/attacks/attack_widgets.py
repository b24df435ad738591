"""Widgets opened, told nonsense and closed again: what is left of them in memory."""

from __future__ import annotations

import gc
import random
from pathlib import Path
from typing import Any

from rnnviz_widget import HiddenStateWidget
from tests.unit.test_widget import make_trace, synced
from tests.unit.test_widget_messages import NAMES, assert_possible, same

Row = tuple[str, int, int]
"""What was tried, how often, and how often it was as it must be."""

_VALUES: list[Any] = [
    *(None, True, -1, 0, 1, 7, 10**30, 0.5, float("nan"), "", "a.h", "b.h", "grey", "\ud800", {}),
    *([], [0, 3], [3, 0], [["a.h", 1]], [["b.h", 9]]),
]


def run() -> list[Row]:
    """Return a row for closing, and one for messages."""
    return [_closed(), _told()]


def _closed(many: int = 200) -> Row:
    """Open and close widgets of 8 MB each, and see that the process does not grow by 10 %."""
    sizes = []
    for seed in range(many):
        widget = HiddenStateWidget(make_trace("a" * 8000, units=128, seed=seed % 7))
        widget.close()
        del widget
        gc.collect()
        sizes.append(_resident())
    settled = sizes[many // 10]
    return ("widgets closed, memory within 10 %", many, sum(s < 1.1 * settled for s in sizes))


def _told(many: int = 13_000) -> Row:
    """Send messages of random names and values."""
    widget, draw, right = HiddenStateWidget(make_trace(**{"a.h": 8, "b.h": 3})), random.Random(0), 0  # noqa: S311
    for _ in range(many):
        before = synced(widget)
        message = {draw.choice(NAMES): draw.choice(_VALUES) for _ in range(draw.randint(1, 3))}
        widget.set_state(message)
        after = synced(widget)
        taken = after != before and all(same(after[name], message[name]) for name in message)
        assert_possible(widget)
        right += taken or after == before
    return ("messages taken whole or not at all", many, right)


def _resident() -> int:
    """Return how many bytes of memory the process has."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * 4096
