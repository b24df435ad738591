"""Steps that Ctrl-C must not come between: it is held back over them, and delivered after them.

Python runs a signal's handler in the main thread between two instructions of whatever function is
running. While such steps are near, the handler is ours: it looks at that function and those that
called it, and if one of them is unbroken, the interrupt waits.
"""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

    Handler = Callable[[int, FrameType | None], object]

R = TypeVar("R")
F = TypeVar("F", bound="Callable[..., object]")

_unbroken: set[CodeType] = set()


class _Watch:
    """What stands in for the handler of SIGINT.

    Attributes
    ----------
    depth
        How many `begin` have no `end` yet.
    waiting
        Whether an interrupt is held back.
    previous
        The handler that was there.
    """

    def __init__(self) -> None:
        self.depth, self.waiting = 0, False
        self.previous: Handler = signal.default_int_handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Hold an interrupt back, or hand it on."""
        above = frame
        while above is not None:
            if above.f_code in _unbroken:
                self.waiting = True
                return
            above = above.f_back
        self.previous(number, frame)


_watch = _Watch()


def unbreakable(function: F) -> F:
    """Have interrupts wait while this function runs between `begin` and `end`: a decorator."""
    _unbroken.add(function.__code__)
    return function


def begin() -> None:
    """Watch for interrupts, until `end`; only the main thread gets any."""
    if threading.current_thread() is not threading.main_thread():
        return
    if not _watch.depth:
        # What still waits was overtaken by a second interrupt, which has been answered.
        _watch.waiting = False
    handler = signal.getsignal(signal.SIGINT)
    if handler is not _watch and callable(handler):
        _watch.previous = cast("Handler", handler)
        signal.signal(signal.SIGINT, _watch)
    _watch.depth += 1


def deliver() -> None:
    """Call the handler that was there, if an interrupt is held back.

    Raises
    ------
    KeyboardInterrupt
        As a rule, from the unbreakable function that calls this.
    """
    _deliver(sys._getframe(1).f_back)  # noqa: SLF001  (further out may be another)


def end() -> None:
    """Put the handler back after the last `begin`, and `deliver` what was held back."""
    if threading.current_thread() is not threading.main_thread():
        return
    _watch.depth -= 1
    handler: object = signal.getsignal(signal.SIGINT)
    if not _watch.depth and handler is _watch:
        signal.signal(signal.SIGINT, _watch.previous)
    _deliver(sys._getframe(1).f_back)  # noqa: SLF001


def _deliver(outside: FrameType | None) -> None:
    if _watch.waiting and threading.current_thread() is threading.main_thread():
        _watch.waiting = False
        _watch(signal.SIGINT, outside)


@unbreakable
def unbroken(steps: Callable[[], R]) -> R:
    """Return what `steps` returns; an interrupt that comes meanwhile is raised after them."""
    begin()
    try:
        return steps()
    finally:
        end()
