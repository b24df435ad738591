"""Writing the folder a trace is kept in: Zarr v3, sharded so that one unit reads at once.

`layout` says how a state lies in its shards, `shards` writes them, `store` reads. Everything else
is written through zarr, and any Zarr v3 reader reads the result. Nothing is compressed (states
compress by a tenth, and reading would cost more than it saves): what a file must hold follows from
its size, before anything is read.

All arrays carry Zarr's `crc32c` codec. The group's attributes have a digest of each small array and
of themselves, so that files of two recordings are never taken for one.

Strings are kept as code points (UTF-32), not as JSON or UTF-8, so that lone surrogates survive.
"""

from __future__ import annotations

import json
import secrets
import shutil
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

    from rnnviz_widget.trace.layout import StateLayout

CHUNK = 32768
"""Rows of a shard and of an inner chunk."""

VERSION = 1
"""Of the folder's layout; a reader refuses versions it does not know."""

KEY = "rnnviz_trace"
"""The attribute of the group that says what it is."""

StorageType = Literal["float32", "float16"]


def check_dtype(dtype: str) -> None:
    """Refuse a type that states are not stored in."""
    if dtype not in ("float32", "float16"):
        msg = f'dtype must be "float32" or "float16", got {dtype!r}'
        raise ValueError(msg)


def narrowed(rows: NDArray[np.float32], dtype: DTypeLike) -> NDArray[Any]:
    """Return float32 rows in the type they are kept in.

    Raises
    ------
    ValueError
        If a finite value does not fit.
    """
    try:
        with np.errstate(over="raise"):
            return rows.astype(dtype, copy=False)
    except FloatingPointError:
        largest = float(np.max(np.abs(rows[np.isfinite(rows)])))
        msg = (
            f'dtype="{np.dtype(dtype).name}" cannot hold a value of magnitude {largest:.6g}; '
            'pass dtype="float32"'
        )
        raise ValueError(msg) from None


class StoreWriter:
    """A new store, open for writing.

    Parameters
    ----------
    folder
        Where; it must be empty.

    Attributes
    ----------
    generation
        Names this store, and no other, in every shard of it.
    """

    def __init__(self, folder: Path) -> None:
        import zarr  # noqa: PLC0415  (slow to import; a trace in memory needs none)

        self.folder, self.generation = folder, secrets.token_hex(16)
        self.group = zarr.open_group(str(folder), mode="a", zarr_format=3)
        self._arrays: dict[str, dict[str, Any]] = {}
        self._layouts: dict[str, StateLayout] = {}

    def create_state(self, key: str, layout: StateLayout) -> None:
        """Announce a state, whose shards are written by `shards.StateFile`."""
        from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec  # noqa: PLC0415

        self._layouts[key] = layout
        sealing: list[Any] = [BytesCodec(), Crc32cCodec()]
        self.group.create_array(
            key,
            shape=(layout.length, layout.num_units),
            dtype=layout.dtype,
            chunks=(layout.chunk, layout.num_units),
            serializer=ShardingCodec(
                chunk_shape=(layout.chunk, 1), codecs=sealing, index_codecs=sealing
            ),
            filters=None,
            compressors=None,
            fill_value=float("nan"),
        )

    def truncate(self, key: str, length: int) -> None:
        """Forget a state's rows from `length` on."""
        array: Any = self.group[key]
        array.resize((length, array.shape[1]))

    def write_strings(self, key: str, strings: Sequence[str]) -> None:
        """Store strings under `key`: their code points, and where each ends unless each is one."""
        codes = "".join(strings).encode("utf-32-le", "surrogatepass")
        self.write_array(f"{key}/code_points", np.frombuffer(codes, dtype="<u4"))
        lengths = np.fromiter(map(len, strings), dtype=np.uint64, count=len(strings))
        if np.any(lengths != 1):
            self.write_array(f"{key}/ends", np.cumsum(lengths, dtype=np.uint64))
        elif self._arrays.pop(f"{key}/ends", None):
            del self.group[f"{key}/ends"]

    def write_array(self, key: str, values: NDArray[Any]) -> None:
        """Store an array of any shape, in chunks along its first axis."""
        from zarr.codecs import Crc32cCodec  # noqa: PLC0415

        values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        rows = max(1, min(CHUNK * 4, len(values)))
        self.group.create_array(
            key,
            data=values,
            chunks=(rows, *values.shape[1:]),
            compressors=Crc32cCodec(),
            filters=None,
            config={"write_empty_chunks": True},  # zeros too: a chunk that is missing is damage
            overwrite=True,
        )
        self._arrays[key] = {
            "shape": list(values.shape),
            "dtype": values.dtype.str,
            "rows": rows,
            "digest": digest(values.tobytes()),
        }

    def describe(
        self, length: int, states: Sequence[Mapping[str, Any]], source: Mapping[str, Any]
    ) -> None:
        """Say what the store holds; before that, it is no trace.

        Parameters
        ----------
        length
            T.
        states
            Of each state, in the order of its place: ``name``, ``units`` and ``bounds``.
        source
            Where the values come from.
        """
        self._describe(length, dict(enumerate(states)), source)

    def note(self, length: int, states: Mapping[int, Mapping[str, Any]]) -> None:
        """Say what a recording that has not ended holds, by place; `recovery` reads it."""
        self._describe(length, states, {}, unfinished=True)

    def clear(self) -> None:
        """Remove everything; nothing more is written by this writer."""
        for each in self.folder.iterdir():
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()

    def _describe(
        self,
        length: int,
        states: Mapping[int, Mapping[str, Any]],
        source: Mapping[str, Any],
        **more: Any,  # noqa: ANN401  (any JSON)
    ) -> None:
        layouts = {i: self._layouts[f"states/{i}"] for i in states}
        said = {
            "version": VERSION,
            "generation": self.generation,
            "length": length,
            "states": [
                {**state, "place": i, "dtype": layouts[i].dtype, "rows": layouts[i].chunk}
                for i, state in sorted(states.items())
            ],
            "arrays": self._arrays,
            "source": dict(source),
            **more,
        }
        self.group.attrs[KEY] = {**said, "digest": digest_of_attributes(said)}


def digest(data: bytes) -> str:
    """Return 32 hexadecimal digits that change with any byte."""
    return blake2b(data, digest_size=16).hexdigest()


def digest_of_attributes(said: Mapping[str, Any]) -> str:
    """Return the digest of a JSON object, whatever the order of its keys."""
    return digest(json.dumps(said, sort_keys=True).encode())
