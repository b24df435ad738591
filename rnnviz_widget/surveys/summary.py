"""What is kept of the blocks of a corpus: counts and extremes, which add up block by block."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.surveys.bins import BINS, COARSE, LEVELS, bin_of
from rnnviz_widget.surveys.snippets import Snippets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rnnviz_widget.labels.reading import LabelValues
    from rnnviz_widget.surveys.corpus import TextBlock

_LOW, _HIGH = 0.1, 0.9  # of a gate, as `gate_saturation` has it
_QUICK = 1  # of the levels of compression: others take ten times as long for a tenth less
_MOMENTS = ("total", "square", "low", "high", "missing")


@dataclass(frozen=True)
class Scheme:
    """What cuts columns and labels into bins, and where columns saturate.

    Attributes
    ----------
    edges : ndarray of float32, shape (C, BINS - 1)
        Of the columns.
    levels : dict of str to ndarray
        Of each numeric label the lowest value of each level, (LEVELS,), infinite where there are
        fewer; None for a boolean one.
    saturation : ndarray of float32, shape (C, 2)
        Below which value a column counts as low, and above which as high.

    """

    edges: NDArray[np.float32]
    levels: Mapping[str, NDArray[np.float64] | None]
    saturation: NDArray[np.float32]


@dataclass
class Summary:
    """Counts of some blocks.

    Attributes
    ----------
    tokens : ndarray of int, shape (2,)
        That count, in blocks of part A and of part B.
    hits : dict of str to ndarray of int
        By boolean label (2, C, BINS, 2): tokens by part, bin and value. By numeric label
        (2, C, COARSE, LEVELS).
    counts : ndarray of int, shape (C, BINS)
        Tokens by bin.
    mixed : ndarray of bool, shape (C, BINS)
        Whether a bin has met more than one value.
    total, square : ndarray of float64, shape (C,)
        Sum and sum of squares of what is finite.
    low, high, missing : ndarray of float64, shape (C,)
        How many tokens are saturated, and how many are NaN or infinite.
    inexact : dict of str to bool
        Of a numeric label whether a value was met that is not one of its levels.
    snippets : Snippets
        Where each column is highest, lowest, and changes most.

    """

    tokens: NDArray[np.int64]
    hits: dict[str, NDArray[np.int64]]
    counts: NDArray[np.int64]
    mixed: NDArray[np.bool_]
    total: NDArray[np.float64]
    square: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    missing: NDArray[np.float64]
    snippets: Snippets
    inexact: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def empty(cls, scheme: Scheme) -> Summary:
        """Return the summary of no block."""
        columns = len(scheme.edges)
        hits = {
            name: np.zeros(
                (2, columns, *((BINS, 2) if cut is None else (COARSE, LEVELS))), np.int64
            )
            for name, cut in scheme.levels.items()
        }
        moments = {name: np.zeros(columns) for name in _MOMENTS}
        return cls(
            tokens=np.zeros(2, np.int64),
            hits=hits,
            counts=np.zeros((columns, BINS), np.int64),
            mixed=np.zeros((columns, BINS), np.bool_),
            snippets=Snippets.empty(columns),
            inexact=dict.fromkeys(scheme.levels, False),
            **moments,
        )

    def add(
        self,
        block: TextBlock,
        values: NDArray[np.float32],
        labels: Mapping[str, LabelValues],
        scheme: Scheme,
    ) -> None:
        """Count a block: values of shape (C, n) and labels of n tokens, all that do not count too.

        Blocks of an even number are part A, those of an odd one part B.
        """
        part, rows = block.index % 2, slice(block.skip, None)
        self.tokens[part] += max(0, values.shape[1] - block.skip)
        cells: dict[str, tuple[NDArray[np.bool_], NDArray[np.intp], tuple[int, int]]] = {}
        for name, label in labels.items():
            known, said = label.known[rows], label.values[rows]
            levels_of = scheme.levels[name]
            if levels_of is None:
                cells[name] = known, said.astype(np.intp), (BINS, 2)
                continue
            level = bin_of(said, levels_of[1:])
            cells[name] = known, level, (COARSE, LEVELS)
            self.inexact[name] |= not np.isin(said[known], levels_of).all()
        for c, column in enumerate(values):
            here = column[rows]
            code = bin_of(here, scheme.edges[c])
            self.counts[c] += np.bincount(code, minlength=BINS)
            # What shares a bin with others lies above its lower edge; the lowest bin has none.
            lower = np.concatenate([[np.nan], scheme.edges[c]]).astype(np.float32)
            self.mixed[c, code[here != lower[code]]] = True
            for name, (known, level, (bins, levels)) in cells.items():
                cell = (code >> (BINS // bins).bit_length() - 1) * levels + level
                if not known.all():
                    cell = cell[known]
                count = np.bincount(cell, minlength=bins * levels)
                self.hits[name][part, c] += count.reshape(bins, levels)
            finite = np.isfinite(here)
            whole = finite.all()
            exact = (here if whole else here[finite]).astype(np.float64)
            self.total[c] += exact.sum()
            self.square[c] += exact @ exact
            self.low[c] += np.count_nonzero(exact < scheme.saturation[c, 0])
            self.high[c] += np.count_nonzero(exact > scheme.saturation[c, 1])
            self.missing[c] += 0 if whole else np.count_nonzero(~finite)
        self.snippets = self.snippets.merged(Snippets.of(block, values, self.snippets))

    def merge(self, other: Summary) -> None:
        """Add the counts of later blocks."""
        self.tokens += other.tokens
        self.counts += other.counts
        self.mixed |= other.mixed
        for name, hits in other.hits.items():
            self.hits[name] += hits
            self.inexact[name] |= other.inexact[name]
        for name in _MOMENTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.snippets = self.snippets.merged(other.snippets)

    def to_bytes(self) -> bytes:
        """Return it as a compressed file of arrays."""
        arrays = {"tokens": self.tokens, "counts": _narrow(self.counts), "mixed": self.mixed}
        for i, (name, hits) in enumerate(self.hits.items()):
            arrays[f"hits/{i}"] = _narrow(hits)
            arrays[f"inexact/{i}"] = np.array(self.inexact[name])
        arrays |= {name: getattr(self, name) for name in _MOMENTS}
        arrays |= {f"snippets/{name}": each for name, each in self.snippets.arrays().items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return zlib.compress(buffer.getvalue(), _QUICK)

    @classmethod
    def from_bytes(cls, data: bytes, names: tuple[str, ...]) -> Summary:
        """Read what `to_bytes` wrote, with the names of the labels in their order."""
        with np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False) as file:
            return cls(
                tokens=file["tokens"],
                counts=file["counts"].astype(np.int64),
                mixed=file["mixed"],
                hits={name: file[f"hits/{i}"].astype(np.int64) for i, name in enumerate(names)},
                inexact={name: bool(file[f"inexact/{i}"]) for i, name in enumerate(names)},
                snippets=Snippets.from_arrays(file, "snippets/"),
                **{name: file[name] for name in _MOMENTS},
            )


def saturation_of(kind: str, bounds: tuple[float, float] | None) -> tuple[float, float]:
    """Return below what a state of a kind counts as low, and above what as high.

    Of a gate 0.1 and 0.9; of what lies in (-1, 1) -0.9 and 0.9; without bounds never.
    """
    if bounds == (0.0, 1.0):
        return _LOW, _HIGH
    if bounds == (-1.0, 1.0) and kind != "pre":
        return -_HIGH, _HIGH
    return -np.inf, np.inf


def _narrow(counts: NDArray[np.int64]) -> NDArray[np.int64] | NDArray[np.int32]:
    return counts.astype(np.int32) if counts.max(initial=0) < 1 << 31 else counts
