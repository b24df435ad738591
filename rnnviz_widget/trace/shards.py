"""Writing the shards of a trace's states, quickly: bytes made here, files written meanwhile.

A shard's bytes are its transposed rows, unit after unit, between a head and an index that depend on
shape and place alone (see `layout`). Writing those bytes is an order of magnitude faster than a
generic sharding codec with hundreds of inner chunks.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from rnnviz_widget.trace import storage
from rnnviz_widget.trace.checksums import crc32c, shard_head
from rnnviz_widget.trace.layout import StateLayout, shard_path

if TYPE_CHECKING:
    from pathlib import Path

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

    def put(
        self, path: Path, shard: NDArray[Any], index: bytes, whole: set[int], head: bytes = b""
    ) -> None:
        """Write a shard, its number then to be among the `whole`, as soon as the disk allows."""
        self.wait(_AHEAD - 1)
        self._pending.append(self._thread.submit(self._write, path, shard, index, whole, head))

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

    def _write(
        self, path: Path, shard: NDArray[Any], index: bytes, whole: set[int], head: bytes
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(head)
            file.write(shard.data)
            file.write(index)
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
    store
        The store they go into.
    key
        The state's place in it.
    shape
        `(T, U)`.
    dtype
        What is stored. A finite value beyond float16's range is refused, not turned to infinity.
    """

    def __init__(
        self,
        writer: ShardWriter,
        store: storage.StoreWriter,
        key: str,
        shape: tuple[int, int],
        dtype: storage.StorageType,
    ) -> None:
        self._writer, self._store, self._key = writer, store, key
        self.length, self.num_units = shape
        self._layout = StateLayout(*shape, min(storage.CHUNK, self.length), dtype)
        self._dtype = self._layout.stored
        store.create_state(key, self._layout)
        self._filling: dict[int, NDArray[np.uint8]] = {}  # shards of which some rows have come
        self._missing: dict[int, int] = {}  # and how many have not
        self._whole: set[int] = set()
        self._index = self._layout.index()

    def write(self, start: int, rows: NDArray[np.float32]) -> None:
        """Take the rows `start` to `start + n`, `(n, U)`; a shard goes to disk when it is full."""
        done, chunk = 0, self._layout.chunk
        # An odd number of lines apart: a cache has few places for what is a power of two apart.
        padded = np.empty((_ROWS, (-(-self.num_units // _LINE) | 1) * _LINE), self._dtype)
        while done < len(rows):
            number, offset = divmod(start + done, chunk)
            if number not in self._filling:
                self._filling[number] = self._begun(number)
            count = min(chunk - offset, len(rows) - done)
            shard = self._values(self._filling[number])
            for first in range(0, count, _ROWS):
                part = rows[done + first : done + min(first + _ROWS, count)]
                place = slice(offset + first, offset + first + len(part))
                block = padded[: len(part), : self.num_units]
                block[:] = storage.narrowed(part, self._dtype)
                shard[:, place] = block.T
            self._missing[number] -= count
            done += count
            if not self._missing[number]:
                self._finish(number)

    @property
    def whole_rows(self) -> int:
        """How many rows from the start on are on disk without a gap."""
        number = 0
        while number in self._whole:
            number += 1
        return min(number * self._layout.chunk, self.length)

    def truncate(self, length: int) -> None:
        """Forget the rows from `length` on."""
        self._store.truncate(self._key, length)

    def _begun(self, number: int) -> NDArray[np.uint8]:
        """Return memory for a shard; what lies beyond the last row is missing."""
        shard = self._writer.lend((self.num_units, self._layout.stride), np.uint8)
        self._missing[number] = self._layout.rows_of(number)
        self._values(shard)[:, self._missing[number] :] = np.nan
        return shard

    def _finish(self, number: int) -> None:
        """Seal a shard whose rows have all come, and have it written."""
        shard, size = self._filling.pop(number), self._layout.unit_bytes
        for unit in shard:
            unit[size:] = np.frombuffer(crc32c(unit[:size]), np.uint8)
        path = self._store.folder / shard_path(self._key, number)
        head = shard_head(self._store.generation, self._key, number)
        self._writer.put(path, shard, self._index, self._whole, head)

    def _values(self, shard: NDArray[np.uint8]) -> NDArray[Any]:
        """Return a shard's bytes as its values, `(U, rows)`."""
        return shard[:, : self._layout.unit_bytes].view(self._dtype)


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
