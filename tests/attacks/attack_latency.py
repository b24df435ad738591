"""How soon Ctrl-C is answered in all that takes long, while every core is busy elsewhere."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

import rnnviz_widget as rnnviz
from rnnviz_widget import labels
from rnnviz_widget.charlm import Corpus, TrainingConfig, train
from rnnviz_widget.evaluation import QUESTIONS, evaluate
from rnnviz_widget.interventions import effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, int, int]
"""What was tried, how often, and how often it was answered within a second."""

WITHIN = 1.0
"""Seconds."""

TEXT = (
    'The river rose in the night. "Who is there?" she asked, and nobody spoke.\n'
    "Then the lamp (the small one) went out, and they waited for the morning.\n"
)


def run(many: int = 10) -> Iterator[Row]:
    """Yield a row for each long action, with the longest wait in its words."""
    with _neighbours(), tempfile.TemporaryDirectory() as folder:
        for name, action in _actions(Path(folder)).items():
            yield _tried(name, action, many)
        yield _commands(Path(folder), many)


def _actions(folder: Path) -> dict[str, Callable[[], object]]:
    """All that runs for seconds: name -> action."""
    model = rnnviz.load_model("prose")
    long = TEXT * 1400
    trace = rnnviz.record(model, TEXT * 400)
    many = [TEXT * 40] * 32
    padded = torch.stack([model.encode(text) for text in many])
    lengths = torch.arange(padded.shape[1], padded.shape[1] - 32, -1)
    read = [text[:length] for text, length in zip(many, lengths.tolist(), strict=True)]
    packing = _Packing(len(model.vocabulary))
    corpus = Corpus("own", TEXT * 4000, "0" * 64)
    wide = rnnviz.Trace.from_arrays(
        tuple(TEXT * 1400),
        {"rnn.l0.h": np.random.default_rng(0).normal(size=(len(long), 512)).astype(np.float32)},
    )
    return {
        "record": lambda: rnnviz.record(model, long),
        "record into a folder": lambda: rnnviz.record(
            model, long, out=folder / "a.zarr", overwrite=True
        ),
        "record all kinds": lambda: rnnviz.record(model, TEXT * 400, states="*"),
        "record_batch": lambda: rnnviz.record_batch(model, padded, tokens=many),
        "record_batch of packed sequences": lambda: rnnviz.record_batch(
            packing, padded, lengths, tokens=read
        ),
        "effect": lambda: effect(model, TEXT * 100, "rnn.l1.h", 3),
        "sample": lambda: rnnviz.sample(model, "\n", 20_000, seed=0),
        "rank_units": lambda: rnnviz.rank_units(wide, labels.inside_quotes),
        "rank_units with a numeric label": lambda: rnnviz.rank_units(wide, labels.line_position),
        "counter_profile": lambda: rnnviz.counter_profile(trace, "rnn.l1.h", 3),
        "unit_kind": lambda: rnnviz.unit_kind(wide, "rnn.l0.h", 3),
        "train": lambda: train(
            corpus,
            folder / "model.safetensors",
            model.config,
            TrainingConfig(characters=200_000, batch_size=32),
            progress=False,
            overwrite=True,
        ),
        "evaluate": lambda: evaluate(model, corpus, QUESTIONS["prose"], progress=False),
        "save": lambda: wide.save(folder / "b.zarr", overwrite=True),
        "page": lambda: rnnviz.page(rnnviz.HiddenStateWidget(trace)),
    }


class _Packing(torch.nn.Module):
    """An LSTM over packed sequences."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(tokens, 64)
        self.rnn = torch.nn.LSTM(64, 512, 2, batch_first=True)
        self.head = torch.nn.Linear(512, tokens)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            self.embedding(ids), lengths, batch_first=True
        )
        out, _ = torch.nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        logits: torch.Tensor = self.head(out)
        return logits


def _tried(name: str, action: Callable[[], object], many: int) -> Row:
    """Interrupt an action at random moments from outside, as a terminal does."""
    draw, waits = random.Random(name), []  # noqa: S311
    began = time.perf_counter()
    with_limit = _interrupted(action, 20.0)
    seconds = min(time.perf_counter() - began, 20.0)
    if with_limit is not None:
        waits.append(with_limit)
    for _ in range(10 * many):
        wait = _interrupted(action, draw.uniform(0.02, 0.9 * seconds))
        if wait is not None:  # else it had ended before
            waits.append(wait)
        if len(waits) >= many:
            break
    longest = max(waits, default=0.0)
    what = f"{name} ({seconds:.0f} s) interrupted, longest wait {longest:.2f} s"
    return what, len(waits), sum(wait <= WITHIN for wait in waits)


def _interrupted(action: Callable[[], object], after: float) -> float | None:
    """Return the seconds from the signal to its answer; None if the action ended before."""
    sender = subprocess.Popen(
        [sys.executable, "-c", _SENDER, str(os.getpid()), str(after)],
        stdout=subprocess.PIPE,
        text=True,
    )
    sent = ""  # where the action ended first, the signal finds this function
    try:
        try:
            action()
            sender.terminate()
        finally:
            answered = time.monotonic()
            sent, _ = sender.communicate()
    except KeyboardInterrupt as interrupt:
        if not sent and isinstance(interrupt.__context__, Exception):
            raise interrupt.__context__ from None  # the action failed before the signal came
        return answered - float(sent) if sent else None
    return None


def _commands(folder: Path, many: int) -> Row:
    """Interrupt `rnnviz lecture`, a process of its own; its answer is its end."""
    draw, waits = random.Random(1), []  # noqa: S311
    for trial in range(many):
        command = ["rnnviz", "lecture", "--no-open", "-o", f"{folder}/{trial}"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            time.sleep(draw.uniform(3, 25))
            ended = process.poll() is not None
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, words = process.communicate()
        if not ended:
            good = process.returncode in (130, -signal.SIGINT) and "Traceback" not in words
            waits.append(time.monotonic() - began if good else float("inf"))
    what = f"rnnviz lecture interrupted, longest wait {max(waits, default=0):.2f} s"
    return what, len(waits), sum(wait <= WITHIN for wait in waits)


_SENDER = """
import os, signal, sys, time
time.sleep(float(sys.argv[2]))
print(time.monotonic(), flush=True)
os.kill(int(sys.argv[1]), signal.SIGINT)
"""


@contextmanager
def _neighbours() -> Iterator[None]:
    """Keep every core busy with something that is not ours."""
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
        for process in busy:
            process.kill()
            process.wait()
