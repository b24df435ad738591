"""Leaving a module as it was found, whatever happens while it runs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn


@contextlib.contextmanager
def standing_in(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Replace a module's forward for the block, then put back what was there."""
    # What m.compile() left would not see the replaced forward.
    replaced = {"forward": forward, "_compiled_call_impl": None}
    own = {key: vars(module)[key] for key in replaced if key in vars(module)}
    vars(module).update(replaced)
    try:
        yield
    finally:
        for key in replaced.keys() - own.keys():
            del vars(module)[key]
        vars(module).update(own)


@contextlib.contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """Run the block in eval mode and without gradients, then put everything back.

    Attributes of the module and of all its submodules, such as mode, hooks and a state kept between
    calls, are the same objects afterwards, and buffers hold the same bytes. Parameters are not
    written to by a forward pass without gradients, and are not copied.
    """
    attributes = [(m, dict(vars(m))) for m in module.modules()]
    registries = [
        (registry, dict(registry))  # parameters, buffers, submodules and every sort of hook
        for _, own in attributes
        for key, registry in own.items()
        if key.startswith("_") and isinstance(registry, dict)
    ]
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    try:
        for m, _ in attributes:
            # Not m.eval(), which a class may give more to do; and not what m.compile() left, which
            # would not see the replaced forward.
            vars(m)["training"] = False
            vars(m)["_compiled_call_impl"] = None
        with torch.no_grad():
            yield
    finally:
        for m, own in attributes:
            vars(m).clear()
            vars(m).update(own)
        for registry, entries in registries:
            registry.clear()
            registry.update(entries)
        with torch.no_grad():
            for buffer, content in buffers:
                if not torch.equal(buffer, content):
                    buffer.copy_(content)
