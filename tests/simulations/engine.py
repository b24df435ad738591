"""The page's engine against torch: generated stacks, in WebAssembly and in JavaScript.

Run: ``python -m tests.simulations.engine [STACKS]`` (300 unless told; needs playwright and a
Chromium, by default /usr/bin/chromium, else ``RNNVIZ_CHROMIUM``).

Each stack has a cell, 1 to 3 layers, 1 to 300 units, one-hot or embedded characters, biases or
none, and weights that float16 holds or not. Torch reads a text one call of the stock module; the
engine reads it in a page. Compared are every state of every layer and every logit, relative to the
largest value, also with a unit held, where torch runs under `clamp`.
"""

from __future__ import annotations

import base64
import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from playwright.sync_api import sync_playwright
from torch import nn

from rnnviz_widget import clamp, load_model, record, sample, sample_text
from rnnviz_widget.export import STATIC
from rnnviz_widget.network import portable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from playwright.sync_api import Browser, Page

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.network import Portable

ALPHABET = [chr(code) for code in range(0x20, 0x2000)]
TOLERANCE = 1e-5

# No WebAssembly without 'wasm-unsafe-eval'.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'\">"
)

OPEN = """
async ({ code, network }) => {
  const bytes = Uint8Array.from(atob(network), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { connect } = await import(url);
  window.lifetime?.abort();
  window.lifetime = new AbortController();
  const { connection, opened } = await connect(bytes.buffer, code, window.lifetime.signal);
  window.line = connection;
  return { ...opened, thread: connection.thread };
}
"""

READ = """
async ({ ids, holds, states, units, size }) => {
  const { line } = window;
  const shown = { ids: Uint32Array.from(ids), holds, known: 0 };
  line.want({ texts: { shown }, visible: 0, units: [] });
  const parts = [];
  for (const state of states) parts.push(await line.state("shown", state, 0, units));
  parts.push(await line.state("shown", "logits", 0, size));
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}
"""


WRITE = """
async ({ ids, holds, count }) => {
  const reading = { ids: Uint32Array.from(ids), holds };
  const request = { text: "written", reading, count, temperature: 0, seed: 1, index: 0 };
  return [...(await window.line.write(request))];
}
"""


class Engine:
    """The engine in a page of a browser.

    Parameters
    ----------
    page
        What it runs in.
    policy
        A tag that forbids things to the page, or nothing.
    """

    def __init__(self, page: Page, folder: Path, policy: str = "") -> None:
        file = folder / "engine.html"
        file.write_text(f"<!doctype html><html><head>{policy}</head></html>", encoding="utf-8")
        page.goto(file.as_uri())
        self.page = page
        self.opened: dict[str, Any] = {}

    def open(self, network: bytes) -> dict[str, Any]:
        """Open a network, and return what the engine says of it."""
        code = (STATIC / "network.js").read_text(encoding="utf-8")
        given = {"code": code, "network": base64.b64encode(network).decode()}
        self.opened = self.page.evaluate(OPEN, given)
        return self.opened

    def read(
        self, ids: Sequence[int], holds: Sequence[dict[str, Any]] = ()
    ) -> dict[str, NDArray[np.float32]]:
        """Return every state `(T, H)` and the logits `(T, V)` of a text."""
        states, units = self.opened["states"], self.opened["units"]
        size = len(self.opened["vocabulary"])
        asked = {"ids": list(ids), "holds": list(holds), "states": states, "units": units}
        raw = base64.b64decode(self.page.evaluate(READ, asked | {"size": size}))
        values = np.frombuffer(raw, np.float32)
        cuts = np.cumsum([len(ids) * units] * len(states))
        *parts, logits = np.split(values, cuts)
        named = {name: part.reshape(-1, units) for name, part in zip(states, parts, strict=True)}
        return named | {"logits": logits.reshape(-1, size)}


