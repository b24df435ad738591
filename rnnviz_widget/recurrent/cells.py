"""The gate equations of torch's recurrent cells, evaluated for many steps at once.

Given every `h[t]` of a layer, its gates at all steps are matrix products of `x[t]` and `h[t - 1]`,
and an LSTM's `c` is an elementwise recurrence: nothing has to be run again step by step. The
equations are those of the documentation of `torch.nn.RNN`, `GRU` and `LSTM`.

Shapes: `x` is `(K, S, B, I)`, that is K blocks of S consecutive steps of B sequences; `h_prev` is
the `h` that each step read, `(K, S, B, P)`; `c_start` is `c` before each block, `(K, B, U)`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from rnnviz_widget.trace import Bounds

Mode = Literal["RNN_TANH", "RNN_RELU", "GRU", "LSTM"]
"""As in `torch.nn.RNNBase.mode`."""

KINDS: dict[Mode, tuple[str, ...]] = {
    "RNN_TANH": ("h", "pre"),
    "RNN_RELU": ("h", "pre"),
    "GRU": ("h", "r", "z", "n"),
    "LSTM": ("h", "c", "tanh_c", "i", "f", "g", "o"),
}
"""What is recorded of each cell, in this order."""

_BOUNDS: dict[str, Bounds] = {
    **dict.fromkeys(("tanh_c", "g", "n"), (-1.0, 1.0)),
    **dict.fromkeys(("i", "f", "o", "r", "z"), (0.0, 1.0)),
}


class Weights(NamedTuple):
    """One layer and direction: `w_ih (G, I)`, `w_hh (G, P)`, biases `(G,)`, projection `(P, U)`."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_hr: Tensor | None

    @property
    def units(self) -> int:
        """U."""
        return int((self.w_hh if self.w_hr is None else self.w_hr).shape[1])

    def to(self, dtype: torch.dtype) -> Weights:
        """Return the weights in another type."""
        return Weights(*(None if w is None else w.to(dtype) for w in self))  # type: ignore[arg-type]


class Steps(NamedTuple):
    """What a block of steps did.

    Attributes
    ----------
    kinds
        Each kind but `h`, `(K, S, B, U)`.
    h
        `(K, S, B, P)`: `h` by these equations, to be compared with the `h` that was run.
    c
        `(K, B, U)` of an LSTM after the last step of each block, else None.
    """

    kinds: dict[str, Tensor]
    h: Tensor
    c: Tensor | None


def bounds(mode: Mode, kind: str, *, projected: bool, start: Tensor) -> Bounds | None:
    """Return the interval that a kind provably never leaves, or None.

    Parameters
    ----------
    mode, kind
        A cell and one of its `KINDS`.
    projected
        Whether `h` is a linear projection, which has no bound.
    start
        The `h` the sequence starts from: a GRU's `h` is a mean of it and of values in (-1, 1).
    """
    if kind != "h":
        return _BOUNDS.get(kind)
    if mode == "RNN_RELU" or projected:
        return None
    if mode == "GRU" and not bool((start.abs() <= 1).all()):
        return None
    return (-1.0, 1.0)


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


def steps(
    mode: Mode,
    w: Weights,
    x: Tensor,
    h_prev: Tensor,
    c_start: Tensor | None,
    *,
    space: Space,
) -> Steps:
    """Return every kind at every step of the blocks, in memory of `space`."""
    if mode == "LSTM":
        if c_start is None:
            msg = "an LSTM needs c_start"
            raise TypeError(msg)
        return _lstm(w, x, h_prev, c_start, space)
    if mode == "GRU":
        return _gru(w, x, h_prev, space)
    pre = _sums(w, (0, "pre"), x, h_prev, space)
    h = space.take("h", tuple(pre.shape), pre)
    h = torch.tanh(pre, out=h) if mode == "RNN_TANH" else torch.clamp(pre, min=0, out=h)
    return Steps({"pre": pre}, h, None)


def _lstm(w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor, space: Space) -> Steps:
    i, f, g, o = (_sums(w, gate, x, h_prev, space) for gate in enumerate("ifgo"))
    i.sigmoid_(), f.sigmoid_(), g.tanh_(), o.sigmoid_()
    shape = tuple(i.shape)
    c = torch.mul(i, g, out=space.take("c", shape, x))
    c_prev = c_start
    for c_s, f_s in zip(c.unbind(1), f.unbind(1), strict=True):
        c_prev = c_s.addcmul_(f_s, c_prev)  # c[s] = i[s] g[s] + f[s] c[s - 1]
    tanh_c = torch.tanh(c, out=space.take("tanh_c", shape, x))
    h = torch.mul(o, tanh_c, out=space.take("h", shape, x))
    if w.w_hr is not None:
        h = h @ w.w_hr.T
    kinds = {"c": c, "tanh_c": tanh_c, "i": i, "f": f, "g": g, "o": o}
    return Steps(kinds, h, c_prev.clone())  # which the next pass starts from


def _gru(w: Weights, x: Tensor, h_prev: Tensor, space: Space) -> Steps:
    r, z = (_sums(w, gate, x, h_prev, space).sigmoid_() for gate in enumerate("rz"))
    n = _product(w.w_ih, w.b_ih, 2, x, space.take("n", tuple(r.shape), x))
    # Apart from the rest: r multiplies W_hn h + b_hn, not W_in x.
    from_h = _product(w.w_hh, w.b_hh, 2, h_prev, space.take("h", tuple(r.shape), x))
    n.addcmul_(r, from_h).tanh_()
    h = torch.lerp(n, h_prev, z, out=from_h)  # (1 - z) n + z h
    return Steps({"r": r, "z": z, "n": n}, h, None)


def _sums(w: Weights, gate: tuple[int, str], x: Tensor, h_prev: Tensor, space: Space) -> Tensor:
    """Return `W_ih x + b_ih + W_hh h + b_hh` of the k-th gate, (K, S, B, U)."""
    (k, kind), size = gate, w.units
    sums = space.take(kind, (*x.shape[:3], size), x)
    bias = None if w.b_ih is None or w.b_hh is None else w.b_ih + w.b_hh
    _product(w.w_ih, bias, k, x, sums)
    weights = w.w_hh[k * size : (k + 1) * size]
    sums.view(-1, size).addmm_(h_prev.reshape(-1, h_prev.shape[-1]), weights.T)
    return sums


def _product(weights: Tensor, bias: Tensor | None, k: int, x: Tensor, out: Tensor) -> Tensor:
    """Write `W x + b` of the k-th gate to `out`, (K, S, B, U)."""
    size = out.shape[-1]
    part, rows = weights[k * size : (k + 1) * size].T, x.reshape(-1, x.shape[-1])
    flat = out.view(-1, size)
    if bias is None:
        torch.mm(rows, part, out=flat)
    else:
        torch.addmm(bias[k * size : (k + 1) * size], rows, part, out=flat)
    return out
