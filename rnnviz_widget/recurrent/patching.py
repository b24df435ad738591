"""Running a module beside itself, so that whatever happens it is as it was found.

Python raises KeyboardInterrupt between any two instructions, also in what puts things back: at the
start of a Python function, and after a call of a function in C. So here each thing that is put back
is one call into C in a `finally` of its own, which no number of interrupts keeps from being made;
a `with` whose exit is written in Python would not do.
"""

from __future__ import annotations

import _random
import random
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from rnnviz_widget.recurrent.replica import replica

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

M = TypeVar("M", bound="nn.Module")
R = TypeVar("R")


def undisturbed(module: M, use: Callable[[M], R], *, apart: bool = False) -> R:
    """Return what `use` makes of a `replica` of a module, `apart` or not, without gradients.

    The module itself is not touched, and may meanwhile be called elsewhere. Random numbers that are
    drawn from the global generators of torch, numpy and Python are given back.

    Warns
    -----
    RuntimeWarning
        If the module wrote to its own parameters, which are not put back.
    """
    before = _versions(module)
    own = replica(module, apart=apart)
    result = keeping_random(partial(without_gradients, partial(use, own)))
    after = _versions(module)
    if changed := [name for name, version in before.items() if after.get(name) != version]:
        warnings.warn(
            f"the module's parameters {', '.join(changed[:5])} were written to while it ran, and "
            "keep what was written",
            RuntimeWarning,
            stacklevel=2,
        )
    return result


def _versions(module: nn.Module) -> dict[str, int]:
    """Return how often torch has written to each parameter; of inference tensors it keeps none."""
    named = module.named_parameters()
    return {name: p._version for name, p in named if not p.is_inference()}  # noqa: SLF001


def without_gradients(call: Callable[[], R]) -> R:
    """Return what `call` returns, run without gradients."""
    before = torch.is_grad_enabled()
    try:
        torch._C._set_grad_enabled(False)  # noqa: SLF001, FBT003  (torch's own are Python)
        return call()
    finally:
        torch._C._set_grad_enabled(before)  # noqa: SLF001


def keeping_gradients(call: Callable[[], R]) -> R:
    """Return what `call` returns; whether gradients are on is then as before.

    For torch's own functions that turn them off with a `with`, which an interrupt may come between.
    """
    return _keeping(torch.is_grad_enabled, torch._C._set_grad_enabled, _same, call)  # noqa: SLF001


def keeping_random(call: Callable[[], R]) -> R:
    """Return what `call` returns; the global random generators are then as before."""
    for generator in _generators():
        call = partial(_keeping, generator.get_state, generator.set_state, torch.equal, call)
    call = partial(_keeping, np.random.get_state, np.random.set_state, _same_state, call)
    own: Any = random.getstate.__self__  # type: ignore[attr-defined]
    normal = partial(getattr, own, "gauss_next"), partial(setattr, own, "gauss_next")
    call = partial(_keeping, *normal, _same, call)
    # The base class's, which is C.
    numbers = partial(_random.Random.getstate, own), partial(_random.Random.setstate, own)
    return _keeping(*numbers, _same, call)


def _keeping(
    read: Callable[[], Any],
    write: Callable[[Any], object],
    same: Callable[[Any, Any], bool],
    call: Callable[[], R],
) -> R:
    """Return what `call` returns; `write`, which is C, puts back what `read` said before."""
    before = read()
    try:
        return call()
    finally:
        unchanged = False
        try:
            unchanged = same(read(), before)
        finally:
            if not unchanged:
                write(before)


def _generators() -> list[torch.Generator]:
    """Return torch's global generators that may have been drawn from."""
    cuda = torch.cuda.default_generators if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    return [torch.default_generator, *cuda]


def _same(a: object, b: object) -> bool:
    return a == b


def _same_state(a: Any, b: Any) -> bool:  # noqa: ANN401
    return all(map(np.array_equal, a, b))
