"""Processes that save traces: forked from one that has imported all, so that many can be killed.

``python -m tests.attacks.writers PATH`` reads numbers, a line each. For each it starts a process
that replaces the trace at PATH by the next one for ever, and says its number once it has begun.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Self

import numpy as np
import zarr  # noqa: F401  (imported before the fork, so that a process begins at once)

from rnnviz_widget.trace import Trace

LENGTH, UNITS = 400, 4


def numbered(number: int) -> Trace:
    """Return a trace in which everything is one number."""
    values = np.full((LENGTH, UNITS), number, np.float32)
    return Trace.from_arrays([str(number)] * LENGTH, {"a": values, "b": values})


class Writers:
    """Starts and ends processes that replace a trace again and again."""

    def __init__(self, path: Path) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.attacks.writers", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End them all."""
        self._server.communicate("")

    def start(self, first: int) -> int:
        """Return the process that saves the traces from number `first` on."""
        self._ask(f"{first}\n")
        return int(self._answer())

    def kill(self, process: int) -> None:
        """Return when a process is dead, at whatever it was."""
        os.kill(process, signal.SIGKILL)
        self._ask(f"-{process}\n")
        self._answer()

    def stopped_well(self, process: int) -> bool:
        """Tell a process to stop; whether it had raised nothing."""
        os.kill(process, signal.SIGTERM)
        self._ask(f"-{process}\n")
        return self._answer() == "0"

    def _ask(self, line: str) -> None:
        if self._server.stdin is not None:
            self._server.stdin.write(line)
            self._server.stdin.flush()

    def _answer(self) -> str:
        return "" if self._server.stdout is None else self._server.stdout.readline().strip()


def save_again_and_again(path: Path, first: int) -> None:
    """Replace a trace by the next one until told to stop; say when the first is there."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    warnings.simplefilter("ignore")  # of leftovers that are removed
    number = first
    while not told:
        numbered(number).save(path)
        if number == first:
            print(os.getpid(), flush=True)
        number += 1


def main(path: Path) -> None:
    """Fork a process for each number read; wait for one where the number is negative."""
    for line in sys.stdin:
        number = int(line)
        if number < 0:
            print(os.waitstatus_to_exitcode(os.waitpid(-number, 0)[1]), flush=True)
        elif os.fork() == 0:
            code = 1
            try:
                save_again_and_again(path, number)
                code = 0
            finally:
                os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
