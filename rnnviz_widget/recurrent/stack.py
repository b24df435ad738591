"""An `nn.RNN`, `nn.GRU` or `nn.LSTM` seen as single layers and directions, run one by one.

A direction is handled in *reading order*: the reverse one has its last token first, and packed
sequences begin together and are padded at their ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnnviz_widget.recurrent.cell import Weights
from rnnviz_widget.recurrent.cells import CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.recurrent.cell import Call, Cell, Mode, State


class Inputs(NamedTuple):
    """One call's arguments in one shape: `x (T, B, I)`, start `(L * D, B, ·)` each."""

    x: Tensor
    start: State
    lengths: Tensor | None  # of packed sequences
    packed: PackedSequence | None
    batched: bool


@dataclass
class Stack:
    """A recurrent module whose forward is replaced.

    Attributes
    ----------
    module
        The module.
    forward
        Its forward before that.
    path
        What the names of its states begin with.
    """

    module: nn.RNNBase
    forward: Callable[..., Any]
    path: str

    @property
    def cell(self) -> Cell:
        """Which cell it is made of."""
        return CELLS[cast("Mode", self.module.mode)]

    @property
    def directions(self) -> int:
        """How many directions each layer reads in."""
        return 2 if self.module.bidirectional else 1

    def names(self) -> tuple[str, ...]:
        """Name the states without `path`, in the order they are recorded in."""
        return tuple(
            f"{spelling(layer, d)}.{kind}"
            for layer in range(self.module.num_layers)
            for d in range(self.directions)
            for kind in self.cell.kinds
        )

    def size(self, kind: str) -> int:
        """Return how many units a kind has."""
        return (kind == "h" and self.module.proj_size) or self.module.hidden_size

    def weights(self, layer: int, direction: int) -> Weights:
        """Return the module's own weights of one layer and direction."""
        module, suffix = self.module, f"_l{layer}" + ("_reverse" if direction else "")
        bias = module.bias
        return Weights(
            getattr(module, "weight_ih" + suffix),
            getattr(module, "weight_hh" + suffix),
            getattr(module, "bias_ih" + suffix) if bias else None,
            getattr(module, "bias_hh" + suffix) if bias else None,
            getattr(module, "weight_hr" + suffix) if module.proj_size else None,
        )

    def fused(self, layer: int, direction: int) -> Call:
        """Return torch's fused call of one layer and direction, reading forwards."""
        run, bias = self.cell.fused, self.module.bias
        weights = [w for w in self.weights(layer, direction) if w is not None]

        def call(x: Tensor, state: State) -> tuple[Tensor, State]:
            parts = [part.unsqueeze(0).contiguous() for part in state]
            hx = parts if len(parts) > 1 else parts[0]
            h, *final = run(x, hx, weights, bias, 1, 0.0, False, False, False)  # noqa: FBT003
            return h, tuple(part[0] for part in final)

        return call

    def read(self, given: Tensor | PackedSequence, hx: Any) -> Inputs | None:  # noqa: ANN401
        """Return the arguments in one shape, None if torch would not take them."""
        module = self.module
        packed = given if isinstance(given, PackedSequence) else None
        lengths = None
        batched = True
        if packed is not None:
            x, lengths = pad_packed_sequence(packed)
        elif isinstance(given, Tensor) and given.dim() in (2, 3):
            batched = given.dim() == 3  # noqa: PLR2004
            x = given if batched else given.unsqueeze(1)
            x = x.transpose(0, 1) if batched and module.batch_first else x
        else:
            return None
        size = self.directions * module.num_layers
        widths = [self.size(kind) for kind in self.cell.state]
        if hx is None:
            start = tuple(x.new_zeros(size, x.shape[1], width) for width in widths)
        else:
            parts = hx if len(widths) > 1 else (hx,)
            start = tuple(part if batched else part.unsqueeze(1) for part in parts)
        fits = (
            x.numel() > 0
            and x.shape[-1] == module.input_size
            and x.dtype == self.weights(0, 0).w_ih.dtype
            and [part.shape for part in start] == [(size, x.shape[1], width) for width in widths]
        )
        return Inputs(x, start, lengths, packed, batched) if fits else None

    def output(self, x: Tensor, data: Tensor | None, final: State, given: Inputs) -> Any:  # noqa: ANN401
        """Return the module's own form of output and final state."""
        output: Tensor | PackedSequence = x
        if given.packed is not None and data is not None:
            _, batch_sizes, order, back = given.packed
            output = PackedSequence(data, batch_sizes, order, back)
        elif not given.batched:
            output, final = x.squeeze(1), tuple(part.squeeze(1) for part in final)
        elif self.module.batch_first:
            output = x.transpose(0, 1)
        return output, final if len(final) > 1 else final[0]


def spelling(layer: int, direction: int) -> str:
    """Return torch's own spelling of a layer, such as ``"l1_reverse"``."""
    return f"l{layer}" + ("_reverse" if direction else "")


def in_reading_order(x: Tensor, direction: int, lengths: Tensor | None) -> Tensor:
    """Return `x (T, B, ·)`, for the reverse direction each sequence reversed in its own length.

    Applied twice it gives `x` back.
    """
    if not direction:
        return x
    if lengths is None:
        return x.flip(0)
    steps = torch.arange(len(x), device=x.device)[:, None]
    last = lengths.to(x.device) - 1
    index = torch.where(steps <= last, last - steps, steps)  # padding stays where it is
    return x.gather(0, index[..., None].expand_as(x))
