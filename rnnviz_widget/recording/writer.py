"""Writing every wanted kind of one layer and direction, once its `h` is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from rnnviz_widget.recording.parallel.pace import Pace
from rnnviz_widget.recurrent.cell import Space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from rnnviz_widget.recording.parallel.plan import Segment
    from rnnviz_widget.recording.run import Run
    from rnnviz_widget.recurrent.cell import Cell, Gates, Weights

_ELEMENTS = 2**18
"""How many values of `h` one pass of the gate equations takes, so that its memory is bounded."""

_ALLOWED = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 1e-1}
"""How far the equations may be from the `h` that was run, relative to max(1, max|h|)."""


@dataclass
class Residual:
    """The largest difference between `h` as run and `h` by the equations from the step before.

    Attributes
    ----------
    allowed
        How large `relative` may be.
    lengths
        Of packed sequences, whose padding is left out.
    difference, scale
        The largest absolute difference so far, and max(1, max|h|).
    """

    allowed: float
    lengths: Tensor | None
    difference: float = 0.0
    scale: float = 1.0

    def compare(self, computed: Tensor, run: Tensor, first: int) -> None:
        """Take the steps from `first` on into account, `(n, B, P)`; `computed` is overwritten."""
        apart = computed.sub_(run).abs_()  # in memory that the next pass overwrites
        if self.lengths is not None:
            inside = torch.arange(first, first + len(run))[:, None] < self.lengths
            apart = apart[inside.to(apart.device)]
        if apart.numel():
            # Infinite and NaN inputs give infinite and NaN states, on both sides.
            self.difference = max(self.difference, float(apart.nan_to_num_(posinf=0).max()))
            low, high = torch.aminmax(run.nan_to_num(0, 1, 1))
            self.scale = max(self.scale, float(high), -float(low))

    @property
    def relative(self) -> float:
        """The difference, relative to the scale."""
        return self.difference / self.scale


class Writer:
    """Writes one layer and direction of one call, piece after piece.

    Parameters
    ----------
    run, prefix
        Where values go, and what their names begin with; `reverse` if they come last token first.
    cell, weights
        The cell and its weights.
    wanted
        The kinds to write.
    x
        What the layer reads, `(T, B, I)`, in reading order.
    h
        What it computed, `(T, B, P)`; of a piece and all before it when the piece is written.
    start
        The `h` before the first step, `(B, P)`.
    lengths
        Of packed sequences.
    """

    def __init__(
        self,
        run: Run,
        prefix: str,
        *,
        cell: Cell,
        weights: Weights,
        wanted: set[str],
        x: Tensor,
        h: Tensor,
        start: Tensor,
        lengths: Tensor | None,
    ) -> None:
        self.run, self.prefix, self.reverse = run, prefix, prefix.endswith("_reverse")
        self.cell, self.wanted, self.x, self.h, self.start = cell, wanted, x, h, start
        self.lengths = lengths
        half = x.dtype in (torch.float16, torch.bfloat16)
        self.dtype = torch.float32 if half else x.dtype
        self.weights, self.space = weights.to(self.dtype), Space()
        self._piece = Space()
        self._pace = Pace(self.weights.w_hh.numel())
        self.residual = Residual(_ALLOWED[x.dtype], lengths)

    @property
    def in_place(self) -> bool:
        """Whether values stay in the memory that `room` gives."""
        in_order = not self.reverse and self.lengths is None
        return in_order and self.x.dtype == torch.float32 and self.run.in_place

    def room(self, kind: str, first: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Return memory for a kind of some steps, see `parallel.Room`."""
        if not self.in_place:
            return self._piece.take(kind, shape, like)
        count, units = math.prod(shape[:-1]), shape[-1]
        return self.run.place(f"{self.prefix}.{kind}", first, count, units).view(shape)

    def write(self, piece: Segment) -> None:
        """Write all wanted kinds of a piece.

        Raises
        ------
        RuntimeError
            If its steps do not follow from each other by the equations.
        """
        if "h" in self.wanted:
            self._write("h", piece.first, piece.h)
        if piece.reruns is not None:
            self._check_joints(piece)
        if piece.kinds:
            for kind in piece.kinds:
                self._write(kind, piece.first, piece.kinds[kind])
        elif self.wanted - {"h"}:
            self._make(piece)
        worst = self.residual
        if worst.relative > worst.allowed:
            raise RuntimeError(
                f"{self.run.prefix}.{self.prefix}: the gate equations give an h that differs by "
                f"{worst.relative:.2g} of the largest from the one that was run, so nothing is "
                "recorded; does this module compute what torch documents?"
            )

    def _write(self, kind: str, first: int, values: Tensor) -> None:
        name = f"{self.prefix}.{kind}"
        self.run.write(name, first, values, self.lengths, reverse=self.reverse)

    def _make(self, piece: Segment) -> None:
        """Compute the kinds of a piece from its `h`, pass by pass, and compare all of `h`."""
        units = self.weights.num_units
        rows = max(1, _ELEMENTS // (self.h.shape[1] * units))
        c = None
        for start, stop, blocks in _passes(len(piece.h), piece.stride, rows):
            c = piece.starting(start, blocks, c)
            first, last = piece.first + start, piece.first + stop
            c = self._pace.run(last - first, partial(self._make_pass, first, last, blocks, c))

    def _make_pass(self, first: int, last: int, blocks: int, c: Tensor | None) -> Tensor | None:
        """Make the kinds of some steps; return the `c` after them."""
        shape = (blocks, (last - first) // blocks, self.h.shape[1], -1)
        did = self._gates(self.x[first:last], self._before(first, last), c, shape)
        for kind in self.wanted & did.kinds.keys():
            values = did.kinds[kind].reshape(last - first, -1, self.weights.num_units)
            self._write(kind, first, values)
        run = self.h[first:last]
        self.residual.compare(did.h.reshape(run.shape), run, first)
        return did.c

    def _check_joints(self, piece: Segment) -> None:
        """Compare the first step of every block of a parallel run.

        The others were computed from the very row before them; these may follow on an earlier run.
        """
        rows = torch.arange(0, len(piece.h), piece.stride, device=self.h.device)
        rows += piece.first
        before = self.h[rows - 1]
        if not piece.first:
            before[0] = self.start
        did = self._gates(self.x[rows], before, piece.starts, (len(rows), 1, 1, -1))
        self.residual.compare(did.h.reshape(before.shape), self.h[rows], piece.first)

    def _gates(self, x: Tensor, before: Tensor, c: Tensor | None, shape: tuple[int, ...]) -> Gates:
        return self.cell.gates(
            self.weights,
            x.to(self.dtype).reshape(shape),
            before.to(self.dtype).reshape(shape),
            None if c is None else c.to(self.dtype),
            self.space,
        )

    def _before(self, first: int, last: int) -> Tensor:
        """Return the `h` that the steps `first` to `last` read, `(n, B, P)`."""
        if first:
            return self.h[first - 1 : last - 1]
        return torch.cat([self.start[None], self.h[: last - 1]])


def _passes(length: int, stride: int, rows: int) -> Iterator[tuple[int, int, int]]:
    """Yield `(first, last, blocks)` over all rows, about `rows` at a time.

    Whole blocks of `stride` rows go together; the last block, which may be longer, and blocks
    longer than `rows` go piece by piece.
    """
    together = max(1, rows // stride)
    body = (max(1, length // stride) - 1) * stride
    first = 0
    while first < length:
        if first < body and stride <= rows:
            last = min(first + together * stride, body)
            yield first, last, (last - first) // stride
        else:
            end = first - first % stride + stride if first < body else length
            last = min(first + rows, end)
            yield first, last, 1
        first = last
