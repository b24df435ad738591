"""The evaluation of a character model: chosen on validation, reported on test, told in a card."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from rnnviz_widget import Trace, cli, rank_units, record
from rnnviz_widget.charlm import (
    CharLM,
    CharLMConfig,
    Corpus,
    ModelCard,
    corpus,
    save_model,
    untrained,
)
from rnnviz_widget.evaluation import QUESTIONS, SKIP, evaluate, newline_auc
from rnnviz_widget.evaluation.card import BY_HAND, model_card, report

if TYPE_CHECKING:
    from pathlib import Path

    from rnnviz_widget.charlm.model import Cell

BLOCK = 600
CODE = (
    "/* a { note } */\nint f(int a)\n{\n\tif (a > 0) {\n\t\treturn g(a, (b));\n\t}\n"
    '\tputs("no { here");\n\treturn 0; // done\n}\n\n'
)
PROSE = (
    'She said, "It is late, I think."\nHe was silent\nfor a while. '
    '"So it is," he said,\nand went.\n'
)


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "BLOCK_LENGTH", BLOCK)


def make(text: str, cell: Cell = "lstm") -> tuple[CharLM, Corpus]:
    # Lines of changing length: what repeats exactly would be followed by a mere clock.
    rng = np.random.default_rng(0)
    pieces = text.split(" ")
    whole = ""
    while len(whole) < 40 * BLOCK:
        whole += " ".join(piece * int(rng.integers(1, 3)) for piece in pieces)
    whole = whole[: 40 * BLOCK]
    torch.manual_seed(0)
    read = Corpus("toy.txt", whole, hashlib.sha256(whole.encode()).hexdigest())
    return CharLM(read.vocabulary, CharLMConfig(cell, 6)).eval(), read


def letters(text: str) -> Trace:
    return Trace.from_arrays(text, {"h": np.zeros((len(text), 1))})


def test_the_models_own_newline_is_scored_as_scikit_learn_does() -> None:
    model, read = make(PROSE)
    texts = [read.text[:BLOCK], read.text[BLOCK : 2 * BLOCK]]
    scores, follows = [], []
    for text in texts:
        p = model(model.encode(text))[0].detach().softmax(-1)[:, model.vocabulary.index("\n")]
        scores += p[SKIP:-1].tolist()
        follows += [text[t + 1] == "\n" for t in range(SKIP, len(text) - 1)]
    assert newline_auc(model, texts) == pytest.approx(roc_auc_score(follows, scores), abs=1e-6)


@pytest.mark.parametrize(("kind", "text", "cell"), [("prose", PROSE, "gru"), ("c", CODE, "lstm")])
def test_every_question_is_answered_from_validation_and_test_alone(
    kind: str, text: str, cell: Cell
) -> None:
    model, read = make(text, cell)
    questions = QUESTIONS[kind]
    found = evaluate(model, read, questions, random_spans=2, progress=False)
    assert [question for question, _ in found.rankings] == list(questions)
    # Two blocks of each part; what is neither validation nor test is never read by a ranking.
    for question, ranking in found.rankings:
        if question.text == "as it is" and ranking.label != "next is newline, after ) or ;":
            assert ranking.chosen_on.tokens <= 2 * (BLOCK - SKIP)
            assert ranking.chosen_on.tokens >= 2 * (BLOCK - SKIP - 1)
        assert len(ranking.control) == 5
        assert ranking.probe is not None
    (first, ranking) = found.rankings[0]
    inside = np.concatenate(
        [
            np.asarray(first.label(letters(piece)))[SKIP:]
            for piece in corpus.split(read.text)["test"]
        ]
    )
    assert ranking.reported_on.base_rate == pytest.approx(inside.mean())
    assert set(found.losses) == {"train", "validation", "test"}
    assert found.span_claims == (False, False)
    card = model_card("toy", model, ModelCard({"name": "t", "characters": 1, "sha256": "0"}), found)
    for question, ranking in found.rankings:
        assert question.name in card
        assert f"{ranking[0].held_out:.3f}" in card
        assert str(ranking) in report("toy", found)
    for printed in (card, report("toy", found)):
        assert "Of 2 labels of random spans" in printed
        assert "0 were claimed" in printed


def test_networks_recorded_one_by_one_are_the_controls_of_a_ranking() -> None:
    model, read = make(PROSE, "gru")
    question = QUESTIONS["prose"][0]
    ((_, ranking),) = evaluate(model, read, [question], progress=False).rankings
    pieces = [corpus.split(read.text)[part] for part in ("validation", "test")]
    model, *others = (
        tuple([record(network, text, states="*.h") for text in texts] for texts in pieces)
        for network in (model, *(untrained(model, seed) for seed in range(5)))
    )
    at_once = rank_units(model[0], question.label, held_out=model[1], control=others)
    assert ranking.control == pytest.approx(at_once.control, abs=1e-3)
    assert ranking.probe is not None
    assert at_once.probe is not None
    assert ranking.probe.control == pytest.approx(at_once.probe.control, abs=1e-2)


def test_a_new_card_keeps_what_was_written_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, read = make(PROSE)
    save_model(
        model, tmp_path / "toy", ModelCard({"name": "t", "characters": 1, "sha256": read.sha256})
    )
    (tmp_path / "toy.txt").write_text(read.text, encoding="utf-8")
    monkeypatch.setitem(cast("dict[str, object]", QUESTIONS), "prose", QUESTIONS["prose"][:1])
    card = tmp_path / "toy.md"
    command = ["evaluate", str(tmp_path / "toy"), str(tmp_path / "toy.txt"), "--card", str(card)]

    card.write_text("my diary", encoding="utf-8")
    assert cli.main(command) == 1
    assert "card must be a new file or one with the line" in capsys.readouterr().err
    assert card.read_text(encoding="utf-8") == "my diary"

    card.unlink()
    assert cli.main(command) == 0
    written = card.read_text(encoding="utf-8")
    assert written.endswith(f"\n\n{BY_HAND}\n")
    card.write_text(f"old numbers\n\n{BY_HAND}\n\nTried: two seeds.\n", encoding="utf-8")
    assert cli.main(command) == 0
    assert card.read_text(encoding="utf-8") == written + "\nTried: two seeds.\n"


def test_a_corpus_without_a_test_block_is_refused() -> None:
    model, read = make(PROSE)
    short = Corpus("short", read.text[: 19 * BLOCK], "")
    with pytest.raises(ValueError, match="must have a test block"):
        evaluate(model, short, QUESTIONS["prose"], progress=False)


def test_a_corpus_that_the_model_was_not_trained_on_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, read = make(PROSE)
    save_model(model, tmp_path / "m", ModelCard({"name": "toy.txt", "sha256": read.sha256}))
    (tmp_path / "other.txt").write_text("something else", encoding="utf-8")
    code = cli.main(["evaluate", str(tmp_path / "m"), str(tmp_path / "other.txt")])
    assert code == 1
    assert "must be what" in capsys.readouterr().err
