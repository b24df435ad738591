"""What stands in for the `forward` of a cell while an intervention is in force.

A cell is stepped by a loop of the model's own, which reads and passes on one and the same output:
what is replaced there changes what follows and what leaves the cell alike.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from rnnviz_widget.recurrent.hold import HeldForward
from rnnviz_widget.recurrent.stepwise import change_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rnnviz_widget.recurrent.registry import CellReader
    from rnnviz_widget.recurrent.stepwise import Edit
    from rnnviz_widget.trace import Bounds


@dataclass
class CellSite:
    """A cell whose forward is replaced.

    Attributes
    ----------
    module
        The cell.
    forward
        Its forward before that.
    path
        What the names of its states begin with.
    reader
        How its states are read.
    """

    module: nn.Module
    forward: Callable[..., Any]
    path: str
    reader: CellReader

    def read(self, arguments: Mapping[str, Any], output: Any) -> dict[str, Tensor]:  # noqa: ANN401
        """Return each kind's values after a step.

        Raises
        ------
        ValueError
            If the reader returns others than it was registered for.
        """
        values = self.reader.read(self.module, dict(arguments), output)
        if set(values) != set(self.reader.kinds):
            raise ValueError(
                f"{self.path}: the reader of {type(self.module).__name__} was registered for "
                f"{self.reader.kinds}, but returned {tuple(values)}"
            )
        return dict(values)

    def arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a step by their names."""
        bound = inspect.signature(type(self.module).forward).bind(self.module, *args, **kwargs)
        bound.apply_defaults()
        return dict(list(bound.arguments.items())[1:])  # without the cell itself

    def step(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, dict[str, Tensor]]:
        """Run a step; return its output and each kind's values."""
        output = self.forward(*args, **kwargs)
        return output, self.read(self.arguments(args, kwargs), output)


@dataclass
class CellIntervention(HeldForward, CellSite):
    """Does what the cell's own forward does, with some units' values replaced."""

    def run(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Run a step."""
        return self.step(args, kwargs)[0]

    def step(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, dict[str, Tensor]]:
        """Run a step; return its output and each kind's values, as they have been replaced."""
        edits = [hold.edit for hold in self.holds]
        seen: dict[str, Tensor] = {}

        def change(kind: str, values: Tensor) -> Tensor:
            here = [self._fitted(edit, values) for edit in edits if edit.kind == kind]
            seen[kind] = change_at(here, 0)(kind, values)
            return seen[kind]

        if self.reader.step is not None:
            output = self.reader.step(self.module, self.arguments(args, kwargs), change)
            return output, seen
        output, values = super().step(args, kwargs)
        for kind in {edit.kind: None for edit in edits}:
            new = change(kind, values[kind])
            output, found = _with_part_replaced(output, values[kind], new)
            if not found:
                raise TypeError(
                    f"{self.path}.l0.{kind} is not part of what {type(self.module).__name__} "
                    "returns, so nothing would follow from another value; register_cell(step=) "
                    "says how such a kind is used"
                )
        return output, values | seen

    def bounds(self, limits: Mapping[str, Bounds]) -> Mapping[str, Bounds]:
        """Return bounds of kinds as they are where no new value lies outside, else none."""
        inside = all(hold.edit.stays_in(limits.get(hold.edit.kind)) for hold in self.holds)
        return limits if inside else {}

    def _fitted(self, edit: Edit, values: Tensor) -> Edit:
        """Return an edit for values `(B, U)` or `(U,)`: of a cell, U is not known beforehand."""
        missing = values.shape[-1] - edit.mask.shape[-1]
        if missing < 0:
            unit = int(edit.mask[0].nonzero().max())
            raise ValueError(
                f"units must be in [0, {values.shape[-1]}), the units of "
                f"{self.path}.l0.{edit.kind}, got {unit}"
            )
        mask = nn.functional.pad(edit.mask, (0, missing)).to(values.device)
        new = nn.functional.pad(edit.values, (0, missing)).to(values)
        if values.dim() == 1:
            mask, new = mask[0], new[:, 0]
        return edit._replace(mask=mask, values=new)


def rows_of(arguments: Iterable[Any], batch: int) -> list[Tensor]:
    """Return the tensors among a step's arguments that have rows for each sequence, `(1, B, ·)`."""
    return [
        each.detach().reshape(1, batch, -1)
        for each in arguments
        if isinstance(each, Tensor) and each.numel() and each.numel() % batch == 0
    ]


def _with_part_replaced(output: Any, old: Tensor, new: Tensor) -> tuple[Any, bool]:  # noqa: ANN401
    """Return what a step returned with one tensor in it replaced, and whether it was there."""
    if isinstance(output, Tensor):
        same = output is old or (
            output.shape == old.shape
            and output.data_ptr() == old.data_ptr()
            and output.stride() == old.stride()
        )
        return (new, True) if same else (output, False)
    if isinstance(output, (tuple, list)):
        parts = [_with_part_replaced(part, old, new) for part in output]
        found = any(there for _, there in parts)
        values = [part for part, _ in parts]
        made = output._make(values) if hasattr(output, "_make") else type(output)(values)
        return (made, True) if found else (output, False)
    if isinstance(output, dict):
        entries = {key: _with_part_replaced(part, old, new) for key, part in output.items()}
        found = any(there for _, there in entries.values())
        return (
            ({key: part for key, (part, _) in entries.items()}, True) if found else (output, False)
        )
    return output, False
