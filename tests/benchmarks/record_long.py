"""Recording a long text, beside the model's own forward pass: time, peak memory, largest error.

Run from the repository: ``python -m tests.benchmarks.record_long --steps 100000``. Every line is a
process of its own, so that its peak memory is its own; CPU time is given beside the clock's, for
machines that do other things as well. The text is what the bundled prose model writes, so that it
reads what it knows; ``--model prose`` records that model, alone or, where it rounds too coarsely to
be run in parallel to 1e-5, with ``--tolerance 1e-4``.

No exact method does fewer multiplications than the products of the recurrence; *floor* is the time
of these alone, 128 rows at once, shared out among the cores, nothing kept. To memory, there is a
floor of its own: the time it takes to be given as many bytes and to touch them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rnnviz_widget.charlm import CharLM

LINES = {
    "bare": "(a) model(ids)",
    "floor": "    floor: the products alone",
    "cells": "(b) loop over LSTMCell, all kinds (scaled)",
    "h": "(c) record, h only, to memory",
    "pages": "    floor: touching as much fresh memory",
    "memory": "(d) record, all kinds, to memory",
    "disk": "(d) record, all kinds, to Zarr",
    "half": "(d) record, all kinds, float16, to Zarr",
    "read": "read a unit never read before",
}
PIECE = 100_000  # steps in one call of the model: oneDNN takes no million
SAMPLES = 2_000  # steps at the end that are compared with the bare run
SLICE = 2_000  # steps of the loop over cells
PARTS = 64  # that the text is written in, at once
ROWS = 128  # that are multiplied at once


def model_of(name: str) -> CharLM:
    """Return the model that is recorded."""
    import torch  # noqa: PLC0415  (here and below: only in the processes that measure)

    from rnnviz_widget.charlm import CharLM, CharLMConfig, load_model  # noqa: PLC0415

    if name != "lstm512":
        return load_model(name)
    torch.manual_seed(0)
    vocabulary = load_model("prose").vocabulary
    return CharLM(vocabulary, CharLMConfig("lstm", hidden_size=512)).eval()


def written(steps: int) -> str:
    """Return a text of `steps` characters by the prose model, which writes 64 parts at once."""
    import torch  # noqa: PLC0415

    from rnnviz_widget.charlm import load_model  # noqa: PLC0415

    model = load_model("prose")
    chance = torch.Generator().manual_seed(0)
    ids, state, drawn = model.encode("\n").expand(PARTS, 1), None, []
    with torch.inference_mode():
        for _ in range(-(-steps // PARTS)):
            logits, state = model(ids, state)
            ids = torch.multinomial(logits[:, -1].softmax(-1), 1, generator=chance)
            drawn.append(ids)
    return model.decode(torch.cat(drawn, dim=1).flatten())[:steps]


def bare(model: CharLM, text: str) -> NDArray[np.float32]:
    """Run the model on the text; return the last `h` of its last layer."""
    import torch  # noqa: PLC0415

    h, state = [], None
    handle = model.rnn.register_forward_hook(
        lambda _m, _i, out: h.append(out[0][..., -SAMPLES:, :].clone())
    )
    with torch.no_grad():
        for piece in torch.split(model.encode(text), PIECE):
            _, state = model(piece, state)
    handle.remove()
    return torch.cat(h)[-SAMPLES:].numpy()


def products(model: CharLM, steps: int) -> None:
    """Multiply what a recurrence of `steps` steps has to multiply, and nothing else."""
    import torch  # noqa: PLC0415

    from rnnviz_widget.recording.parallel.matmul import PackedProduct  # noqa: PLC0415
    from rnnviz_widget.recording.parallel.threads import abreast  # noqa: PLC0415

    weights = [w for name, w in model.rnn.named_parameters() if name.startswith("weight")]
    if model.embedding is None:
        weights = weights[1:]  # a row of it is picked, not multiplied
    parts = torch.get_num_threads()

    def multiply(_: int) -> None:
        rows = [(torch.rand(ROWS // parts, w.shape[1]), PackedProduct(w)) for w in weights]
        for _ in range(steps // ROWS):
            for x, product in rows:
                product.of(x)

    with torch.no_grad(), abreast(parts) as side_by_side:
        side_by_side(multiply, range(parts))


def touch(model: CharLM, steps: int) -> None:
    """Have as many bytes as all kinds take, and write to each, on all cores."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    kinds = {"rnn": 2, "gru": 4, "lstm": 7}[model.config.cell]
    width = model.config.hidden_size * model.config.num_layers * kinds
    torch.from_numpy(np.empty((steps, width), np.float32)).fill_(1)


