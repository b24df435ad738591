"""How long sorting takes, and finding the order, by comparing with numpy and counting with scipy.

Run from the repository: ``python -m tests.benchmarks.sorting [KEYS]``, by default 500,000 (1 s).
With ``NPY_DISABLE_CPU_FEATURES="AVX512_ICL X86_V4"`` before it numpy sorts as without AVX-512.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.stats.auc import sortable
from rnnviz_widget.stats.sorting import (
    by_comparing,
    by_counting,
    order_by_comparing,
    order_by_counting,
    seconds,
)
from rnnviz_widget.stats.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS: dict[str, Callable[..., Any]] = {
    "sorted by comparing": by_comparing,
    "sorted by counting": by_counting,
    "order by comparing": order_by_comparing,
    "order by counting": order_by_counting,
}
REPEATS = 9


def main() -> None:
    """Print the least time of each way, in a thread of its own as in a ranking."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", type=int, nargs="?", default=500_000)
    count = parser.parse_args().keys
    values = np.tanh(np.random.default_rng(0).standard_normal(count, np.float32))
    keys = sortable(values)
    for name, way in WAYS.items():

        def least(_: int, way: Callable[..., Any] = way) -> float:
            return min(seconds(way, keys.copy()) for _ in range(REPEATS))

        print(f"{count:,} keys, {name:20} {in_threads(least, [0])[0] * 1e3:7.2f} ms")


if __name__ == "__main__":
    main()
