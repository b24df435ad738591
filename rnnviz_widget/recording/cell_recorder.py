"""Recording cells: modules whose forward is one step, called in a loop of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rnnviz_widget.recurrent.cell_intervention import CellSite

if TYPE_CHECKING:
    from rnnviz_widget.recording.runs import Run, Runs
    from rnnviz_widget.recurrent.cell_intervention import CellIntervention

_FLUSH = 256
"""Steps gathered before they are written."""


@dataclass
class CellRecorder(CellSite):
    """Calls one cell and records each call as a step.

    Attributes
    ----------
    recording
        Where values go.
    intervention
        The intervention that is in force, if there is one.
    """

    recording: Runs
    intervention: CellIntervention | None
    _run: Run | None = field(default=None, init=False)
    _pending: dict[str, list[Tensor]] = field(default_factory=dict, init=False)
    _steps: int = field(default=0, init=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Do what the cell's own forward does, and record it."""
        if isinstance(self.module, nn.RNNCellBase) and torch.is_autocast_enabled(
            self.module.weight_ih.device.type
        ):
            raise TypeError(
                f"{self.path} was called under torch.autocast, where parts of a step are rounded "
                "and others not; record outside of it, or the module in another dtype"
            )
        output, values = (self.intervention or self).step(args, kwargs)
        rows = {kind: _row(f"{self.path}.l0.{kind}", values[kind]) for kind in self.reader.kinds}
        batch = next(iter(rows.values())).shape[0]
        run = self.recording.begin(self.path, self.names(), (1, batch), None, None)
        if run is None:
            return output
        if run is not self._run:
            self.flush()
            self._run = run
            limits = self.reader.bounds(self.module)
            if self.intervention is not None:
                limits = self.intervention.bounds(limits)
            for name, kind in zip(self.names(), self.reader.kinds, strict=True):
                if run.wants(name):
                    run.declare(name, limits.get(kind))
        for kind, row in rows.items():
            self._pending.setdefault(kind, []).append(row)
        self._steps += 1
        self.recording.end(run, 1, ())
        if self._steps == _FLUSH:
            self.flush()
        return output

    def names(self) -> tuple[str, ...]:
        """Name the states without `path`, in the order they are recorded in."""
        return tuple(f"l0.{kind}" for kind in self.reader.kinds)

    def flush(self) -> None:
        """Write the steps that have been gathered."""
        run = self._run
        if run is not None and self._steps:
            run.steps = self._steps
            run.rows -= self._steps  # they were counted when they were gathered
            for kind, rows in self._pending.items():
                if run.wants(f"l0.{kind}"):
                    run.write(f"l0.{kind}", 0, torch.stack(rows), None, reverse=False)
            run.rows += self._steps
            self.recording.advance(self._steps)
        self._pending, self._steps = {}, 0


def _row(name: str, values: Tensor) -> Tensor:
    """Return one step's values as `(B, U)`, refusing other shapes."""
    if not isinstance(values, Tensor) or values.dim() not in (1, 2):
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(
            f"{name} must be a tensor of shape (B, U) or (U,) at each step, got {shape}"
        )
    return values.detach().reshape(-1, values.shape[-1]).clone()  # a cell may reuse its buffer
