"""Checksums of what lies on disk, and the head that says whose a shard is."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

HEAD = 64
"""Bytes before the first value of a sealed shard."""

CRC = 4
"""Bytes of a CRC-32C."""


def shard_head(generation: str, key: str, number: int) -> bytes:
    """Return the head of a shard: what store, state and number it belongs to."""
    return blake2b(f"{generation}/{key}/{number}".encode(), digest_size=HEAD).digest()


def crc32c(data: bytes | np.ndarray) -> bytes:
    """Return the CRC-32C (Castagnoli) of contiguous bytes, little-endian, as Zarr's codec does."""
    import google_crc32c  # noqa: PLC0415  (zarr's own; a trace in memory needs none)

    return int(google_crc32c.value(data)).to_bytes(CRC, "little")
