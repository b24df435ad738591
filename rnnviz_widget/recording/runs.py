"""Where recorded values go: calls of a layer become runs over the tokens, runs become states."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from rnnviz_widget.recurrent.cell import State
    from rnnviz_widget.trace import Bounds


class Sink(Protocol):
    """Keeps the states of one sequence."""

    @property
    def in_place(self) -> bool:
        """Whether values may be computed where they are kept, see `place`."""

    def declare(self, name: str, limits: Bounds | None) -> None:
        """Announce a state; the order of announcements is the order of states."""

    def write(self, name: str, start: int, rows: NDArray[np.float32]) -> None:
        """Keep `rows (n, U)` from row `start` on; they may lie in their `place` already."""

    def place(self, name: str, start: int, count: int, units: int) -> NDArray[np.float32]:
        """Return where rows `start` to `start + count` are kept, `(count, units)`."""

    def clear(self) -> None:
        """Forget all states, to begin again."""


@dataclass
class Run:
    """One pass of a layer over the tokens, in one call or in several that carry the state on.

    Attributes
    ----------
    prefix
        What its states' names begin with.
    recording
        What it is part of.
    selected
        Whether any of its states is to be kept.
    problem
        Why it does not fit the tokens, if it does not.
    steps
        Of the present call.
    rows
        Of all calls that have ended.
    final
        The state after the last of them.
    """

    prefix: str
    recording: Runs
    selected: bool
    problem: str
    steps: int
    rows: int = 0
    final: State = ()

    def wants(self, name: str) -> bool:
        """Whether a state of this layer is to be kept."""
        return self.recording.selects(f"{self.prefix}.{name}")

    def declare(self, name: str, limits: Bounds | None) -> None:
        """Announce a state."""
        for sink in self.recording.sinks:
            sink.declare(f"{self.prefix}.{name}", limits)

    @property
    def in_place(self) -> bool:
        """Whether values of a sequence may be computed where they are kept, see `place`."""
        return len(self.recording.sinks) == 1 and self.recording.sinks[0].in_place

    def place(self, name: str, first: int, count: int, units: int) -> Tensor:
        """Return where `write` will keep the values of this call's steps from `first` on."""
        (sink,) = self.recording.sinks
        return torch.from_numpy(
            sink.place(f"{self.prefix}.{name}", self.rows + first, count, units)
        )

    def write(
        self, name: str, first: int, values: Tensor, lengths: Tensor | None, *, reverse: bool
    ) -> None:
        """Keep values `(n, B, U)` of this call's steps from `first` on, in reading order."""
        recording = self.recording
        rows = as_float32(f"{self.prefix}.{name}", values.detach()).cpu()
        for b, (sink, length) in enumerate(zip(recording.sinks, recording.lengths, strict=True)):
            steps = self.steps if lengths is None else int(lengths[b])
            part = rows[: max(0, steps - first), b]
            start = first
            if reverse:
                start, part = steps - first - len(part), part.flip(0)
            start += self.rows
            part = part[: max(0, length - start)]  # padding of a shorter sequence is left out
            if len(part):
                sink.write(f"{self.prefix}.{name}", start, part.numpy())


@dataclass
class Runs:
    """All runs of one recording.

    Attributes
    ----------
    lengths
        How many tokens each sequence has.
    sinks
        One for each sequence.
    patterns
        Shell patterns of the states to keep; None keeps all.
    advance
        Is told of every number of steps that is done.
    """

    lengths: Sequence[int]
    sinks: Sequence[Sink]
    patterns: Sequence[str] | None
    advance: Callable[[int], object]
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def selects(self, name: str) -> bool:
        """Whether a state of this name is to be kept."""
        return self.patterns is None or any(fnmatchcase(name, p) for p in self.patterns)

    def begin(
        self,
        path: str,
        names: Sequence[str],
        shape: Sequence[int],
        lengths: Tensor | None,
        start: State | None,
    ) -> Run | None:
        """Return the run that a call of a layer belongs to; None if it is not to be recorded.

        Parameters
        ----------
        path
            The layer's.
        names
            Of its states, without the path.
        shape
            Steps and sequences of the call.
        lengths
            Of packed sequences.
        start
            The state the call starts from; None of a cell, whose calls follow each other.
        """
        steps, batch = shape
        longest = max(self.lengths)
        runs = self.runs.setdefault(path, [])
        if runs:
            last = runs[-1]
            goes_on = start is None or _same(start, last.final)
            if not last.problem and last.rows + steps <= longest and goes_on:
                last.steps = steps
                return last
        problem = ""
        if batch != len(self.lengths):
            problem = f"{batch} sequences at once"
        elif steps > longest:
            problem = f"{steps} steps"
        elif lengths is not None and lengths.tolist() != list(self.lengths):
            problem = f"packed sequences of {lengths.tolist()} steps"
        prefix = path if not runs else f"{path}@{len(runs) + 1}"
        selected = any(self.selects(f"{prefix}.{name}") for name in names)
        runs.append(Run(prefix, self, selected, problem, steps))
        return None if problem else runs[-1]

    def end(self, run: Run, steps: int, final: State) -> None:
        """Note that a call of a run has ended."""
        run.rows += steps
        run.final = final

    def check(self) -> None:
        """Refuse runs that do not fit the tokens.

        Raises
        ------
        ValueError
            Naming what each layer ran.
        """
        longest = max(self.lengths)
        right: list[str] = []
        wrong: list[str] = []
        for run in (run for of_path in self.runs.values() for run in of_path if run.selected):
            fits = not run.problem and run.rows == longest
            did = f"{run.prefix} ran {run.problem or f'{run.rows} steps'}"
            (right if fits else wrong).append(did)
        if right and not wrong:
            return
        tokens = f"{longest} tokens"
        if len(self.lengths) > 1:
            tokens = f"{len(self.lengths)} sequences of up to {longest} tokens"
        hint = f" ({'; '.join(right)}): choose what fits with states=" if right else ""
        found = "; ".join(wrong) or "no selected layer was run"
        raise ValueError(f"tokens: there are {tokens}, but {found}{hint}")


def _same(start: State, final: State) -> bool:
    """Whether a call goes on from where another ended."""
    return len(start) == len(final) and all(
        a.shape == b.shape and torch.equal(a, b) for a, b in zip(start, final, strict=True)
    )


def as_float32(name: str, values: Tensor) -> Tensor:
    """Return values in the type that they are kept in.

    Raises
    ------
    ValueError
        If a finite value becomes infinite.
    """
    kept = values.float()
    if values.dtype == torch.float64 and bool((kept.isinf() & values.isfinite()).any()):
        largest = float(values[values.isfinite()].abs().max())
        raise ValueError(
            f"{name} reaches {largest:.6g}, beyond the float32 that values are kept in"
        )
    return kept
