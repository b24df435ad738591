"""A second module on the same weights: what is done to it, and by it to itself, leaves the first.

Modules are replaced wherever the module's own parts hold them: as submodules, in lists and dicts,
in bound methods, partials and closures, and in plain objects that hold a module directly.
Parameters stay the same objects; buffers, other tensors, arrays and containers are copied.
"""

from __future__ import annotations

import functools
import types
from collections import OrderedDict, defaultdict, deque
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

if TYPE_CHECKING:
    from collections.abc import Callable

M = TypeVar("M", bound=nn.Module)

_ATOMS = frozenset({int, float, complex, bool, str, bytes, type(None), type, torch.dtype,
                    torch.device, torch.Size, range, types.BuiltinFunctionType})  # fmt: skip


def replica(module: M, *, apart: bool = False) -> M:
    """Return a module that computes what `module` does, in eval mode, and shares its parameters.

    With `apart` it has parameters of its own, which it may write to. The weights of embeddings with
    `max_norm`, which a forward pass scales down, are copied. Objects of other classes that the
    module holds on to are shared.

    Raises
    ------
    TypeError
        If a part of the module cannot be made anew; the message names its class.
    """
    copies = _Copies()
    for parameter in module.parameters() if apart else ():
        if not is_lazy(parameter):
            copies.keep(parameter, _own(parameter))
    for m in module.modules():
        if isinstance(m, (nn.Embedding, nn.EmbeddingBag)) and m.max_norm is not None:
            copies.keep(m.weight, _own(m.weight))
    made = cast("M", copies.of(module))
    for m in copies.modules:
        # Not m.eval(), which a class may give more to do; and not what m.compile() left, which
        # would not see a replaced forward.
        vars(m)["training"] = False
        vars(m)["_compiled_call_impl"] = None
    return made


