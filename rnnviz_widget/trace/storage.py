"""The folder a trace is kept in: Zarr v3, sharded so that one unit of a long text reads at once.

A state of shape (T, U) is cut into shards of (32768, U), one file each, whose inner chunks are
(32768, 1): one unit of a shard lies contiguous in its file. Chunks are not compressed (states
compress by a tenth, and reading would cost more than it saves). `shards` writes them; everything
else goes through zarr, and any Zarr v3 reader reads the result.

Strings are kept as code points (UTF-32), not as JSON or UTF-8, so that lone surrogates survive.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import zarr
    from numpy.typing import DTypeLike, NDArray

CHUNK = 32768
"""Rows of a shard and of an inner chunk."""

VERSION = 1
"""Of the folder's layout; a reader refuses versions it does not know."""

StorageType = Literal["float32", "float16"]

_KEY = "rnnviz_trace"


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


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a fresh folder beside `path` that takes its place when the block ends without error.

    The name `path` is bound to the old trace or to the new one, never to a half-written one.

    Raises
    ------
    FileExistsError
        If something that is not a trace is at `path`; it is left alone.
    FileNotFoundError
        If the folder that is to hold `path` does not exist.
    """
    target = Path(path).resolve()
    _refuse_to_replace(target)
    if not target.parent.is_dir():
        msg = f"path {str(path)!r} lies in a folder that does not exist: {str(target.parent)!r}"
        raise FileNotFoundError(msg)
    token = secrets.token_hex(4)
    fresh = target.with_name(f".{target.name}.{token}.new")
    old = target.with_name(f".{target.name}.{token}.old")
    try:
        yield fresh
        _refuse_to_replace(target)
        replaced = target.exists()
        if replaced:
            target.rename(old)
        try:
            fresh.rename(target)
        except BaseException:
            if replaced:
                old.rename(target)
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)


def create(folder: Path, attributes: dict[str, Any]) -> zarr.Group:
    """Return a new group in `folder` that holds `attributes`."""
    import zarr  # noqa: PLC0415  (slow to import; a trace in memory needs none)

    group = zarr.open_group(str(folder), mode="w-", zarr_format=3)
    describe(group, attributes)
    return group


def describe(group: zarr.Group, attributes: dict[str, Any]) -> None:
    """Set what the group says of itself."""
    group.attrs[_KEY] = {"version": VERSION, **attributes}


def read(path: str | os.PathLike[str]) -> tuple[zarr.Group, dict[str, Any]]:
    """Return the group of the trace at `path`, open for reading, and its attributes.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`.
    ValueError
        If what is there is not a trace, or one of a version that is not known.
    """
    import zarr  # noqa: PLC0415

    where = Path(path)
    if not where.exists():
        msg = f"path {str(path)!r} does not exist"
        raise FileNotFoundError(msg)
    try:
        group = zarr.open_group(str(where.resolve()), mode="r", zarr_format=3)
        attributes = group.attrs[_KEY]
    except (OSError, KeyError, ValueError) as error:
        msg = f"path {str(path)!r} is not a saved trace"
        raise ValueError(msg) from error
    if not isinstance(attributes, dict) or attributes.get("version") != VERSION:
        found = attributes.get("version") if isinstance(attributes, dict) else attributes
        msg = (
            f"path {str(path)!r} is a trace of layout version {found!r}; this rnnviz-widget reads "
            f"version {VERSION}: update it"
        )
        raise ValueError(msg)
    return group, attributes


def write_strings(group: zarr.Group, key: str, strings: Sequence[str]) -> None:
    """Store strings under `key`: their code points, and where each ends unless each is one."""
    codes = "".join(strings).encode("utf-32-le", "surrogatepass")
    write_array(group, f"{key}/code_points", np.frombuffer(codes, dtype="<u4"))
    lengths = np.fromiter(map(len, strings), dtype=np.uint64, count=len(strings))
    if np.any(lengths != 1):
        write_array(group, f"{key}/ends", np.cumsum(lengths, dtype=np.uint64))


def read_strings(group: zarr.Group, key: str) -> tuple[str, ...]:
    """Return the strings stored under `key`."""
    codes = read_array(group, f"{key}/code_points").astype("<u4", copy=False)
    text = codes.tobytes().decode("utf-32-le", "surrogatepass")
    if f"{key}/ends" not in group:
        return tuple(text)
    ends = read_array(group, f"{key}/ends").tolist()
    starts = [0, *ends[:-1]]
    return tuple(text[start:end] for start, end in zip(starts, ends, strict=True))


def write_array(group: zarr.Group, key: str, values: NDArray[Any]) -> None:
    """Store an array of any shape, compressed, in chunks along its first axis."""
    group.create_array(key, data=values, chunks=(min(CHUNK * 4, len(values)), *values.shape[1:]))


def read_array(group: zarr.Group, key: str) -> NDArray[Any]:
    """Return all of an array."""
    return np.asarray(group[key][...])  # type: ignore[index]


def _refuse_to_replace(target: Path) -> None:
    if not target.exists() and not target.is_symlink():
        return
    try:
        read(target)
    except ValueError as error:
        msg = f"path {str(target)!r} holds something that is not a trace; it is left alone"
        raise FileExistsError(msg) from error
