"""Reading regular files inside a folder of somebody else's: no links out of it, no pipes."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

METADATA = "zarr.json"
"""The file in which a Zarr group or array says what it is."""

_LARGEST = 2**24  # bytes of metadata

_OPEN = (
    getattr(os, "O_NOFOLLOW", 0)  # a link may lead out of the folder
    | getattr(os, "O_NONBLOCK", 0)  # a pipe would make us wait
)


class DamageError(ValueError):
    """What a store says, or what is in its files, cannot be."""


def size_inside(folder: Path, name: str) -> int | None:
    """Return the bytes of a file; None if it is missing or no regular file inside the folder."""
    path = folder / name
    try:
        found = path.lstat()
    except OSError:
        return None
    inside = os.path.realpath(path.parent) == os.fspath(path.parent)
    return found.st_size if stat.S_ISREG(found.st_mode) and inside else None


def opened(path: Path) -> BinaryIO:
    """Return a regular file, open for reading.

    Raises
    ------
    OSError
        If it is not there, or something else.
    """
    file = cast("BinaryIO", open(path, "rb", buffering=0, opener=_descriptor))  # noqa: SIM115
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    msg = "not a regular file"
    raise OSError(0, msg, str(path))


def _descriptor(path: str, flags: int) -> int:
    return os.open(path, flags | _OPEN)


def fill(file: BinaryIO, array: NDArray[np.uint8]) -> None:
    """Fill an array from a file.

    Raises
    ------
    OSError
        If the file ends before.
    """
    rest = array.reshape(-1).data
    while len(rest):
        count = file.readinto(rest)  # type: ignore[attr-defined]
        if not count:
            msg = "shorter than it was"
            raise OSError(0, msg, file.name)
        rest = rest[count:]


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Return the JSON object in a file inside a folder.

    Raises
    ------
    OSError
        If it cannot be read.
    DamageError
        If it is not a regular file, is huge, or no JSON object.
    """
    size = size_inside(folder, name)
    if size is None or size > _LARGEST:
        (folder / name).lstat()  # says that it is missing, where it is
        msg = f"{name} is no regular file inside its folder, or is huge"
        raise DamageError(msg)
    with opened(folder / name) as file:
        data = file.read(size)
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"{name} is not JSON"
        raise DamageError(msg) from error
    if not isinstance(found, dict):
        msg = f"{name} is not a JSON object"
        raise DamageError(msg)
    return found


def identity(folder: Path) -> tuple[int, ...]:
    """Return what changes when a store, or what it says of itself, is replaced."""
    root, metadata = folder.stat(), (folder / METADATA).lstat()
    inodes = root.st_dev, root.st_ino, metadata.st_ino
    return *inodes, metadata.st_mtime_ns, metadata.st_size
