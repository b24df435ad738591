"""One layer's steps for many chunks of a text at once, every kind on the way.

torch's fused calls give `h` alone, and gates made from it afterwards cost every matrix product a
second time. Where many chunks form one batch, the products are large enough for a loop over the
steps (`Cell.loop`) to be as quick as a fused call (measured, torch 2.13 on a CPU), and the gates
come along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnnviz_widget.recording.parallel.matmul import PackedProduct
from rnnviz_widget.recurrent.cell import Space

if TYPE_CHECKING:
    from torch import Tensor

    from rnnviz_widget.recurrent.cell import Block, Cell, State, Weights


class Kernel:
    """Runs one layer and direction; its next call overwrites what it returned, except the state.

    Called with `x (S, B, I)`, or `(S, B)` integers that say where one-hot rows have their 1, and
    the state before, `(B, ·)` each.
    """

    def __init__(self, cell: Cell, weights: Weights) -> None:
        self._cell, self._w, self._space = cell, weights, Space()
        self._product = PackedProduct(weights.w_hh, weights.b_hh if cell.b_hh_apart else None)
        bias = weights.b_ih
        if not cell.b_hh_apart and bias is not None and weights.b_hh is not None:
            bias = bias + weights.b_hh
        self._x_bias = bias if bias is not None else weights.w_ih.new_zeros(len(weights.w_ih))
        self._of_ids: Tensor | None = None  # (I, G): W x + b where x is one-hot

    @property
    def num_units(self) -> int:
        """U."""
        return self._w.num_units

    def twin(self) -> Kernel:
        """Return another for the same layer, whose calls overwrite nothing of this one's."""
        return Kernel(self._cell, self._w)

    def __call__(self, x: Tensor, state: State) -> Block:
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
        return self._cell.loop(self._w, sums, state, self._product, self._space)
