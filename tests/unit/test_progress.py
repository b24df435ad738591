"""Ctrl-C while a progress bar goes away is answered."""

from __future__ import annotations

import gc
from contextlib import ExitStack

import pytest

from rnnviz_widget.progress import Bar
from tests.unit.interrupting import _Interrupt


def test_an_interrupt_at_the_end_of_a_bar_is_not_lost() -> None:
    interrupt, bars = _Interrupt(), []
    with ExitStack() as stack:
        bars.append(stack.enter_context(Bar(total=3, disable=True)))
    gc.collect()
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  (it waits while the bar goes)
        interrupt[2]
        del bars[0]
        len(bars)  # here at the latest Python looks for it
