"""What checksums cost when a unit is read: ``python -m tests.benchmarks.reading``.

The same trace is written with checksums and as it was written before there were any. Units are read
in turn from the first, from the second, and from the second through zarr, as the version before
did; the files are in the system's memory. Printed are the medians and their ratios.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from rnnviz_widget.trace import Trace
from tests.unit.oldstores import save_as_before

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS, UNITS, READINGS = 2**19, 64, 60


def main() -> None:
    """Write both, read, print."""
    values = np.random.default_rng(0).standard_normal((TOKENS, UNITS), dtype=np.float32)
    trace = Trace.from_arrays("x" * TOKENS, {"h": values})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace.save(folder / "new.zarr")
        save_as_before(trace, folder / "old.zarr", 32768)
        new, old = Trace.load(folder / "new.zarr"), Trace.load(folder / "old.zarr")
        array: Any = zarr.open_group(str(folder / "old.zarr"), mode="r")["states/0"]
        ways: dict[str, Callable[[int], Any]] = {
            "with checksums": lambda u: new.unit("h", u),
            "without": lambda u: old.unit("h", u),
            "without, through zarr (before)": lambda u: np.ascontiguousarray(array[:, u]),
        }
        spent: dict[str, list[float]] = {way: [] for way in ways}
        for reading in range(READINGS):
            for way, read in ways.items():
                start = time.perf_counter()
                read(reading % UNITS)
                spent[way].append(time.perf_counter() - start)
    medians = {way: float(np.median(times)) for way, times in spent.items()}
    print(f"one unit of {TOKENS:,} tokens x {UNITS} units, median of {READINGS}")
    for way, median in medians.items():
        ratio = median / medians["without, through zarr (before)"]
        print(f"  {way:<34} {median * 1e3:7.2f} ms   {ratio:.2f} of before")
    print(f"  checksums alone: {medians['with checksums'] / medians['without']:.2f} of without")


if __name__ == "__main__":
    main()
