"""Reading the folder a trace is kept in, and trusting nothing that it says.

Only regular files inside the folder are read. What a file must hold is compared with its size
before anything is allocated, and with its checksum before anything is returned. Every reading makes
sure that the folder is still the one that was opened. Stores that were written before there were
checksums are read too, with all the checks that they allow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.trace import storage
from rnnviz_widget.trace.checksums import CRC, HEAD, crc32c, shard_head
from rnnviz_widget.trace.layout import StateLayout, shard_path
from rnnviz_widget.trace.oldstore import old_array, old_layout
from rnnviz_widget.trace.regular import (
    METADATA,
    DamageError,
    fill,
    identity,
    opened,
    read_json,
    size_inside,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

_GROUP = 32  # units that are read at once


@dataclass(frozen=True)
class Store:
    """The folder of a saved trace, as it was when it was opened.

    Attributes
    ----------
    path
        The folder.
    said
        What it says of itself, checked: ``length``, ``states``, ``source`` and, unless it is old,
        ``generation`` and ``arrays``.
    identity
        What the system says of the folder and its metadata; it changes when they are replaced.
    """

    path: Path
    said: Mapping[str, Any]
    identity: tuple[int, ...]

    @property
    def sealed(self) -> bool:
        """Whether it has checksums and a generation."""
        return "generation" in self.said

    def state(self, number: int, *, whole: bool = True) -> StoredState:
        """Return a state's values, which are read when they are asked for.

        Unless the store need not be `whole`, all files that it takes are there.
        """
        state = self.said["states"][number]
        key = f"states/{state.get('place', number)}"
        if self.sealed:
            layout = StateLayout(self.said["length"], state["units"], state["rows"], state["dtype"])
        else:
            layout = old_layout(self, key, self.said["length"], state["units"])
        for i in range(layout.shards if whole else 0):
            self.expect(shard_path(key, i), layout.file_bytes)
        return StoredState(self, key, layout)

    def array(self, key: str) -> NDArray[Any] | None:
        """Return all of a small array, None if there is none of this name."""
        with self.reading():
            if not self.sealed:
                return old_array(self, key)
            entry = self.said["arrays"].get(key)
            return None if entry is None else self._sealed_array(key, entry)

    def strings(self, key: str, least: int) -> tuple[str, ...]:
        """Return the strings stored under `key`, each of `least` or more characters."""
        codes, ends = self.array(f"{key}/code_points"), self.array(f"{key}/ends")
        if codes is None or codes.dtype != np.uint32 or codes.ndim != 1:
            raise self.damage(f"{key} has no code points")
        try:
            text = codes.tobytes().decode("utf-32-le", "surrogatepass")
        except UnicodeDecodeError as error:
            raise self.damage(f"{key} holds what is no code point") from error
        if ends is None:
            return tuple(text)
        last = int(ends[-1]) if ends.ndim == 1 and len(ends) else -1
        if ends.dtype != np.uint64 or last != len(text):
            raise self.damage(f"{key}/ends does not end where the text does")
        lengths = np.diff(ends.astype(np.int64), prepend=0)
        if lengths.min() < least:
            raise self.damage(f"{key}/ends has an end before its start")
        stops = ends.tolist()
        return tuple(text[a:b] for a, b in zip([0, *stops[:-1]], stops, strict=True))

    def expect(self, name: str, size: int) -> None:
        """Make sure that a file of this size is there.

        Raises
        ------
        DamageError
            If it is not, or is not a regular file inside the folder.
        """
        found = size_inside(self.path, name)
        if found == size:
            return
        if found is None:
            raise self.damage(f"{name} is missing, or no regular file inside its folder")
        raise self.damage(f"{name} has {found:,} bytes where there must be {size:,}")

    def damage(self, what: str) -> DamageError:
        """Return the error that says what is wrong, or that the trace has been replaced."""
        return DamageError(self._changed() or f"the trace at {str(self.path)!r} is damaged: {what}")

    def reading(self) -> _Reading:
        """Give a block at whose start and end the store must be the one that was opened."""
        return _Reading(self)

    def check(self) -> None:
        """Raise where the store is no longer the one that was opened."""
        if changed := self._changed():
            raise DamageError(changed)

    def _changed(self) -> str:
        """Say what became of the store since it was opened; empty if it is the same."""
        try:
            if identity(self.path) == self.identity:
                return ""
            said = read_json(self.path, METADATA)["attributes"][storage.KEY]
        except FileNotFoundError:
            return f"the trace at {str(self.path)!r} is no longer there: it was moved or deleted"
        except (OSError, ValueError, LookupError, TypeError):
            said = None
        if self.sealed and said == self.said:  # moved away and back
            return ""
        return (
            f"the trace at {str(self.path)!r} has been replaced by another since it was opened; "
            "Trace.load opens the one that is there now"
        )

    def _sealed_array(self, key: str, entry: Mapping[str, Any]) -> NDArray[Any]:
        shape, rows = tuple(entry["shape"]), entry["rows"]
        dtype, inner = np.dtype(entry["dtype"]), shape[1:]
        size = rows * math.prod(inner) * dtype.itemsize
        chunks, last = -(-shape[0] // rows), "/0" * len(inner)
        for i in range(chunks):
            self.expect(f"{key}/c/{i}{last}", size + CRC)
        values = np.empty((chunks * rows, *inner), dtype)
        data = np.empty(size + CRC, np.uint8)
        for i in range(chunks):
            name = f"{key}/c/{i}{last}"
            with opened(self.path / name) as file:
                fill(file, data)
            if crc32c(data[:size]) != data[size:].tobytes():
                raise self.damage(f"{name} does not have the checksum that it was written with")
            values[i * rows : (i + 1) * rows] = data[:size].view(dtype).reshape(rows, *inner)
        values = values[: shape[0]]
        if storage.digest(values.tobytes()) != entry.get("digest"):
            raise self.damage(f"{key} is that of another trace")
        return values


class _Reading:
    """A block that reads: an error in it is damage, and the store must not change meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._store.check()

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, OSError):
            raise self._store.damage(f"{error.filename or error}: {error.strerror}") from error
        if error is None:
            self._store.check()


