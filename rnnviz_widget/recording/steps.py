"""Recording cells: modules whose forward is one step, called in a loop of the user's own.

How a cell's states are read is told by `register_cell`; torch's own cells are told here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rnnviz_widget.recording import cells

if TYPE_CHECKING:
    from rnnviz_widget.recording.runs import Recording, Run
    from rnnviz_widget.trace import Bounds

Read = Callable[[Any, dict[str, Any], Any], Mapping[str, Tensor]]

_FLUSH = 256
"""Steps gathered before they are written."""


@dataclass(frozen=True)
class CellReader:
    """How the states of a class of cells are read: see `register_cell`."""

    read: Read
    kinds: tuple[str, ...]
    bounds: Callable[[Any], Mapping[str, Bounds]]  # of a given cell


_READERS: dict[type[nn.Module], CellReader] = {}


def register_cell(
    cls: type[nn.Module],
    read: Read,
    kinds: tuple[str, ...],
    *,
    bounds: Mapping[str, Bounds] | None = None,
) -> None:
    """Tell `record` how the states of a custom cell are read, for this class and those below it.

    Parameters
    ----------
    cls
        A module whose forward is one step of a recurrence.
    read
        Called after each step as ``read(cell, inputs, output)``, where `inputs` holds the step's
        arguments by the names they have in the class's forward; returns each kind's values,
        `(B, U)` or `(U,)`.
    kinds
        The names of what `read` returns, in the order they are to be shown in; ``"h"`` first.
    bounds
        ``(low, high)`` of the kinds that provably never leave it.

    Raises
    ------
    TypeError, ValueError
        If `cls` is not a module's class, or `kinds` and `bounds` do not fit together.

    Examples
    --------
    A minimal gated unit with ``forward(self, x, h)`` and a gate ``f = self.gate(x, h)``:

    >>> def read(cell, inputs, output):
    ...     return {"h": output, "f": cell.gate(inputs["x"], inputs["h"])}
    >>> register_cell(MinimalGatedUnit, read, ("h", "f"), bounds={"f": (0, 1)})
    """
    if not (isinstance(cls, type) and issubclass(cls, nn.Module)):
        raise TypeError(f"cls must be a subclass of torch.nn.Module, got {cls!r}")
    if isinstance(kinds, str) or not kinds or len(set(kinds)) != len(kinds):
        raise ValueError(f"kinds must be one or more different names, got {kinds!r}")
    limits = {kind: (float(low), float(high)) for kind, (low, high) in (bounds or {}).items()}
    if unknown := set(limits) - set(kinds):
        raise ValueError(f"bounds names {sorted(unknown)}, which are not among kinds {kinds}")
    _READERS[cls] = CellReader(read, tuple(kinds), lambda _: limits)


def reader(module: nn.Module) -> CellReader | None:
    """Return how a module's states are read, if it is a cell."""
    for cls in type(module).__mro__:
        if cls in _READERS:
            # A class derived from torch's own cells may compute something else than they do.
            altered = issubclass(cls, nn.RNNCellBase) and type(module).forward is not cls.forward
            return None if altered else _READERS[cls]
    return None


@dataclass
class CellRecorder:
    """Calls one cell and records each call as a step.

    Attributes
    ----------
    module, forward
        The cell, and its own forward.
    path
        What the names of its states begin with.
    recording
        Where values go.
    reader
        How its states are read.
    """

    module: nn.Module
    forward: Callable[..., Any]
    path: str
    recording: Recording
    reader: CellReader
    _run: Run | None = field(default=None, init=False)
    _pending: dict[str, list[Tensor]] = field(default_factory=dict, init=False)
    _steps: int = field(default=0, init=False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Do what the cell's own forward does, and record it."""
        output = self.forward(*args, **kwargs)
        bound = inspect.signature(type(self.module).forward).bind(self.module, *args, **kwargs)
        bound.apply_defaults()
        values = self.reader.read(self.module, bound.arguments, output)
        if set(values) != set(self.reader.kinds):
            raise ValueError(
                f"{self.path}: the reader of {type(self.module).__name__} was registered for "
                f"{self.reader.kinds}, but returned {tuple(values)}"
            )
        rows = {kind: _row(f"{self.path}.l0.{kind}", values[kind]) for kind in self.reader.kinds}
        batch = next(iter(rows.values())).shape[0]
        run = self.recording.begin(self.path, self.names(), (1, batch), None, None)
        if run is None:
            return output
        if run is not self._run:
            self.flush()
            self._run = run
            limits = self.reader.bounds(self.module)
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


def _read_torch_cell(
    cell: nn.RNNCellBase,
    inputs: dict[str, Any],
    output: Any,  # noqa: ANN401
) -> dict[str, Tensor]:
    """Return every kind of `nn.RNNCell`, `GRUCell` and `LSTMCell`, as documented by torch."""
    mode = _cell_mode(cell)
    h = output[0] if mode == "LSTM" else output
    x = inputs["input"].reshape(-1, cell.input_size)
    zeros = x.new_zeros(len(x), cell.hidden_size)
    given = inputs["hx"]
    before = (zeros, zeros) if given is None else given if mode == "LSTM" else (given,)
    h_prev, *c_prev = (part.reshape(-1, cell.hidden_size) for part in before)
    weights = cells.Weights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh, None)
    wide = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    did = cells.steps(
        mode,
        weights.to(wide),
        x[None, None].to(wide),
        h_prev[None, None].to(wide),
        c_prev[0][None].to(wide) if mode == "LSTM" else None,
        space=cells.Space(),
    )
    return {"h": h, **{kind: values[0, 0] for kind, values in did.kinds.items()}}


def _cell_mode(cell: nn.RNNCellBase) -> cells.Mode:
    if isinstance(cell, nn.LSTMCell):
        return "LSTM"
    if isinstance(cell, nn.GRUCell):
        return "GRU"
    return "RNN_RELU" if getattr(cell, "nonlinearity", "tanh") == "relu" else "RNN_TANH"


def _torch_bounds(cell: nn.RNNCellBase) -> dict[str, Bounds]:
    """Return what is proven whatever `h` a user's loop passes in: not the `h` of a GRU."""
    mode = _cell_mode(cell)
    start = torch.full((1, 1), torch.inf)
    proven = {
        kind: cells.bounds(mode, kind, projected=False, start=start) for kind in cells.KINDS[mode]
    }
    return {kind: pair for kind, pair in proven.items() if pair is not None}


for _cls, _mode in ((nn.RNNCell, "RNN_TANH"), (nn.GRUCell, "GRU"), (nn.LSTMCell, "LSTM")):
    _READERS[_cls] = CellReader(_read_torch_cell, cells.KINDS[_mode], _torch_bounds)  # type: ignore[index]
