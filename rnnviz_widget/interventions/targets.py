"""Which units an intervention means, in which layer of which module."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from rnnviz_widget.escaping import briefly, listed
from rnnviz_widget.recurrent import registry
from rnnviz_widget.recurrent.cell_intervention import CellSite
from rnnviz_widget.recurrent.hold import Hold
from rnnviz_widget.recurrent.module import recurrent_layers
from rnnviz_widget.recurrent.stack import Stack, spelling
from rnnviz_widget.recurrent.stepwise import WHERES, Edit, Where
from rnnviz_widget.stats.direction import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    Units = int | Sequence[int] | Direction


@dataclass(frozen=True)
class Target:
    """A state of a module.

    Attributes
    ----------
    state
        Its name.
    site
        The recurrent module or cell it belongs to.
    kind
        Which of its kinds it is.
    size
        How many units it has; None where only a step tells.
    """

    state: str
    site: Stack | CellSite
    kind: str
    size: int | None

    def units(self, units: Units) -> tuple[int, ...]:
        """Return units as different numbers in [0, size); none for a direction, which is checked.

        Raises
        ------
        TypeError, ValueError
            Naming what is not.
        """
        if isinstance(units, Direction):
            if isinstance(self.site, CellSite):
                raise TypeError(
                    f"units must be numbers for {self.state}, which a loop of the model's own "
                    "steps; a Direction is for the states of nn.RNN, nn.GRU and nn.LSTM"
                )
            if len(units.weights) != self.size:
                raise ValueError(
                    f"units must be a Direction with a weight for each of the {self.size} units of "
                    f"{self.state}, got {len(units.weights)}"
                )
            return ()
        try:
            chosen = (units,) if isinstance(units, (int, np.integer)) else tuple(units)
            numbers = tuple(operator.index(unit) for unit in chosen)
        except TypeError as error:
            raise TypeError(
                f"units must be an int or a sequence of them, or a Direction, got {briefly(units)}"
            ) from error
        if not numbers or len(set(numbers)) < len(numbers):
            raise ValueError(f"units must be one or more different units, got {briefly(units)}")
        for unit in numbers:
            if unit < 0 or (self.size is not None and unit >= self.size):
                end = "any number" if self.size is None else self.size
                raise ValueError(
                    f"units must be in [0, {end}), the units of {self.state}, got {unit}"
                )
        return numbers

    def edit(self, units: Units, values: NDArray[np.float64], where: Where, said: str) -> Edit:
        """Return what replaces units by `values`, `(n,)` or `(T, n)`; a direction counts as one."""
        if isinstance(units, Direction):
            along = torch.from_numpy(units.weights)[None]
            new = torch.from_numpy(values.reshape(-1, 1, 1).copy())
            return Edit(self.kind, where, torch.ones(1, 1, dtype=torch.bool), new, said, along)
        index = list(self.units(units))
        size = self.size or max(index) + 1
        mask = torch.zeros(1, size, dtype=torch.bool)
        mask[:, index] = True
        new = torch.zeros(1 if values.ndim == 1 else len(values), 1, size, dtype=torch.float64)
        new[:, 0, index] = torch.from_numpy(np.atleast_2d(values))
        return Edit(self.kind, where, mask, new, said)

    def hold(self, edit: Edit) -> Hold:
        """Return an edit of this state, to be installed."""
        return Hold(0, 0, edit)

    def check(self, values: NDArray[np.float64]) -> None:
        """Refuse values that this state cannot be given.

        Raises
        ------
        ValueError
            Of a cell, if there is one value for each step.
        """
        if values.ndim > 1 and isinstance(self.site, CellSite):
            raise ValueError(
                f"value must be one for all steps: {self.site.path} is a "
                f"{type(self.site.module).__name__}, stepped by a loop of the model's own, which "
                "does not say where a text begins"
            )


@dataclass(frozen=True)
class LayerTarget(Target):
    """A state of an `nn.RNN`, `nn.GRU` or `nn.LSTM`: in which layer and direction."""

    site: Stack
    size: int
    layer: int
    direction: int

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
    targets = {
        target.state: target
        for path, module in recurrent_layers(model).items()
        for target in _targets(path, module)
    }
    if state not in targets:
        hint = "; a change concerns every call of a layer: leave out @" if "@" in str(state) else ""
        raise ValueError(f"state must be one of {listed(targets)}, got {state!r}{hint}")
    target = targets[state]
    if where == "readout" and isinstance(target.site, CellSite):
        raise ValueError(
            f"where='readout' has no meaning for {state}: the loop that steps a cell reads and "
            "passes on one output; use where='recurrence'"
        )
    readout = () if isinstance(target.site, CellSite) else target.site.cell.readout
    if where == "readout" and target.kind not in readout:
        raise ValueError(
            f"where='readout' has no meaning for {state}: it acts through what the layer remembers "
            f"(h is read from {' and '.join(readout)}); use where='recurrence'"
        )
    return target


def find_layer(model: nn.Module, state: str, where: Where) -> LayerTarget:
    """Return the state of this name, which must be one of a layer that torch steps.

    Raises
    ------
    TypeError, ValueError
        As `find`; and for a state of a cell.
    """
    target = find(model, state, where)
    if not isinstance(target, LayerTarget):
        raise TypeError(
            f"{state} belongs to a {type(target.site.module).__name__}, stepped by a loop of the "
            "model's own, where variants cannot be run side by side; use ablate or clamp"
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
        raise TypeError(f"value must hold real numbers, got {briefly(value)}")
    array = array.astype(np.float64)
    single = isinstance(units, (int, np.integer, Direction))
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
        raise ValueError(f"value must be finite, got {briefly(value)}")
    return np.broadcast_to(array, (n,)).copy() if array.ndim == 0 else array


def _targets(path: str, module: nn.Module) -> Iterator[Target]:
    """Yield all states of a recurrent module or cell."""
    if isinstance(module, nn.RNNBase):
        stack = Stack(module, module.forward, path)
        for layer in range(module.num_layers):
            for d in range(stack.directions):
                for kind in stack.cell.kinds:
                    name = f"{path}.{spelling(layer, d)}.{kind}"
                    yield LayerTarget(name, stack, kind, stack.size(kind), layer, d)
        return
    reader = registry.reader(module)
    if reader is not None:
        site = CellSite(module, module.forward, path, reader)
        size = module.hidden_size if isinstance(module, nn.RNNCellBase) else None
        for kind in reader.kinds:
            yield Target(f"{path}.l0.{kind}", site, kind, size)
