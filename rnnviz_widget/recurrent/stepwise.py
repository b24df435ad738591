"""The recurrence one step at a time, with values replaced on the way: what an intervention runs.

Nothing is known beforehand: a value that is replaced changes all that follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch
from torch import Tensor
from torch.nn.functional import linear

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rnnviz_widget.recurrent.cell import Cell, Change, Kinds, State, Weights


Where = Literal["recurrence", "readout"]
WHERES: tuple[Where, ...] = get_args(Where)

BLOCK = 256
"""Steps whose products with the input are held at a time."""


class Edit(NamedTuple):
    """Values that replace those of some units of one kind.

    Attributes
    ----------
    kind
        Such as ``"h"``.
    where
        ``"recurrence"``: what is computed next, and every later step, follows from the new values.
        ``"readout"``: only what leaves the layer does.
    mask
        `(1, U)` or, where each sequence of a batch is changed in its own way, `(B, U)`: which
        units are replaced.
    values
        `(1, 1, U)`, `(1, B, U)` or, for each step, in reading order, `(T, 1, U)`: by what.
    said
        The same in words.
    along
        None, or directions of length 1, `(1, U)` or `(B, U)`. Then what the units say along these
        is replaced and the rest is left: `values` are `(1, 1, 1)`, `(1, B, 1)` or, for each step,
        `(T, 1, 1)` or `(T, B, 1)`. Sequences of the batch that `mask` is False in are left.
    """

    kind: str
    where: Where
    mask: Tensor
    values: Tensor
    said: str
    along: Tensor | None = None

    def to(self, x: Tensor) -> Edit:
        """Return the same on the device of a tensor, its numbers of the same type."""
        along = None if self.along is None else self.along.to(x)
        return self._replace(mask=self.mask.to(x.device), values=self.values.to(x), along=along)

    def replaced(self, values: Tensor, t: int) -> Tensor:
        """Return what takes the place of values `(B, U)` at step `t`."""
        new = self.values[t if len(self.values) > 1 else 0]
        if self.along is not None:
            new = values + (new - (values * self.along).sum(-1, keepdim=True)) * self.along
        return torch.where(self.mask, new, values)

    def stays_in(self, bounds: tuple[float, float] | None) -> bool:
        """Whether no new value lies outside an interval; what has no bound cannot leave it."""
        if bounds is None:
            return True
        if self.along is not None:
            return False  # may lead anywhere
        new = self.values[self.mask.expand_as(self.values)]
        return bool(((new >= bounds[0]) & (new <= bounds[1])).all())


class Piece(NamedTuple):
    """Some steps of a run.

    Attributes
    ----------
    first
        The first of them.
    kinds
        `(n, B, ·)` each, as they leave the layer.
    state
        After the last of them, as the next step reads it.
    """

    first: int
    kinds: Kinds
    state: State


def run(
    cell: Cell,
    w: Weights,
    x: Tensor,
    state: State,
    *,
    edits: Sequence[Edit],
    keep: Collection[str],
) -> Iterator[Piece]:
    """Run one layer and direction over `x (T, B, I)`, in reading order, and keep some kinds."""
    edits = [edit.to(x) for edit in edits]
    inside = [edit for edit in edits if edit.where == "recurrence"]
    outside = inside + [edit for edit in edits if edit.where == "readout"]
    for first in range(0, len(x), BLOCK):
        block = x[first : first + BLOCK]
        read = block[:, :1] if block.stride(1) == 0 else block  # one, where all read the same
        from_x = linear(read, w.w_ih, w.b_ih).expand(-1, x.shape[1], -1)  # (n, B, G)
        rows: dict[str, list[Tensor]] = {kind: [] for kind in keep}
        for t, row in enumerate(from_x, first):
            change = change_at(inside, t)
            updated = cell.update(w, row, state, change)
            kinds = cell.emit(w, updated, change)
            state = cell.state_of(kinds)
            if len(outside) > len(inside):
                kinds = cell.emit(w, updated, change_at(outside, t))
            for kind, kept in rows.items():
                kept.append(kinds[kind])
        yield Piece(first, {kind: torch.stack(kept) for kind, kept in rows.items()}, state)


def bounds(
    cell: Cell, kind: str, edits: Sequence[Edit], *, projected: bool, start: Tensor
) -> tuple[float, float] | None:
    """Return what `Cell.bounds` does, None where new values lie outside bounds of their kinds."""
    inside = torch.zeros_like(start)
    for edit in edits:
        limits = cell.bounds(edit.kind, projected=projected, start=inside)
        if not edit.stays_in(limits):
            return None
    return cell.bounds(kind, projected=projected, start=start)


def change_at(edits: Sequence[Edit], t: int) -> Change:
    """Return what replaces values at step `t`."""

    def change(kind: str, values: Tensor) -> Tensor:
        for edit in edits:
            if edit.kind == kind:
                values = edit.replaced(values, t)
        return values

    return change
