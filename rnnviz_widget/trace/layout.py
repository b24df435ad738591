"""How a state lies in its shards: which bytes of which file are which unit.

A state of shape (T, U) is cut into shards of (32768, U), one file each, whose inner chunks are
(32768, 1): one unit of a shard lies contiguous in its file.

    head    64 bytes that say whose shard this is: a hash of the store's generation, of the state's
            place and of the shard's number. A file of another recording, or in another place, is
            known by it. (Zarr's readers go by the index and never see it.)
    U x     the values of a unit, little-endian, and their CRC-32C: Zarr's `crc32c` codec
    index   of (offset, bytes) of the inner chunks, uint64, and its CRC-32C

Stores that were written before there were checksums have neither head nor CRC-32C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnnviz_widget.trace.checksums import CRC, HEAD, crc32c


@dataclass(frozen=True)
class StateLayout:
    """Sizes of a state's shards.

    Attributes
    ----------
    length, num_units
        T and U.
    chunk
        Rows of a shard; those of the last that lie beyond T hold NaN.
    dtype
        Of a value: ``"float32"`` or ``"float16"``.
    sealed
        Whether there are heads and checksums.
    """

    length: int
    num_units: int
    chunk: int
    dtype: str
    sealed: bool = True

    @property
    def stored(self) -> np.dtype[np.floating]:
        """The type of a value in the file."""
        return np.dtype(self.dtype).newbyteorder("<")

    @property
    def shards(self) -> int:
        """How many files there are."""
        return -(-self.length // self.chunk)

    @property
    def head(self) -> int:
        """Bytes before the first value."""
        return HEAD if self.sealed else 0

    @property
    def unit_bytes(self) -> int:
        """Bytes of one unit's values in a shard."""
        return self.chunk * self.stored.itemsize

    @property
    def stride(self) -> int:
        """Bytes from one unit to the next."""
        return self.unit_bytes + (CRC if self.sealed else 0)

    @property
    def file_bytes(self) -> int:
        """Bytes of each file."""
        return self.head + self.num_units * (self.stride + 16) + (CRC if self.sealed else 0)

    def index(self) -> bytes:
        """Return the index at the end of each file."""
        index = np.empty((self.num_units, 2), dtype="<u8")
        index[:, 0] = self.head + np.arange(self.num_units, dtype=np.uint64) * np.uint64(
            self.stride
        )
        index[:, 1] = self.stride
        data = index.tobytes()
        return data + crc32c(data) if self.sealed else data

    def rows_of(self, number: int) -> int:
        """Return how many rows of the state a shard has."""
        return min(self.chunk, self.length - number * self.chunk)


def shard_path(key: str, number: int) -> str:
    """Return where a shard lies in its store."""
    return f"{key}/c/{number}/0"
