"""How the states of a cell are read: a module whose forward is one step of a recurrence.

`register_cell` tells it of a cell of the user's own; torch's own cells are told here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rnnviz_widget.escaping import briefly
from rnnviz_widget.recurrent.cell import Space, Weights
from rnnviz_widget.recurrent.cells import CELLS

if TYPE_CHECKING:
    from rnnviz_widget.recurrent.cell import Cell, Change, State
    from rnnviz_widget.trace import Bounds

Read = Callable[[Any, dict[str, Any], Any], Mapping[str, Tensor]]
Step = Callable[[Any, dict[str, Any], "Change"], Any]


@dataclass(frozen=True)
class CellReader:
    """How the states of a class of cells are read: see `register_cell`."""

    read: Read
    kinds: tuple[str, ...]
    bounds: Callable[[Any], Mapping[str, Bounds]]  # of a given cell
    step: Step | None = None


_READERS: dict[type[nn.Module], CellReader] = {}


def register_cell(
    cls: type[nn.Module],
    read: Read,
    kinds: tuple[str, ...],
    *,
    bounds: Mapping[str, Bounds] | None = None,
    step: Step | None = None,
) -> None:
    """Tell how the states of a custom cell are read, for this class and those below it.

    It is then recorded, ranked, ablated and clamped as torch's own cells are.

    Parameters
    ----------
    cls
        A module whose forward is one step of a recurrence.
    read : callable
        Called after each step as ``read(cell, inputs, output)``, where `inputs` holds the step's
        arguments by the names they have in the class's forward; returns each kind's values,
        `(B, U)` or `(U,)`.
    kinds : tuple of str
        The names of what `read` returns, in the order they are to be shown in; ``"h"`` first.
    bounds : dict of str to (float, float), optional
        ``(low, high)`` of the kinds that provably never leave it.
    step : callable, optional
        What the forward does, as ``step(cell, inputs, change)``, with each kind's values put
        through ``change(kind, values)``; returns what the forward does. Without it the kinds that
        the forward returns, as they are or in a tuple, a list or a dict, can be ablated and
        clamped; with it all can.

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
        raise TypeError(f"cls must be a subclass of torch.nn.Module, got {briefly(cls)}")
    if isinstance(kinds, str) or not kinds or len(set(kinds)) != len(kinds):
        raise ValueError(f"kinds must be one or more different names, got {briefly(kinds)}")
    limits = {kind: (float(low), float(high)) for kind, (low, high) in (bounds or {}).items()}
    if unknown := set(limits) - set(kinds):
        raise ValueError(f"bounds names {sorted(unknown)}, which are not among kinds {kinds}")
    _READERS[cls] = CellReader(read, tuple(kinds), lambda _: limits, step)


def reader(module: nn.Module) -> CellReader | None:
    """Return how a module's states are read, if it is a cell."""
    for cls in type(module).__mro__:
        if cls in _READERS:
            # A class derived from torch's own cells may compute something else than they do.
            altered = issubclass(cls, nn.RNNCellBase) and type(module).forward is not cls.forward
            return None if altered else _READERS[cls]
    return None


def _read_torch_cell(
    cell: nn.RNNCellBase,
    inputs: dict[str, Any],
    output: Any,  # noqa: ANN401
) -> dict[str, Tensor]:
    """Return every kind of `nn.RNNCell`, `GRUCell` and `LSTMCell`, as documented by torch."""
    equations, x = _equations(cell), _rows(inputs["input"])
    h = output[0] if len(equations.state) > 1 else output
    h_prev, *c_prev = _state_before(cell, inputs)
    wide = torch.float32 if x.dtype in (torch.float16, torch.bfloat16) else x.dtype
    did = equations.gates(
        _weights(cell).to(wide),
        x[None, None].to(wide),
        h_prev[None, None].to(wide),
        c_prev[0][None].to(wide) if c_prev else None,
        Space(),
    )
    return {"h": h, **{kind: values[0, 0] for kind, values in did.kinds.items()}}


def _step_torch_cell(cell: nn.RNNCellBase, inputs: dict[str, Any], change: Change) -> Any:  # noqa: ANN401
    """Return what the cell's forward does, with values replaced on the way."""
    equations, w = _equations(cell), _weights(cell)
    from_x = nn.functional.linear(_rows(inputs["input"]), w.w_ih, w.b_ih)
    kinds = equations.emit(
        w, equations.update(w, from_x, _state_before(cell, inputs), change), change
    )
    shape = (*inputs["input"].shape[:-1], cell.hidden_size)
    state = tuple(part.reshape(shape) for part in equations.state_of(kinds))
    return state if len(state) > 1 else state[0]


def _rows(x: Tensor) -> Tensor:
    """Return `(B, I)` of `(B, I)` or `(I,)`."""
    return x.reshape(-1, x.shape[-1])


def _state_before(cell: nn.RNNCellBase, inputs: dict[str, Any]) -> State:
    """Return what a step starts from, `(B, U)` each; zeros where nothing was given."""
    x, given, several = _rows(inputs["input"]), inputs["hx"], len(_equations(cell).state) > 1
    zeros = x.new_zeros(len(x), cell.hidden_size)
    before = (zeros, zeros) if given is None else given if several else (given,)
    return tuple(map(_rows, before[: 1 + several]))


def _weights(cell: nn.RNNCellBase) -> Weights:
    return Weights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh, None)


def _equations(cell: nn.RNNCellBase) -> Cell:
    if isinstance(cell, nn.LSTMCell):
        return CELLS["LSTM"]
    if isinstance(cell, nn.GRUCell):
        return CELLS["GRU"]
    return CELLS["RNN_RELU" if getattr(cell, "nonlinearity", "tanh") == "relu" else "RNN_TANH"]


def _torch_bounds(cell: nn.RNNCellBase) -> dict[str, Bounds]:
    """Return what is proven whatever `h` a user's loop passes in: not the `h` of a GRU."""
    equations = _equations(cell)
    start = torch.full((1, 1), torch.inf)
    proven = {
        kind: equations.bounds(kind, projected=False, start=start) for kind in equations.kinds
    }
    return {kind: pair for kind, pair in proven.items() if pair is not None}


for _cls, _mode in ((nn.RNNCell, "RNN_TANH"), (nn.GRUCell, "GRU"), (nn.LSTMCell, "LSTM")):
    _READERS[_cls] = CellReader(
        _read_torch_cell,
        CELLS[_mode].kinds,  # type: ignore[index]
        _torch_bounds,
        _step_torch_cell,
    )
