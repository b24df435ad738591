"""What stands in for the `forward` of a recurrent module while an intervention is in force."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import dropout

from rnnviz_widget.recurrent import stepwise
from rnnviz_widget.recurrent.cell_intervention import CellIntervention, CellSite
from rnnviz_widget.recurrent.hold import HeldForward
from rnnviz_widget.recurrent.stack import Stack, in_reading_order

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.nn.utils.rnn import PackedSequence

    from rnnviz_widget.recurrent.cell import State
    from rnnviz_widget.recurrent.hold import Hold
    from rnnviz_widget.recurrent.stack import Inputs
    from rnnviz_widget.recurrent.stepwise import Edit


@dataclass
class Intervention(HeldForward, Stack):
    """Does what the module's own forward does, with some units' values replaced."""

    def __call__(self, input: Tensor | PackedSequence, hx: Any = None) -> Any:  # noqa: A002, ANN401
        """Run with what is in force now; the arguments are named as torch names them."""
        return super().__call__(input, hx)

    def run(self, sequence: Tensor | PackedSequence, hx: Any) -> Any:  # noqa: ANN401
        """Run layer by layer."""
        given = self.read(sequence, hx)
        if given is None:
            return self.forward(sequence, hx)  # which says what is wrong with them
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

    def check(self, given: Inputs) -> None:
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
        for edit in (hold.edit for hold in self.holds):
            if len(edit.values) not in (1, len(given.x)):
                raise ValueError(
                    f"value has {len(edit.values)} steps, but {self.path} was called with "
                    f"{len(given.x)}: one value for each step of the call is needed, or one for all"
                )

    def of(self, layer: int, direction: int) -> tuple[Edit, ...]:
        """Return the edits of a layer and direction, their values in reading order."""
        edits = tuple(
            hold.edit for hold in self.holds if (hold.layer, hold.direction) == (layer, direction)
        )
        if not direction:
            return edits
        return tuple(edit._replace(values=edit.values.flip(0)) for edit in edits)

    def _run(self, layer: int, direction: int, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Return `h (T, B, P)` and the final state of one layer and direction."""
        edits = self.of(layer, direction)
        if not edits:
            # Below what is held all sequences of `effect` are still the same: one is enough.
            size = x.shape[1]
            one = size > 1 and all(bool((part == part[..., :1, :]).all()) for part in (x, *state))
            if not one:
                return self.fused(layer, direction)(x, state)
            y, final = self.fused(layer, direction)(x[:, :1], tuple(part[:1] for part in state))
            return y.expand(-1, size, -1), tuple(part.expand(size, -1) for part in final)
        h = []
        weights = self.weights(layer, direction)
        for piece in stepwise.run(self.cell, weights, x, state, edits=edits, keep=("h",)):
            h.append(piece.kinds["h"])
            state = piece.state
        return torch.cat(h), state


_changing = threading.Lock()  # of what stands in for any module's forward


def install(site: Stack | CellSite, hold: Hold) -> None:
    """Have a module's forward make an edit, after those in force."""
    own = vars(site.module)
    with _changing:
        there = own.get("forward")
        if isinstance(there, (Intervention, CellIntervention)):
            own["forward"] = replace(there, holds=(*there.holds, hold))
            return
        compiled = own.get("_compiled_call_impl")
        forward, path, holds = site.forward, site.path, (hold,)
        if isinstance(site, CellSite):
            own["forward"] = CellIntervention(
                site.module, forward, path, site.reader, holds, compiled
            )
        else:
            own["forward"] = Intervention(site.module, forward, path, holds, compiled)
        if compiled is not None:
            own["_compiled_call_impl"] = None


def remove(module: nn.Module, hold: Hold) -> None:
    """Take one edit away, whatever others there are; its own forward comes back after the last."""
    hold.in_force = False
    own = vars(module)
    with _changing:
        there = own.get("forward")
        if not isinstance(there, (Intervention, CellIntervention)) or hold not in there.holds:
            return
        left = tuple(each for each in there.holds if each is not hold)
        if left:
            own["forward"] = replace(there, holds=left)
            return
        del own["forward"]
        if there.compiled is not None:
            own["_compiled_call_impl"] = there.compiled
