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
    """A language: the suffix of its files, its name for pygments, and who else reads it."""

    suffix: str
    language: str
    reader: str
    read: Callable[[str], Reading]
    names: Sequence[str] = NAMES
    prepare: Callable[[str], str] = str


def _grammar(name: str, function: str = "language") -> Callable[[str], Reading]:
    return partial(tokenizers.read, grammar=f"tree_sitter_{name}", function=function)


def _without_f_strings(text: str) -> str:
    """Leave out the paragraphs with f-strings: ``tokenize`` divides them only from 3.12 on."""
    kept = [p for p in re.split(r"\n{2,}", text) if not re.search(r"""\b[rR]?[fF][rR]?['"]""", p)]
    return "\n\n".join(kept)


TONGUES = (
    Tongue(".c", "c", "tree-sitter-c", _grammar("c")),
    Tongue(".cpp", "cpp", "tree-sitter-cpp", _grammar("cpp")),
    Tongue(".java", "java", "tree-sitter-java", _grammar("java")),
    Tongue(".go", "go", "tree-sitter-go", _grammar("go")),
    Tongue(".rs", "rust", "tree-sitter-rust", _grammar("rust")),
    Tongue(".js", "javascript", "tree-sitter-javascript", _grammar("javascript")),
    Tongue(
        ".ts",
        "typescript",
        "tree-sitter-typescript",
        _grammar("typescript", "language_typescript"),
    ),
    Tongue(".sh", "bash", "tree-sitter-bash", _grammar("bash")),
    Tongue(".py", "python", "tree-sitter-python", _grammar("python")),
    Tongue(".py", "python", "tokenize", tokenizers.read_python, prepare=_without_f_strings),
    Tongue(".f90", "fortran", "tree-sitter-fortran", _grammar("fortran")),
    Tongue(".hs", "haskell", "tree-sitter-haskell", _grammar("haskell")),
    Tongue(".html", "html", "tree-sitter-html", _grammar("html"), ("comment", "string")),
    Tongue(
        ".md", "markdown", "tree-sitter-markdown", tokenizers.read_markdown, ("comment", "string")
    ),
    Tongue(".tex", "latex", "pylatexenc", tokenizers.read_latex, ("comment", "string")),
)


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


def measure(tongue: Tongue, paths: Sequence[Path], other_orders: int) -> Agreement:
    """Compare the texts of files in a language, and their paragraphs in other orders."""
    characters, differing = 0, dict.fromkeys(tongue.names, 0)
    for path in paths:
        text = tongue.prepare(path.read_text(encoding="utf-8"))
        for one in (compare(each, tongue) for each in orders(text, other_orders)):
            characters += one.characters
            differing = {name: differing[name] + one.differing[name] for name in tongue.names}
    return Agreement(tongue, characters, differing)


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
    paths = options.files or sorted(CODE.iterdir())
    other_orders = 0 if options.files else options.orders
    found = [
        measure(tongue, read, other_orders)
        for tongue in TONGUES
        if (read := [path for path in paths if path.suffix == tongue.suffix])
    ]
    print(table(found))
    return int(any(one.worst >= LIMIT for one in found))


if __name__ == "__main__":
    sys.exit(main())
