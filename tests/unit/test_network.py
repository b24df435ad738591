"""What a page can run: networks that are proved to be the same, and those that are refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm.model import CharLMConfig
from rnnviz_widget.network.reference import run
from tests.unit import recurrence

CHARACTERS = "abcdefgh "


def model(**sizes: Any) -> rnnviz.CharLM:
    torch.manual_seed(1)
    return rnnviz.CharLM(CHARACTERS, CharLMConfig(**{"hidden_size": 7, **sizes})).eval()


class Path(nn.Module):
    """Ids or one-hot vectors to logits, as somebody's own module has it."""

    def __init__(self, rnn: nn.RNNBase, *, embedded: bool = True, after: Any = None) -> None:
        super().__init__()
        torch.manual_seed(2)
        size = len(CHARACTERS)
        self.table = nn.Embedding(size, rnn.input_size) if embedded else None
        self.layers = rnn
        self.out = nn.Linear(rnn.hidden_size, size)
        self.after = after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.layers(x if self.table is None else self.table(x))[0]
        logits: torch.Tensor = self.out(h)
        return logits if self.after is None else self.after(logits)


def parsed(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header, and what follows it."""
    length = int.from_bytes(data[8:12], "little")
    end = 12 + length
    return json.loads(data[12:end]), data[end + -end % 8 :]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("embedding_size", [0, 3])
def test_the_reference_of_the_format_computes_what_the_equations_say(
    cell: str, embedding_size: int
) -> None:
    module = model(cell=cell, num_layers=2, embedding_size=embedding_size)
    network = rnnviz.portable(module)
    ids = np.random.default_rng(0).integers(0, len(CHARACTERS), 30)
    if module.embedding is None:
        x = np.eye(len(CHARACTERS))[ids]
    else:
        x = recurrence.double(module.embedding.weight)[ids]
    expected = recurrence.states(module.rnn, x)
    states, logits = run(network, ids)
    assert list(states) == [f"rnn.{name}" for name in expected]
    for name, values in expected.items():
        np.testing.assert_allclose(states[f"rnn.{name}"], values, atol=1e-12)
    head = recurrence.double(module.head.weight), recurrence.double(module.head.bias)
    expected_logits = expected["l1.h"] @ head[0].T + head[1]
    np.testing.assert_allclose(logits, expected_logits, atol=1e-12)


@pytest.mark.parametrize("after", [None, nn.LogSoftmax(-1), nn.Softmax(-1)])
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_module_of_ones_own_is_taken_where_its_path_is_that_of_a_character_model(
    after: nn.Module | None, *, batch_first: bool
) -> None:
    rnn = nn.LSTM(4, 6, num_layers=2, batch_first=batch_first)
    network = rnnviz.portable(Path(rnn, after=after).eval(), CHARACTERS)
    assert (network.path, network.cell, len(network.layers)) == ("layers", "LSTM", 2)
    assert network.proof.error < 1e-5


def test_a_module_may_read_one_hot_vectors() -> None:
    size = len(CHARACTERS)
    network = rnnviz.portable(Path(nn.GRU(size, 5), embedded=False).eval(), list(CHARACTERS))
    assert network.embedding is None


def test_the_module_is_left_as_it_was() -> None:
    module = model(dropout=0.5, num_layers=2).train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    rnnviz.portable(module)
    assert module.training
    assert not module.head._forward_hooks
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_weights_travel_in_half_where_that_keeps_them_as_they_are() -> None:
    module = model()
    assert rnnviz.portable(module).dtype == "float32"
    module.half().float()
    network = rnnviz.portable(module)
    assert network.dtype == "float16"
    header, rest = parsed(network.bytes)
    first = np.frombuffer(rest, "<f2", network.layers[0].w_ih.size)
    np.testing.assert_array_equal(first, network.layers[0].w_ih.ravel())
    assert header["weights"] == "float16"


def test_the_bytes_hold_what_the_header_says() -> None:
    module = model(cell="rnn", embedding_size=3)
    network = rnnviz.portable(module)
    header, rest = parsed(network.bytes)
    count = sum(parameter.numel() for parameter in module.parameters())
    proof = header["proof"]
    rows = len(proof["rows"]) * (2 * 7 + len(CHARACTERS))
    assert len(rest) == -(-count * 4 // 8) * 8 + 4 * (proof["tokens"] + rows)
    values = np.frombuffer(rest[-4 * rows :], "<f4").reshape(len(proof["rows"]), -1)
    states, logits = run(network, network.proof.ids)
    expected = np.concatenate([*states.values(), logits], axis=1)[proof["rows"]]
    np.testing.assert_allclose(values, expected, atol=1e-5)
    assert network.hash == rnnviz.portable(module).hash


class Twice(nn.Module):
    """Adds what the stack gives to what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.rnn = nn.Embedding(9, 6), nn.GRU(6, 6)
        self.out = nn.Linear(6, 9)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.table(ids)
        return self.out(x + self.rnn(x)[0])  # type: ignore[no-any-return]


class OwnStart(Path):
    """Starts from a state of its own."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        start = torch.full((1, *x.shape[1:], self.layers.hidden_size), 0.5)
        assert self.table is not None
        return self.out(self.layers(self.table(x), start)[0])  # type: ignore[no-any-return]


class TwoStacks(Path):
    def __init__(self) -> None:
        super().__init__(nn.GRU(4, 6))
        self.second = nn.GRU(6, 6)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (Path(nn.GRU(4, 6, bidirectional=True)), "bidirectional"),
        (Path(nn.LSTM(4, 6, proj_size=3)), "projection"),
        (Path(nn.GRU(4, 6), after=lambda logits: 2 * logits), "what it returns"),
        (Path(nn.GRU(4, 6), embedded=False), "no nn.Embedding"),
        (TwoStacks(), "2 recurrent modules"),
        (Twice(), "differs"),
        (OwnStart(nn.GRU(4, 6)), "differs"),
        (nn.GRU(9, 9), "one nn.Linear"),
        (nn.Sequential(nn.Embedding(9, 4), nn.GRUCell(4, 6), nn.Linear(6, 9)), "GRUCell"),
    ],
    ids=lambda case: case if isinstance(case, str) else type(case).__name__,
)
def test_what_a_page_cannot_run_is_refused_with_the_reason_and_the_remedy(
    module: nn.Module, said: str
) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        rnnviz.portable(module.eval(), CHARACTERS)
    assert "HiddenStateWidget(model=module, text=text)" in str(caught.value)


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        (["a", "</script>"], "'</script>'"),
        ([*CHARACTERS[:-1], "a"], "twice"),
        ([], "one or more strings, got ..$"),
        ([*CHARACTERS, "x"], "9 to 10|9 characters|10 characters"),
        ([1, 2], "strings, got .1, 2.$"),
    ],
)
def test_a_vocabulary_that_no_text_could_be_typed_in_is_refused(
    vocabulary: list[Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        rnnviz.portable(Path(nn.GRU(4, 6)).eval(), vocabulary)


@pytest.mark.parametrize(
    "given",
    [
        {c: i for i, c in reversed(list(enumerate(CHARACTERS)))},
        dict(reversed(list(enumerate(CHARACTERS)))),
        np.array(list(CHARACTERS)),
    ],
    ids=["ids by character", "characters by id", "an array"],
)
def test_ids_decide_which_character_is_which_whatever_the_vocabulary_is(given: Any) -> None:
    """Of a module's own vocabulary, too."""
    module = Path(nn.GRU(4, 6)).eval()
    assert rnnviz.portable(module, given).vocabulary == tuple(CHARACTERS)
    module.vocabulary = given
    assert rnnviz.portable(module).vocabulary == tuple(CHARACTERS)


def test_a_module_without_vocabulary_needs_one() -> None:
    with pytest.raises(TypeError, match="vocabulary"):
        rnnviz.portable(Path(nn.GRU(4, 6)).eval())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(value: float) -> None:
    module = model()
    with torch.no_grad():
        module.head.weight[0, 0] = value
    with pytest.raises(ValueError, match=r"head\.weight"):
        rnnviz.portable(module)
