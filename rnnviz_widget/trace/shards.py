"""Writing the shards of a trace's states, quickly: bytes made here, files written meanwhile.

A shard's bytes are its transposed rows, unit after unit, followed by an index that depends on the
shape alone (see `storage` for the layout). Writing those bytes is an order of magnitude faster than
a generic sharding codec with hundreds of inner chunks.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rnnviz_widget.trace import storage

if TYPE_CHECKING:
    import zarr
    from numpy.typing import DTypeLike, NDArray

_AHEAD = 2  # shards that wait to be written, at most
_CACHED = 2**30  # bytes of the latest shards that the system may hold in memory
_ROWS = 256  # that are transposed at once: of 512 units, they fit a processor's cache
_LINE = 16  # values, or half a line of a cache in float16


class ShardWriter:
    """Writes shards one after another in a thread of its own, and lends memory to fill them.

    A context manager: at its end all is written, or what went wrong is raised.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rnnviz-shards")
        self._pending: deque[Future[None]] = deque()
        self._spare: list[NDArray[Any]] = []
        self._cached: deque[tuple[Path, int]] = deque()  # the latest shards, and their bytes

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        """Write what is pending; after an error, which is the one to be raised, just end."""
        try:
            if kind is None:
                self.wait()
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def lend(self, shape: tuple[int, int], dtype: DTypeLike) -> NDArray[Any]:
        """Return memory for a shard; `put` takes it back. Fresh memory costs as much as filling."""
        for n, spare in enumerate(self._spare):
            if spare.shape == shape and spare.dtype == dtype:
                return self._spare.pop(n)
        return np.empty(shape, dtype)

    def put(self, path: Path, shard: NDArray[Any], index: NDArray[Any], whole: set[int]) -> None:
        """Write a shard, its number then to be among the `whole`, as soon as the disk allows."""
        self.wait(_AHEAD - 1)
        self._pending.append(self._thread.submit(self._write, path, shard, index, whole))

    def wait(self, pending: int = 0) -> None:
        """Return when no more than `pending` shards remain to be written.

        Raises
        ------
        OSError
            If one of the others could not be written.
        """
        while len(self._pending) > pending:
            self._pending[0].result()
            self._pending.popleft()

    def _write(self, path: Path, shard: NDArray[Any], index: NDArray[Any], whole: set[int]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(shard.data)
            file.write(index.data)
        whole.add(int(path.parent.name))
        self._spare.append(shard)
        self._cached.append((path, shard.nbytes))
        while sum(size for _, size in self._cached) > _CACHED:
            _uncache(self._cached.popleft()[0])


class StateFile:
    """Cuts one state into shards; rows may come in blocks of any size and order, each row once.

    Parameters
    ----------
    writer
        Who writes them.
    group
        The trace's group, open for writing.
    key
        The array's path in the group.
    shape
        `(T, U)`.
    dtype
        What is stored. A finite value beyond float16's range is refused, not turned to infinity.
    """

    def __init__(
        self,
        writer: ShardWriter,
        group: zarr.Group,
        key: str,
        shape: tuple[int, int],
        dtype: storage.StorageType,
    ) -> None:
        from zarr.codecs import BytesCodec, ShardingCodec  # noqa: PLC0415  (slow to import)

        self._writer = writer
        self.length, self.units = shape
        self._chunk = min(storage.CHUNK, self.length)
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._array = group.create_array(
            key,
            shape=shape,
            dtype=dtype,
            chunks=(self._chunk, self.units),
            serializer=ShardingCodec(
                chunk_shape=(self._chunk, 1), codecs=[BytesCodec()], index_codecs=[BytesCodec()]
            ),
            filters=None,
            compressors=None,
            fill_value=float("nan"),
        )
        self._folder = Path(str(group.store.root)) / key / "c"  # type: ignore[attr-defined]
        self._filling: dict[int, NDArray[Any]] = {}  # shards of which some rows have come
        self._missing: dict[int, int] = {}  # and how many have not
        self._whole: set[int] = set()
        size = self._chunk * self._dtype.itemsize
        self._index = np.empty((self.units, 2), dtype="<u8")  # (offset, bytes) of inner chunks
        self._index[:, 0] = np.arange(self.units, dtype=np.uint64) * size
        self._index[:, 1] = size

    def write(self, start: int, rows: NDArray[np.float32]) -> None:
        """Take the rows `start` to `start + n`, `(n, U)`; a shard goes to disk when it is full."""
        done = 0
        # An odd number of lines apart: a cache has few places for what is a power of two apart.
        padded = np.empty((_ROWS, (-(-self.units // _LINE) | 1) * _LINE), self._dtype)
        while done < len(rows):
            number, offset = divmod(start + done, self._chunk)
            if number not in self._filling:
                self._filling[number] = self._begun(number)
            count = min(self._chunk - offset, len(rows) - done)
            shard = self._filling[number]
            for first in range(0, count, _ROWS):
                part = rows[done + first : done + min(first + _ROWS, count)]
                place = slice(offset + first, offset + first + len(part))
                block = padded[: len(part), : self.units]
                block[:] = storage.narrowed(part, self._dtype)
                shard[:, place] = block.T
            self._missing[number] -= count
            done += count
            if not self._missing[number]:
                path = self._folder / str(number) / "0"
                self._writer.put(path, self._filling.pop(number), self._index, self._whole)

    @property
    def whole_rows(self) -> int:
        """How many rows from the start on are on disk without a gap."""
        number = 0
        while number in self._whole:
            number += 1
        return min(number * self._chunk, self.length)

    def truncate(self, length: int) -> None:
        """Forget the rows from `length` on."""
        self._array.resize((length, self.units))

    def _begun(self, number: int) -> NDArray[Any]:
        """Return memory for a shard; what lies beyond the last row is missing."""
        shard = self._writer.lend((self.units, self._chunk), self._dtype)
        self._missing[number] = min(self._chunk, self.length - number * self._chunk)
        shard[:, self._missing[number] :] = np.nan
        return shard


def _uncache(path: Path) -> None:
    """Have a file's bytes on the disk and out of the system's memory, where it can be told so.

    A recording may be larger than memory, and would push out what is needed sooner.
    """
    if not (hasattr(os, "posix_fadvise") and path.exists()):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
