"""The simple recurrent unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rnnviz_widget.recurrent.cell import Block, Cell, Gates, sums_of_gate, tanh_, units_of_steps

if TYPE_CHECKING:
    from rnnviz_widget.recurrent.cell import Change, Kinds, Mode, Product, Space, State, Weights
    from rnnviz_widget.trace import Bounds


class RNN(Cell):
    r"""The cell of `torch.nn.RNN` (Elman 1990), as torch documents it.

    .. math::

        pre_t &= W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh} \\
        h_t &= \tanh(pre_t)
    """

    mode: Mode = "RNN_TANH"
    kinds = ("h", "pre")
    readout = ("h", "pre")
    fused = staticmethod(torch.rnn_tanh)
    fused_overhead, loop_overhead = 12.0, 320.0

    def activation(self, pre: Tensor) -> Tensor:
        """Return `h`."""
        return pre.tanh()

    def activation_into(self, pre: Tensor, out: Tensor) -> Tensor:
        """Write `h` to `out`."""
        return torch.tanh(pre, out=out)

    def activation_in_loop(self, pre: Tensor, out: Tensor) -> Tensor:
        """Write `h` of one step of `loop` to `out`."""
        return tanh_(pre, out)

    def update(self, w: Weights, from_x: Tensor, state: State, change: Change) -> Kinds:
        """Return the sums of one step."""
        return {"pre": torch.nn.functional.linear(state[0], w.w_hh, w.b_hh) + from_x}

    def emit(self, w: Weights, updated: Kinds, change: Change) -> Kinds:
        """Return every kind of one step."""
        pre = change("pre", updated["pre"])
        return {"pre": pre, "h": change("h", self.activation(pre))}

    def gates(
        self, w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor | None, space: Space
    ) -> Gates:
        """Return every kind of many steps."""
        pre = sums_of_gate(w, (0, "pre"), x, h_prev, space)
        h = self.activation_into(pre, space.take("h", tuple(pre.shape), pre))
        return Gates({"pre": pre}, h, None)

    def loop(self, w: Weights, sums: Tensor, state: State, product: Product, space: Space) -> Block:
        """Run steps one after the other."""
        (h,) = state
        hs = units_of_steps(space, "h", w, sums)
        for pre, h_s in zip(sums, hs, strict=True):
            pre.copy_(product.plus(pre, h))
            h = self.activation_in_loop(pre, h_s)
        return Block(hs, (h.clone(),), {"pre": sums})

    def bounds_of_h(self, start: Tensor) -> Bounds | None:
        """Return (-1, 1), the tanh's."""
        return (-1.0, 1.0)


class ReluRNN(RNN):
    r"""The cell of `torch.nn.RNN(nonlinearity="relu")`.

    .. math::

        h_t = \max(0, pre_t)
    """

    mode = "RNN_RELU"
    fused = staticmethod(torch.rnn_relu)

    def activation(self, pre: Tensor) -> Tensor:
        """Return `h`."""
        return pre.relu()

    def activation_into(self, pre: Tensor, out: Tensor) -> Tensor:
        """Write `h` to `out`."""
        return torch.clamp(pre, min=0, out=out)

    def activation_in_loop(self, pre: Tensor, out: Tensor) -> Tensor:
        """Write `h` of one step of `loop` to `out`."""
        return torch.clamp(pre, min=0, out=out)

    def bounds_of_h(self, start: Tensor) -> Bounds | None:
        """Return None: a relu has no upper bound."""
        return None