class _Copies:
    """Copies by the identity of what they were made from."""

    def __init__(self) -> None:
        self.modules: list[nn.Module] = []
        self._made: dict[int, tuple[Any, Any]] = {}  # with the original, so that its id stays taken

    def keep(self, original: Any, made: Any) -> Any:  # noqa: ANN401
        """Take `made` for `original` from now on."""
        self._made[id(original)] = (original, made)
        return made

    def of(self, value: Any) -> Any:  # noqa: ANN401
        """Return the copy of a value, itself where it is shared."""
        kind = type(value)
        if kind in _ATOMS:
            return value
        if id(value) in self._made:
            return self._made[id(value)][1]
        copy = _KINDS.get(kind)
        if copy is None:
            general = (each for cls, each in _FAMILIES.items() if isinstance(value, cls))
            copy = next(general, _Copies.of_object)
        return copy(self, value)

    def of_module(self, module: nn.Module) -> nn.Module:
        """Copy a module with all that it holds.

        Raises
        ------
        TypeError
            If its class does not allow it.
        """
        try:
            made = object.__new__(type(module))
        except TypeError as error:
            raise TypeError(
                f"module has a {type(module).__name__}, which cannot be copied ({error}); what is "
                "run is a copy, so that the module is left as it was"
            ) from error
        self.keep(module, made)
        self.modules.append(made)
        self._fill(vars(made), vars(module))
        return made

    def _fill(self, made: dict[str, Any], own: dict[str, Any]) -> None:
        for key, value in list(own.items()):
            made[key] = self.of(value)

    def of_object(self, value: Any) -> Any:  # noqa: ANN401
        """Return a copy of an object that holds modules, others themselves."""
        own = getattr(value, "__dict__", None)
        if not isinstance(own, dict) or isinstance(value, (type, types.ModuleType)):
            return value
        if not any(map(_holds_module, list(own.values()))):
            return value
        try:
            made = object.__new__(type(value))
        except TypeError:
            return value
        self.keep(value, made)
        self._fill(vars(made), own)
        return made

    def of_tensor(self, value: Tensor) -> Tensor:
        """Copy a tensor, but no parameter."""
        shared = isinstance(value, nn.Parameter) or is_lazy(value)
        return cast("Tensor", self.keep(value, value if shared else value.detach().clone()))

    def of_array(self, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Copy an array."""
        return cast("np.ndarray[Any, Any]", self.keep(value, value.copy()))

    def of_dict(self, value: dict[Any, Any]) -> Any:  # noqa: ANN401
        """Copy a dict of any built-in sort."""
        made: Any = type(value)()
        if isinstance(value, defaultdict):
            made.default_factory = value.default_factory
        self.keep(value, made)
        for key, entry in list(value.items()):
            made[key] = self.of(entry)
        return made

    def of_list(self, value: list[Any]) -> list[Any]:
        """Copy a list."""
        made = self.keep(value, list(value))
        if not set(map(type, made)) <= _ATOMS:
            made[:] = map(self.of, value)
        return cast("list[Any]", made)

    def of_tuple(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        """Copy a tuple, if anything in it is copied."""
        if set(map(type, value)) <= _ATOMS:
            return value
        parts = map(self.of, value)
        made = type(value)._make(parts) if hasattr(value, "_make") else tuple(parts)
        same = all(a is b for a, b in zip(made, value, strict=True))
        return cast("tuple[Any, ...]", self.keep(value, value if same else made))

    def of_deque(self, value: deque[Any]) -> deque[Any]:
        """Copy a deque."""
        made = self.keep(value, deque(maxlen=value.maxlen))
        made.extend(map(self.of, list(value)))
        return cast("deque[Any]", made)

    def of_set(self, value: set[Any]) -> set[Any]:
        """Copy a set."""
        made = self.keep(value, set())
        made.update(map(self.of, list(value)))
        return cast("set[Any]", made)

    def of_method(self, value: types.MethodType) -> types.MethodType:
        """Bind a method to the copy of what it is bound to."""
        owner, function = self.of(value.__self__), self.of(value.__func__)
        same = owner is value.__self__ and function is value.__func__
        return value if same else types.MethodType(function, owner)

    def of_partial(self, value: functools.partial[Any]) -> functools.partial[Any]:
        """Copy a partial with what it holds."""
        function = self.of(value.func)
        arguments = [self.of(each) for each in value.args]
        named = {key: self.of(each) for key, each in value.keywords.items()}
        made = functools.partial(function, *arguments, **named)
        vars(made).update(vars(value))
        return cast("functools.partial[Any]", self.keep(value, made))

    def of_function(self, value: types.FunctionType) -> types.FunctionType:
        """Copy a function whose closure holds modules; all else in the closure is shared."""
        cells = [(cell, _content(cell)) for cell in value.__closure__ or ()]
        held = [cell for cell, content in cells if _holds_module(content)]
        if not held and not any(map(_holds_module, value.__defaults__ or ())):
            return value
        fresh = {id(cell): types.CellType() for cell in held}
        closure = tuple(fresh.get(id(cell), cell) for cell, _ in cells)
        made = types.FunctionType(
            value.__code__, value.__globals__, value.__name__, value.__defaults__, closure
        )
        self.keep(value, made)
        vars(made).update(vars(value))
        made.__kwdefaults__ = value.__kwdefaults__
        made.__defaults__ = self.of(value.__defaults__)
        for cell in held:
            fresh[id(cell)].cell_contents = self.of(cell.cell_contents)
        return made


_KINDS: dict[type, Callable[[_Copies, Any], Any]] = {
    np.ndarray: _Copies.of_array,
    dict: _Copies.of_dict,
    OrderedDict: _Copies.of_dict,
    defaultdict: _Copies.of_dict,
    list: _Copies.of_list,
    tuple: _Copies.of_tuple,
    deque: _Copies.of_deque,
    set: _Copies.of_set,
    types.MethodType: _Copies.of_method,
    functools.partial: _Copies.of_partial,
    types.FunctionType: _Copies.of_function,
}


_FAMILIES: dict[type, Callable[[_Copies, Any], Any]] = {
    nn.Module: _Copies.of_module,
    Tensor: _Copies.of_tensor,
    tuple: _Copies.of_tuple,
}
"""Of these, derived classes too."""


def _own(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().clone(), requires_grad=weight.requires_grad)


def _content(cell: types.CellType) -> Any:  # noqa: ANN401
    try:
        return cell.cell_contents
    except ValueError:  # it is still empty
        return None


def _holds_module(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is a module, a method of one, or a container with one in it."""
    if isinstance(value, types.MethodType):
        value = value.__self__
    if isinstance(value, nn.Module):
        return True
    if isinstance(value, dict):
        return any(isinstance(each, nn.Module) for each in list(value.values()))
    if isinstance(value, (list, tuple, set, deque)):
        return any(isinstance(each, nn.Module) for each in list(value))
    return False
