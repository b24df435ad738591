"""Print what was attacked, how often, and how often it held: ``python -m tests.attacks [NAME...]``.

Each `attack_*.py` beside this file has a function `run` that returns rows of (what, tried, held).
Names choose some of them: ``python -m tests.attacks traces checkpoints``.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path


def main(chosen: list[str]) -> int:
    """Run the attacks; return 1 if one of them was not withstood."""
    found = {path.stem: path for path in sorted(Path(__file__).parent.glob("attack_*.py"))}
    names = [name for name in found if not chosen or name.removeprefix("attack_") in chosen]
    lost = 0
    print(f"{'attack':<84} {'tried':>8} {'held':>8}")
    for name in names:
        start = time.perf_counter()
        for what, tried, held in importlib.import_module(f"tests.attacks.{name}").run():
            lost += tried - held
            mark = "" if tried == held else f"   {tried - held} LOST"
            print(f"{what:<84} {tried:>8,} {held:>8,}{mark}", flush=True)
        print(f"  ({name}: {time.perf_counter() - start:,.0f} s)", flush=True)
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
