"""What a module that returns logits predicted at each token, and what the next token cost it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from rnnviz_widget.recording.runs import as_float32
from rnnviz_widget.trace import Extras, Predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

TOP = 5
"""How many of the likeliest next tokens are kept."""

INTEGERS = (torch.int64, torch.int32)
"""What ids come as."""

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
    """Return the logits `(B, T, V)` among a module's output, None if there are none.

    They are the output itself or its first element: a floating-point tensor `(B, T, V)`,
    `(T, B, V)` or, for one sequence, `(T, V)`.
    """
    first = output[0] if isinstance(output, (tuple, list)) and output else output
    if not isinstance(first, Tensor) or not first.is_floating_point():
        return None
    shape = tuple(first.shape)
    if shape == (batch, steps, size):
        return first
    if shape == (steps, batch, size):
        return first.transpose(0, 1)
    if shape == (steps, size) and batch == 1:
        return first[None]
    return None


def ids_of(inputs: Sequence[Any], steps: int, batch: int) -> Tensor | None:
    """Return the integer ids `(B, T)` among a module's inputs, None if there are none."""
    for given in inputs:
        if isinstance(given, Tensor) and given.dtype in INTEGERS:
            shape = tuple(given.shape)
            if shape == (batch, steps):
                return given.long()
            if shape == (steps, batch):
                return given.long().T
            if shape == (steps,) and batch == 1:
                return given.long()[None]
    return None


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
