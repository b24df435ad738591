"""The file from which an interrupted training run goes on as if nothing had happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rnnviz_widget.charlm.checkpoint_file import all_tensors
from rnnviz_widget.trace.exchange import replacing_file

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn
    from torch.optim import Optimizer

    from rnnviz_widget.charlm.model import State


class Progress(NamedTuple):
    """How far a run is, beside its weights and what the optimizer keeps.

    Attributes
    ----------
    counts
        Numbers, as JSON has them: steps made, losses, seconds.
    state
        What is carried from one window of the text to the next; None before the first.
    random
        torch's random state before the next step.
    """

    counts: list[Any]
    state: State | None
    random: Tensor


def save_progress(
    path: Path, settings: str, model: nn.Module, optimizer: Optimizer, progress: Progress
) -> None:
    """Write the file in one step; an older one is replaced.

    Parameters
    ----------
    settings
        All that must be the same for the run to go on.
    """
    tensors: dict[str, Any] = {f"model.{name}": t for name, t in model.state_dict().items()}
    for index, entry in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in entry.items()}
    if progress.state is not None:
        parts = progress.state if isinstance(progress.state, tuple) else (progress.state,)
        tensors |= {f"state.{i}": part for i, part in enumerate(parts)}
    tensors["random"] = progress.random
    metadata = {"settings": settings, "progress": json.dumps(progress.counts)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(path) as file:
        save_file({k: t.detach().cpu().contiguous() for k, t in tensors.items()}, file, metadata)


def load_progress(path: Path, settings: str, model: nn.Module, optimizer: Optimizer) -> Progress:
    """Fill the model and its optimizer from the file, and return how far the run was.

    Raises
    ------
    ValueError
        If it is no such file, or that of a run with other settings.
    """
    device = next(model.parameters()).device
    try:
        with safe_open(path, framework="pt", device=str(device)) as file:
            metadata = file.metadata() or {}
            tensors = all_tensors(file)
    except (SafetensorError, OSError) as error:
        msg = f"{str(path)!r} is not the file of an interrupted run; delete it"
        raise ValueError(msg) from error
    if metadata.get("settings") != settings:
        msg = (
            f"out must be a new file or that of the same run, got {path.with_suffix('')}, beside "
            f"which {path.name} holds a run with another corpus or other settings; delete it to "
            "start afresh"
        )
        raise ValueError(msg)
    model.load_state_dict(
        {k.removeprefix("model."): t for k, t in tensors.items() if k.startswith("model.")}
    )
    entries: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            # AdamW keeps its step counts on the CPU whatever the weights' device.
            entries.setdefault(int(index), {})[name] = tensor.cpu() if name == "step" else tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": entries, "param_groups": groups})
    parts = [tensors[key] for key in sorted(tensors) if key.startswith("state.")]
    state: State | None = None
    if parts:
        state = parts[0] if len(parts) == 1 else (parts[0], parts[1])
    return Progress(json.loads(metadata["progress"]), state, tensors["random"].cpu())
