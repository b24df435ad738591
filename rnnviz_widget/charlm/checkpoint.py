"""Character models on disk: safetensors, with all that is known of the model in the metadata."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rnnviz_widget.charlm.model import CharLM, CharLMConfig

FORMAT = "rnnviz-charlm-1"
_BUNDLED = Path(__file__).parent / "checkpoints"


@dataclass(frozen=True)
class ModelCard:
    """What a checkpoint says of its own making.

    Attributes
    ----------
    corpus
        ``name``, ``sha256`` and number of ``characters`` of the training corpus.
    training
        The settings of the run and the ``characters_seen``.
    losses
        Cross-entropy in nats per character, by part: ``train`` (running mean), ``validation``.
    """

    corpus: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)


def bundled_models() -> tuple[str, ...]:
    """Return the names that `load_model` knows without a path."""
    return tuple(sorted(path.stem for path in _BUNDLED.glob("*.safetensors")))


def snapshots(name_or_path: str | Path = "prose") -> tuple[Path, ...]:
    """Return the files of a model on its way, in the order of characters seen.

    Each is for `load_model`; how far it had come is in its name and in its `read_card`. Empty for a
    model of which none were kept.

    Parameters
    ----------
    name_or_path
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
    model: CharLM, path: str | Path, card: ModelCard, dtype: torch.dtype = torch.float16
) -> None:
    """Write `model` to a safetensors file, replacing an older one only once all is written.

    float16 keeps the bundled files small; the loss moves by less than 0.001 nats.
    """
    path = Path(path)
    tensors = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in model.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.config)),
        "vocabulary": json.dumps(list(model.vocabulary)),
        **{key: json.dumps(value) for key, value in asdict(card).items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(tensors, partial, metadata)
    partial.replace(path)


def read_card(name_or_path: str | Path) -> ModelCard:
    """Return the `ModelCard` in a checkpoint's metadata."""
    with _open(checkpoint_path(name_or_path)) as file:
        metadata = file.metadata()
    return ModelCard(**{key: json.loads(metadata[key]) for key in asdict(ModelCard())})


def load_model(name_or_path: str | Path = "prose") -> CharLM:
    """Return a bundled model or one from a file: float32, on the CPU, in eval mode.

    Parameters
    ----------
    name_or_path
        The name of a bundled model, see `bundled_models`, or a file by ``rnnviz train``.

    Raises
    ------
    FileNotFoundError
        If there is neither a bundled model nor a file of that name.
    ValueError
        If the file is no checkpoint of a `CharLM`.
    """
    path = checkpoint_path(name_or_path)
    with _open(path) as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    model = CharLM(
        json.loads(metadata["vocabulary"]), CharLMConfig(**json.loads(metadata["config"]))
    )
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        msg = f"checkpoint {path} does not hold the weights its configuration asks for: {error}"
        raise ValueError(msg) from error
    model.characters_seen = json.loads(metadata["training"]).get("characters_seen")
    return model.eval()


def _open(path: Path) -> Any:  # noqa: ANN401  (safetensors has no public type for it)
    try:
        file: Any = safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        msg = f"checkpoint must be a safetensors file, got {path} ({error})"
        raise ValueError(msg) from error
    if (file.metadata() or {}).get("format") != FORMAT:
        msg = f"checkpoint must be of format {FORMAT!r}, got {path} without that mark"
        raise ValueError(msg)
    return file
