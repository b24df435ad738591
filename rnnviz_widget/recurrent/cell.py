"""What a cell is: what is recorded of it, and its equations in the three forms that are needed.

A cell (`lstm`, `gru`, `rnn`) states its equations in its docstring. In code they stand below it,
side by side, in three forms that give the same numbers:

- `Cell.update` and `Cell.emit`: one step, with values replaced on the way, for interventions.
- `Cell.gates`: many steps at once from an `h` that is known, so that nothing has to be run again
  step by step. The gates are matrix products of `x[t]` and `h[t - 1]`, and an LSTM's `c` is an
  elementwise recurrence.
- `Cell.loop`: step after step for many chunks of a text at once, every kind on the way, in place:
  fresh memory for every value makes the steps slower by a fifth.

Shapes: `T` steps, `B` sequences, `I` inputs, `U` units, `P` the width of `h` (`U`, or less with a
projection), `G` all gates together (`U`, `3U` or `4U`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rnnviz_widget.trace import Bounds

    Change = Callable[[str, Tensor], Tensor]
    """Returns the values of a kind, `(B, U)`, with those of some units replaced."""

Mode = Literal["RNN_TANH", "RNN_RELU", "GRU", "LSTM"]
"""As in `torch.nn.RNNBase.mode`."""

State = tuple[Tensor, ...]
"""`(h,)`, or of an LSTM `(h, c)`; each `(B, ·)`."""

Kinds = dict[str, Tensor]
"""Values by their kind, such as ``"h"``."""


class Call(Protocol):
    """One layer and direction, as torch's fused call on a piece of the sequence."""

    def __call__(self, x: Tensor, state: State, /) -> tuple[Tensor, State]:
        """Return `h (S, B, P)` and the final state for `x (S, B, I)`."""


class Weights(NamedTuple):
    """One layer and direction: `w_ih (G, I)`, `w_hh (G, P)`, biases `(G,)`, projection `(P, U)`."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None

    @property
    def num_units(self) -> int:
        """U."""
        return int((self.w_hh if self.w_hr is None else self.w_hr).shape[1])

    def to(self, dtype: torch.dtype) -> Weights:
        """Return the weights in another type."""
        return Weights(*(None if w is None else w.to(dtype) for w in self))  # type: ignore[arg-type]


class Product(Protocol):
    """Products of `h (B, P)` with `W_hh`."""

    def of(self, h: Tensor) -> Tensor:
        """Return `W_hh h + b_hh`, `(B, G)`."""

    def plus(self, sums: Tensor, h: Tensor) -> Tensor:
        """Return `sums + W_hh h`, `(B, G)`, without the bias."""


class Gates(NamedTuple):
    """Many steps, evaluated at once: K blocks of S consecutive steps.

    Attributes
    ----------
    kinds
        Each kind but `h`, `(K, S, B, U)`.
    h
        `(K, S, B, P)`: `h` by the equations, to be compared with the `h` that was run.
    c
        `(K, B, U)` of an LSTM after the last step of each block, else None.
    """

    kinds: Kinds
    h: Tensor
    c: Tensor | None


class Block(NamedTuple):
    """Some steps that were run: `h (S, B, P)`, the last state, every other kind `(S, B, U)`."""

    h: Tensor
    final: State
    kinds: Kinds


class Space:
    """Memory that one pass over some steps leaves to the next.

    Fresh memory for every pass costs more in page faults than the arithmetic that fills it.
    """

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def take(self, name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Return an uninitialised tensor; it is overwritten when its name is taken again."""
        size = math.prod(shape)
        held = self._held.get(name)
        if held is None or held.numel() < size or held.dtype != like.dtype:
            held = self._held[name] = like.new_empty(size)
        return held[:size].view(shape)


