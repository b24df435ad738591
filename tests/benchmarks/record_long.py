"""Recording a long text, beside the model's own forward pass: time, peak memory, largest error.

Run from the repository: ``python -m tests.benchmarks.record_long --steps 100000``. Every line is a
process of its own on one thread, so that its peak memory is its own; CPU time is given beside the
clock's, for machines that do other things as well. ``--model prose`` takes the bundled model.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINES = {
    "bare": "(a) model(ids)",
    "h": "(c) record, h only, to memory",
    "memory": "(d) record, all kinds, to memory",
    "disk": "(d) record, all kinds, to Zarr",
    "half": "(d) record, all kinds, float16, to Zarr",
    "read": "read a unit never read before",
}
PIECE = 100_000  # steps in one call of the model
SAMPLES = 2_000  # steps at the end that are compared with the bare run


def measure(what: str, name: str, steps: int, folder: Path) -> dict[str, float | str]:
    """Do one thing, and return what it took; errors are against what `bare` left in `folder`."""
    import numpy as np  # noqa: PLC0415  (only in the processes that measure)
    import torch  # noqa: PLC0415

    from rnnviz_widget.charlm import CharLM, CharLMConfig, load_model  # noqa: PLC0415
    from rnnviz_widget.recording import record  # noqa: PLC0415
    from rnnviz_widget.trace import Trace  # noqa: PLC0415

    torch.set_num_threads(1)
    torch.manual_seed(0)
    if name == "lstm512":
        model = CharLM("".join(map(chr, range(32, 130))), CharLMConfig("lstm", hidden_size=512))
    else:
        model = load_model(name)
    text = english(steps, model)
    expected = folder / "expected.npy"
    result: dict[str, float | str] = {}
    trace = None
    if what == "read":
        trace = Trace.load(folder / "t.zarr")
        state = trace.states[-1]
        wall, cpu = time.perf_counter(), time.process_time()
        trace.unit(state, trace.units(state) // 2)
    else:
        warm = model.encode(text[:500])
        with torch.no_grad():
            model.eval()(warm)
        wall, cpu = time.perf_counter(), time.process_time()
        if what == "bare":
            with torch.no_grad():
                h = []
                handle = model.rnn.register_forward_hook(
                    lambda _m, _i, out: h.append(out[0][..., -SAMPLES:, :].clone())
                )
                state = None  # carried on: one call of a million steps is more than oneDNN takes
                for piece in model.encode(text).split(PIECE):
                    _, state = model(piece, state)
                handle.remove()
        else:
            out = folder / "t.zarr" if what in ("disk", "half") else None
            trace = record(
                model,
                text,
                states=["*.h"] if what == "h" else None,
                out=out,
                dtype="float16" if what == "half" else "float32",
            )
    result["wall"], result["cpu"] = time.perf_counter() - wall, time.process_time() - cpu
    result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # GiB
    if what == "bare":
        np.save(expected, torch.cat(h)[-SAMPLES:].numpy())
    elif trace is not None and what != "read":
        last = f"rnn.l{model.rnn.num_layers - 1}.h"
        found = np.stack([trace.unit(last, u)[-SAMPLES:] for u in range(0, trace.units(last), 37)])
        result["error"] = float(np.abs(found - np.load(expected)[:, ::37].T).max())
        result["how"] = "; ".join(trace.source["unroll"].values())
    return result


def english(steps: int, model: object) -> str:
    """Return a text of `steps` characters: random words of the letters the model knows."""
    import random  # noqa: PLC0415

    chance = random.Random(0)  # noqa: S311
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(1, 9))) for _ in range(5000)]
    parts: list[str] = []
    length = 0
    while length < steps:
        words_of_line = chance.choices(words, k=chance.randint(4, 14))
        if chance.random() < 0.2:
            words_of_line = ['"' + words_of_line[0], *words_of_line[1:-1], words_of_line[-1] + '"']
        parts.append(" ".join(words_of_line) + chance.choice(".,?;") + chance.choice(" \n"))
        length += len(parts[-1])
    known = set(model.vocabulary)  # type: ignore[attr-defined]
    return "".join(c if c in known else " " for c in "".join(parts)[:steps])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--model", default="lstm512", help='"lstm512" or a name for load_model')
    parser.add_argument("--only", nargs="*", choices=LINES, default=list(LINES))
    parser.add_argument("--folder", help="where to write; by default a temporary folder")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.model, given.steps, Path(given.folder))))
        return
    print(f"{given.model}, {given.steps:,} characters, one thread")
    print(f"{'':42}{'s':>8}{'CPU s':>8}{'/ (a)':>7}{'GiB':>6}{'max error':>11}")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        bare = 0.0
        for what in given.only:
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "tests.benchmarks.record_long", "--measure", what),
                    *("--steps", str(given.steps), "--model", given.model, "--folder", folder),
                ],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            took = json.loads(done.stdout)
            bare = took["cpu"] if what == "bare" else bare
            ratio = f"{took['cpu'] / bare:7.2f}" if bare and what != "read" else " " * 7
            error = f"{took['error']:11.1e}" if "error" in took else ""
            how = f"   {took['how']}" if "how" in took else ""
            row = f"{LINES[what]:42}{took['wall']:8.2f}{took['cpu']:8.2f}{ratio}"
            print(f"{row}{took['peak']:6.1f}{error}{how}", flush=True)


if __name__ == "__main__":
    main()
