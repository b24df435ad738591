"""What a module that returns logits predicted at each token, and what the next token cost it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from rnnviz_widget.recording.run import as_float32
from rnnviz_widget.trace import Extras, Predictions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOP = 5
"""How many of the likeliest next tokens are kept."""

_ROWS = 8192  # of logits that are worked on at once


class PredictionCollector:
    """Gathers one sequence's predictions, from one output or from several in a row.

    Parameters
    ----------
    vocabulary
        What each logit stands for.
    length
        T, how many tokens there are.
    ids
        `(T,)` the ids that were read, None if not known.
    """

    def __init__(self, vocabulary: tuple[str, ...], length: int, ids: Tensor | None) -> None:
        self._vocabulary, self._ids = vocabulary, ids
        self._rows = 0  # that have been read
        # In one piece each: small tensors that are kept between large ones that are not leave gaps
        # in memory, half a kilobyte for every token of a long text.
        top = min(TOP, len(vocabulary))
        self._top = np.empty((length, top), np.uint32)
        self._p = np.empty((length, top), np.float32)
        self._entropy = np.empty(length, np.float32)
        self._loss = np.full(length, np.nan, np.float32)

    def add(self, logits: Tensor) -> None:
        """Take the next rows of logits, `(n, V)`; of log-probabilities or probabilities too.

        More of them than there are tokens are left out: it is said of the states that they do not
        fit.
        """
        for rows in torch.split(logits[: len(self._p) - self._rows], _ROWS):
            if not len(rows):
                return
            place = slice(self._rows, self._rows + len(rows))
            log_p = log_probabilities(rows.detach())
            p, ids = log_p.exp().topk(self._p.shape[1], dim=1)
            self._p[place], self._top[place] = p.cpu().numpy(), ids.cpu().numpy()
            entropy = torch.special.entr(log_p.exp()).sum(dim=1)  # nats
            self._entropy[place] = entropy.cpu().numpy()
            if self._ids is not None:
                following = self._ids[place.start + 1 : place.stop + 1].to(log_p.device)
                cost = -log_p[: len(following)].gather(1, following[:, None])[:, 0]
                kept = as_float32("the loss", cost).cpu().numpy()
                self._loss[place][: len(following)] = kept
            self._rows = place.stop  # last: what an interrupt leaves half-read does not count

    def result(self) -> Extras:
        """Return predictions and loss, as far as there are any."""
        if not self._rows:
            return Extras()
        n = self._rows
        found = Predictions(self._top[:n], self._p[:n], self._vocabulary, self._entropy[:n])
        return Extras(found, None if self._ids is None else self._loss[:n])


def logits_of(output: Any, steps: int, batch: int, size: int) -> Tensor | None:  # noqa: ANN401
    """Return the logits `(B, T, V)` of a module that gives them for ids `(B, T)`, else None."""
    views = views_of(output, steps, batch, size)
    logits = views[0](output) if views else None
    return None if logits is None else logits.transpose(0, 1)


View = Callable[[Any], "Tensor | None"]
"""Makes `(T, B, V)` of what a module returns, None where it cannot."""


def views_of(output: Any, steps: int, batch: int, size: int) -> list[View]:  # noqa: ANN401
    """Return the ways in which there may be logits among a module's output, the likeliest first.

    They are a floating-point tensor `(B, T, V)`, `(T, B, V)`, `(B, V, T)` or flattened, `(B * T,
    V)` or `(T * B, V)`; for one sequence also `(T, V)`. They may stand in tuples, dicts
    and data classes; what is called ``logits`` comes first.
    """
    for number, values in enumerate(_tensors_in(output)):
        found = [
            partial(_viewed, number=number, size=sizes, axes=axes)
            for sizes, axes in _forms(tuple(values.shape), steps, batch, size)
        ]
        if found:
            made = [view(output) for view in found]
            different = [  # several where two sizes are 1 or all rows alike
                all(not _alike(made[i], made[j]) for j in range(i)) for i in range(len(made))
            ]
            return [view for view, keep in zip(found, different, strict=True) if keep]
    return []


def _viewed(
    output: Any,  # noqa: ANN401
    number: int,
    size: tuple[int, ...],
    axes: tuple[int, int, int],
) -> Tensor | None:
    values = next(itertools.islice(_tensors_in(output), number, None), None)
    if values is None or values.numel() != math.prod(size):
        return None
    return values.reshape(size).permute(axes)


def _forms(
    shape: tuple[int, ...], t: int, b: int, v: int
) -> Iterator[tuple[tuple[int, ...], tuple[int, int, int]]]:
    """Yield `(sizes, axes)`: how a tensor is reshaped and its axes put in order, `(T, B, V)`."""
    flat = shape == (t * b, v)
    if shape == (b, t, v) or flat:
        yield (b, t, v), (1, 0, 2)
    if shape == (t, b, v) or flat:
        yield (t, b, v), (0, 1, 2)
    if shape == (b, v, t):
        yield (b, v, t), (2, 0, 1)


def _alike(one: Tensor | None, other: Tensor | None) -> bool:
    return one is not None and other is not None and torch.equal(one, other)


def _tensors_in(output: Any) -> Iterator[Tensor]:  # noqa: ANN401
    """Yield the floating-point tensors of an output, what is called ``logits`` first."""
    if isinstance(output, Tensor):
        if output.is_floating_point():
            yield output
        return
    if is_dataclass(output) and not isinstance(output, (type, Mapping)):
        output = {each.name: getattr(output, each.name) for each in fields(output)}
    if isinstance(output, Mapping):
        yield from itertools.chain(
            *(_tensors_in(part) for name, part in output.items() if name == "logits"),
            *(_tensors_in(part) for name, part in output.items() if name != "logits"),
        )
    elif isinstance(output, (tuple, list)):
        for part in output:
            yield from _tensors_in(part)


def in_order_of_tokens(logits: Tensor, where: Tensor, lengths: Sequence[int]) -> Tensor | None:
    """Return logits `(S, B, V)` with each row at the token that it follows, `(T, B, V)`.

    Parameters
    ----------
    logits
        As the module returns them.
    where
        `(S, B)` the number ``t * B + b`` of each row's token, negative where there is none.
    lengths
        Of the sequences.

    Returns
    -------
    None where rows come in the reverse order: such logits are not about what comes next. Tokens
    that no row follows have rows of zeros.
    """
    for column in where.T:
        known = column[column >= 0]
        if len(known) > 1 and bool((known.diff() < 0).any()):
            return None
    made = logits.new_zeros(max(lengths) * len(lengths), logits.shape[-1])
    read = (where >= 0).to(logits.device)
    made[where.to(logits.device)[read]] = logits[read]
    return made.view(max(lengths), len(lengths), -1)


def check_ids(ids: Tensor, size: int) -> None:
    """Refuse ids that no entry of the vocabulary stands for.

    Raises
    ------
    ValueError
        Naming the first such id and its position.
    """
    wrong = (ids < 0) | (ids >= size)
    if bool(wrong.any()):
        position = int(wrong.flatten().nonzero()[0])
        raise ValueError(
            f"ids must be in [0, {size}), the size of the vocabulary, got "
            f"{int(ids.flatten()[position])} at position {position}"
        )


def log_probabilities(rows: Tensor) -> Tensor:
    """Return log-probabilities of rows that hold logits, log-probabilities or probabilities."""
    if rows.dtype != torch.float64:
        rows = rows.float()
    if bool((rows >= 0).all()) and bool(((rows.sum(dim=1) - 1).abs() < 1e-3).all()):  # noqa: PLR2004
        return rows.log()
    return rows.log_softmax(dim=1)
