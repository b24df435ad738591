"""What `unit_kind` calls units of which it is known what they do, as a table.

``python -m tests.simulations.kinds [DRAWS]`` prints it, with 20 draws of each unless told.
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from rnnviz_widget import Trace, unit_kind
from tests.simulations.units import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rnnviz_widget.counters import UnitKind
    from tests.simulations.units import Unit

DRAWS = 20
UNCLEAR = "unclear"


def drawn(name: str, number: int) -> Unit:
    """Return one unit of a kind; the same each time."""
    return KINDS[name](np.random.default_rng([crc32(name.encode()), number]))


def found(unit: Unit) -> UnitKind:
    """Return what it is called."""
    trace = Trace.from_arrays(unit.tokens, {"h": unit.values[:, None]})
    return unit_kind(trace, "h", 0)


def answer(name: str, number: int) -> tuple[str, str, str]:
    """Return the row of the table, the right name and the name that one draw is given."""
    unit = drawn(name, number)
    return name, unit.kind, found(unit).kind


def table(answers: Iterable[tuple[str, str, str]]) -> tuple[list[list[str]], int, int]:
    """Return the rows of the confusion table, how many draws were named wrongly, and how many."""
    counts: Mapping[str, Counter[str]] = {name: Counter() for name in KINDS}
    wrong = total = 0
    for name, right, given in answers:
        counts[name][given] += 1
        wrong += given not in (right, UNCLEAR)
        total += 1
    names = [*dict.fromkeys(given for its in counts.values() for given in its if given != UNCLEAR)]
    names.append(UNCLEAR)
    rows = [["what it is", *names]]
    rows += [[name, *(str(its[given] or "") for given in names)] for name, its in counts.items()]
    return rows, wrong, total


def main(draws: int = DRAWS) -> None:
    """Print the table in Markdown."""
    names = [name for name in KINDS for _ in range(draws)]
    with ProcessPoolExecutor() as pool:
        answers = list(pool.map(answer, names, [*range(draws)] * len(KINDS)))
    rows, wrong, total = table(answers)
    for row in [rows[0], ["---"] * len(rows[0]), *rows[1:]]:
        print("| " + " | ".join(row) + " |")
    print(f"\nNamed wrongly: {wrong} of {total} ({100 * wrong / total:.1f} %).")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
