"""Which units an intervention means, in which layer of which module."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, cast

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz_widget.recurrent.intervention import Hold
from rnnviz_widget.recurrent.module import recurrent_layers
from rnnviz_widget.recurrent.stack import Stack, spelling
from rnnviz_widget.recurrent.stepwise import WHERES, Edit, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Units = int | Sequence[int]


@dataclass(frozen=True)
class Target:
    """A state of a module.

    Attributes
    ----------
    state
        Its name.
    stack
        The recurrent module it belongs to.
    layer, direction, kind
        Where in that.
    size
        How many units it has.
    """

    state: str
    stack: Stack
    layer: int
    direction: int
    kind: str
    size: int

    def units(self, units: Units) -> tuple[int, ...]:
        """Return units as different numbers in [0, size).

        Raises
        ------
        TypeError, ValueError
            Naming what is not.
        """
        try:
            chosen = (units,) if isinstance(units, (int, np.integer)) else tuple(units)
            numbers = tuple(operator.index(unit) for unit in chosen)
        except TypeError as error:
            raise TypeError(f"units must be an int or a sequence of them, got {units!r}") from error
        if not numbers or len(set(numbers)) < len(numbers):
            raise ValueError(f"units must be one or more different units, got {units!r}")
        for unit in numbers:
            if not 0 <= unit < self.size:
                raise ValueError(
                    f"units must be in [0, {self.size}), the units of {self.state}, got {unit}"
                )
        return numbers

    def edit(
        self, units: tuple[int, ...], values: NDArray[np.float64], where: Where, said: str
    ) -> Edit:
        """Return what replaces units by `values`, `(n,)` or `(T, n)`."""
        index = list(units)
        mask = torch.zeros(1, self.size, dtype=torch.bool)
        mask[:, index] = True
        new = torch.zeros(1 if values.ndim == 1 else len(values), 1, self.size, dtype=torch.float64)
        new[:, 0, index] = torch.from_numpy(np.atleast_2d(values))
        return Edit(self.kind, where, mask, new, said)

    def hold(self, edit: Edit) -> Hold:
        """Return an edit of this state, to be installed."""
        return Hold(self.layer, self.direction, edit)


def find(model: nn.Module, state: str, where: Where) -> Target:
    """Return the state of this name.

    Raises
    ------
    TypeError, ValueError
        If there is none, or nothing can be replaced in it, or not there.
    """
    if where not in WHERES:
        raise ValueError(f"where must be one of {', '.join(map(repr, WHERES))}, got {where!r}")
    layers = recurrent_layers(model)
    targets = {
        target.state: target
        for path, module in layers.items()
        if isinstance(module, nn.RNNBase)
        for target in _targets(Stack(module, module.forward, path))
    }
    if state not in targets:
        _refuse(state, layers, targets)
    target = targets[state]
    readout = target.stack.cell.readout
    if where == "readout" and target.kind not in readout:
        raise ValueError(
            f"where='readout' has no meaning for {state}: it acts through what the layer remembers "
            f"(h is read from {' and '.join(readout)}); use where='recurrence'"
        )
    return target


def values_for(value: float | ArrayLike | Tensor, units: Units, state: str) -> NDArray[np.float64]:
    """Return a value given for units as `(n,)`, or `(T, n)` for each step.

    Raises
    ------
    TypeError, ValueError
        Naming the shapes that are allowed.
    """
    value = value.detach().cpu().double().numpy() if isinstance(value, Tensor) else value
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"value must hold real numbers, got {value!r}")
    array = array.astype(np.float64)
    single = isinstance(units, (int, np.integer))
    n = 1 if single else len(cast("Sequence[int]", units))
    if single and array.ndim == 1:
        array = array[:, None]  # one value for each step
    fits = array.ndim == 0 or (array.ndim in (1, 2) and array.shape[-1] == n and array.size > 0)
    if not fits:
        allowed = (
            "(), or (T,) for each step" if single else f"(), ({n},), or (T, {n}) for each step"
        )
        raise ValueError(f"value for {state}{units!r} must have shape {allowed}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"value must be finite, got {value!r}")
    return np.broadcast_to(array, (n,)).copy() if array.ndim == 0 else array


def _targets(stack: Stack) -> Iterator[Target]:
    """Yield all states of a recurrent module."""
    module = stack.module
    for layer in range(module.num_layers):
        for d in range(stack.directions):
            for kind in stack.cell.kinds:
                name = f"{stack.path}.{spelling(layer, d)}.{kind}"
                yield Target(name, stack, layer, d, kind, stack.size(kind))


def _refuse(state: object, layers: Mapping[str, nn.Module], targets: Iterable[str]) -> NoReturn:
    """Say why there is no such state."""
    for path, module in layers.items():
        if str(state).startswith(f"{path}.") and not isinstance(module, nn.RNNBase):
            raise TypeError(
                f"{path} is a {type(module).__name__}, stepped by a loop of the model's own: "
                "ablate and clamp reach nn.RNN, nn.GRU and nn.LSTM; values of a cell can be "
                "changed in that loop"
            )
    hint = "; a change concerns every call of a layer: leave out @" if "@" in str(state) else ""
    raise ValueError(f"state must be one of {', '.join(targets)}, got {state!r}{hint}")
