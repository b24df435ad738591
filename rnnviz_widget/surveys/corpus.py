"""A corpus in blocks: strings, files and patterns, read one piece after the other."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Texts = str | Path | Iterable[str | Path]

_WILD = "*?["


@dataclass(frozen=True)
class TextBlock:
    """A piece of a text, read from zero.

    Attributes
    ----------
    index : int
        Its number in the corpus, from 0.
    source : int
        The number of its text.
    start : int
        How many characters of its text come before it.
    line, column : int
        Of its first character in its text, counted from 1.
    text : str
        The characters, those that warm the network up included.
    skip : int
        How many of the first ones do not count: the state still comes from zero there.

    """

    index: int
    source: int
    start: int
    line: int
    column: int
    text: str
    skip: int


@dataclass
class BlockedTexts:
    """Texts, given as strings, files or patterns.

    Parameters
    ----------
    texts : str, Path, or iterable of them
        A string is a text itself. A `Path` is a UTF-8 file or, where it has ``* ? [``, a pattern
        of them. An iterator is read once, and never held as a whole.
    length : int
        Characters of a block that count.
    warm_up : int
        Characters before it that are read to bring the state to what it would be.
    skip : int
        Characters that do not count at the start of each text.

    Attributes
    ----------
    names : list of str
        What each text is called, as far as it has been read.
    unread : list of (str, str)
        The texts that could not be read, and why.

    """

    texts: Texts
    length: int
    warm_up: int
    skip: int
    names: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def __iter__(self) -> Iterator[TextBlock]:
        """Yield the blocks, in order."""
        index = 0
        for item in self._items():
            for block in self._blocks(item, index):
                yield block
                index = block.index + 1

    def size(self) -> int | None:
        """Return about how many characters there are; None for an iterator."""
        if isinstance(self.texts, Iterator):
            return None
        sizes = []
        for item in self._items():
            try:
                sizes.append(len(item) if isinstance(item, str) else item.stat().st_size)
            except OSError:
                sizes.append(0)  # what is wrong with it is said when it is read
        return sum(sizes)

    def _items(self) -> Iterator[str | Path]:
        given = [self.texts] if isinstance(self.texts, (str, Path)) else self.texts
        for item in given:
            if isinstance(item, str):
                yield item
            elif not isinstance(item, Path):
                msg = f"texts must be strings or Paths, got {type(item).__name__}"
                raise TypeError(msg)
            elif any(c in str(item) for c in _WILD) and not item.exists():
                found = sorted(glob.glob(str(item), recursive=True))  # noqa: PTH207 - absolute too
                if not found:
                    msg = f"texts has the pattern {str(item)!r}, which no file fits"
                    raise ValueError(msg)
                yield from map(Path, found)
            else:
                yield item

    def _blocks(self, item: str | Path, index: int) -> Iterator[TextBlock]:
        source = len(self.names)
        self.names.append(f"text {source + 1}" if isinstance(item, str) else str(item))
        before, start, line, column = "", 0, 1, 1
        try:
            for piece in self._pieces(item):
                yield TextBlock(
                    index, source, start, line, column, before + piece, len(before) or self.skip
                )
                index += 1
                text = before + piece
                kept = min(self.warm_up, len(text))
                passed = text[: len(text) - kept]
                start, line = start + len(passed), line + passed.count("\n")
                newline = passed.rfind("\n")
                column = column + len(passed) if newline < 0 else len(passed) - newline
                before = text[len(text) - kept :]
        except (OSError, UnicodeError) as error:
            self.unread.append((self.names[source], f"{type(error).__name__}: {error}"))

    def _pieces(self, item: str | Path) -> Iterator[str]:
        if isinstance(item, str):
            for start in range(0, len(item), self.length):
                yield item[start : start + self.length]
            return
        with item.open(encoding="utf-8") as file:
            while piece := file.read(self.length):
                yield piece
