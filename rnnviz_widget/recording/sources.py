"""Which of a module's inputs hold something for each token, and what happens where they change.

A *source* is an argument with one entry for each token of each sequence: ids, vectors or packed
sequences. Which of its axes is time follows from sizes where they differ, else from what the
recurrent layers do with it (`reading`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INTEGERS = (torch.int64, torch.int32)
"""What ids come as."""


@dataclass(frozen=True)
class Source:
    """One argument, seen in the order of tokens.

    Attributes
    ----------
    argument
        Its number.
    given
        The argument.
    axes
        Of a tensor, which axis is time and which the sequences (None: there is one, and no axis).
    """

    argument: int
    given: Tensor | PackedSequence
    axes: tuple[int, int | None] = (0, 1)

    def values(self) -> Tensor:
        """Return `(T, B, ...)`."""
        if isinstance(self.given, PackedSequence):
            return pad_packed_sequence(self.given)[0]
        return _in_front(self.given, self.axes)

    @property
    def is_ids(self) -> bool:
        """Whether it holds one id for each token."""
        values = self.given.data if isinstance(self.given, PackedSequence) else self.given
        return values.dtype in INTEGERS and self.values().dim() == 2  # noqa: PLR2004

    def changed(self, where: Tensor, movable: Tensor, names: int) -> Any:  # noqa: ANN401
        """Return the argument with other entries where `where (T, B)` is true.

        An id becomes another of those that occur where `movable (T, B)` is true; where there is but
        one, another below `names`. Of a vector, features are moved on by one and become larger.
        """
        values = self.values()
        where, movable = where.to(values.device), movable.to(values.device)
        new = torch.where(_spread(where, values), _other(values, movable, names), values)
        if isinstance(self.given, PackedSequence):
            _, sizes, order, back = self.given
            new = new if order is None else new.index_select(1, order)
            lengths = (sizes[:, None] > torch.arange(int(sizes[0]))).sum(0)
            data = pack_padded_sequence(new, lengths).data
            return PackedSequence(data, sizes, order, back)
        made = self.given.clone()
        _in_front(made, self.axes).copy_(new)
        return made


def _other(values: Tensor, movable: Tensor, names: int) -> Tensor:
    """Return for each entry `(T, B, ...)` one that differs from it."""
    if values.is_floating_point():
        values = values.nan_to_num(0, 1, -1)
        return torch.roll(values, 1, -1) + (1 + values.abs().mean())
    if values.dtype == torch.bool:
        return ~values
    known = torch.unique(values[movable])
    if len(known) == 1:
        return ((values + 1) % max(names, 2)).to(values.dtype)
    number = torch.searchsorted(known, values.contiguous())
    other: Tensor = known[(number + 1 + len(known) // 3) % len(known)]
    return other


def arrangements(inputs: Sequence[Any], steps: int, batch: int) -> Iterator[list[Source]]:
    """Yield the ways in which inputs can hold something for each token.

    Parameters
    ----------
    inputs
        A module's arguments.
    steps, batch
        Of the longest sequence, and how many there are.
    """
    ways = [_ways(number, given, steps, batch) for number, given in enumerate(inputs)]
    yield from map(list, itertools.product(*(way for way in ways if way)))


def _ways(number: int, given: Any, steps: int, batch: int) -> list[Source]:  # noqa: ANN401
    """Return the ways to see one argument in."""
    if isinstance(given, PackedSequence):
        fits = (len(given.batch_sizes), int(given.batch_sizes[0])) == (steps, batch)
        return [Source(number, given)] if fits else []
    if not isinstance(given, Tensor):
        return []
    # The last axis of vectors holds their features.
    axes = range(given.dim() - (given.is_floating_point() and given.dim() > 1))
    times = [axis for axis in axes if given.shape[axis] == steps]
    if batch == 1:
        return [Source(number, given, (axis, None)) for axis in times]
    return [
        Source(number, given, (time, other))
        for time in times
        for other in axes
        if other != time and given.shape[other] == batch
    ]


def _in_front(given: Tensor, axes: tuple[int, int | None]) -> Tensor:
    """Return a view `(T, B, ...)`."""
    time, batch = axes
    if batch is not None:
        return given.movedim((time, batch), (0, 1))
    moved = given.movedim(time, 0)
    # The axis of a batch of one.
    single = moved.dim() > 1 and moved.shape[1] == 1
    return moved if single else moved.unsqueeze(1)


def _spread(where: Tensor, values: Tensor) -> Tensor:
    """Return `where` with as many axes as `values` has."""
    return where.reshape(*where.shape, *[1] * (values.dim() - where.dim()))
