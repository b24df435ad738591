"""From text to tokens, and from logits to predictions and loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from rnnviz_widget.charlm import CharLM, CharLMConfig
from rnnviz_widget.recording import record, record_batch, session
from rnnviz_widget.recording.tokens import from_offsets

ALPHABET = "abcdef \n"


def model(cell: str = "gru", layers: int = 1) -> CharLM:
    torch.manual_seed(0)
    return CharLM(ALPHABET, CharLMConfig(cell, hidden_size=8, num_layers=layers)).eval()


TEXT = "abba cad\nfed"


def test_a_character_model_reads_a_text() -> None:
    lm = model("lstm", layers=2)
    trace = record(lm, TEXT)
    assert trace.text == TEXT
    assert trace.states[:2] == ("rnn.l0.h", "rnn.l0.c")
    with torch.no_grad():
        logits = lm(lm.encode(TEXT))[0].double()
    p = logits.softmax(dim=1)
    found = trace.predictions
    assert found.vocabulary == tuple(ALPHABET)
    assert found.ids.shape == (len(TEXT), 5)
    expected = p.topk(5, dim=1)
    np.testing.assert_array_equal(found.ids, expected.indices)
    np.testing.assert_allclose(found.probabilities, expected.values, atol=1e-6)
    np.testing.assert_allclose(found.entropy, -(p * p.log()).sum(dim=1), atol=1e-5)
    loss = nn.functional.cross_entropy(logits[:-1], lm.encode(TEXT)[1:], reduction="none")
    np.testing.assert_allclose(trace.loss[:-1], loss, atol=1e-5)
    assert np.isnan(trace.loss[-1])


def test_one_character_has_predictions_but_no_loss() -> None:
    trace = record(model(), "a")
    assert trace.predictions.ids.shape == (1, 5)
    assert np.isnan(trace.loss).tolist() == [True]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_long_text_is_read_in_segments(cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lm, text = model(cell, layers=2), (TEXT * 20)[:203]
    whole = record(lm, text)
    monkeypatch.setattr(session, "SEGMENT_IN_MEMORY", 50)
    pieces = record(lm, text)
    assert pieces.states == whole.states
    for name in whole.states:
        np.testing.assert_allclose(pieces[name], whole[name], atol=1e-5)
    np.testing.assert_array_equal(pieces.predictions.ids, whole.predictions.ids)
    np.testing.assert_allclose(pieces.loss, whole.loss, atol=1e-5)


def test_more_ids_than_tokens_are_told_in_segments_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "SEGMENT_IN_MEMORY", 50)
    lm = model()
    ids = lm.encode((TEXT * 20)[:120])
    with pytest.raises(ValueError, match="tokens: there are 70 tokens, but rnn ran 50 steps"):
        record(lm, ids, tokens="x" * 70)


def test_an_unknown_character_is_told() -> None:
    with pytest.raises(ValueError, match="'X'"):
        record(model(), "abX")


def test_tokens_follow_from_ids_and_a_vocabulary() -> None:
    lm = model()
    trace = record(lm, torch.tensor([0, 1, 7]))
    assert trace.tokens == ("a", "b", "\n")
    words = record(lm, torch.tensor([0, 1]), vocabulary=["the", "cat", *"345678"])
    assert words.tokens == ("the", "cat")
    batch = record_batch(lm, torch.tensor([[0, 1], [2, 3]]))
    assert [each.text for each in batch] == ["ab", "cd"]
    assert [each.loss.shape for each in batch] == [(2,), (2,)]


@pytest.mark.parametrize("wrong", [8, -1])
def test_ids_outside_the_vocabulary_are_told(wrong: int) -> None:
    with pytest.raises(ValueError, match=rf"in \[0, 8\).*got {wrong} at position 1"):
        record(model(), torch.tensor([0, wrong, 1]))


def test_several_sequences_are_for_record_batch() -> None:
    with pytest.raises(ValueError, match=r"record takes one sequence.*use record_batch"):
        record(model(), torch.tensor([[0, 1], [2, 3]]))


def test_a_batch_has_predictions_for_each_sequence() -> None:
    lm = model()
    ids = torch.stack([lm.encode("abba"), lm.encode("fed ")])
    first, second = record_batch(lm, ids, tokens=["abba", "fed"])
    alone = record(lm, "fed")
    np.testing.assert_allclose(first.loss, record(lm, "abba").loss, atol=1e-6)
    np.testing.assert_allclose(second.loss, alone.loss, atol=1e-6)
    np.testing.assert_array_equal(second.predictions.ids, alone.predictions.ids)


class Head(nn.Module):
    """A recurrent layer and a head that ends in what is asked for."""

    def __init__(self, ending: nn.Module) -> None:
        super().__init__()
        self.rnn, self.head, self.ending = nn.GRU(2, 3), nn.Linear(3, 4), ending

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.ending(self.head(self.rnn(x)[0]))


def test_logits_log_probabilities_and_probabilities_say_the_same() -> None:
    x, head = torch.randn(5, 2), Head(nn.Identity())
    found = []
    for ending in (nn.Identity(), nn.LogSoftmax(dim=-1), nn.Softmax(dim=-1)):
        head.ending = ending
        found.append(record(head, x, tokens="abcde", vocabulary="wxyz"))
    for trace in found:
        np.testing.assert_allclose(
            trace.predictions.probabilities, found[0].predictions.probabilities, atol=1e-6
        )
        assert trace.loss is None  # there are no ids among the inputs


def test_a_module_without_vocabulary_or_logits_has_no_predictions() -> None:
    x = torch.randn(5, 2)
    assert record(Head(nn.Identity()), x, tokens="abcde").predictions is None
    with pytest.raises(ValueError, match=r"vocabulary has 3 entries.*returns a tensor \(5, 4\)"):
        record(Head(nn.Identity()), x, tokens="abcde", vocabulary="abc")


# --- offsets --------------------------------------------------------------------------------------


def test_offsets_cut_a_text_into_tokens() -> None:
    x = torch.randn(3, 2)
    text = "It's a unit"
    trace = record(nn.GRU(2, 3), x, text=text, offsets=[(0, 4), (5, 6), (7, 11)])
    assert trace.tokens == ("It's", " a", " unit")
    assert trace.text == text
    assert record(nn.GRU(2, 3), x, text="abc").tokens == ("a", "b", "c")


@settings(max_examples=100)
@given(st.text(min_size=1), st.data())
def test_tokens_of_offsets_join_to_the_text_they_cover(text: str, data: st.DataObject) -> None:
    ends = sorted(data.draw(st.sets(st.integers(1, len(text)), min_size=1)))
    starts = [data.draw(st.integers(a, b - 1)) for a, b in zip([0, *ends], ends, strict=False)]
    tokens = from_offsets(text, zip(starts, ends, strict=True))
    assert "".join(tokens) == text[: ends[-1]]
    assert all(tokens)


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        ([(0, 0), (0, 3)], r"offsets\[0\] is \(0, 0\).*no character of its own"),
        ([(0, 3), (2, 3)], r"offsets\[1\] is \(2, 3\), but the token before ends at 3"),
        ([(0, 9)], r"offsets\[0\] is \(0, 9\), which does not lie in a text of 3"),
        ([(2, 1)], "does not lie"),
    ],
)
def test_offsets_that_cut_nothing_off_are_refused(
    offsets: list[tuple[int, int]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        from_offsets("abc", offsets)
