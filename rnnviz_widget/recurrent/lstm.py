"""Long short-term memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from rnnviz_widget.recurrent.cell import Block, Cell, Gates, sums_of_gate, tanh_, units_of_steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from rnnviz_widget.recurrent.cell import Change, Kinds, Product, Space, State, Weights
    from rnnviz_widget.trace import Bounds


class LSTM(Cell):
    r"""The cell of `torch.nn.LSTM` (Hochreiter and Schmidhuber 1997), as torch documents it.

    .. math::

        i_t &= \sigma(W_{ii} x_t + b_{ii} + W_{hi} h_{t-1} + b_{hi}) \\
        f_t &= \sigma(W_{if} x_t + b_{if} + W_{hf} h_{t-1} + b_{hf}) \\
        g_t &= \tanh(W_{ig} x_t + b_{ig} + W_{hg} h_{t-1} + b_{hg}) \\
        o_t &= \sigma(W_{io} x_t + b_{io} + W_{ho} h_{t-1} + b_{ho}) \\
        c_t &= f_t c_{t-1} + i_t g_t \\
        h_t &= o_t \tanh(c_t), \text{ with a projection } W_{hr} o_t \tanh(c_t)
    """

    mode = "LSTM"
    kinds = ("h", "c", "tanh_c", "i", "f", "g", "o")
    readout = ("h", "c", "tanh_c", "o")
    state = ("h", "c")
    fixed: ClassVar[Mapping[str, Bounds]] = {
        **dict.fromkeys(("tanh_c", "g"), (-1.0, 1.0)),
        **dict.fromkeys(("i", "f", "o"), (0.0, 1.0)),
    }
    fused = staticmethod(torch.lstm)
    rounds_alike = True
    fused_overhead, loop_overhead = 1.0, 600.0

    def update(self, w: Weights, from_x: Tensor, state: State, change: Change) -> Kinds:
        """Return the gates and `c` of one step."""
        h, c = state
        i, f, g, o = (torch.nn.functional.linear(h, w.w_hh, w.b_hh) + from_x).chunk(4, -1)
        i, f, g = change("i", i.sigmoid()), change("f", f.sigmoid()), change("g", g.tanh())
        return {"i": i, "f": f, "g": g, "o": o.sigmoid(), "c": f * c + i * g}

    def emit(self, w: Weights, updated: Kinds, change: Change) -> Kinds:
        """Return every kind of one step."""
        o, c = change("o", updated["o"]), change("c", updated["c"])
        tanh_c = change("tanh_c", c.tanh())
        h = o * tanh_c
        h = h if w.w_hr is None else h @ w.w_hr.T
        return {**updated, "o": o, "c": c, "tanh_c": tanh_c, "h": change("h", h)}

    def gates(
        self, w: Weights, x: Tensor, h_prev: Tensor, c_start: Tensor | None, space: Space
    ) -> Gates:
        """Return every kind of many steps."""
        if c_start is None:
            msg = "an LSTM needs c_start"
            raise TypeError(msg)
        i, f, g, o = (sums_of_gate(w, gate, x, h_prev, space) for gate in enumerate("ifgo"))
        i.sigmoid_(), f.sigmoid_(), g.tanh_(), o.sigmoid_()
        shape = tuple(i.shape)
        c = torch.mul(i, g, out=space.take("c", shape, x))
        c_prev = c_start
        for c_s, f_s in zip(c.unbind(1), f.unbind(1), strict=True):
            c_prev = c_s.addcmul_(f_s, c_prev)
        tanh_c = torch.tanh(c, out=space.take("tanh_c", shape, x))
        h = torch.mul(o, tanh_c, out=space.take("h", shape, x))
        if w.w_hr is not None:
            h = h @ w.w_hr.T
        kinds = {"c": c, "tanh_c": tanh_c, "i": i, "f": f, "g": g, "o": o}
        return Gates(kinds, h, c_prev.clone())  # which the next pass starts from

    def loop(self, w: Weights, sums: Tensor, state: State, product: Product, space: Space) -> Block:
        """Run steps one after the other."""
        h, c = state
        outs, cs, tanh_cs = (units_of_steps(space, kind, w, sums) for kind in ("h", "c", "tanh_c"))
        i, f, g, o = sums.chunk(4, dim=-1)
        units, project = w.num_units, w.w_hr
        i_f = sums[..., : 2 * units]
        hs = outs if project is None else sums.new_empty(*sums.shape[:2], len(project))
        steps = zip(sums, i_f, i, f, g, o, cs, tanh_cs, outs, hs, strict=True)
        for sums_s, i_f_s, i_s, f_s, g_s, o_s, c_s, tanh_c_s, out_s, h_s in steps:
            pre = product.plus(sums_s, h)  # the gates take the place of the sums
            torch.sigmoid(pre[:, : 2 * units], out=i_f_s)
            tanh_(pre[:, 2 * units : 3 * units], g_s)
            torch.sigmoid(pre[:, 3 * units :], out=o_s)
            c = torch.mul(f_s, c, out=c_s).addcmul_(i_s, g_s)
            h = torch.mul(o_s, tanh_(c, tanh_c_s), out=out_s)
            if project is not None:
                h = torch.mm(h, project.T, out=h_s)
        kinds = {"c": cs, "tanh_c": tanh_cs, "i": i, "f": f, "g": g, "o": o}
        return Block(hs, (h.clone(), c.clone()), kinds)

    def bounds_of_h(self, start: Tensor) -> Bounds | None:
        """Return (-1, 1): a product of a gate and a tanh."""
        return (-1.0, 1.0)