def measure(given: argparse.Namespace) -> dict[str, float | str]:
    """Do one thing, and return what it took; errors are against what `bare` left in the folder."""
    import numpy as np  # noqa: PLC0415
    import torch  # noqa: PLC0415

    from rnnviz_widget.recording import record  # noqa: PLC0415
    from rnnviz_widget.trace import Trace  # noqa: PLC0415
    from tests.benchmarks.record import loop_over_cells  # noqa: PLC0415

    torch.set_num_threads(given.threads)
    what, folder = given.measure, Path(given.folder)
    if what == "text":
        (folder / "text").write_text(written(given.steps), "utf-8")
        return {}
    model = model_of(given.model)
    text = (folder / "text").read_text("utf-8")
    result: dict[str, float | str] = {}
    trace, h, scale = None, None, 1.0
    loaded = Trace.load(folder / "t.zarr") if what == "read" else None
    with torch.no_grad():
        model(model.encode(text[:500]))  # to warm up
    wall, cpu = time.perf_counter(), time.process_time()
    if loaded is not None:
        state = loaded.states[-1]
        loaded.unit(state, loaded.num_units(state) // 2)
    elif what == "bare":
        h = bare(model, text)
    elif what == "floor":
        products(model, len(text))
    elif what == "pages":
        touch(model, len(text))
    elif what == "cells":
        ids, scale = model.encode(text[:SLICE]), len(text) / SLICE
        with torch.no_grad():
            x = torch.nn.functional.one_hot(ids, len(model.vocabulary)).float()
            loop_over_cells(model.rnn, x)  # type: ignore[arg-type]
    else:
        trace = record(
            model,
            text,
            states=["*.h"] if what == "h" else None,
            out=folder / "t.zarr" if what in ("disk", "half") else None,
            dtype="float16" if what == "half" else "float32",
            tolerance=given.tolerance,
        )
    result["wall"] = scale * (time.perf_counter() - wall)
    result["cpu"] = scale * (time.process_time() - cpu)
    result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    if h is not None:
        np.save(folder / "h.npy", h)
    if trace is not None:
        last = f"rnn.l{model.rnn.num_layers - 1}.h"
        found = np.stack(
            [trace.unit(last, u)[-SAMPLES:] for u in range(0, trace.num_units(last), 37)]
        )
        expected = np.load(folder / "h.npy")[:, ::37].T
        result["error"] = float(np.abs(found - expected).max())
        result["how"] = "; ".join(trace.source["unroll"].values())
    return result


def line(what: str, took: dict[str, float | str], bare: float | None) -> str:
    """Return a line of the table."""
    ratio = f"{float(took['wall']) / bare:7.2f}" if bare and what != "read" else " " * 7
    error = f"{took['error']:11.1e}" if "error" in took else ""
    how = f"   {took['how']}" if "how" in took else ""
    times = f"{took['wall']:8.2f}{took['cpu']:8.2f}"
    return f"{LINES[what]:44}{times}{ratio}{took['peak']:6.1f}{error}{how}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--model", default="lstm512", help='"lstm512" or a name for load_model')
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--only", nargs="*", choices=LINES, default=list(LINES))
    parser.add_argument("--folder", help="where to write; by default a temporary folder")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given)))
        return
    print(f"{given.model}, {given.steps:,} characters, {given.threads} thread(s)")
    print(f"{'':44}{'s':>8}{'CPU s':>8}{'/ (a)':>7}{'GB':>6}{'max error':>11}", flush=True)
    lines = [w for w in given.only if w != "cells" or given.model == "lstm512"]
    reference = None
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        options = [f"--{n}={getattr(given, n)}" for n in ("model", "steps", "threads", "tolerance")]
        for what in ("text", *lines):  # a small parent: a child's peak memory begins with it
            module = (sys.executable, "-m", "tests.benchmarks.record_long")
            done = subprocess.run(
                [*module, *options, f"--folder={folder}", f"--measure={what}"],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            took = json.loads(done.stdout)
            if what == "text":
                continue
            reference = took["wall"] if what == "bare" else reference
            print(line(what, took, reference), flush=True)


if __name__ == "__main__":
    main()
