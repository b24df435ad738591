"""One pass of a layer over the tokens, and where its values go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class Recording(Protocol):
    """What a run is part of: see `runs.Runs`."""

    lengths: Sequence[int]
    sinks: Sequence[Sink]

    def selects(self, name: str) -> bool:
        """Whether a state of this name is to be kept."""


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
    where
        `(steps, B)` which tokens the present call reads, as `ReadOrder.of` has it; None: the next.
    read
        `(T, B)` which tokens were read so far, where they are not simply the first ones.
    resets
        By sequence, the tokens before which the state was not carried on.
    """

    prefix: str
    recording: Recording
    selected: bool
    problem: str
    steps: int
    rows: int = 0
    final: State = ()
    where: Tensor | None = None
    read: Tensor | None = None
    resets: dict[int, set[int]] = field(default_factory=dict)
    _widths: dict[str, int] = field(default_factory=dict)

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
        one = len(self.recording.sinks) == 1 and self.recording.sinks[0].in_place
        return one and self.where is None

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
        self._widths[name] = rows.shape[-1]
        for b, (sink, length) in enumerate(zip(recording.sinks, recording.lengths, strict=True)):
            steps = self.steps if lengths is None else int(lengths[b])
            part = rows[: max(0, steps - first), b]
            start = first
            if reverse:
                start, part = steps - first - len(part), part.flip(0)
            if self.where is not None:
                self._write_where(name, part, self.where[start : start + len(part), b])
                continue
            start += self.rows
            part = part[: max(0, length - start)]  # padding of a shorter sequence is left out
            if len(part):
                sink.write(f"{self.prefix}.{name}", start, part.numpy())

    def _write_where(self, name: str, rows: Tensor, where: Tensor) -> None:
        """Keep rows `(n, U)` of one column of a call where the tokens are that they read."""
        sinks, lengths = self.recording.sinks, self.recording.lengths
        for first, last, sequence, token in _stretches(where.tolist(), len(sinks)):
            part = rows[first:last]
            if last - first > 1 and int(where[first]) > int(where[first + 1]):
                part, token = part.flip(0), token - (last - first) + 1  # noqa: PLW2901
            part = part[: max(0, lengths[sequence] - token)]
            if len(part):
                sinks[sequence].write(f"{self.prefix}.{name}", token, part.numpy())

    def reads(self, where: Tensor | None, steps: int) -> bool:
        """Whether a call's steps read tokens that were not read before."""
        if where is None and self.rows + steps > max(self.recording.lengths):
            return False
        if where is None and self.read is None:
            return True
        where = self._next(steps) if where is None else where
        return not bool(self._read().view(-1)[where[where >= 0]].any())

    def take(self, where: Tensor | None, steps: int) -> None:
        """Note what the present call reads."""
        if where is None and self.read is not None:
            where = self._next(steps)
        self.steps, self.where = steps, where
        if where is not None:
            self.read = self._read()
            self.read.view(-1)[where[where >= 0]] = True

    def together(self, where: Sequence[Tensor | None]) -> Tensor | None:
        """Return what several calls of a step each, from `rows` on, read together."""
        if all(each is None for each in where):
            return None
        pairs = zip(self._next(len(where)), where, strict=True)
        return torch.stack([plain if each is None else each[0] for plain, each in pairs])

    def reset(self, sequences: Sequence[int]) -> None:
        """Note that the state of some sequences was not carried on to the present call."""
        for b in sequences:
            if self.where is None:
                sequence, token = b, self.rows
            else:
                known = self.where[:, b][self.where[:, b] >= 0]
                if not len(known):
                    continue
                token, sequence = divmod(int(known[0]), len(self.recording.lengths))
            if token < self.recording.lengths[sequence]:
                self.resets.setdefault(sequence, set()).add(token)

    def unread(self) -> list[list[int]]:
        """Return the tokens of each sequence that no step read."""
        if self.read is None:
            return [list(range(min(self.rows, n), n)) for n in self.recording.lengths]
        return [
            (~self.read[:n, b]).nonzero()[:, 0].tolist()
            for b, n in enumerate(self.recording.lengths)
        ]

    def fill(self, kept: Sequence[int]) -> int:
        """Keep NaN as the states of tokens that no step read, of the first `kept` of each sequence.

        Returns
        -------
        How many tokens that are.
        """
        count = 0
        for sink, unread, length in zip(self.recording.sinks, self.unread(), kept, strict=True):
            tokens = [token for token in unread if token < length]
            count += len(tokens)
            for name, units in self._widths.items():
                for first, last, _, token in _stretches(tokens, 1):
                    nothing = np.full((last - first, units), np.nan, np.float32)
                    sink.write(f"{self.prefix}.{name}", token, nothing)
        return count

    def _next(self, steps: int) -> Tensor:
        """Return the tokens that come next, `(steps, B)`."""
        batch = len(self.recording.lengths)
        return (torch.arange(steps) + self.rows)[:, None] * batch + torch.arange(batch)

    def _read(self) -> Tensor:
        if self.read is not None:
            return self.read
        longest, batch = max(self.recording.lengths), len(self.recording.lengths)
        return (torch.arange(longest) < self.rows)[:, None].repeat(1, batch)


def _stretches(tokens: Sequence[int], batch: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield `(first, last, sequence, token)` where tokens, as `ReadOrder.of` has them, go on.

    `token` is that of `first`; they go up or down.
    """
    first = 0
    while first < len(tokens):
        last, by = first + 1, 0
        while last < len(tokens) and tokens[first] >= 0:
            step = tokens[last] - tokens[last - 1]
            if abs(step) != batch or tokens[last] < 0 or by not in (0, step):
                break
            last, by = last + 1, step
        if tokens[first] >= 0:
            token, sequence = divmod(tokens[first], batch)
            yield first, last, sequence, token
        first = last


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
