"""Zarr v3 arrays as a browser reads them best: gzip, and one unit in one range of one file.

Written by hand: the bytes of a shard are its compressed rows and their index, and compressing them
in threads takes a tenth of what a general writer does. Any Zarr v3 reader reads the result.
"""

from __future__ import annotations

import json
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.trace.checksums import crc32c

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

ROW = 2**22
"""Most values of a unit that are one inner chunk, and so one request."""

SHARD = 2**24
"""Values of a shard, about: a server that gives only whole files gives so many for one unit."""

BUFFER = 2**20
"""Bytes of a chunk of a buffer."""

_GZIP = {"name": "gzip", "configuration": {"level": 6}}
_LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
_WINDOW = 31  # zlib's code for gzip's format
_NONE = 2**64 - 1  # stands in an index for a chunk that is not there


def write_group(folder: Path) -> None:
    """Make a folder a Zarr group."""
    folder.mkdir(parents=True, exist_ok=True)
    _describe(folder, {"zarr_format": 3, "node_type": "group", "attributes": {}})


def write_buffer(folder: Path, data: bytes) -> None:
    """Write bytes as an array of uint8, in chunks."""
    length, size = len(data), max(1, min(BUFFER, len(data)))
    for i in range(-(-length // size)):
        chunk = data[i * size : (i + 1) * size].ljust(size, b"\0")
        _write(folder / "c" / str(i), _compressed(chunk))
    _describe(folder, _array([length], "uint8", [size], 0, [{"name": "bytes"}, _GZIP]))


def write_rows(
    folder: Path, rows: Iterable[NDArray[np.int8]], shape: tuple[int, int], missing: int
) -> None:
    """Write an array of int8, `(U, T)`, whose rows come one by one; each is read by one request.

    A row of more than `ROW` values is cut into several inner chunks, and they into several shards.
    """
    units, length = shape
    inner = min(ROW, length)
    height = max(1, min(units, SHARD // inner))
    across = -(-length // inner)
    waiting = iter(rows)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for number in range(-(-units // height)):
            group = list(islice(waiting, height))
            for j in range(across):
                cut = (_cut(row, j * inner, inner, missing) for row in group)
                packed = list(threads.map(_compressed, cut))
                _write(folder / "c" / str(number) / str(j), _shard(packed, height))
    sharding = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [1, inner],
            "codecs": [{"name": "bytes"}, _GZIP],
            "index_codecs": [_LITTLE, {"name": "crc32c"}],
            "index_location": "end",
        },
    }
    _describe(folder, _array([units, length], "int8", [height, inner], missing, [sharding]))


def _cut(row: NDArray[np.int8], start: int, length: int, missing: int) -> bytes:
    part = row[start : start + length].tobytes()
    return part.ljust(length, np.int8(missing).tobytes())


def _shard(chunks: list[bytes], places: int) -> bytes:
    """Return the bytes of a shard: its chunks, and where each begins and how long it is."""
    index = np.full((places, 2), _NONE, "<u8")
    lengths = np.fromiter(map(len, chunks), np.uint64, len(chunks))
    index[: len(chunks), 0] = np.cumsum(lengths) - lengths
    index[: len(chunks), 1] = lengths
    data = index.tobytes()
    return b"".join(chain(chunks, [data, crc32c(data)]))


def _compressed(data: bytes) -> bytes:
    packer = zlib.compressobj(6, wbits=_WINDOW)
    return packer.compress(data) + packer.flush()


def _array(
    shape: list[int], dtype: str, chunk: list[int], fill: int, codecs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": codecs,
        "attributes": {},
    }


def _describe(folder: Path, said: dict[str, Any]) -> None:
    _write(folder / "zarr.json", json.dumps(said).encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
