"""What stands in for the `forward` of a recurrent module while an intervention is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import dropout

from rnnviz_widget.recurrent import stepwise
from rnnviz_widget.recurrent.stack import Stack, in_reading_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor
    from torch.nn.utils.rnn import PackedSequence

    from rnnviz_widget.recording.parallel.chunks import State
    from rnnviz_widget.recurrent.stack import Given
    from rnnviz_widget.recurrent.stepwise import Edit


@dataclass
class Intervened(Stack):
    """Does what the module's own forward does, with some units' values replaced.

    Attributes
    ----------
    edits
        What is replaced in which layer and direction; values for each step in the order of time.
    """

    edits: Mapping[tuple[int, int], tuple[Edit, ...]]

    def __call__(self, input: Tensor | PackedSequence, hx: Any = None) -> Any:  # noqa: A002, ANN401
        """Run layer by layer."""
        given = self.read(input, hx)
        if given is None:
            return self.forward(input, hx)  # which says what is wrong with them
        self.check(given)
        x, module = given.x, self.module
        finals: list[State] = []
        for layer in range(module.num_layers):
            if layer and module.dropout:
                x = dropout(x, module.dropout, module.training)
            outputs = []
            for d in range(self.directions):
                start = tuple(part[layer * self.directions + d] for part in given.start)
                h, final = self._run(layer, d, in_reading_order(x, d, None), start)
                outputs.append(in_reading_order(h, d, None))
                finals.append(final)
            x = torch.cat(outputs, dim=-1)
        final = tuple(torch.stack(parts) for parts in zip(*finals, strict=True))
        return self.output(x, None, final, given)

    def check(self, given: Given) -> None:
        """Refuse a call that the edits do not fit.

        Raises
        ------
        TypeError, ValueError
            For packed sequences, and where there are values for another number of steps.
        """
        if given.packed is not None:
            raise TypeError(
                f"{self.path} was called with a PackedSequence, in which no unit can be ablated or "
                "clamped; call it with one sequence at a time, or with padded ones"
            )
        for edit in (edit for edits in self.edits.values() for edit in edits):
            if len(edit.values) not in (1, len(given.x)):
                raise ValueError(
                    f"value has {len(edit.values)} steps, but {self.path} was called with "
                    f"{len(given.x)}: one value for each step of the call is needed, or one for all"
                )

    def of(self, layer: int, direction: int) -> tuple[Edit, ...]:
        """Return the edits of a layer and direction, their values in reading order."""
        edits = self.edits.get((layer, direction), ())
        if not direction:
            return edits
        return tuple(edit._replace(values=edit.values.flip(0)) for edit in edits)

    def said(self) -> list[str]:
        """Say what is replaced by what."""
        return list(dict.fromkeys(e.said for edits in self.edits.values() for e in edits))

    def _run(self, layer: int, direction: int, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Return `h (T, B, P)` and the final state of one layer and direction."""
        edits = self.of(layer, direction)
        if not edits:
            return self.fused(layer, direction)(x, state)
        h = []
        weights = self.weights(layer, direction)
        for piece in stepwise.run(self.mode, weights, x, state, edits=edits, keep=("h",)):
            h.append(piece.kinds["h"])
            state = piece.state
        return torch.cat(h), state
