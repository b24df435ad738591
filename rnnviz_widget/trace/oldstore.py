"""Stores that were written before there were checksums: zstd, and sizes that say less."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rnnviz_widget.trace.layout import StateLayout
from rnnviz_widget.trace.regular import METADATA, DamageError, read_json, size_inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_DTYPES = {"uint32": 4, "uint64": 8, "float32": 4}
_PACKED = 1000  # times the bytes of its states may a text have when it is unpacked
_LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}


class Folder(Protocol):
    """What must be known of an old store to read it; see `store.Store`."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def said(self) -> Mapping[str, Any]:
        """What it says of itself, checked."""

    def damage(self, what: str) -> DamageError:
        """Return the error that says what is damaged."""


def old_layout(store: Folder, key: str, length: int, units: int) -> StateLayout:
    """Return how a state of an old store lies in its shards.

    Raises
    ------
    DamageError
        If it is not laid out as those stores were.
    """
    said = _metadata(store, key)
    chunk = _rows(said)
    dtype = said.get("data_type")
    inner = {"chunk_shape": [chunk, 1], "codecs": [_LITTLE], "index_codecs": [_LITTLE]}
    expected = {
        "shape": [length, units],
        "chunk_grid": _grid([chunk, units]),
        "codecs": [
            {"name": "sharding_indexed", "configuration": {**inner, "index_location": "end"}}
        ],
    }
    if dtype not in ("float32", "float16") or any(said.get(k) != v for k, v in expected.items()):
        raise store.damage(f"{key}/{METADATA} does not describe a state of {length} x {units}")
    return StateLayout(length, units, chunk, dtype, sealed=False)


def old_array(store: Folder, key: str) -> NDArray[Any] | None:
    """Return all of a small array of an old store, None if there is none of this name.

    A chunk of zeros was not written; of the tokens none may be missing.
    """
    if not (store.path / key).exists():
        return None
    said = _metadata(store, key)
    shape: Any = said.get("shape")
    rows, dtype = _rows(said), said.get("data_type")
    if not _is_shape(shape) or dtype not in _DTYPES:
        raise store.damage(f"{key}/{METADATA} does not describe an array")
    codecs = said.get("codecs")
    names = [c.get("name") if isinstance(c, dict) else c for c in codecs or ()]
    grid = said.get("chunk_grid") == _grid([rows, *shape[1:]]) and rows <= shape[0]
    if not grid or names != ["bytes", "zstd"] or said["codecs"][0] != _LITTLE:
        raise store.damage(f"{key}/{METADATA} is not what it was written with")
    unpacked = math.prod(shape) * _DTYPES[dtype]
    if unpacked > _PACKED * _bytes_of_states(store):
        raise store.damage(f"{key} would have {unpacked:,} bytes")
    for i in range(-(-shape[0] // rows)):
        name = f"{key}/c/{'/'.join([str(i), *('0' for _ in shape[1:])])}"
        there = size_inside(store.path, name) is not None
        linked = not there and (store.path / name).is_symlink()
        if linked or not (there or (key.startswith("predictions/") and not _exists(store, name))):
            raise store.damage(f"{name} is missing, or no regular file inside its folder")
    return _unpacked(store, key)


def _unpacked(store: Folder, key: str) -> NDArray[Any]:
    import zarr  # noqa: PLC0415  (slow to import; new stores need none)

    try:
        array: Any = zarr.open_array(str(store.path / key), mode="r", zarr_format=3)
        return np.asarray(array[...])
    except (ValueError, TypeError, LookupError, RuntimeError, OSError) as error:
        raise store.damage(f"{key} cannot be unpacked ({error})") from error


def _exists(store: Folder, name: str) -> bool:
    return (store.path / name).exists()


def _metadata(store: Folder, key: str) -> dict[str, Any]:
    try:
        return read_json(store.path, f"{key}/{METADATA}")
    except FileNotFoundError as error:
        raise store.damage(f"{key}/{METADATA} is missing") from error
    except (DamageError, OSError) as error:
        raise store.damage(f"{key}: {error}") from error


def _rows(said: Mapping[str, Any]) -> int:
    """Return the rows of a chunk; 1 where that is not said as it was written."""
    try:
        rows = said["chunk_grid"]["configuration"]["chunk_shape"][0]
    except (LookupError, TypeError):
        return 1
    return rows if isinstance(rows, int) and rows >= 1 else 1


def _grid(shape: list[int]) -> dict[str, Any]:
    return {"name": "regular", "configuration": {"chunk_shape": shape}}


def _is_shape(shape: Any) -> bool:  # noqa: ANN401  (anything that JSON holds)
    return (
        isinstance(shape, list)
        and len(shape) in (1, 2)
        and all(type(n) is int and n >= 1 for n in shape)
    )


def _bytes_of_states(store: Folder) -> int:
    return sum(
        old_layout(store, f"states/{i}", store.said["length"], state["units"]).file_bytes
        for i, state in enumerate(store.said["states"])
    )
