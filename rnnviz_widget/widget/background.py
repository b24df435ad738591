"""Work that takes long, beside a kernel that goes on answering."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _OvertakenError(Exception):
    """A later job has come."""


class Background:
    """Does the latest of several jobs in a thread; what an earlier one finds is dropped."""

    def __init__(self) -> None:
        self._turn = 0
        self.done = 0
        """How much of the job has been done, in what it counts by."""

    def start(
        self,
        job: Callable[[Callable[[int], object]], T],
        done: Callable[[T | Exception], object],
    ) -> None:
        """Begin a job, and end the one before it.

        Parameters
        ----------
        job
            Is given a function to call now and then, with how much was done. That function raises
            where a later job has come.
        done
            Is given what the job returns or raises, in the loop that this was called in, if there
            is one, else in the thread.

        """
        self.drop()
        turn = self._turn
        self.done = 0
        call = _caller()

        def advance(count: int) -> None:
            if turn != self._turn:
                raise _OvertakenError
            self.done += count

        def deliver(result: T | Exception) -> None:
            if turn == self._turn:
                done(result)

        def work() -> None:
            result: T | Exception
            try:
                result = job(advance)
            except _OvertakenError:
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, who asked is told
                result = error
            call(deliver, result)

        threading.Thread(target=work, daemon=True).start()

    def drop(self) -> None:
        """End the job that is being done, if there is one."""
        self._turn += 1


def _caller() -> Callable[..., object]:
    """Return what calls a function in the loop that runs here, or, without one, where it is."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return lambda function, result: function(result)

    def call(function: Callable[..., object], result: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(function, result)

    return call
