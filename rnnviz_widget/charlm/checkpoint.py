"""Character models saved and loaded: safetensors, with all that is known of them as metadata."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from rnnviz_widget.charlm.card import ModelCard
from rnnviz_widget.charlm.checkpoint_file import (
    FORMAT,
    all_tensors,
    is_checkpoint,
    read_checkpoint_file,
)
from rnnviz_widget.charlm.model import CharLM
from rnnviz_widget.recurrent.patching import keeping_gradients, keeping_random
from rnnviz_widget.trace.exchange import replacing_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnnviz_widget.charlm.card import FoundUnit
    from rnnviz_widget.charlm.checkpoint_file import CheckpointFile

_BUNDLED = Path(__file__).parent / "checkpoints"


def bundled_models() -> tuple[str, ...]:
    """Return the names that `load_model` knows without a path."""
    return tuple(sorted(path.stem for path in _BUNDLED.glob("*.safetensors")))


def snapshots(name_or_path: str | Path = "prose") -> tuple[Path, ...]:
    """Return the files of a model on its way, in the order of characters seen.

    Each is for `load_model`; how far it had come is in its name and in its `read_card`. Empty for a
    model of which none were kept.

    Parameters
    ----------
    name_or_path : path
        The name of a bundled model, or what `train` was told to write.

    Raises
    ------
    FileNotFoundError
        If it is neither; the message lists the bundled names.
    """
    return tuple(sorted(snapshot_folder(checkpoint_path(name_or_path)).glob("*.safetensors")))


def snapshot_folder(path: Path) -> Path:
    """Return where the snapshots of the model in a file are kept."""
    return path.with_name(path.stem + "-snapshots")


def bundled_card(name: str = "prose") -> str:
    """Return the model card of a bundled model, in Markdown.

    Parameters
    ----------
    name : str
        A bundled model, such as ``"prose"``.

    Raises
    ------
    ValueError
        If `name` is no bundled model.
    """
    if name not in bundled_models():
        msg = f"name must be one of {', '.join(map(repr, bundled_models()))}, got {name!r}"
        raise ValueError(msg)
    return (_BUNDLED / f"{name}.md").read_text(encoding="utf-8")


def checkpoint_path(name_or_path: str | Path) -> Path:
    """Return the file of a bundled model's name, or the path itself.

    Raises
    ------
    FileNotFoundError
        If it is neither; the message lists the bundled names.
    """
    bundled = _BUNDLED / f"{name_or_path}.safetensors"
    if str(name_or_path) in bundled_models():
        return bundled
    path = Path(name_or_path)
    if not path.is_file():
        msg = (
            f"model must be one of {', '.join(map(repr, bundled_models()))} or a checkpoint file, "
            f"got {str(name_or_path)!r}"
        )
        raise FileNotFoundError(msg)
    return path


def save_model(
    model: CharLM,
    path: str | Path,
    card: ModelCard,
    dtype: torch.dtype = torch.float16,
    *,
    overwrite: bool = False,
) -> None:
    """Write `model` to a safetensors file, replacing an older one only once all is written.

    float16 keeps the bundled files small; the loss moves by less than 0.001 nats.

    Parameters
    ----------
    model : CharLM
        What to write.
    path : path
        The file to be.
    card : ModelCard
        What is known of its training.
    dtype : torch.dtype
        What weights are stored in.
    overwrite : bool
        Replace a file that is no checkpoint, too.

    Raises
    ------
    ValueError
        If a weight is too large for `dtype`; torch.float32 holds all.
    FileExistsError
        If there is a file at `path` that is no checkpoint, unless `overwrite`.
    """
    path = Path(path)
    if not overwrite:
        refuse_to_replace(path)
    tensors = {
        name: _narrowed(name, tensor.detach().cpu(), dtype)
        for name, tensor in model.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.config)),
        "vocabulary": json.dumps(list(model.vocabulary)),
        **card.metadata(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing_file(path) as partial:
        save_file(tensors, partial, metadata)


def refuse_to_replace(path: Path) -> None:
    """Refuse a place at which there is something that is no checkpoint.

    Raises
    ------
    FileExistsError
        If there is.
    """
    if path.exists() and not is_checkpoint(path):
        msg = f"path {str(path)!r} holds something that is no checkpoint; it is left alone"
        raise FileExistsError(msg)


def narrowest(model: CharLM) -> torch.dtype:
    """Return float16 where that holds every weight, else float32."""
    largest = torch.finfo(torch.float16).max
    fits = all(bool((weight.detach().abs() <= largest).all()) for weight in model.parameters())
    return torch.float16 if fits else torch.float32


def read_card(name_or_path: str | Path) -> ModelCard:
    """Return the `ModelCard` in a checkpoint's metadata.

    Parameters
    ----------
    name_or_path : path
        A bundled model or a checkpoint file.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_model` does.
    """
    return _card(read_checkpoint_file(checkpoint_path(name_or_path)))


def write_units(name_or_path: str | Path, units: Mapping[str, FoundUnit]) -> None:
    """Write into a checkpoint what was found in its model; all else in it stays as it is.

    Parameters
    ----------
    name_or_path : path
        A bundled model or a checkpoint file.
    units : dict of str to FoundUnit
        By the name of the label.

    Raises
    ------
    FileNotFoundError, ValueError
        As `load_model` does.
    """
    path = checkpoint_path(name_or_path)
    card = replace(read_card(path), units=dict(units))
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata()) | card.metadata()
        tensors = all_tensors(file)
    with replacing_file(path) as partial:
        save_file(tensors, partial, metadata)


def _card(contents: CheckpointFile) -> ModelCard:
    return ModelCard(**contents.card, units=contents.units)


def load_model(name_or_path: str | Path = "prose") -> CharLM:
    """Return a bundled model or one from a file: float32, on the CPU, in eval mode.

    Parameters
    ----------
    name_or_path : path
        The name of a bundled model, see `bundled_models`, or a file by ``rnnviz train``. It may be
        a stranger's: nothing in it is run, and no more memory taken than it has weights.

    Raises
    ------
    FileNotFoundError
        If there is neither a bundled model nor a file of that name.
    ValueError
        If the file is no checkpoint of a `CharLM`, saying why.
    """
    contents = read_checkpoint_file(checkpoint_path(name_or_path))
    # Its first weights are drawn, and torch draws them with gradients off.
    model = keeping_random(partial(keeping_gradients, partial(_filled, contents)))
    model.card = _card(contents)
    model.characters_seen = model.card.training.get("characters_seen")
    return model.eval()


def _filled(contents: CheckpointFile) -> CharLM:
    model = CharLM(contents.vocabulary, contents.config)
    model.load_state_dict(contents.weights())
    return model


def _narrowed(name: str, tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Return a weight in another type; refuse one that becomes infinite."""
    result = tensor.to(dtype).contiguous()
    lost = result.isinf() & tensor.isfinite()
    if lost.any():
        msg = (
            f"dtype={dtype} cannot hold the weight {float(tensor[lost].abs().max()):.6g} of "
            f"{name}; pass dtype=torch.float32"
        )
        raise ValueError(msg)
    return result
