"""What ids stand for is told in many forms, and each names the same tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from rnnviz_widget.recording import record, record_batch, register_cell
from rnnviz_widget.recording.vocabulary import as_vocabulary

WORDS = ["the", "cat", "sat", "on", "a", "mat"]


class Tokenizer:
    """As tiktoken's: ids to text, and how many there are."""

    n_vocab = len(WORDS)

    def decode(self, ids: list[int]) -> str:
        return "".join(WORDS[i] for i in ids)


class HubTokenizer:
    """As the ones of transformers."""

    def __len__(self) -> int:
        return len(WORDS)

    def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
        return [WORDS[i] for i in ids]


class Vocab:
    """As the ones of tokenizers."""

    def get_vocab(self) -> dict[str, int]:
        return {word: WORDS.index(word) for word in sorted(WORDS)}


class Lm(nn.Module):
    """Embeds ids and predicts the next one."""

    def __init__(self, *, batch_first: bool = False, size: int = 6) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, 3)
        self.rnn, self.head = nn.GRU(3, 5, batch_first=batch_first), nn.Linear(5, size)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.rnn(self.embedding(ids))[0])


@pytest.mark.parametrize(
    "vocabulary",
    [
        WORDS,
        tuple(WORDS),
        np.array(WORDS),
        np.array(WORDS, object),
        dict.fromkeys(WORDS).keys(),
        Vocab().get_vocab(),
        dict(reversed(list(enumerate(WORDS)))),
        {word: np.int64(i) for i, word in enumerate(WORDS)},
        Vocab(),
        Tokenizer(),
        HubTokenizer(),
    ],
    ids=map(str, range(11)),
)
def test_each_form_of_a_vocabulary_names_the_same_tokens(vocabulary: Any) -> None:
    trace = record(Lm(), torch.tensor([3, 0, 5]), vocabulary=vocabulary)
    assert trace.tokens == ("on", "the", "mat")
    assert trace.predictions is not None
    assert trace.predictions.vocabulary == tuple(WORDS)


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 50), min_size=1))
def test_of_a_dict_the_ids_decide(vocabulary: dict[str, int]) -> None:
    found = as_vocabulary(vocabulary)
    assert len(found) == max(vocabulary.values()) + 1
    for number, token in enumerate(found):
        named = [each for each, i in vocabulary.items() if i == number]
        assert token == (named[0] if named else f"<{number}>")


@pytest.mark.parametrize(
    ("vocabulary", "error", "message"),
    [
        ({"a", "b"}, TypeError, "got set"),
        (7, TypeError, "got int"),
        (b"ab", TypeError, "got bytes"),
        ([], ValueError, "one or more strings"),
        ({}, ValueError, "one or more strings"),
        (["a", 1, None], ValueError, r"got \[1, None\]"),
        ({"a": 1.5}, ValueError, "from tokens to ids or from ids to tokens"),
        ({"a": True}, ValueError, "from tokens to ids or from ids to tokens"),
        ({"a": -1}, ValueError, "ids must be in"),
        ({"a": 10**9}, ValueError, "ids must be in"),
        ([1] * 10_000, ValueError, "strings"),
    ],
)
def test_what_is_no_vocabulary_is_refused_in_a_line(
    vocabulary: Any,
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message) as caught:
        record(Lm(), torch.tensor([3, 0, 5]), vocabulary=vocabulary)
    assert len(str(caught.value)) < 300


# --- which axis is time ---------------------------------------------------------------------------


def test_one_sequence_may_stand_in_a_column_as_torch_has_it() -> None:
    lm, ids = Lm(), torch.tensor([3, 0, 5, 1])
    alone, column = (record(lm, each, vocabulary=WORDS) for each in (ids, ids[:, None]))
    assert column.tokens == alone.tokens == ("on", "the", "mat", "cat")
    np.testing.assert_allclose(column["rnn.l0.h"], alone["rnn.l0.h"], atol=1e-6)
    np.testing.assert_allclose(column.loss, alone.loss, atol=1e-6)  # type: ignore[arg-type]


def test_the_layers_say_which_axis_of_square_ids_is_time() -> None:
    ids = torch.tensor([[0, 1, 2], [3, 4, 5], [1, 1, 1]])
    rows = record_batch(Lm(batch_first=True), ids, vocabulary=WORDS)
    assert rows[0].tokens == ("the", "cat", "sat")
    columns = record_batch(Lm(), ids, vocabulary=WORDS)
    assert columns[0].tokens == ("the", "on", "cat")


# --- cells that are told of -----------------------------------------------------------------------


class Doubling(nn.GRU):
    """A stock layer with a forward of its own, called once for each step."""

    def forward(self, x: torch.Tensor, scale: float = 2.0) -> torch.Tensor:  # type: ignore[override]
        return scale * super().forward(x[None])[0][0]


def test_a_registered_subclass_of_a_stock_layer_runs_its_own_forward() -> None:
    class Stepping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = Doubling(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([self.cell(row[None], scale=3.0) for row in x])

    register_cell(Doubling, lambda _, __, output: {"h": output}, ("h",))
    module, x = Stepping(), torch.randn(4, 2)
    trace = record(module, x, tokens="abcd")
    assert trace.states == ("cell.l0.h",)
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(trace["cell.l0.h"]), module(x)[:, 0])
