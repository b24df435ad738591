"""Recording cells: modules whose forward is one step, called in a loop of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rnnviz_widget.recurrent.cell_intervention import CellSite, rows_of

if TYPE_CHECKING:
    from rnnviz_widget.recording.run import Run
    from rnnviz_widget.recording.runs import Runs
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
    _where: list[Tensor | None] = field(default_factory=list, init=False)
    _before: Tensor | None = field(default=None, init=False)
    _argument: int | None = field(default=None, init=False)
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
        h = next(iter(rows.values()))
        before, self._before = self._before, h
        x = self._input(args, kwargs, h)
        run = self.recording.begin(self.path, self.names(), x, None, None)
        if run is None:
            return output
        if run is self._run and isinstance(self.module, nn.RNNCellBase) and before is not None:
            run.reset(self._reset(args, kwargs, before))
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
        self._where.append(run.where)
        self._steps += 1
        self.recording.end(run, 1, (), h[None])
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
            run.where = run.together(self._where)
            for kind, rows in self._pending.items():
                if run.wants(f"l0.{kind}"):
                    run.write(f"l0.{kind}", 0, torch.stack(rows), None, reverse=False)
            run.rows += self._steps
            self.recording.advance(self._steps)
        self._pending, self._where, self._steps = {}, [], 0

    def _input(self, args: tuple[Any, ...], kwargs: dict[str, Any], h: Tensor) -> Tensor:
        """Return what a step reads, `(1, B, I)`.

        Of a cell of torch the first argument; of others the one that is seen to be what the module
        was given, else all together.
        """
        rows = rows_of((*args, *kwargs.values()), len(h))
        if isinstance(self.module, nn.RNNCellBase):
            return rows[0]
        if self._argument is None:
            reading = self.recording.reading
            plain = [reading is not None and reading.is_plain(self.path, x, 0) for x in rows]
            self._argument = plain.index(True) if any(plain) else len(rows)
        return rows[self._argument] if self._argument < len(rows) else torch.cat(rows, dim=-1)

    def _reset(self, args: tuple[Any, ...], kwargs: dict[str, Any], before: Tensor) -> list[int]:
        """Return the sequences of which a step begins from zeros, not where the last one ended."""
        hx = args[1] if len(args) > 1 else kwargs.get("hx")
        if isinstance(hx, (tuple, list)):
            hx = hx[0]
        if hx is None:
            return list(range(len(before)))
        given = hx.detach().reshape(len(before), -1)
        if bool(given.any(dim=1).all()):
            return []
        reset = ~given.any(dim=1) & before.any(dim=1)
        return [b for b, is_reset in enumerate(reset.tolist()) if is_reset]


def _row(name: str, values: Tensor) -> Tensor:
    """Return one step's values as `(B, U)`, refusing other shapes."""
    if not isinstance(values, Tensor) or values.dim() not in (1, 2):
        shape = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(
            f"{name} must be a tensor of shape (B, U) or (U,) at each step, got {shape}"
        )
    return values.detach().reshape(-1, values.shape[-1]).clone()  # a cell may reuse its buffer
