"""How long recording takes, beside the module's own forward pass and a loop over cells.

Run from the repository: ``python -m tests.benchmarks.record`` (about a minute on one core). Times
are of one run each, the shortest of a few; ratios are what carries over to other machines.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from rnnviz_widget.recording import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.trace import Trace

KINDS = ("h", "c", "tanh_c", "i", "f", "g", "o")


def shortest(run: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the shortest time of some runs in seconds, and what the last returned."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def loop_over_cells(module: nn.LSTM, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return every kind of a one-layer LSTM by a loop over `nn.LSTMCell`, `x (T, I)`."""
    cell = nn.LSTMCell(module.input_size, module.hidden_size)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in module.state_dict().items()})
    h = c = x.new_zeros(module.hidden_size)
    rows = []
    for x_t in x:
        products = (
            cell.weight_ih @ x_t + cell.bias_ih + cell.weight_hh @ h + cell.bias_hh
        )  # a cell does not tell its gates
        i, f, g, o = products.chunk(4)
        h, c = cell(x_t, (h, c))
        gates = (i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid())
        rows.append((h, c, c.tanh(), *gates))
    return dict(zip(KINDS, map(torch.stack, zip(*rows, strict=True)), strict=True))


def largest_error(trace: Trace, expected: dict[str, torch.Tensor]) -> float:
    """Return the largest difference of any kind, over the steps of `expected`."""
    return max(
        float(np.abs(trace[f"lstm.l0.{kind}"][: len(values)] - values.numpy()).max())
        for kind, values in expected.items()
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--inputs", type=int, default=98)
    parser.add_argument("--slice", type=int, default=2_000, help="steps of the loop over cells")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    module = nn.LSTM(given.inputs, given.units).eval()
    ids = torch.randint(given.inputs, (given.steps,))
    x = nn.functional.one_hot(ids, given.inputs).float()
    tokens = "x" * given.steps
    with torch.no_grad():
        module(x[:1000])
        bare, (h, _) = shortest(lambda: module(x), given.repeats)
        loop, expected = shortest(lambda: loop_over_cells(module, x[: given.slice]), 1)
    loop *= given.steps / given.slice
    print(f"LSTM, {given.units} units, {given.steps:,} steps, {given.threads} thread(s)")
    print(f"{'':44}{'s':>8}{'/ bare':>8}{'max error':>12}")
    print(f"{'module(x)':44}{bare:8.2f}{1:8.2f}")
    print(f"{'loop over LSTMCell, all kinds (scaled)':44}{loop:8.2f}{loop / bare:8.2f}")
    for unroll in ("sequential", "auto"):
        for kinds, states in (("h", ["*.h"]), ("all kinds", None)):
            seconds, trace = shortest(
                lambda u=unroll, s=states: record(module, x, tokens=tokens, states=s, unroll=u),
                given.repeats,
            )
            error = float(np.abs(trace["lstm.l0.h"] - h.numpy()).max())
            if states is None:
                error = max(error, largest_error(trace, expected))
            label = f"record, {kinds}, unroll={unroll!r}"
            print(f"{label:44}{seconds:8.2f}{seconds / bare:8.2f}{error:12.1e}")
    how = trace.source["unroll"]["lstm.l0"]
    residual = trace.source["largest_one_step_residual"]
    print(f"the last: {how}; largest one-step residual {residual:.1e}")


if __name__ == "__main__":
    main()
