"""Milliseconds per character of a network in the page, beside torch and beside the memory's floor.

Run: ``python -m tests.benchmarks.engine [MODEL] [CHARACTERS]`` (prose and 400 unless told; needs
playwright and a Chromium, by default /usr/bin/chromium, else ``RNNVIZ_CHROMIUM``).

In turns, so that a busy machine slows all alike: the engine writes in WebAssembly and in JavaScript
(one character after the other, as it reads); torch calls the model with one character and the state
before; and the weights are read once as float32, which no step can do without. Medians of rounds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import rnnviz_widget as rnnviz
from tests.simulations.engine import POLICY, Engine, browser

ROUNDS = 7

TIME = """
async ({ ids, count }) => {
  const reading = { ids: Uint32Array.from(ids), holds: [] };
  const request = { text: "timed", reading, count, temperature: 1, seed: 1, index: 0 };
  const begun = performance.now();
  await window.line.write(request);
  const time = performance.now() - begun;
  window.line.want({ texts: {}, visible: 0, units: [] });
  return time / (count + ids.length);
}
"""


@torch.inference_mode()
def torch_steps(model: rnnviz.CharLM, count: int) -> float:
    """Return the milliseconds of one call with one character."""
    ids, state = model.encode("\n"), None
    begun = time.perf_counter()
    for _ in range(count):
        _, state = model(ids, state)
    return (time.perf_counter() - begun) * 1e3 / count


def weight_reads(model: rnnviz.CharLM, count: int) -> float:
    """Return the milliseconds of reading every weight of the recurrent stack and the head once."""
    names = [name for name, _ in model.named_parameters() if "ih_l0" not in name]
    flat = np.concatenate([model.get_parameter(name).detach().numpy().ravel() for name in names])
    begun = time.perf_counter()
    for _ in range(count):
        np.add.reduce(flat)
    return (time.perf_counter() - begun) * 1e3 / count


def main(name: str, count: int) -> None:
    """Print each and its ratio to torch's own step."""
    model = rnnviz.load_model(name)
    torch.set_num_threads(1)
    network = rnnviz.portable(model).bytes
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, browser() as started:
        engines = {
            "engine, WebAssembly": Engine(started.new_page(), Path(folder)),
            "engine, JavaScript": Engine(started.new_page(), Path(folder), POLICY),
        }
        for engine in engines.values():
            engine.open(network)
        ids = model.encode("\n").tolist()
        for _ in range(ROUNDS + 1):  # the first to warm up
            found = {
                title: engine.page.evaluate(TIME, {"ids": ids, "count": count})
                for title, engine in engines.items()
            }
            found["torch, one character at a time"] = torch_steps(model, count)
            found["reading the weights once"] = weight_reads(model, count)
            for title, value in found.items():
                times.setdefault(title, []).append(value)
    medians = {title: statistics.median(values[1:]) for title, values in times.items()}
    least = {title: min(values[1:]) for title, values in times.items()}
    own = medians["torch, one character at a time"]
    print(f"{name}, {count} characters, median (least) of {ROUNDS} rounds in turn")
    for title, value in medians.items():
        print(f"  {title:32} {value:7.3f} ms ({least[title]:.3f})  {value / own:5.2f} x torch")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(arguments[0] if arguments else "prose", int(arguments[1]) if len(arguments) > 1 else 400)