@dataclass(frozen=True)
class StoredState:
    """The values of a state, `(T, U)`, read from its shards."""

    store: Store
    key: str
    layout: StateLayout

    @property
    def shape(self) -> tuple[int, int]:
        """`(T, U)`."""
        return self.layout.length, self.layout.num_units

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the values are stored as."""
        return np.dtype(self.layout.dtype)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401  (numpy's own indexing)
        """Return the part that integers and forward slices name."""
        rows, columns, dropped = _ranges(key, self.shape)
        with self.store.reading():
            values = self._read(rows, columns)
        return values[tuple(0 if drop else slice(None) for drop in dropped)]

    def _read(self, rows: range, columns: range) -> NDArray[Any]:
        layout = self.layout
        out = np.empty((len(rows), len(columns)), layout.dtype)
        if not out.size:
            return out
        apart = _GROUP if columns.step == 1 else 1
        for number in range(rows[0] // layout.chunk, rows[-1] // layout.chunk + 1):
            base = number * layout.chunk
            first = max(0, -(-(base - rows.start) // rows.step))
            last = min(len(rows), -(-(base + layout.chunk - rows.start) // rows.step))
            if first >= last:
                continue
            start = rows[first] - base
            inside = slice(start, rows[last - 1] - base + 1, rows.step)
            with opened(self.store.path / shard_path(self.key, number)) as file:
                self._check_head(file, number)
                for at in range(0, len(columns), apart):
                    part = columns[at : at + apart]
                    values = self._units(file, number, part[0], len(part))
                    out[first:last, at : at + len(part)] = values[:, inside].T
        return out

    def _check_head(self, file: BinaryIO, number: int) -> None:
        if not self.layout.sealed:
            return
        expected = shard_head(self.store.said["generation"], self.key, number)
        if file.read(HEAD) != expected:
            raise self.store.damage(f"{shard_path(self.key, number)} belongs elsewhere")

    def _units(self, file: BinaryIO, number: int, first: int, count: int) -> NDArray[Any]:
        """Return neighbouring units of a shard, `(units, rows)`."""
        layout = self.layout
        file.seek(layout.head + first * layout.stride)
        data = np.empty((count, layout.stride), np.uint8)
        fill(file, data)
        size = layout.unit_bytes
        if layout.sealed:
            for i, unit in enumerate(data):
                if crc32c(unit[:size]) != unit[size:].tobytes():
                    name = shard_path(self.key, number)
                    raise self.store.damage(
                        f"unit {first + i} in {name} does not have the checksum that it was "
                        "written with"
                    )
        return data[:, :size].view(layout.stored)


def _ranges(key: Any, shape: tuple[int, int]) -> tuple[range, range, tuple[bool, bool]]:  # noqa: ANN401
    """Return the rows and columns that a key names, and which of the two axes it drops.

    Raises
    ------
    IndexError
        As numpy does.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    wide = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(parts) - len(wide) > len(shape) or len(wide) > 1:
        msg = f"a state has two axes, tokens and units; got the index {key!r}"
        raise IndexError(msg)
    if not wide:
        wide = [len(parts)]
        parts.append(Ellipsis)
    missing = [slice(None)] * (len(shape) + 1 - len(parts))
    parts[wide[0] : wide[0] + 1] = missing
    found, dropped = [], []
    for part, size in zip(parts, shape, strict=True):
        if isinstance(part, slice):
            found.append(range(*part.indices(size)))
        else:
            at = int(part)
            if not -size <= at < size:
                msg = f"index {at} is out of bounds for {size}"
                raise IndexError(msg)
            found.append(range(at % size, at % size + 1))
        dropped.append(not isinstance(part, slice))
    return found[0], found[1], (dropped[0], dropped[1])
