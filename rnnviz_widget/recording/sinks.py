"""Where a recording's values are kept: in memory, or in a trace's folder as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from rnnviz_widget.trace import Extras, Trace, storage
from rnnviz_widget.trace.arrays import LazyArray
from rnnviz_widget.trace.shards import StateFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from rnnviz_widget.trace import Bounds
    from rnnviz_widget.trace.arrays import Source, StateArray
    from rnnviz_widget.trace.shards import ShardWriter


@dataclass
class MemorySink:
    """Keeps the states of `length` tokens in arrays of `dtype`."""

    length: int
    dtype: storage.StorageType
    limits: dict[str, Bounds | None] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def declare(self, name: str, limits: Bounds | None) -> None:
        """Announce a state."""
        self.limits.setdefault(name, limits)

    @property
    def in_place(self) -> bool:
        """Whether rows are kept as they come."""
        return self.dtype == "float32"

    def place(self, name: str, start: int, count: int, units: int) -> NDArray[Any]:
        """Return where some rows of a state are kept."""
        if name not in self.arrays:
            self.arrays[name] = np.empty((self.length, units), dtype=self.dtype)
        return self.arrays[name][start : start + count]

    def write(self, name: str, start: int, rows: NDArray[np.float32]) -> None:
        """Keep rows of a state."""
        place = self.place(name, start, *rows.shape)
        if np.may_share_memory(place, rows):
            return
        # torch copies in several threads: most of the time goes into fresh memory.
        torch.from_numpy(place).copy_(torch.from_numpy(storage.narrowed(rows, self.dtype)))

    def clear(self) -> None:
        """Forget all states, to begin again."""
        self.limits.clear()
        self.arrays.clear()

    def trace(
        self,
        tokens: tuple[str, ...],
        extras: Extras,
        source: Mapping[str, Any],
    ) -> Trace:
        """Return what was kept, without copying it; of as many rows as there are tokens."""
        arrays: dict[str, StateArray] = {}
        for name in self.limits:  # in the order of announcement
            array = self.arrays[name][: len(tokens)]
            array.flags.writeable = False
            held = array if self.dtype == "float32" else LazyArray(cast("Source", array))
            arrays[name] = cast("StateArray", held)
        bounds = {name: pair for name, pair in self.limits.items() if pair is not None}
        return Trace(tokens, arrays, bounds, extras, source)


class FolderSink:
    """Writes the states of some tokens into a new trace folder, shard by shard.

    From the first shard on the folder says whose tokens it holds, so that what is there of a
    recording that was killed can be kept (`recover`).
    """

    def __init__(
        self,
        folder: Path,
        tokens: tuple[str, ...],
        dtype: storage.StorageType,
        writer: ShardWriter,
    ) -> None:
        self.length, self.dtype, self._writer, self._tokens = len(tokens), dtype, writer, tokens
        self.limits: dict[str, Bounds | None] = {}
        self._store = self._begun(folder)
        self._files: dict[str, StateFile] = {}
        self._noted: dict[int, dict[str, Any]] = {}
        self.in_place = False

    def place(self, name: str, start: int, count: int, units: int) -> NDArray[np.float32]:
        """Shards are kept in another order."""
        raise NotImplementedError

    def declare(self, name: str, limits: Bounds | None) -> None:
        """Announce a state."""
        self.limits.setdefault(name, limits)

    def write(self, name: str, start: int, rows: NDArray[np.float32]) -> None:
        """Keep rows of a state, as far as there are tokens."""
        rows = rows[: max(0, self.length - start)]
        if not len(rows):
            return
        if name not in self._files:
            place = list(self.limits).index(name)
            key, shape = f"states/{place}", (self.length, rows.shape[1])
            self._files[name] = StateFile(self._writer, self._store, key, shape, self.dtype)
            self._noted[place] = {"name": name, "units": shape[1], "bounds": self.limits[name]}
            self._store.note(self.length, self._noted)
        self._files[name].write(start, rows)

    def clear(self) -> None:
        """Forget all states, to begin again."""
        self._writer.wait()
        self._store.clear()
        self._store = self._begun(self._store.folder)
        self.limits.clear()
        self._files.clear()
        self._noted.clear()

    def shorten(self, length: int) -> None:
        """Begin again with fewer tokens; what comes for the others is left out."""
        self.length, self._tokens = length, self._tokens[:length]
        self.clear()

    @property
    def whole_rows(self) -> int:
        """How many rows from the start on are on disk for every state announced."""
        self._writer.wait()
        if not self._files or set(self._files) != set(self.limits):
            return 0
        return min(file.whole_rows for file in self._files.values())

    def finish(
        self,
        tokens: tuple[str, ...],
        extras: Extras,
        source: Mapping[str, Any],
    ) -> None:
        """Describe what was written; with fewer tokens than announced, what follows is dropped."""
        self._writer.wait()
        if len(tokens) < self.length:
            for file in self._files.values():
                file.truncate(len(tokens))
        bounds = {name: pair for name, pair in self.limits.items() if pair is not None}
        nothing = np.zeros((), np.float32)  # of the states only names and widths are asked for
        arrays: dict[str, StateArray] = {
            name: cast("StateArray", np.broadcast_to(nothing, (len(tokens), file.num_units)))
            for name, file in ((name, self._files[name]) for name in self.limits)
        }
        trace = Trace(tokens, arrays, bounds, extras, source)
        trace.save_rest(self._store)

    def _begun(self, folder: Path) -> storage.StoreWriter:
        store = storage.StoreWriter(folder)
        store.write_strings("tokens", self._tokens)
        return store
