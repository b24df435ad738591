"""What a checkpoint file holds: compared with its size before anything is made of it.

A file may be somebody else's. No network is built, and nothing is read into memory, before the
weights in the file are known to be those that its configuration asks for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from rnnviz_widget.charlm.card import FoundUnit
from rnnviz_widget.charlm.model import CharLMConfig
from rnnviz_widget.recurrent.interrupts import unbroken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

FORMAT = "rnnviz-charlm-1"
"""The mark in the metadata of a checkpoint."""

_GATES = {"rnn": 1, "gru": 3, "lstm": 4}
_BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8}

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class CheckpointFile:
    """A checkpoint file whose parts fit together.

    Attributes
    ----------
    vocabulary, config
        What a `CharLM` is made of.
    card
        The JSON objects ``corpus``, ``training`` and ``losses``.
    units
        What was found in the model, by the name of the label.
    """

    path: Path
    vocabulary: list[str]
    config: CharLMConfig
    card: Mapping[str, dict[str, Any]]
    units: Mapping[str, FoundUnit]

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by name, as float32."""
        with _opened(self.path) as file:
            return {name: values.float() for name, values in all_tensors(file).items()}


def all_tensors(file: safe_open) -> dict[str, Tensor]:
    """Return all that an open safetensors file holds.

    An interrupt inside `get_tensor` is lost: torch's storage answers it with an error of its own.
    """
    tensors: dict[str, Tensor] = unbroken(
        lambda: {name: file.get_tensor(name) for name in file.keys()}  # type: ignore[no-untyped-call]  # noqa: SIM118
    )
    return tensors


def is_checkpoint(path: Path) -> bool:
    """Whether a file is a checkpoint of a `CharLM`, of this version or another."""
    try:
        with _opened(path) as file:
            return str((file.metadata() or {}).get("format")).startswith("rnnviz-charlm-")
    except ValueError:
        return False


def read_checkpoint_file(path: Path) -> CheckpointFile:
    """Return what a checkpoint file holds, without its weights.

    Raises
    ------
    ValueError
        Saying what it is not, or what does not fit.
    """
    with _opened(path) as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            msg = f"checkpoint must be of format {FORMAT!r}, got {str(path)!r} without that mark"
            raise ValueError(msg)
        try:
            found = {
                name: (file.get_slice(name).get_dtype(), tuple(file.get_slice(name).get_shape()))
                for name in file.keys()  # noqa: SIM118
            }
        except SafetensorError as error:
            msg = f"checkpoint {str(path)!r} cannot be read ({_line(error)})"
            raise ValueError(msg) from error
    try:
        vocabulary = _vocabulary(_json(metadata, "vocabulary"))
        config = _config(_json(metadata, "config"))
        _check_weights(found, vocabulary, config)
        card = {key: _object(metadata, key) for key in ("corpus", "training", "losses")}
        _check_card(card)
        units = _units(metadata, config)
    except ValueError as error:
        msg = f"checkpoint {str(path)!r} {error}"
        raise ValueError(msg) from error
    return CheckpointFile(path, vocabulary, config, card, units)


def _opened(path: Path) -> Any:  # noqa: ANN401  (safetensors has no public type for it)
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        msg = f"checkpoint must be a safetensors file, got {str(path)!r} ({_line(error)})"
        raise ValueError(msg) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _json(metadata: Mapping[str, str], key: str) -> Any:  # noqa: ANN401  (any JSON)
    if key not in metadata:
        msg = f"says nothing of its {key}"
        raise ValueError(msg)
    try:
        return json.loads(metadata[key])
    except (ValueError, RecursionError) as error:
        msg = f"has a {key} that is not JSON"
        raise ValueError(msg) from error


