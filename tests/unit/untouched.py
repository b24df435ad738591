"""Everything there is to a module, to see that nothing of it has changed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import nn


def contents(module: nn.Module) -> tuple[Any, ...]:
    """Everything there is to a module: bytes of its tensors, attributes, modes, gradients."""
    buffer = io.BytesIO()
    torch.save(module.state_dict(), buffer)
    own = [
        {k: v if k.startswith("_") else id(v) for k, v in vars(m).items() if k != "_flat_weights"}
        for m in module.modules()
    ]
    modes = [m.training for m in module.modules()]
    tensors = [
        (name, id(p), p.requires_grad, p.is_leaf, None if p.grad is None else p.grad.tolist())
        for name, p in module.named_parameters()
    ]
    return (
        buffer.getvalue(),
        [list(each) for each in own],
        [repr(each) for each in own],
        modes,
        tensors,
    )
