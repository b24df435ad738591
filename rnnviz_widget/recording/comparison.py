"""Whether a layer's input is what its module was given, or what another layer returned."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.recording.sources import Source

Way = Callable[[Tensor, slice, Tensor], bool]
"""Whether a layer's input `(steps, B, I)` is what a module was given in a slice of time."""

_ROWS = 8192  # that are compared at once


def ways(module: nn.Module, sources: Sequence[Source]) -> list[Way]:
    """Return the ways in which a layer's input may be what a module was given.

    Each is told, too, which of the slice is no padding, `(steps, B)`.
    """
    found: list[Way] = []
    tables = [m.weight for m in module.modules() if isinstance(m, nn.Embedding)]
    for source in sources:
        values = source.values()
        if values.is_floating_point():
            found.append(partial(_equal, values, None))
        elif source.is_ids:
            found += [partial(_equal, values, table) for table in tables]
            found.append(partial(_one_hot, values))
    return found


def _equal(source: Tensor, table: Tensor | None, x: Tensor, at: slice, real: Tensor) -> bool:
    """Whether `x` is a source's values, or a table's rows of its ids, apart from padding."""
    values = source[at]
    width = values.shape[-1] if table is None else table.shape[1]
    if x.shape != (*values.shape[:2], width):
        return False
    if table is None and _is_alias(values, x):
        return True
    padded = not bool(real.all())
    for first in range(0, len(x), _ROWS):
        rows = slice(first, first + _ROWS)
        one, other = x[rows], values[rows]
        if table is not None:
            other = torch.nn.functional.embedding(other, table)
        if padded:
            where = real[rows].to(x.device)
            one, other = one[where], other[where]
        if not _alike(one, other):
            return False
    return True


def _alike(one: Tensor, other: Tensor) -> bool:
    """Whether all values are the same, NaN too."""
    if torch.equal(one, other):
        return True
    missing = one.isnan()
    return bool(((one == other) | (missing & other.isnan())).all()) if missing.any() else False


def _is_alias(one: Tensor, other: Tensor) -> bool:
    return one.data_ptr() == other.data_ptr() and one.stride() == other.stride()


def _one_hot(source: Tensor, x: Tensor, at: slice, real: Tensor) -> bool:
    """Whether `x` is one-hot rows of ids, apart from padding."""
    ids = source[at]
    if x.shape[:2] != ids.shape or int(ids.max()) >= x.shape[-1] or int(ids.min()) < 0:
        return False
    where = real.to(x.device)
    if not bool((x.gather(-1, ids[..., None].long())[..., 0] == 1)[where].all()):
        return False
    rows = x if bool(real.all()) else x[where]
    return int(torch.count_nonzero(rows)) == int(real.sum())


def is_palindrome(values: Tensor, lengths: Sequence[int]) -> bool:
    """Whether any of some sequences `(T, B, ...)` of these lengths is the same backwards."""
    for b, length in enumerate(lengths):
        column = values[:length, b]
        few = min(length, 16)
        ends = torch.equal(column[:few], column[length - few :].flip(0))
        if length > 1 and ends and torch.equal(column, column.flip(0)):
            return True
    return False


def same(output: Tensor, x: Tensor) -> bool:
    """Whether a layer's input is another's output."""
    if output.shape != x.shape or output.dtype != x.dtype:
        return False
    return _is_alias(output, x) or _alike(output, x)
