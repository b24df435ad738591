"""How often the labels of code and those of a real tokenizer differ, per language.

    python -m tests.simulations.labels [--orders 20] [FILE ...]

reads the files in ``tests/simulations/code``, and each again with its paragraphs in other orders:
what a reading carries from one paragraph into the next must not depend on which it is. Prints a
table, and ends with 1 if a label of a language differs at one character in a thousand or more.
With files of one's own, by their suffix, it reads those instead, as they are.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget import labels
from tests.simulations import tokenizers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.simulations.tokenizers import Reading

CODE = Path(__file__).parent / "code"
LIMIT = 0.001
NAMES = ("comment", "string", "depth")


@dataclass(frozen=True)
class Tongue:
    """A language: its name for pygments, who reads it, and what that reading says."""

    language: str
    reader: str
    read: Callable[[str], Reading]
    names: Sequence[str] = NAMES


def _grammar(name: str, function: str = "language") -> Callable[[str], Reading]:
    return partial(tokenizers.read, grammar=f"tree_sitter_{name}", function=function)


TONGUES = {
    ".c": Tongue("c", "tree-sitter-c", _grammar("c")),
    ".h": Tongue("c", "tree-sitter-c", _grammar("c")),
    ".cpp": Tongue("cpp", "tree-sitter-cpp", _grammar("cpp")),
    ".java": Tongue("java", "tree-sitter-java", _grammar("java")),
    ".go": Tongue("go", "tree-sitter-go", _grammar("go")),
    ".rs": Tongue("rust", "tree-sitter-rust", _grammar("rust")),
    ".js": Tongue("javascript", "tree-sitter-javascript", _grammar("javascript")),
    ".ts": Tongue(
        "typescript", "tree-sitter-typescript", _grammar("typescript", "language_typescript")
    ),
    ".sh": Tongue("bash", "tree-sitter-bash", _grammar("bash")),
    ".py": Tongue("python", "tree-sitter-python", _grammar("python")),
    ".f90": Tongue("fortran", "tree-sitter-fortran", _grammar("fortran")),
    ".hs": Tongue("haskell", "tree-sitter-haskell", _grammar("haskell")),
    ".html": Tongue("html", "tree-sitter-html", _grammar("html"), ("comment", "string")),
    ".md": Tongue("markdown", "tree-sitter-markdown", tokenizers.read_markdown, NAMES[:2]),
    ".tex": Tongue("latex", "pylatexenc", tokenizers.read_latex, NAMES[:2]),
    ".pyi": Tongue("python", "tokenize", tokenizers.read_python),
}


@dataclass(frozen=True)
class Agreement:
    """At how many of the characters each label differs."""

    tongue: Tongue
    characters: int
    differing: dict[str, int]

    @property
    def worst(self) -> float:
        """The largest share of characters at which a label differs."""
        return max(self.differing.values()) / self.characters


def compare(text: str, tongue: Tongue) -> Agreement:
    """Read a text both ways."""
    reading = tongue.read(text)
    own = {
        "comment": labels.inside_comment(text, language=tongue.language),
        "string": labels.inside_string(text, language=tongue.language),
        "depth": labels.nesting_depth(text, language=tongue.language),
    }
    differing = {
        name: int((np.asarray(own[name]) != getattr(reading, name)).sum()) for name in tongue.names
    }
    return Agreement(tongue, len(text), differing)


def orders(text: str, count: int) -> Iterator[str]:
    """Give a text, and its paragraphs in other orders."""
    yield text
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    for seed in range(count):
        yield "\n\n".join(random.Random(seed).sample(paragraphs, len(paragraphs))) + "\n"


def measure(paths: Sequence[Path], other_orders: int) -> list[Agreement]:
    """Compare the texts of files, one result for each kind of file."""
    found: list[Agreement] = []
    for suffix in dict.fromkeys(path.suffix for path in paths):
        tongue = TONGUES[suffix]
        characters, differing = 0, dict.fromkeys(tongue.names, 0)
        for path in paths:
            if path.suffix == suffix:
                for text in orders(path.read_text(encoding="utf-8"), other_orders):
                    one = compare(text, tongue)
                    characters += one.characters
                    differing = {n: differing[n] + one.differing[n] for n in tongue.names}
        found.append(Agreement(tongue, characters, differing))
    return found


def table(found: Sequence[Agreement]) -> str:
    """Return a table in Markdown."""
    rows = ["| language | read by | characters | comment | string | depth |", "|" + " --- |" * 6]
    for one in found:
        cells = [
            f"{one.differing[n]:,} ({one.differing[n] / one.characters:.3%})"
            if n in one.differing
            else "-"
            for n in NAMES
        ]
        tongue = one.tongue
        rows.append(
            f"| {tongue.language} | {tongue.reader} | {one.characters:,} | {' | '.join(cells)} |"
        )
    return "\n".join(rows)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--orders", type=int, default=20, metavar="N")
    options = parser.parse_args()
    paths = options.files or sorted(path for path in CODE.iterdir() if path.suffix in TONGUES)
    found = measure(paths, 0 if options.files else options.orders)
    print(table(found))
    return int(any(one.worst >= LIMIT for one in found))


if __name__ == "__main__":
    sys.exit(main())
