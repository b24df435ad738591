"""Checkpoint files that were mutated: each is refused with a sentence, or a model that runs."""

from __future__ import annotations

import copy
import json
import random
import struct
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import torch

from rnnviz_widget.charlm import CharLM, CharLMConfig, ModelCard, load_model, read_card, save_model
from tests.attacks.attack_traces import HOSTILE, MEGABYTES, SECONDS, peak, places

Row = tuple[str, int, int]
Header = dict[str, Any]


def made(folder: Path) -> Path:
    """Return a small checkpoint."""
    torch.manual_seed(0)
    model = CharLM("abc ", CharLMConfig("gru", hidden_size=6, num_layers=2, embedding_size=3))
    card = ModelCard(
        corpus={"name": "a book", "sha256": "0" * 64, "characters": 1000},
        training={"characters_seen": 900, "seconds": 3, "machine": "one", "seed": 1},
        losses={"train": 1.5, "validation": 1.6},
    )
    save_model(model, folder / "model.safetensors", card)
    return folder / "model.safetensors"


def taken_apart(data: bytes) -> tuple[Header, bytes]:
    """Return the header of a safetensors file, and what follows."""
    (size,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def put_together(header: Header, rest: bytes) -> bytes:
    """Return the bytes of a safetensors file."""
    written = json.dumps(header).encode()
    return struct.pack("<Q", len(written)) + written + rest


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return the bytes with one thing changed at random."""
    at = chance.randrange(len(data) if chance.random() < 0.3 else min(len(data), 1500))
    return chance.choice(
        [
            data[:at],
            data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
            data[:at] + chance.randbytes(8) + data[at + 8 :],
            struct.pack("<Q", chance.choice([0, 1, 2**20, 2**40, 2**63])) + data[8:],
            data + chance.randbytes(4),
            b"",
        ]
    )


def reworded(data: bytes, chance: random.Random) -> bytes:
    """Return the file with its header or its metadata changed by somebody who means harm."""
    header, rest = taken_apart(data)
    metadata = header["__metadata__"]
    key = chance.choice([*metadata, "header"])
    if key == "header":
        container, name = chance.choice(list(places(header)))
        container[name] = copy.deepcopy(chance.choice(HOSTILE))
    elif key == "format" or chance.random() < 0.1:
        metadata[key] = chance.choice(["", "[" * 100_000, "null", "NaN", "[]", "3", "x"])
    else:
        said = {"whole": json.loads(metadata[key])}
        container, name = chance.choice(list(places(said)))
        container[name] = copy.deepcopy(chance.choice((*HOSTILE, 20_000, 10**9, "lstm", ["a"])))
        if chance.random() < 0.1:
            del container[name]
        metadata[key] = json.dumps(said.get("whole"))
    return put_together(header, rest)


def held(path: Path) -> bool:
    """Whether a file is refused with a sentence, or gives a model that runs and a card."""
    try:
        model, card = load_model(path), read_card(path)
    except ValueError as error:
        return "\n" not in str(error) and path.name in str(error)
    with torch.no_grad():
        logits, _ = model(torch.zeros(3, dtype=torch.int64))
    return logits.shape == (3, len(model.vocabulary)) and isinstance(card.corpus, dict)


def mutations(path: Path, count: int, seed: int = 0) -> tuple[int, list[str]]:
    """Return how many mutated files were tried, and what of them was not withstood."""
    data, chance, lost = path.read_bytes(), random.Random(seed), []  # noqa: S311
    for _ in range(count):
        mutated = (damaged if chance.random() < 0.4 else reworded)(data, chance)
        path.write_bytes(mutated)
        start, memory = time.perf_counter(), peak()
        try:
            fine = held(path)
        except Exception as error:  # noqa: BLE001  (anything but ValueError is what is looked for)
            fine, mutated = False, repr(error).encode() + mutated
        if not fine or time.perf_counter() - start > SECONDS or peak() - memory > MEGABYTES:
            lost.append(str(mutated[:1500]))
    path.write_bytes(data)
    return count, lost


def run(count: int = 2000) -> list[Row]:
    """Attack with `count` files."""
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:
        tried, lost = mutations(made(Path(folder)), count)
    for each in lost[:5]:
        print(f"  checkpoint: {each}")
    what = "checkpoint: mutated files are refused or right, in 1 s and 200 MB"
    return [(what, tried, tried - len(lost))]