class Stack(nn.Module):
    """Characters in, a recurrent stack, a linear head: what a page can run."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        cell = rng.choice(["tanh", "relu", "gru", "lstm"])
        size, hidden = int(rng.integers(1, 120)), int(rng.integers(1, 301))
        width = int(rng.integers(1, 65)) if rng.random() < 0.5 else 0
        shape = {
            "input_size": width or size,
            "hidden_size": hidden,
            "num_layers": int(rng.integers(1, 4)),
            "bias": bool(rng.random() < 0.7),
            "batch_first": bool(rng.random() < 0.5),
        }
        self.vocabulary = ALPHABET[:size]
        self.embedding = nn.Embedding(size, width) if width else None
        self.rnn: nn.RNNBase
        if cell in ("tanh", "relu"):
            self.rnn = nn.RNN(nonlinearity=cell, **shape)
        else:
            self.rnn = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](**shape)
        self.head = nn.Linear(hidden, size, bias=bool(rng.random() < 0.7))
        # As far from zero as training takes them; a ReLU would grow without end.
        scale = 1.0 if cell == "relu" else float(rng.uniform(1, 2))
        half = rng.random() < 0.5
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.mul_(scale)
                parameter.copy_(parameter.half().float() if half else parameter)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        if self.embedding is None:
            x = nn.functional.one_hot(ids, len(self.vocabulary)).float()
        else:
            x = self.embedding(ids)
        return self.head(self.rnn(x)[0])  # type: ignore[no-any-return]


def error(engine: Engine, module: nn.Module, ids: NDArray[np.int64], held: Held = None) -> float:
    """Return the largest difference from torch, relative to the largest value."""
    heads = []
    head = next(m for m in module.modules() if isinstance(m, nn.Linear))
    hook = head.register_forward_hook(lambda _, __, output: heads.append(output))
    vocabulary = module.vocabulary
    holding: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    holds = []
    if held is not None:
        state, unit, value, start = held
        # Before its beginning the unit is held at what it has by itself.
        free = record(module, torch.from_numpy(ids), tokens=[vocabulary[i] for i in ids])
        values = np.where(np.arange(len(ids)) < start, free.unit(state, unit), np.float32(value))
        holding = clamp(module, state, unit, values)
        holds = [{"state": state, "unit": unit, "value": value, "from": start}]
        heads.clear()
    with holding:
        trace = record(
            module,
            torch.from_numpy(ids),
            tokens=[vocabulary[i] for i in ids],
            unroll="sequential",
        )
    hook.remove()
    expected = {name: np.asarray(trace[name]) for name in trace.states}
    expected["logits"] = heads[-1].detach().numpy().reshape(len(ids), -1)
    found = engine.read(ids.tolist(), holds)
    assert list(found) == list(expected)
    largest = max(float(np.abs(values).max()) for values in expected.values())
    return max(float(np.abs(found[n] - values).max()) for n, values in expected.items()) / largest


Held = tuple[str, int, float, int] | None


def write(
    engine: Engine, model: CharLM, prefix: str, count: int, holds: Sequence[dict[str, Any]] = ()
) -> str:
    """Return what the engine writes after `prefix`, always the likeliest character."""
    given = {"ids": model.encode(prefix).tolist(), "holds": list(holds), "count": count}
    return "".join(model.vocabulary[i] for i in engine.page.evaluate(WRITE, given))


def bundled(engine: Engine, name: str) -> tuple[float, bool]:
    """Return a bundled model's largest error over 5,000 characters, and whether it writes alike."""
    model = load_model(name)
    engine.open(portable(model).bytes)
    text = (sample_text(name) * 5)[:5000]
    written = write(engine, model, text[:80], 1000)
    same = written == sample(model, text[:80], 1000, temperature=1e-9, seed=0)
    return error(engine, model, model.encode(text).numpy()), same


def check(engine: Engine, seed: int, tokens: int = 200) -> tuple[str, float]:
    """Return what a generated stack is, and the largest error, free and with a unit held."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    module = Stack(rng).eval()
    network: Portable = portable(module)
    engine.open(network.bytes)
    ids = rng.integers(0, len(module.vocabulary), tokens)
    free = error(engine, module, ids)
    state = str(rng.choice(engine.opened["states"]))
    unit, start = int(rng.integers(network.hidden_size)), int(rng.integers(tokens))
    held = error(engine, module, ids, (state, unit, float(rng.uniform(-1, 1)), start))
    return repr(network), max(free, held)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Start a Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=os.environ.get("RNNVIZ_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox"],
        )
        yield started
        started.close()


def main(stacks: int) -> None:
    """Check stacks, and print the largest error of each arithmetic."""
    with tempfile.TemporaryDirectory() as folder, browser() as started:
        for policy in ("", POLICY):
            engine = Engine(started.new_page(), Path(folder), policy)
            results = [check(engine, seed) for seed in range(stacks)]
            worst, named = max((value, name) for name, value in results)
            print(
                f"{stacks} stacks in {engine.opened['arithmetic']} ({engine.opened['thread']}): "
                f"largest error {worst:.2g} of the largest value (bar {TOLERANCE:g}), of\n  {named}"
            )
            models = {name: bundled(engine, name) for name in ("prose", "linux")}
            for name, (largest, same) in models.items():
                said = "the same" if same else "other"
                print(
                    f"  {name}, 5,000 characters: largest error {largest:.2g}; always the "
                    f"likeliest, it writes {said} 1,000 characters"
                )
            if max(worst, *(e for e, _ in models.values())) > TOLERANCE:
                sys.exit(1)
            if not all(same for _, same in models.values()):
                sys.exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