class Cell(ABC):
    """One of torch's recurrent cells.

    Attributes
    ----------
    mode
        torch's name of it.
    kinds
        What is recorded of it, in this order.
    readout
        The kinds that `h` of the same step is computed from. What is computed from `h[t - 1]` and
        goes into the memory instead (an LSTM's `i f g`, a GRU's `r z n`) has no readout of its own.
    state
        The kinds that a step hands to the next.
    fixed
        The interval that a kind other than `h` never leaves.
    fused
        torch's fused call of a layer.
    b_hh_apart
        Whether `b_hh` must not be added to `b_ih`.
    rounds_alike
        Whether the fused call rounds alike in batches of any size. An LSTM's of oneDNN does
        (measured, torch 2.13 on a CPU), but not the products that other cells are made of.
    fused_overhead, loop_overhead
        Microseconds of a step beside its products, of the fused call and of `loop` with rows of any
        number (measured, torch 2.13 on Zen 4): whether chunks pay, see `recording.parallel.cost`.
    """

    mode: Mode
    kinds: tuple[str, ...]
    readout: tuple[str, ...]
    state: tuple[str, ...] = ("h",)
    fixed: ClassVar[Mapping[str, Bounds]] = {}
    fused: Callable[..., tuple[Tensor, ...]]
    b_hh_apart = False
    rounds_alike = False
    fused_overhead: ClassVar[float]
    loop_overhead: ClassVar[float]

    @abstractmethod
    def update(self, w: Weights, from_x: Tensor, state: State, change: Change) -> Kinds:
        """Return all that the memory needs, of one step.

        Parameters
        ----------
        from_x
            `W_ih x + b_ih`, `(B, G)`.
        state
            Of the step before.
        """

    @abstractmethod
    def emit(self, w: Weights, updated: Kinds, change: Change) -> Kinds:
        """Return every kind of one step, `h` made of what `update` gave.

        It is called once as the recurrence goes on and, where the readout is changed, once more as
        `h` leaves the layer.
        """

    @abstractmethod
    def gates(
        self, w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor | None, space: Space
    ) -> Gates:
        """Return every kind at every step of K blocks of S steps, in memory of `space`.

        Parameters
        ----------
        x
            `(K, S, B, I)`.
        h_prev
            The `h` that each step read, `(K, S, B, P)`.
        c_start
            An LSTM's `c` before each block, `(K, B, U)`.
        """

    @abstractmethod
    def loop(self, w: Weights, sums: Tensor, state: State, product: Product, space: Space) -> Block:
        """Run S steps, one after the other, in memory of `space`.

        Parameters
        ----------
        sums
            `W_ih x + b_ih`, with `b_hh` unless that stays apart, `(S, B, G)`; the gates take its
            place.
        state
            Before the first step.
        product
            Of `h` with `W_hh`.
        """

    @abstractmethod
    def bounds_of_h(self, start: Tensor) -> Bounds | None:
        """Return the interval that `h` never leaves from a `start (B, U)`, or None."""

    def bounds(self, kind: str, *, projected: bool, start: Tensor) -> Bounds | None:
        """Return the interval that a kind provably never leaves, or None.

        Parameters
        ----------
        projected
            Whether `h` is a linear projection, which has no bound.
        start
            The `h` the sequence starts from.
        """
        if kind != "h":
            return self.fixed.get(kind)
        return None if projected else self.bounds_of_h(start)

    def state_of(self, kinds: Kinds) -> State:
        """Return what a step hands to the next."""
        return tuple(kinds[kind] for kind in self.state)


def sums_of_gate(
    w: Weights, gate: tuple[int, str], x: Tensor, h_prev: Tensor, space: Space
) -> Tensor:
    """Return `W_ih x + b_ih + W_hh h + b_hh` of the k-th gate, `(K, S, B, U)`."""
    (k, kind), size = gate, w.num_units
    sums = space.take(kind, (*x.shape[:3], size), x)
    bias = None if w.b_ih is None or w.b_hh is None else w.b_ih + w.b_hh
    product_of_gate(w.w_ih, bias, k, x, sums)
    weights = w.w_hh[k * size : (k + 1) * size]
    sums.view(-1, size).addmm_(h_prev.reshape(-1, h_prev.shape[-1]), weights.T)
    return sums


def product_of_gate(weights: Tensor, bias: Tensor | None, k: int, x: Tensor, out: Tensor) -> Tensor:
    """Write `W x + b` of the k-th gate to `out`, `(K, S, B, U)`."""
    size = out.shape[-1]
    part, rows = weights[k * size : (k + 1) * size].T, x.reshape(-1, x.shape[-1])
    flat = out.view(-1, size)
    if bias is None:
        torch.mm(rows, part, out=flat)
    else:
        torch.addmm(bias[k * size : (k + 1) * size], rows, part, out=flat)
    return out


def units_of_steps(space: Space, name: str, w: Weights, sums: Tensor) -> Tensor:
    """Return memory for a kind of the steps of `Cell.loop`, `(S, B, U)`."""
    return space.take(name, (*sums.shape[:2], w.num_units), sums)


def tanh_(x: Tensor, out: Tensor) -> Tensor:
    """Write the hyperbolic tangent to `out`.

    It is numpy's: two to six times as fast as torch's (numpy 2.4 against torch 2.13, AVX2 and
    AVX-512) and as exact.
    """
    np.tanh(x.numpy(), out=out.numpy())
    return out