def _object(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    found = _json(metadata, key)
    if not isinstance(found, dict):
        msg = f"has a {key} that is no JSON object"
        raise ValueError(msg)  # noqa: TRY004  (one type for all that can be wrong with a file)
    return found


def _units(metadata: Mapping[str, str], config: CharLMConfig) -> dict[str, FoundUnit]:
    """Return what was found in the model; nothing where the file is of before that was kept."""
    if "units" not in metadata:
        return {}
    units = {name: FoundUnit.from_json(found) for name, found in _object(metadata, "units").items()}
    for name, found in units.items():
        if found.unit >= config.hidden_size:
            msg = f"has the unit {found.unit} for {name!r:.40}, of {config.hidden_size}"
            raise ValueError(msg)
    return units


def _vocabulary(found: Any) -> list[str]:  # noqa: ANN401
    if not isinstance(found, list) or not found:
        msg = "has a vocabulary that is no list of characters"
        raise ValueError(msg)
    if bad := [each for each in found if not isinstance(each, str) or len(each) != 1]:
        msg = f"has {bad[0]!r:.40} in its vocabulary, not a single character"
        raise ValueError(msg)
    if len(set(found)) != len(found):
        msg = "has a character twice in its vocabulary"
        raise ValueError(msg)
    return found


def _config(found: Any) -> CharLMConfig:  # noqa: ANN401
    types: dict[str, tuple[type, ...]] = {"cell": (str,), "dropout": (int, float)}
    names = [field.name for field in fields(CharLMConfig)]
    fits = isinstance(found, dict) and all(
        name in names and type(value) in types.get(name, (int,)) for name, value in found.items()
    )
    if not fits:
        msg = f"has a configuration that makes no network: {found!r:.200}"
        raise ValueError(msg)
    try:
        return CharLMConfig(**found)
    except ValueError as error:
        msg = f"has a configuration that makes no network: {error}"
        raise ValueError(msg) from error


def _check_weights(
    found: Mapping[str, tuple[str, tuple[int, ...]]], vocabulary: list[str], config: CharLMConfig
) -> None:
    """Refuse weights other than those of the configuration, by name, type and shape."""
    layers = (len(found) - 2) // 4
    if config.num_layers != layers:
        msg = f"has the weights of {layers} layers, not of num_layers={config.num_layers}"
        raise ValueError(msg)
    expected = weight_shapes(len(vocabulary), config)
    for name in sorted(found.keys() ^ expected.keys()):
        msg = f"{'lacks' if name in expected else 'has more than it needs:'} {name!r:.80}"
        raise ValueError(msg)
    for name, (dtype, shape) in found.items():
        if shape != expected[name]:
            msg = f"has {name!r} of shape {shape}, not the {expected[name]} of its configuration"
            raise ValueError(msg)
        if dtype not in _BYTES:
            msg = f"has {name!r} of type {dtype}; it must be one of {', '.join(_BYTES)}"
            raise ValueError(msg)


def weight_shapes(characters: int, config: CharLMConfig) -> Shapes:
    """Return the shape of each weight of a `CharLM`, without making one."""
    hidden, gates = config.hidden_size, _GATES[config.cell] * config.hidden_size
    shapes: Shapes = {"head.weight": (characters, hidden), "head.bias": (characters,)}
    if config.embedding_size:
        shapes["embedding.weight"] = (characters, config.embedding_size)
    for layer in range(config.num_layers):
        width = hidden if layer else config.embedding_size or characters
        shapes |= {
            f"rnn.weight_ih_l{layer}": (gates, width),
            f"rnn.weight_hh_l{layer}": (gates, hidden),
            f"rnn.bias_ih_l{layer}": (gates,),
            f"rnn.bias_hh_l{layer}": (gates,),
        }
    return shapes


def _check_card(card: Mapping[str, dict[str, Any]]) -> None:
    """Refuse numbers of a card that are none."""
    checked: dict[str, dict[str, tuple[type, ...]]] = {
        "corpus": {"name": (str,), "sha256": (str,), "characters": (int,)},
        "training": {"characters_seen": (int,), "seconds": (int, float), "machine": (str,)},
        "losses": dict.fromkeys(card["losses"], (int, float)),
    }
    for part, types in checked.items():
        for key, allowed in types.items():
            value = card[part].get(key)
            if value is not None and type(value) not in allowed:
                msg = f"has {value!r:.40} for {part} {key!r:.40}"
                raise ValueError(msg)
