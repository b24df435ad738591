"""Ctrl-C at a moment of one's choice: where Python itself would run a signal's handler.

Python looks for signals after a call of a function in C, at the start of a function in Python and
where a loop jumps back. A trace function sees each such instruction before it is run and has a
signal wait for it; unlike an error raised from the trace function, what follows is what follows a
real Ctrl-C, handlers included.
"""

from __future__ import annotations

import _thread
import dis
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import CodeType, FrameType

_LOOKED_FOR = {number for name, number in dis.opmap.items() if name in {
    "CALL", "CALL_KW", "CALL_FUNCTION_EX", "JUMP_BACKWARD"}}  # fmt: skip


class _Interrupt:
    """Subscripted with a signal's number, has it wait: no instruction here looks for it."""

    __getitem__ = _thread.interrupt_main


def interrupted(
    action: Callable[[], object], moments: Collection[int], where: str = ""
) -> tuple[bool, int]:
    """Run something and interrupt it at some moments, counted from 0.

    Parameters
    ----------
    where
        Only instructions of files with this in their path count.

    Returns
    -------
    answered, passed
        Whether it ended with KeyboardInterrupt, and how many moments there were.
    """
    passed, interrupt = 0, _Interrupt()
    codes: dict[CodeType, bytes] = {}

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal passed
        if event == "call":
            if where not in frame.f_code.co_filename:
                return None
            frame.f_trace_opcodes = True
            codes.setdefault(frame.f_code, frame.f_code.co_code)
        elif event == "opcode" and codes[frame.f_code][frame.f_lasti] in _LOOKED_FOR:
            passed += 1
            if passed - 1 in moments:
                interrupt[2]
        return trace

    before = sys.gettrace()
    answered = False
    try:
        sys.settrace(trace)
        action()
    except KeyboardInterrupt:
        answered = True
    finally:
        sys.settrace(before)
    return answered, passed
