"""Where recorded values go: calls of a layer become runs over the tokens, runs become states."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import torch

from rnnviz_widget.escaping import listed
from rnnviz_widget.recording.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from rnnviz_widget.recording.read_order import ReadOrder
    from rnnviz_widget.recording.run import Sink
    from rnnviz_widget.recurrent.cell import State


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
    runs
        By layer, in the order they began in.
    reading
        What the layers read, in the present call of the module.
    """

    lengths: Sequence[int]
    sinks: Sequence[Sink]
    patterns: Sequence[str] | None
    advance: Callable[[int], object]
    runs: dict[str, list[Run]] = field(default_factory=dict)
    reading: ReadOrder | None = None

    def selects(self, name: str) -> bool:
        """Whether a state of this name is to be kept."""
        return self.patterns is None or any(fnmatchcase(name, p) for p in self.patterns)

    def begin(
        self,
        path: str,
        names: Sequence[str],
        x: Tensor,
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
        x
            What the call reads, `(steps, B, I)`.
        lengths
            Of packed sequences.
        start
            The state the call starts from; None of a cell, whose calls follow each other.
        """
        steps, batch = x.shape[:2]
        longest = max(self.lengths)
        runs = self.runs.setdefault(path, [])
        last = runs[-1] if runs and not runs[-1].problem else None
        first = last.rows if last is not None and last.rows + steps <= longest else 0
        where = None
        prefix = path if not runs else f"{path}@{len(runs) + 1}"
        selected = any(self.selects(f"{prefix}.{name}") for name in names)
        wanted = selected or (last is not None and last.selected)
        if wanted and batch == len(self.lengths) and self.reading is not None:
            where = self.reading.of(path, x, first)
            if where is not None and int(where.max()) >= longest * batch:
                where = None
        if last is not None and last.reads(where, steps):
            carried = start is None or _same(start, last.final)
            last.take(where, steps)
            if not carried:
                last.reset(range(batch))
            return last
        problem = ""
        if batch != len(self.lengths):
            problem = f"{batch} sequences at once"
        elif where is None and steps > longest:
            problem = f"{steps} steps"
        elif where is None and lengths is not None and lengths.tolist() != list(self.lengths):
            problem = f"packed sequences of {listed(lengths.tolist())} steps"
        runs.append(Run(prefix, self, selected, problem, steps))
        runs[-1].take(where, steps)
        return None if problem else runs[-1]

    def end(self, run: Run, steps: int, final: State, output: Tensor | None = None) -> None:
        """Note that a call of a run has ended, and what it returned, `(steps, B, ·)`."""
        if self.reading is not None and output is not None:
            path = run.prefix.rpartition("@")[0] or run.prefix
            self.reading.keep(path, output, run.where, run.rows)
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
        for run in self._selected():
            fits = run.rows == longest
            if run.read is not None:  # more than half of the tokens
                fits = 2 * sum(map(len, run.unread())) < sum(self.lengths)
            did = f"{run.prefix} ran {run.problem or f'{run.rows} steps'}"
            (right if fits and not run.problem else wrong).append(did)
        if right and not wrong:
            return
        tokens = f"{longest} tokens"
        if len(self.lengths) > 1:
            tokens = f"{len(self.lengths)} sequences of up to {longest} tokens"
        hint = f" ({listed(right, '; ')}): choose what fits with states=" if right else ""
        found = listed(wrong, "; ") or "no selected layer was run"
        raise ValueError(f"tokens: there are {tokens}, but {found}{hint}")

    def finish(self) -> tuple[list[int], list[str]]:
        """Fill what no step read.

        Returns
        -------
        kept
            How many tokens of each sequence there are up to the last that a layer read.
        notes
            What people must be told of.
        """
        kept = [0] * len(self.lengths)
        for run in self._selected():
            for b, (unread, length) in enumerate(zip(run.unread(), self.lengths, strict=True)):
                left = set(unread)
                last = next((t + 1 for t in reversed(range(length)) if t not in left), 0)
                kept[b] = max(kept[b], last, 1)
        notes = []
        if any(a < b for a, b in zip(kept, self.lengths, strict=True)):
            dropped = sum(self.lengths) - sum(kept)
            notes.append(f"no step reads the last tokens ({dropped:,}), which are left out")
        filled = [(run, run.fill(kept)) for run in self._selected() if run.read is not None]
        notes += [
            f"{run.prefix}: no step reads {count:,} tokens, whose rows are NaN"
            for run, count in filled
            if count
        ]
        return kept, notes

    def _selected(self) -> list[Run]:
        return [run for of_path in self.runs.values() for run in of_path if run.selected]

    def resets(self, sequence: int) -> list[int]:
        """Return the tokens of a sequence before which the state of a layer was not carried on."""
        return sorted(set().union(*(run.resets.get(sequence, ()) for run in self._selected())))


def _same(start: State, final: State) -> bool:
    """Whether a call goes on from where another ended."""
    return len(start) == len(final) and all(
        a.shape == b.shape and torch.equal(a, b) for a, b in zip(start, final, strict=True)
    )
