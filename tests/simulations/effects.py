"""How many randomly chosen units stand out by what holding them costs: none should, but by chance.

Run from the repository: ``python -m tests.simulations.effects [UNITS]``, by default at most 60 of
each row (about six minutes on one core). Each unit is drawn at random and judged as a user would
judge it, by `effect` with 99 random draws, seven classes of characters and two labels. By the way
it is tested, one in twenty may stand out; the last column says how many are no surprise then.
"""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rnnviz_widget import effect, labels, load_model, sample_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.charlm import CharLM

LEVEL = 0.05
DRAWS = 99
CHARACTERS = 400


class Row(NamedTuple):
    """What is drawn from: a state of a bundled model, held for so many characters of its text."""

    model: str
    state: str
    where: str
    units: int


ROWS = (
    Row("prose", "rnn.l1.h", "readout", 60),
    Row("linux", "rnn.l0.h", "readout", 60),
)


def p_values(model: CharLM, text: str, row: Row, units: int, *, draws: int = DRAWS) -> list[float]:
    """Return the p of each of some randomly drawn units."""
    rng = np.random.default_rng(0)
    count = model.config.hidden_size
    found = [
        effect(
            model,
            text,
            row.state,
            int(unit),
            where=row.where,  # type: ignore[arg-type]
            labels={
                "inside quotes": labels.inside_quotes,
                "after a space": np.array([character == " " for character in text]),
            },
            random=draws,
            resamples=0,
            seed=int(rng.integers(1 << 30)),
            progress=False,
        )
        for unit in rng.permutation(count)[:units]
    ]
    return [each.p_value for each in found]


def chance(units: int) -> int:
    """Return how many of so many stand out at most in 95 % of cases, where one in twenty does."""
    below, most = 0.0, -1
    while below < 0.95:
        most += 1
        below += math.comb(units, most) * LEVEL**most * (1 - LEVEL) ** (units - most)
    return most


def table(rows: Sequence[Row], most: int) -> None:
    """Print how many units stand out."""
    print(f"Randomly drawn units, {CHARACTERS} characters, {DRAWS} draws for each\n")
    print(
        "| model | state | held in | units | stand out (p <= 0.05) | smallest p | chance allows |"
    )
    print("|---|---|---|---|---|---|---|")
    every: list[float] = []
    for row in rows:
        model = load_model(row.model)
        text = (sample_text(row.model) * 2)[:CHARACTERS]
        found = p_values(model, text, row, min(most, row.units))
        every += found
        print(f"| {row.model} | {row.state} | {row.where} {_counted(found)}", flush=True)
    print(f"| all | | {_counted(every)}")


def _counted(found: Sequence[float]) -> str:
    out = sum(p <= LEVEL for p in found)
    share = f"{out} ({100 * out / len(found):.0f} %)"
    return f"| {len(found)} | {share} | {min(found):.2f} | {chance(len(found))} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("units", type=int, nargs="?", default=60)
    table(ROWS, parser.parse_args().units)


if __name__ == "__main__":
    main()
