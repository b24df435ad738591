"""The stretches of a corpus where each of many columns is highest, lowest, and changes most."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.extremes import Context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rnnviz_widget.surveys.corpus import TextBlock

SORTS = ("highest", "lowest", "changes")
KEPT = 5
"""Stretches of each sort."""

BEFORE, AFTER = 40, 20
"""Characters on either side of a stretch's place."""

_WIDTH = BEFORE + 1 + AFTER
_NULL = "\N{SYMBOL FOR NULL}"
_NEAR = 1 << 12  # tokens of which at most one is kept for each column and sort


@dataclass(frozen=True)
class Snippets:
    """Of C columns, for each sort at most K stretches, the most extreme first.

    Attributes
    ----------
    scores : ndarray of float32, shape (3, C, K)
        How extreme it is; -inf where there is none.
    values, changes : ndarray of float32, shape (3, C, K)
        The column's value at the place, and what it has changed by.
    places : ndarray of int, shape (3, C, K, 5)
        Text, character in the text, line, column, and characters before the place.
    texts : ndarray of str, shape (3, C, K)
        The characters; a NUL is written as U+2400, since arrays of strings drop it.
    curves : ndarray of float16, shape (3, C, K, 61)
        The values at them; NaN beyond.

    """

    scores: NDArray[np.float32]
    values: NDArray[np.float32]
    changes: NDArray[np.float32]
    places: NDArray[np.int64]
    texts: NDArray[np.str_]
    curves: NDArray[np.float16]

    @classmethod
    def empty(cls, columns: int) -> Snippets:
        """Return room for stretches, and none."""
        shape = (len(SORTS), columns, KEPT)
        return cls(
            np.full(shape, -np.inf, np.float32),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.float32),
            np.zeros((*shape, 5), np.int64),
            np.zeros(shape, f"<U{_WIDTH}"),
            np.full((*shape, _WIDTH), np.nan, np.float16),
        )

    @classmethod
    def of(cls, block: TextBlock, values: NDArray[np.float32], so_far: Snippets) -> Snippets:
        """Return the most extreme places of a block, values of shape (C, n), apart from another.

        Only those that are more extreme than all of ``so_far``.
        """
        made = cls.empty(len(values))
        with np.errstate(invalid="ignore"):  # infinity less infinity
            change = np.diff(values, axis=1, prepend=np.float32(np.nan))
        place = _Places.of(block)
        stretches = range(block.skip, values.shape[1], _NEAR)
        for s, scores in enumerate((values, -values, np.abs(change))):
            tops = [_highest(scores[:, a : a + _NEAR], a) for a in stretches]
            if not tops:
                continue
            best = np.stack([top[0] for top in tops], axis=1)  # (C, stretches)
            at = np.stack([top[1] for top in tops], axis=1)
            best[best <= so_far.scores[s, :, -1:]] = -np.inf
            order = np.argsort(-best, axis=1, kind="stable")[:, :KEPT]
            for c in np.flatnonzero(np.isfinite(best).any(axis=1)).tolist():
                for k, j in enumerate(order[c].tolist()):
                    if np.isfinite(best[c, j]):
                        slot, token = (s, c, k), int(at[c, j])
                        made.scores[slot] = best[c, j]
                        made.values[slot] = values[c, token]
                        made.changes[slot] = change[c, token]
                        made.places[slot] = place.of_token(token)
                        stretch = slice(max(0, token - BEFORE), token + AFTER + 1)
                        made.texts[slot] = block.text[stretch].replace("\0", _NULL)
                        curve = values[c, stretch].astype(np.float16)
                        made.curves[slot][: len(curve)] = curve
        return made

    def merged(self, later: Snippets) -> Snippets:
        """Return the most extreme of both; of the same text up to the place, the first."""
        made = type(self)(**{name: array.copy() for name, array in self.arrays().items()})
        for s, c in np.argwhere(later.scores[:, :, 0] > -np.inf).tolist():
            both = {
                name: np.concatenate([array[s, c], getattr(later, name)[s, c]])
                for name, array in self.arrays().items()
            }
            kept: list[int] = []
            seen: set[str] = set()
            for k in np.argsort(-both["scores"], kind="stable").tolist():
                if both["scores"][k] == -np.inf or len(kept) == KEPT:
                    break
                said = str(both["texts"][k])[: both["places"][k, 4] + 1]
                if said not in seen:
                    seen.add(said)
                    kept.append(k)
            made.scores[s, c] = -np.inf
            for name, array in made.arrays().items():
                array[s, c, : len(kept)] = both[name][kept]
        return made

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], prefix: str = "") -> Snippets:
        """Return what `arrays` gave."""
        return cls(*(np.asarray(arrays[prefix + f.name]) for f in fields(cls)))

    def contexts(self, sort: str, column: int) -> tuple[Context, ...]:
        """Return the stretches of a column, the most extreme first."""
        s = SORTS.index(sort)
        found = []
        for k in range(KEPT):
            if self.scores[s, column, k] == -np.inf:
                break
            source, token, line, place, before = self.places[s, column, k].tolist()
            text = str(self.texts[s, column, k])
            found.append(
                Context(
                    trace=source,
                    token=token,
                    line=line,
                    column=place,
                    value=float(self.values[s, column, k]),
                    change=float(self.changes[s, column, k]),
                    tokens=tuple(text),
                    values=self.curves[s, column, k][: len(text)].astype(np.float32),
                    before=before,
                    times=1,
                )
            )
        return tuple(found)


@dataclass(frozen=True)
class _Places:
    """Where the tokens of a block are in their text."""

    block: TextBlock
    newlines: NDArray[np.intp]

    @classmethod
    def of(cls, block: TextBlock) -> _Places:
        marks = np.fromiter(map("\n".__eq__, block.text), np.bool_, len(block.text))
        return cls(block, np.flatnonzero(marks))

    def of_token(self, token: int) -> tuple[int, int, int, int, int]:
        block = self.block
        lines = int(np.searchsorted(self.newlines, token))
        column = token - int(self.newlines[lines - 1]) if lines else block.column + token
        before = min(token, BEFORE)
        return block.source, block.start + token, block.line + lines, column, before


def _highest(
    scores: NDArray[np.float32], offset: int
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return of each row the highest finite value, and where it is."""
    usable = np.where(np.isfinite(scores), scores, -np.inf)
    at = usable.argmax(axis=1)
    return usable[np.arange(len(scores)), at], at + offset
