"""The recurrent layers of a module, and whether they can be recorded."""

from __future__ import annotations

import torch
from torch import nn

from rnnviz_widget.escaping import listed
from rnnviz_widget.recurrent import registry
from rnnviz_widget.recurrent.intervention import Intervention

_FORWARDS = {nn.RNN.forward, nn.GRU.forward, nn.LSTM.forward}


def recurrent_layers(module: nn.Module) -> dict[str, nn.Module]:
    """Return the layers and cells that can be recorded, by their paths.

    Raises
    ------
    TypeError
        If `module` is no module, or compiled or scripted, or a layer cannot be seen into.
    ValueError
        If there is no recurrent layer; the message names what was found.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    layers: dict[str, nn.Module] = {}
    for path, m in module.named_modules():
        name = path or type(m).__name__.lower()
        if isinstance(m, torch.jit.ScriptModule):
            raise TypeError(
                f"{name} is scripted, and its layers cannot be seen into; record the module it was "
                "made from"
            )
        if hasattr(m, "_orig_mod"):
            raise TypeError(
                f"{name} is compiled, and its layers cannot be seen into; record the module it was "
                "made from (._orig_mod)"
            )
        if registry.reader(m) is not None:
            layers[name] = m
        elif isinstance(m, (nn.RNNBase, nn.RNNCellBase)):
            replaced = not isinstance(vars(m).get("forward"), Intervention | None)
            own = replaced or type(m).forward not in _FORWARDS
            if own:
                raise TypeError(
                    f"{name} is a {type(m).__name__} with a forward of its own, which may compute "
                    "anything; tell how it is read with register_cell, or use Trace.from_arrays"
                )
            layers[name] = m
    if not layers:
        found = sorted({type(m).__name__ for m in module.modules()})
        raise ValueError(
            "module has no recurrent layer that can be recorded (nn.RNN, nn.GRU, nn.LSTM, their "
            f"cells, or a registered cell); it is made of {listed(found)}"
        )
    return layers


def refuse_broken_weights(module: nn.Module) -> None:
    """Raise a ValueError that names the first parameter in which a value is no finite number."""
    for name, parameter in module.named_parameters():
        if parameter.is_meta:
            raise ValueError(f"parameter {name} is on the meta device, where nothing has a value")
        if parameter.is_floating_point() and not bool(torch.isfinite(parameter.detach()).all()):
            raise ValueError(f"parameter {name} has values that are NaN or infinite")
