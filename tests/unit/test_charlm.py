"""The character language model: vocabulary, training, checkpoints, sampling."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save_file

from rnnviz_widget.charlm import (
    CharLM,
    CharLMConfig,
    Corpus,
    TrainingConfig,
    cross_entropy,
    load_model,
    read_card,
    sample,
    save_model,
    snapshots,
    train,
    training,
    untrained,
)
from rnnviz_widget.charlm.checkpoint import ModelCard

if TYPE_CHECKING:
    from pathlib import Path

SMALL = CharLMConfig("gru", hidden_size=12)
QUICK = TrainingConfig(characters=6_000, batch_size=4, bptt=25)
TEXT = "one two three, four five six; seven eight nine and ten.\n" * 60


@pytest.fixture
def corpus() -> Corpus:
    return Corpus("numbers.txt", TEXT, "0" * 64)


def weights(model: CharLM) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("embedding_size", [0, 3])
def test_the_state_carries_a_text_across_calls(cell: str, embedding_size: int) -> None:
    torch.manual_seed(0)
    model = CharLM("abc", CharLMConfig(cell, 5, 2, embedding_size)).eval()  # type: ignore[arg-type]
    ids = model.encode("abcabcaabbcc")
    whole, _ = model(ids)
    first, state = model(ids[:5])
    second, _ = model(ids[5:], state)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    batched, _ = model(ids[None])
    torch.testing.assert_close(batched[0], whole)


def test_one_hot_characters_pick_columns_of_the_input_weights() -> None:
    torch.manual_seed(0)
    model = CharLM("xyz", CharLMConfig("rnn", 4)).eval()
    rnn = model.rnn
    expected = torch.tanh(rnn.weight_ih_l0[:, 1] + rnn.bias_ih_l0 + rnn.bias_hh_l0)
    _, state = model(model.encode("y"))
    torch.testing.assert_close(state[0], expected)


def test_an_unknown_character_is_named_with_its_position() -> None:
    model = CharLM("ab ", SMALL)
    with pytest.raises(ValueError, match=r"'é' \(U\+00E9\) at position 2"):
        model.encode("abéa")
    assert model.decode(model.encode("abéa", unknown="replace")) == "ab a"
    with pytest.raises(ValueError, match='"error" or "replace", got \'skip\''):
        model.encode("a", unknown="skip")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("vocabulary", "message"), [([], "empty"), (["ab"], "'ab'"), (["a", "a"], "twice")]
)
def test_a_vocabulary_that_cannot_name_characters_is_refused(
    vocabulary: list[str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        CharLM(vocabulary, SMALL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cell": "mlp"}, "cell must be one of"),
        ({"hidden_size": 0}, "hidden_size must be at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\), got 1.0"),
    ],
)
def test_a_configuration_that_makes_no_network_is_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        CharLMConfig(**arguments)  # type: ignore[arg-type]


def test_an_untrained_model_has_the_same_shape_and_other_weights() -> None:
    model = CharLM("abc", SMALL)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    control = untrained(model, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert control.config == model.config
    assert not control.training
    assert not torch.equal(control.head.weight, model.head.weight)
    again, other = untrained(model, seed=1), untrained(model, seed=2)
    assert torch.equal(control.head.weight, again.head.weight)
    assert not torch.equal(control.head.weight, other.head.weight)


# --- loss ------------------------------------------------------------------------------------


def test_the_loss_is_the_mean_over_all_predicted_characters_of_all_pieces() -> None:
    torch.manual_seed(0)
    model = CharLM("abc", SMALL)
    pieces = ["abcab", "ccbbaaccb", "ba"]
    total, count = 0.0, 0
    for piece in pieces:
        ids = model.encode(piece)
        log_p = model(ids)[0].detach().double().log_softmax(-1)
        total -= sum(float(log_p[t, ids[t + 1]]) for t in range(len(piece) - 1))
        count += len(piece) - 1
    assert cross_entropy(model, pieces, window=3) == pytest.approx(total / count, abs=1e-6)
    assert model.training


# --- training --------------------------------------------------------------------------------


def test_training_learns_and_writes_what_it_did(corpus: Corpus, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    config = TrainingConfig(20_000, batch_size=4, bptt=25, learning_rate=0.02, snapshots=3)
    model = train(corpus, out, SMALL, config, progress=False)
    card = read_card(out)
    counts = Counter(TEXT).values()
    frequencies_alone = -sum(n / len(TEXT) * math.log(n / len(TEXT)) for n in counts)
    assert card.losses["validation"] < 0.7 * frequencies_alone
    assert card.losses["validation"] == pytest.approx(cross_entropy(model, [TEXT]), abs=1e-5)
    assert card.corpus == {"name": "numbers.txt", "sha256": "0" * 64, "characters": len(TEXT)}
    assert card.training["characters_seen"] == config.steps * 100
    loaded = load_model(out)
    assert not loaded.training
    assert loaded.config == SMALL
    assert cross_entropy(loaded, [TEXT]) == pytest.approx(card.losses["validation"], abs=2e-3)
    assert not (tmp_path / "model.safetensors.resume").exists()
    snapshots = sorted((tmp_path / "model-snapshots").iterdir())
    assert len(snapshots) == len(config.snapshot_steps())
    assert read_card(snapshots[-1]).training["characters_seen"] == config.steps * 100


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_an_interrupted_run_ends_as_if_it_had_not_been(
    cell: str, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_config = CharLMConfig(cell, 12, 2, dropout=0.2)  # type: ignore[arg-type]
    whole = train(corpus, tmp_path / "whole.safetensors", model_config, QUICK, progress=False)

    step, count = training._Run._loss, 0

    def interrupted(run: training._Run) -> Any:
        nonlocal count
        count += 1
        if count == 31:
            raise KeyboardInterrupt
        return step(run)

    out = tmp_path / "cut.safetensors"
    monkeypatch.setattr(training._Run, "_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, out, model_config, QUICK, progress=False)
    assert not out.exists()
    resumed = train(corpus, out, model_config, QUICK, progress=False)
    assert count == QUICK.steps + 1
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(weights(resumed)[name], tensor, rtol=0, atol=0)


def test_a_run_with_other_settings_is_not_resumed(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: training._Run) -> float:
        raise KeyboardInterrupt

    out = tmp_path / "model.safetensors"
    monkeypatch.setattr(training._Run, "_loss", stop)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, out, SMALL, QUICK, progress=False)
    left = (tmp_path / "model.safetensors.resume").read_bytes()
    with pytest.raises(ValueError, match="another corpus or other settings"):
        train(corpus, out, CharLMConfig("gru", 13), QUICK, progress=False)
    assert (tmp_path / "model.safetensors.resume").read_bytes() == left


def test_a_corpus_too_short_for_one_window_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 104 characters"):
        train(Corpus("a", "ab" * 20, ""), tmp_path / "a", SMALL, QUICK, progress=False)


def test_the_learning_rate_warms_up_and_falls_to_a_hundredth() -> None:
    config = TrainingConfig(characters=1_000_000, batch_size=10, bptt=10, warmup=0.1)
    rates = [config.learning_rate_at(step) for step in range(config.steps)]
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(config.learning_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(config.learning_rate / 100, rel=0.01)


# --- checkpoints -----------------------------------------------------------------------------


def test_a_saved_model_comes_back_to_the_bit_in_float32(tmp_path: Path) -> None:
    model = CharLM("ab\ud800", CharLMConfig("lstm", 4, 2, 3))
    save_model(model, tmp_path / "m", ModelCard(), torch.float32)
    loaded = load_model(tmp_path / "m")
    assert loaded.vocabulary == model.vocabulary
    for name, tensor in weights(model).items():
        assert torch.equal(weights(loaded)[name], tensor)


def test_what_is_no_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match=r"one of 'brackets', 'linux', 'prose'.*got 'poetry'"
    ):
        load_model("poetry")
    junk = tmp_path / "junk"
    junk.write_bytes(b"no tensors here")
    with pytest.raises(ValueError, match="must be a safetensors file"):
        load_model(junk)
    save_file({"a": torch.zeros(2)}, tmp_path / "other")
    with pytest.raises(ValueError, match="must be of format 'rnnviz-charlm-1'"):
        load_model(tmp_path / "other")


def test_the_prose_model_is_kept_on_its_way() -> None:
    files = snapshots("prose")
    seen = [read_card(file).training["characters_seen"] for file in files]
    assert 6 <= len(files) <= 10
    assert seen == sorted(set(seen))
    assert seen[-1] / seen[0] > 100  # log-spaced
    assert load_model(files[0]).config == load_model("prose").config
    with pytest.raises(FileNotFoundError, match="got 'poetry'"):
        snapshots("poetry")


# --- sampling --------------------------------------------------------------------------------


def test_near_zero_temperature_takes_the_likeliest_character() -> None:
    torch.manual_seed(0)
    model = CharLM("abcd", SMALL)
    text = "a"
    for _ in range(12):
        text += model.vocabulary[int(model(model.encode(text))[0][-1].argmax())]
    assert sample(model, "a", 12, temperature=1e-300) == text[1:]
    assert model.training


def test_a_seed_repeats_a_draw() -> None:
    model = CharLM("abcd", SMALL)
    assert sample(model, "a", 40, seed=1) == sample(model, "a", 40, seed=1)
    assert sample(model, "a", 40, seed=1) != sample(model, "a", 40, seed=2)
    assert sample(model, "a", 0) == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prefix": ""}, "prefix must have"),
        ({"length": -1}, "length must be"),
        ({"temperature": 0.0}, "temperature must be positive, got 0.0"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample(CharLM("a\n", SMALL), **arguments)  # type: ignore[arg-type]
