"""One layer's steps for many chunks of a text at once, every kind on the way.

torch's fused calls give `h` alone, and gates made from it afterwards cost every matrix product a
second time. Where many chunks form one batch, the products are large enough for a loop over the
steps to be as quick as a fused call (measured, torch 2.13 on a CPU), and the gates come along. The
equations are those of `cells` and `stepwise`, here in place: fresh memory for every value makes the
steps slower by a fifth. The hyperbolic tangent is numpy's, two to six times as fast as torch's
(numpy 2.4 against torch 2.13, AVX2 and AVX-512) and as exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from rnnviz_widget.recording.parallel.matmul import Product
from rnnviz_widget.recurrent import cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.recording.parallel.chunks import State
    from rnnviz_widget.recurrent.cells import Mode, Weights


class Ran(NamedTuple):
    """Some steps of a layer: `h (S, B, P)`, the last state, every other kind `(S, B, U)`."""

    h: Tensor
    final: State
    kinds: dict[str, Tensor]


class Kernel:
    """Runs one layer and direction; what it returns, but the state, its next call overwrites.

    Called with `x (S, B, I)`, or `(S, B)` integers that say where one-hot rows have their 1, and
    the state before, `(B, ·)` each.
    """

    def __init__(self, mode: Mode, weights: Weights) -> None:
        self._mode, self._w, self._space = mode, weights, cells.Space()
        self._recurrent = Product(weights.w_hh, weights.b_hh if mode == "GRU" else None)
        self._activation = _tanh if mode == "RNN_TANH" else _relu
        bias = weights.b_ih
        if mode != "GRU" and bias is not None and weights.b_hh is not None:
            bias = bias + weights.b_hh
        self._x_bias = bias if bias is not None else weights.w_ih.new_zeros(len(weights.w_ih))
        self._of_ids: Tensor | None = None  # (I, G): W x + b where x is one-hot

    @property
    def units(self) -> int:
        """U."""
        return self._w.units

    def twin(self) -> Kernel:
        """Return another for the same layer, whose calls overwrite nothing of this one's."""
        return Kernel(self._mode, self._w)

    def __call__(self, x: Tensor, state: State) -> Ran:
        """Return all steps of `x` from `state`."""
        shape = (*x.shape[:2], len(self._w.w_ih))
        sums = self._space.take("sums", shape, self._x_bias)  # W_ih x + b, and later the gates
        flat = sums.view(-1, shape[-1])
        if x.is_floating_point():
            torch.addmm(self._x_bias, x.reshape(-1, x.shape[-1]), self._w.w_ih.T, out=flat)
        else:
            if self._of_ids is None:
                self._of_ids = self._w.w_ih.T + self._x_bias
            torch.index_select(self._of_ids, 0, x.reshape(-1), out=flat)
        # Looked up here: a method kept by its own object would keep this memory until a collection.
        loops: dict[str, Callable[..., Ran]] = {"LSTM": self._lstm, "GRU": self._gru}
        return loops.get(self._mode, self._rnn)(sums, *state)

    def _rnn(self, sums: Tensor, h: Tensor) -> Ran:
        hs = self._take("h", sums)
        for pre, h_s in zip(sums, hs, strict=True):
            pre.copy_(self._recurrent.plus(pre, h))
            h = self._activation(pre, h_s)
        return Ran(hs, (h.clone(),), {"pre": sums})

    def _gru(self, sums: Tensor, h: Tensor) -> Ran:
        hs, double = self._take("h", sums), 2 * self._w.units
        r, z, n = sums.chunk(3, dim=-1)
        for r_z, r_s, z_s, n_s, h_s in zip(sums[..., :double], r, z, n, hs, strict=True):
            from_h = self._recurrent.of(h)  # r multiplies W_hn h + b_hn, not W_in x
            r_z.add_(from_h[:, :double]).sigmoid_()
            n_s.addcmul_(r_s, from_h[:, double:])
            _tanh(n_s, n_s)
            h = torch.lerp(n_s, h, z_s, out=h_s)  # (1 - z) n + z h
        return Ran(hs, (h.clone(),), {"r": r, "z": z, "n": n})

    def _lstm(self, sums: Tensor, h: Tensor, c: Tensor) -> Ran:
        outs, cs, tanh_cs = (self._take(name, sums) for name in ("h", "c", "tanh_c"))
        i, f, g, o = sums.chunk(4, dim=-1)
        units, project = self._w.units, self._w.w_hr
        i_f = sums[..., : 2 * units]
        hs = outs if project is None else sums.new_empty(*sums.shape[:2], len(project))
        steps = zip(sums, i_f, i, f, g, o, cs, tanh_cs, outs, hs, strict=True)
        for sums_s, i_f_s, i_s, f_s, g_s, o_s, c_s, tanh_c_s, out_s, h_s in steps:
            pre = self._recurrent.plus(sums_s, h)  # the gates take the place of the sums
            torch.sigmoid(pre[:, : 2 * units], out=i_f_s)
            _tanh(pre[:, 2 * units : 3 * units], g_s)
            torch.sigmoid(pre[:, 3 * units :], out=o_s)
            c = torch.mul(f_s, c, out=c_s).addcmul_(i_s, g_s)
            h = torch.mul(o_s, _tanh(c, tanh_c_s), out=out_s)
            if project is not None:
                h = torch.mm(h, project.T, out=h_s)
        return Ran(
            hs, (h.clone(), c.clone()), {"c": cs, "tanh_c": tanh_cs, "i": i, "f": f, "g": g, "o": o}
        )

    def _take(self, name: str, sums: Tensor) -> Tensor:
        return self._space.take(name, (*sums.shape[:2], self._w.units), sums)


def _tanh(x: Tensor, out: Tensor) -> Tensor:
    np.tanh(x.numpy(), out=out.numpy())
    return out


def _relu(x: Tensor, out: Tensor) -> Tensor:
    return torch.clamp(x, min=0, out=out)
