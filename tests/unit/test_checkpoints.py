"""What a checkpoint file must be, and what it may replace."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
import torch

from rnnviz_widget.charlm import (
    CharLM,
    CharLMConfig,
    Corpus,
    ModelCard,
    TrainingConfig,
    load_model,
    read_card,
    save_model,
    train,
)
from rnnviz_widget.charlm.checkpoint_file import weight_shapes
from tests.attacks import attack_checkpoints

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return attack_checkpoints.made(tmp_path)


def test_mutated_checkpoints_are_refused_or_right(checkpoint: Path) -> None:
    assert attack_checkpoints.mutations(checkpoint, 100, seed=1) == (100, [])


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize(("layers", "embedding"), [(1, 0), (3, 2)])
def test_the_shapes_that_are_expected_are_those_that_torch_makes(
    cell: Any, layers: int, embedding: int
) -> None:
    config = CharLMConfig(cell, 5, layers, embedding)
    made = CharLM("abcd", config).state_dict()
    assert weight_shapes(4, config) == {name: tuple(w.shape) for name, w in made.items()}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("config", {"hidden_size": 20_000}, r"layers, not of num_layers=1"),
        ("config", {"hidden_size": 20_000, "num_layers": 2, "embedding_size": 3}, "of shape"),
        ("config", {"num_layers": 10**9}, "weights of 2 layers, not of num_layers=1000000000"),
        ("config", {"hidden_size": "6"}, "makes no network"),
        ("config", {"hidden_size": True}, "makes no network"),
        ("config", {"cell": "mamba"}, "makes no network: cell must be one of"),
        ("config", {"width": 6}, "makes no network"),
        ("config", [], "makes no network"),
        ("vocabulary", ["a", "bc"], "'bc' in its vocabulary"),
        ("vocabulary", ["a", 3], "3 in its vocabulary"),
        ("vocabulary", "aa", "no list of characters"),
        ("vocabulary", ["a", "a"], "a character twice"),
        ("training", {"characters_seen": "many"}, "'many' for training 'characters_seen'"),
        ("losses", {"train": "low"}, "'low' for losses 'train'"),
        ("corpus", 3, "a corpus that is no JSON object"),
    ],
)
def test_what_a_checkpoint_says_of_itself_is_checked_before_it_is_built(
    checkpoint: Path, key: str, value: object, message: str
) -> None:
    header, rest = attack_checkpoints.taken_apart(checkpoint.read_bytes())
    header["__metadata__"][key] = json.dumps(value)
    checkpoint.write_bytes(attack_checkpoints.put_together(header, rest))
    for load in (load_model, read_card):
        with pytest.raises(ValueError, match=message) as caught:
            load(checkpoint)
        assert "model.safetensors" in str(caught.value)


def test_a_part_that_is_missing_or_nested_too_deep_is_refused(checkpoint: Path) -> None:
    header, rest = attack_checkpoints.taken_apart(checkpoint.read_bytes())
    for text, message in (("[" * 100_000, "config that is not JSON"), (None, "nothing of its")):
        header["__metadata__"]["config"] = text
        if text is None:
            del header["__metadata__"]["config"]
        checkpoint.write_bytes(attack_checkpoints.put_together(header, rest))
        with pytest.raises(ValueError, match=message):
            load_model(checkpoint)


def test_a_header_longer_than_the_file_is_refused(checkpoint: Path) -> None:
    checkpoint.write_bytes(struct.pack("<Q", 2**40) + checkpoint.read_bytes()[8:])
    with pytest.raises(ValueError, match="must be a safetensors file"):
        load_model(checkpoint)


def test_a_weight_beyond_float16_is_refused_there_and_kept_in_float32(tmp_path: Path) -> None:
    model = CharLM("ab", CharLMConfig("rnn", 2))
    with torch.no_grad():
        model.head.weight[1, 0] = -1e5
    path = tmp_path / "m"
    with pytest.raises(ValueError, match=r"float16 cannot hold the weight 100000 of head.weight"):
        save_model(model, path, ModelCard())
    assert list(tmp_path.iterdir()) == []
    save_model(model, path, ModelCard(), torch.float32)
    assert load_model(path).head.weight[1, 0].item() == -1e5


def test_training_keeps_weights_beyond_float16(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of hours must not end in a refusal."""
    made = CharLM.__init__

    def with_a_large_weight(self: CharLM, *arguments: Any) -> None:
        made(self, *arguments)
        with torch.no_grad():
            self.head.bias[0] = 1e5

    monkeypatch.setattr(CharLM, "__init__", with_a_large_weight)
    text = tmp_path / "text"
    text.write_text("ab" * 500)
    settings = TrainingConfig(characters=64, batch_size=4, bptt=8)
    trained = train(
        Corpus.read(text), tmp_path / "m", CharLMConfig("rnn", 2), settings, progress=False
    )
    assert torch.equal(load_model(tmp_path / "m").head.bias, trained.head.bias)


def test_a_checkpoint_replaces_checkpoints_and_nothing_else(
    tmp_path: Path, checkpoint: Path
) -> None:
    model = load_model(checkpoint)
    save_model(model, checkpoint, ModelCard())
    note, partial = tmp_path / "thesis.txt", tmp_path / "thesis.txt.partial"
    note.write_text("years of work")
    partial.write_text("a chapter")
    with pytest.raises(FileExistsError, match="no checkpoint; it is left alone"):
        save_model(model, note, ModelCard())
    text = tmp_path / "text"
    text.write_text("ab" * 500)
    with pytest.raises(FileExistsError, match="no checkpoint; it is left alone"):
        train(Corpus.read(text), note, progress=False)
    assert note.read_text() == "years of work"
    save_model(model, note, ModelCard(), overwrite=True)
    assert load_model(note).vocabulary == model.vocabulary
    assert partial.read_text() == "a chapter"
