"""The gated recurrent unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from rnnviz_widget.recurrent.cell import (
    Block,
    Cell,
    Gates,
    product_of_gate,
    sums_of_gate,
    tanh_,
    units_of_steps,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from rnnviz_widget.recurrent.cell import Change, Kinds, Product, Space, State, Weights
    from rnnviz_widget.trace import Bounds


class GRU(Cell):
    r"""The cell of `torch.nn.GRU` (Cho et al. 2014), as torch documents it.

    .. math::

        r_t &= \sigma(W_{ir} x_t + b_{ir} + W_{hr} h_{t-1} + b_{hr}) \\
        z_t &= \sigma(W_{iz} x_t + b_{iz} + W_{hz} h_{t-1} + b_{hz}) \\
        n_t &= \tanh(W_{in} x_t + b_{in} + r_t (W_{hn} h_{t-1} + b_{hn})) \\
        h_t &= (1 - z_t) n_t + z_t h_{t-1}

    What comes from `h` stays apart from what comes from `x`, for `r` multiplies the one only.
    """

    mode = "GRU"
    kinds = ("h", "r", "z", "n")
    readout = ("h",)
    fixed: ClassVar[Mapping[str, Bounds]] = {"r": (0.0, 1.0), "z": (0.0, 1.0), "n": (-1.0, 1.0)}
    fused = staticmethod(torch.gru)
    b_hh_apart = True
    fused_overhead, loop_overhead = 34.0, 600.0

    def update(self, w: Weights, from_x: Tensor, state: State, change: Change) -> Kinds:
        """Return the gates and `h` of one step."""
        (h,) = state
        from_h = torch.nn.functional.linear(h, w.w_hh, w.b_hh)  # (B, 3U)
        rz = 2 * w.num_units
        r, z = (from_h[..., :rz] + from_x[..., :rz]).sigmoid().chunk(2, -1)
        r, z = change("r", r), change("z", z)
        n = change("n", (from_x[..., rz:] + from_h[..., rz:] * r).tanh())
        return {"r": r, "z": z, "n": n, "h": (h - n) * z + n}

    def emit(self, w: Weights, updated: Kinds, change: Change) -> Kinds:
        """Return every kind of one step."""
        return {**updated, "h": change("h", updated["h"])}

    def gates(
        self, w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor | None, space: Space
    ) -> Gates:
        """Return every kind of many steps."""
        r, z = (sums_of_gate(w, gate, x, h_prev, space).sigmoid_() for gate in enumerate("rz"))
        n = product_of_gate(w.w_ih, w.b_ih, 2, x, space.take("n", tuple(r.shape), x))
        from_h = product_of_gate(w.w_hh, w.b_hh, 2, h_prev, space.take("h", tuple(r.shape), x))
        n.addcmul_(r, from_h).tanh_()
        h = torch.lerp(n, h_prev, z, out=from_h)
        return Gates({"r": r, "z": z, "n": n}, h, None)

    def loop(self, w: Weights, sums: Tensor, state: State, product: Product, space: Space) -> Block:
        """Run steps one after the other."""
        (h,) = state
        hs, rz = units_of_steps(space, "h", w, sums), 2 * w.num_units
        r, z, n = sums.chunk(3, dim=-1)
        for r_z, r_s, z_s, n_s, h_s in zip(sums[..., :rz], r, z, n, hs, strict=True):
            from_h = product.of(h)
            r_z.add_(from_h[:, :rz]).sigmoid_()
            n_s.addcmul_(r_s, from_h[:, rz:])
            tanh_(n_s, n_s)
            h = torch.lerp(n_s, h, z_s, out=h_s)
        return Block(hs, (h.clone(),), {"r": r, "z": z, "n": n})

    def bounds_of_h(self, start: Tensor) -> Bounds | None:
        """Return (-1, 1) unless `start` lies beyond: `h` is a mean of it and of values within."""
        return (-1.0, 1.0) if bool((start.abs() <= 1).all()) else None
