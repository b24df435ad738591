"""How long an import takes, beside that of anywidget, in fresh processes.

Run: ``python -m tests.benchmarks.importing``
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7
STATEMENTS = {
    "python alone": "pass",
    "import rnnviz_widget": "import rnnviz_widget",
    "import anywidget": "import anywidget",
    "from rnnviz_widget import HiddenStateWidget, Trace": (
        "from rnnviz_widget import HiddenStateWidget, Trace"
    ),
    "import torch": "import torch",
}


def seconds(statement: str) -> float:
    """Return the wall time of a fresh interpreter that runs `statement`."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the medians, in turn over all statements so that a slow minute hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in STATEMENTS}
    for _ in range(RUNS + 1):
        for name, statement in STATEMENTS.items():
            times[name].append(seconds(statement))
    floor = statistics.median(times["python alone"][1:])
    base = statistics.median(times["import anywidget"][1:]) - floor
    print(f"{'statement':52}{'seconds':>9}{'of anywidget':>14}")
    for name, runs in times.items():
        own = statistics.median(runs[1:]) - floor  # the first run filled the disk cache
        print(f"{name:52}{own:9.3f}{own / base:13.2f}x")
    print(f"medians of {RUNS}, less the {floor:.3f} s that Python alone takes")


if __name__ == "__main__":
    main()
