"""Rows stand at the tokens that were read, in whatever order and layout a module reads them.

The reference reads each sequence by itself, step after step in float64.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    pad_sequence,
)

from rnnviz_widget.recording import record, record_batch, register_cell
from rnnviz_widget.trace import Trace
from tests.unit.recurrence import double, states

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WORDS = "_abcdefg"  # 0 pads
SIZE = len(WORDS)


class Reader(nn.Module):
    """Ids of padded sequences, embedded and read; `how` says in which order."""

    def __init__(self, how: str = "", *, batch_first: bool = False, cell: Any = nn.GRU) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, 4)
        self.rnn = cell(4, 5, batch_first=batch_first)
        self.head = nn.Linear(5, SIZE)
        self.how, self.batch_first = how, batch_first

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        time = 1 if self.batch_first and x.dim() > 2 else 0
        lengths = (ids != 0).sum(time)
        if "sorted" in self.how:
            lengths, order = lengths.sort(descending="down" in self.how, stable=True)
            x = x.index_select(1 - time, order)
        if self.how == "flip":
            x = x.flip(time)
        elif self.how == "index":
            x = x.index_select(time, torch.arange(x.shape[time] - 1, -1, -1))
        elif self.how == "ids":
            x = self.embedding(ids.flip(time))
        elif self.how == "each in its length":
            x = reversed_each(x, lengths, time)
        elif self.how == "scaled":
            x = nn.functional.layer_norm(2 * x, x.shape[-1:])
        if self.how.startswith("sorted"):
            enforce = "down" in self.how
            packed = pack_padded_sequence(
                x, lengths, batch_first=self.batch_first, enforce_sorted=enforce
            )
            h, _ = pad_packed_sequence(self.rnn(packed)[0], self.batch_first)
        else:
            h = self.rnn(x)[0]
        if "sorted" in self.how and "stays" not in self.how:
            h = h.index_select(1 - time, order.argsort())
        return self.head(h.flip(time) if self.how == "flip" else h)


def reversed_each(x: Tensor, lengths: Tensor, time: int) -> Tensor:
    """Return padded sequences, each reversed in its own length (`reverse_padded_sequence`)."""
    steps = torch.arange(x.shape[time])
    index = (lengths[:, None] - 1 - steps) % x.shape[time]
    index = index if time else index.T
    return x.gather(time, index[..., None].expand_as(x))


def drawn(lengths: list[int], *, batch_first: bool = False, seed: int = 0) -> Tensor:
    """Return padded ids, `(T, B)` or `(B, T)`."""
    draw = torch.Generator().manual_seed(seed)
    rows = [torch.randint(1, SIZE, (n,), generator=draw) for n in lengths]
    return pad_sequence(rows, batch_first=batch_first)


def tokens_of(ids: Tensor, lengths: list[int], *, batch_first: bool) -> list[str]:
    rows = ids if batch_first else ids.T
    return ["".join(WORDS[i] for i in row[:n]) for row, n in zip(rows, lengths, strict=True)]


def expected(module: Reader, text: str, *, backwards: bool = False) -> NDArray[np.float64]:
    x = module.embedding(torch.tensor([WORDS.index(c) for c in text]))
    if module.how == "scaled":
        x = nn.functional.layer_norm(2 * x, x.shape[-1:])
    x = double(x)[::-1] if backwards else double(x)
    h = states(module.rnn, x)["l0.h"]
    return h[::-1] if backwards else h


def quiet_batch(module: nn.Module, *inputs: Any, **more: Any) -> list[Trace]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return record_batch(module, *inputs, **more)


LENGTHS = [[3, 6, 5], [5, 5, 5], [6, 2, 1, 4], [1, 1], [2, 7]]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("how", ["sorted down", "sorted up", "sorted down, stays", "scaled"])
def test_each_trace_holds_the_states_of_its_own_sequence(
    how: str, lengths: list[int], batch_first: bool
) -> None:
    torch.manual_seed(1)
    module = Reader(how, batch_first=batch_first)
    ids = drawn(lengths, batch_first=batch_first)
    texts = tokens_of(ids, lengths, batch_first=batch_first)
    for trace, text in zip(
        quiet_batch(module, ids, tokens=texts, vocabulary=WORDS), texts, strict=True
    ):
        assert trace.text == text
        np.testing.assert_allclose(trace["rnn.l0.h"], expected(module, text), atol=1e-6)
        logits = module.head(torch.tensor(expected(module, text)).float())
        ids_of_text = torch.tensor([WORDS.index(c) for c in text])
        loss = nn.functional.cross_entropy(logits[:-1], ids_of_text[1:], reduction="none")
        np.testing.assert_allclose(trace.loss[:-1], loss.detach(), atol=1e-5)  # type: ignore[index]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=5), st.booleans(), st.integers(0, 99))
def test_padded_sequences_in_any_order_come_back_as_their_own(
    lengths: list[int], batch_first: bool, seed: int
) -> None:
    module = Reader("padded, sorted down", batch_first=batch_first)
    ids = drawn(lengths, batch_first=batch_first, seed=seed)
    texts = tokens_of(ids, lengths, batch_first=batch_first)
    for trace, text in zip(quiet_batch(module, ids, tokens=texts), texts, strict=True):
        np.testing.assert_allclose(trace["rnn.l0.h"], expected(module, text), atol=1e-6)


@pytest.mark.parametrize("text", ["abcabdefg", "abab", "aaaa", "a", "abcba", "aaabbb"])
@pytest.mark.parametrize("how", ["flip", "index", "ids"])
def test_a_layer_that_reads_backwards_by_hand_has_each_row_at_its_token(
    how: str, text: str, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    for cell in (nn.GRU, nn.LSTM):
        module = Reader(how, cell=cell)
        ids = torch.tensor([WORDS.index(c) for c in text])
        for more in ({}, {"out": tmp_path / f"{cell.__name__}.zarr"}):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                trace = record(module, ids, tokens=text, **more)
            reference = expected(module, text, backwards=True)
            np.testing.assert_allclose(trace["rnn.l0.h"], reference, atol=1e-6)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[6, 3, 4], [4, 4]], ids=str)
def test_sequences_that_are_reversed_each_in_its_length(
    lengths: list[int], batch_first: bool
) -> None:
    torch.manual_seed(1)
    module = Reader("each in its length", batch_first=batch_first)
    ids = drawn(lengths, batch_first=batch_first)
    texts = tokens_of(ids, lengths, batch_first=batch_first)
    traces = quiet_batch(module, ids, tokens=texts, vocabulary=WORDS)
    for trace, text in zip(traces, texts, strict=True):
        reference = expected(module, text, backwards=True)
        np.testing.assert_allclose(trace["rnn.l0.h"], reference, atol=1e-6)
        assert trace.loss is None  # logits of a layer that reads backwards say nothing of t + 1


class BothWays(nn.Module):
    """Two layers, one of which reads backwards, and one on top of both."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.drop = nn.Embedding(SIZE, 4), nn.Dropout(0.5)
        self.there, self.back, self.top = nn.GRU(4, 3), nn.GRU(4, 3), nn.LSTM(6, 2)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.drop(self.embedding(ids))
        both = torch.cat([self.there(x)[0], self.back(x.flip(0))[0].flip(0)], dim=-1)
        return self.top(both)[0]


@pytest.mark.parametrize("shape", [(9,), (9, 1), (9, 2)])
def test_a_hand_made_bidirectional_stack_is_the_one_of_torch(shape: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    module, stock = BothWays(), nn.GRU(4, 3, bidirectional=True)
    weights = {f"{name}_reverse": value for name, value in module.back.state_dict().items()}
    stock.load_state_dict(module.there.state_dict() | weights)
    ids = torch.randint(1, SIZE, shape)
    traces = quiet_batch(module, ids, vocabulary=WORDS)
    for column, trace in zip(ids.reshape(9, -1).T, traces, strict=True):
        reference = states(stock, double(module.embedding(column)))
        both = [reference["l0.h"], reference["l0_reverse.h"]]
        np.testing.assert_allclose(trace["there.l0.h"], both[0], atol=1e-6)
        np.testing.assert_allclose(trace["back.l0.h"], both[1], atol=1e-6)
        top = states(module.top, np.concatenate(both, axis=1))
        np.testing.assert_allclose(trace["top.l0.c"], top["l0.c"], atol=1e-6)


# --- start tokens, windows and what cannot be told ------------------------------------------------


class Started(nn.Module):
    """A decoder that reads a start vector and then the tokens, all of them or but the last."""

    def __init__(self, *, last: bool) -> None:
        super().__init__()
        self.embedding, self.rnn, self.head = (
            nn.Embedding(SIZE, 4),
            nn.RNN(4, 5),
            nn.Linear(5, SIZE),
        )
        self.start, self.last = nn.Parameter(torch.randn(1, 4)), last

    def forward(self, ids: Tensor) -> Tensor:
        x = torch.cat([self.start, self.embedding(ids)])
        return self.head(self.rnn(x if self.last else x[:-1])[0])


@pytest.mark.parametrize("last", [True, False])
def test_a_start_token_has_no_row_and_shifts_none(last: bool, tmp_path: Path) -> None:
    module, text = Started(last=last), "abcabca"
    ids = torch.tensor([WORDS.index(c) for c in text])
    x = double(torch.cat([module.start, module.embedding(ids)]))
    reference = states(module.rnn, x)["l0.h"][1:]
    loss = nn.functional.cross_entropy(
        module.head(torch.tensor(reference).float())[:-1], ids[1:], reduction="none"
    ).detach()
    for more in ({}, {"out": tmp_path / "trace.zarr"}):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            trace = record(module, ids, vocabulary=WORDS, **more)
        assert trace.text == (text if last else text[:-1])
        np.testing.assert_allclose(trace["rnn.l0.h"], reference[: len(trace)], atol=1e-6)
        said = [str(each.message) for each in caught]
        assert said == ([] if last else ["no step reads the last tokens (1), which are left out"])
        if not last:
            np.testing.assert_allclose(trace.loss[:-1], loss[: len(trace) - 1], atol=1e-5)


class Windowed(nn.Module):
    """Something stands between embedding and layer that mixes tokens."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.embedding, self.rnn = nn.Embedding(SIZE, 4), nn.GRU(4, 5)
        self.conv = nn.Conv1d(4, 4, 3, stride=2 if how == "strided" else 1)
        self.how = how

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        if self.how == "attention":
            return self.rnn((x @ x.T).softmax(-1) @ x)[0]
        before = {"centred": (1, 1), "causal": (2, 0), "strided": (1, 1), "backwards": (1, 1)}
        x = self.conv(nn.functional.pad(x.T[None], before[self.how]))[0].T
        return self.rnn(x.flip(0) if self.how == "backwards" else x)[0]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("centred", r"rnn reads several tokens .* row t is the step that read tokens t-1 to t\+1"),
        ("causal", r"rnn reads several tokens .* row t is the step that read tokens t-2 to t$"),
        ("backwards", r"rnn reads several tokens .* read tokens t-1 to t\+1"),
        ("attention", r'rnn: each of its steps reads many tokens; .*order="steps"'),
    ],
)
def test_where_a_step_reads_several_tokens_it_is_said(how: str, said: str) -> None:
    module, text = Windowed(how), "abcdefgabcdefg"
    ids = torch.tensor([WORDS.index(c) for c in text])
    h = module(ids).detach().numpy()
    with pytest.warns(RuntimeWarning, match=said):
        trace = record(module, ids, tokens=text)
    np.testing.assert_allclose(trace["rnn.l0.h"], h[::-1] if how == "backwards" else h, atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = record(module, ids, tokens=text, order="steps")
    np.testing.assert_allclose(plain["rnn.l0.h"], h, atol=1e-6)


def test_steps_that_are_fewer_than_tokens_are_refused() -> None:
    with pytest.raises(ValueError, match="14 tokens, but rnn ran 7 steps"):
        record(Windowed("strided"), torch.arange(14) % 7 + 1, vocabulary=WORDS)


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(ValueError, match='order must be "tokens" or "steps"'):
        record(nn.GRU(2, 3), torch.randn(4, 2), tokens="abcd", order="time")  # type: ignore[arg-type]


def test_a_module_that_looks_for_an_end_mark_is_followed() -> None:
    class Ended(Reader):
        def forward(self, ids: Tensor) -> Tensor:
            lengths = (ids == 7).int().argmax(0) + 1
            return self.rnn(reversed_each(2 * self.embedding(ids), lengths, 0))[0]

    torch.manual_seed(1)
    module, texts = Ended(), ["abcabg", "eg", "dcbg"]
    rows = [torch.tensor([WORDS.index(c) for c in text]) for text in texts]
    for trace, row in zip(quiet_batch(module, pad_sequence(rows), tokens=texts), rows, strict=True):
        reference = states(module.rnn, 2 * double(module.embedding(row))[::-1])["l0.h"][::-1]
        np.testing.assert_allclose(trace["rnn.l0.h"], reference, atol=1e-6)


# --- loops over cells and segments ----------------------------------------------------------------


class Loop(nn.Module):
    """Two cells in a loop of the module's own."""

    def __init__(self, cell: Any, how: str) -> None:
        super().__init__()
        self.embedding, self.cell, self.top = nn.Embedding(SIZE, 4), cell(4, 5), nn.RNNCell(5, 3)
        self.how = how

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        x = 2 * x if self.how == "scaled" else x
        order = list(range(len(x)))[:: -1 if self.how == "backwards" else 1]
        h, top, rows = None, None, []
        for n, t in enumerate(order):
            if self.how == "reset" and n % 4 == 0:
                h = top = None
            h = self.cell(x[t], h)
            top = self.top(h[0] if isinstance(h, tuple) else h, top)
            rows.append(top)
        return torch.stack(rows)


@pytest.mark.parametrize("how", ["plain", "scaled", "backwards", "reset"])
@pytest.mark.parametrize("cell", [nn.GRUCell, nn.LSTMCell])
def test_cells_in_a_loop_have_each_row_at_its_token(cell: Any, how: str) -> None:
    torch.manual_seed(1)
    module, text = Loop(cell, how), "abcabdcabbe"
    stock = {nn.GRUCell: nn.GRU, nn.LSTMCell: nn.LSTM}[cell](4, 5)
    stock.load_state_dict({f"{k}_l0": v for k, v in module.cell.state_dict().items()})
    ids = torch.tensor([WORDS.index(c) for c in text])
    x = double(module.embedding(ids)) * (2 if how == "scaled" else 1)
    pieces = [x[k : k + 4] for k in range(0, len(x), 4)] if how == "reset" else [x]
    by = -1 if how == "backwards" else 1
    h = np.concatenate([states(stock, piece[::by])["l0.h"][::by] for piece in pieces])
    for each in (ids, ids[:, None].repeat(1, 2)):
        for trace in quiet_batch(module, each, vocabulary=WORDS):
            assert trace.text == text
            np.testing.assert_allclose(trace["cell.l0.h"], h, atol=1e-6)
            assert trace.resets == ((4, 8) if how == "reset" else ())


class StateFirst(nn.Module):
    """A cell whose state is its first argument."""

    def __init__(self) -> None:
        super().__init__()
        self.wx, self.wh = nn.Linear(4, 5), nn.Linear(5, 5)

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        return torch.tanh(self.wx(x) + self.wh(h))


register_cell(StateFirst, lambda _, __, output: {"h": output}, ("h",))


@pytest.mark.parametrize("how", ["plain", "scaled", "backwards"])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_registered_cell_has_its_rows_at_their_tokens(how: str, batch: int) -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.cell = nn.Embedding(SIZE, 4), StateFirst()

        def forward(self, ids: Tensor) -> Tensor:
            x = self.embedding(ids) * (2 if how == "scaled" else 1)
            h, rows = x.new_zeros(ids.shape[1], 5), {}
            for t in list(range(len(x)))[:: -1 if how == "backwards" else 1]:
                h = rows[t] = self.cell(h, x[t])
            return torch.stack([rows[t] for t in range(len(x))])

    module, ids = Own(), torch.randint(1, SIZE, (11, batch))
    for b, trace in enumerate(quiet_batch(module, ids, vocabulary=WORDS)):
        with torch.no_grad():
            np.testing.assert_allclose(trace["cell.l0.h"], module(ids)[:, b], atol=1e-6)


class Segments(nn.Module):
    """Reads its input in pieces, each from zeros."""

    def __init__(self, *, backwards: bool = False) -> None:
        super().__init__()
        self.rnn, self.backwards = nn.LSTM(2, 3), backwards

    def forward(self, x: Tensor) -> Tensor:
        by = -1 if self.backwards else 1
        return torch.cat([self.rnn(piece)[0] for piece in x.split(4)[::by]])


@pytest.mark.parametrize("backwards", [False, True])
def test_a_state_that_is_set_back_is_one_trace_with_marks(backwards: bool, tmp_path: Path) -> None:
    module, x = Segments(backwards=backwards), torch.randn(10, 2)
    trace = record(module, x, tokens="abcdefghij")
    pieces = [states(module.rnn, double(x[k : k + 4])) for k in (0, 4, 8)]
    for kind in ("h", "c", "f"):
        reference = np.concatenate([piece[f"l0.{kind}"] for piece in pieces])
        np.testing.assert_allclose(trace[f"rnn.l0.{kind}"], reference, atol=1e-6)
    # Of the pieces in reverse order the first that is read begins the trace's last.
    assert trace.resets == ((0, 4) if backwards else (4, 8))
    assert f"set back before tokens {'0, 4' if backwards else '4, 8'}" in repr(trace)
    trace.save(tmp_path / "trace.zarr")
    assert Trace.load(tmp_path / "trace.zarr").resets == trace.resets
    assert record(module.rnn, x, tokens="abcdefghij").resets == ()


# --- which axis is time ---------------------------------------------------------------------------


@dataclasses.dataclass
class Output:
    hidden: Tensor
    logits: Tensor


class Lm(nn.Module):
    """Predicts the next token; `form` says how its logits lie."""

    def __init__(self, form: str, *, batch_first: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SIZE, 4)
        self.rnn, self.head = nn.GRU(4, 5, batch_first=batch_first), nn.Linear(5, SIZE)
        self.form = form

    def forward(self, ids: Tensor) -> Any:
        h = self.rnn(self.embedding(ids))[0]
        logits = self.head(h)
        b, t = (0, 1) if self.rnn.batch_first else (1, 0)
        return {
            "plain": lambda: logits,
            "the other axis first": lambda: logits.transpose(0, 1),
            "classes in the middle": lambda: logits.permute(b, 2, t),
            "flat": lambda: logits.reshape(-1, SIZE),
            "tuple": lambda: (h, (logits, h[-1])),
            "dict": lambda: {"hidden": 0 * logits, "logits": logits},
            "data class": lambda: Output(0 * logits, logits),
        }[self.form]()


FORMS = ["plain", "the other axis first", "classes in the middle", "flat", "tuple", "dict",
         "data class"]  # fmt: skip
SHAPES = [(6, 3), (3, 6), (5, 5), (8, 8), (8, 3), (1, 4), (4, 1), (8, 1)]
"""Steps and sequences; 8 is the size of the vocabulary, too."""


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_the_layers_decide_which_axis_is_time(form: str, batch_first: bool) -> None:
    for steps, batch in SHAPES:
        torch.manual_seed(steps + batch)
        module = Lm(form, batch_first=batch_first)
        rows = torch.randint(SIZE, (batch, steps))
        given = rows if batch_first else rows.T.contiguous()
        traces = quiet_batch(module, given, vocabulary=WORDS)
        if batch == 1:
            traces.append(record(module, given, vocabulary=WORDS))
            rows = rows.expand(2, -1)
        assert [trace.text for trace in traces] == ["".join(WORDS[i] for i in r) for r in rows]
        for trace, row in zip(traces, rows, strict=True):
            h = states(module.rnn, double(module.embedding(row)))["l0.h"]
            np.testing.assert_allclose(trace["rnn.l0.h"], h, atol=1e-6)
            logits = module.head(torch.tensor(h).float())
            loss = nn.functional.cross_entropy(logits[:-1], row[1:], reduction="none").detach()
            np.testing.assert_allclose(trace.loss[:-1], loss, atol=1e-5)  # type: ignore[index]


@pytest.mark.parametrize("batch_first", [False, True])
def test_square_vectors_are_read_as_the_layer_reads_them(batch_first: bool) -> None:
    module, x = nn.GRU(3, 4, batch_first=batch_first), torch.randn(3, 3, 3)
    traces = quiet_batch(module, x, tokens=["abc"] * 3)
    for trace, row in zip(traces, x if batch_first else x.transpose(0, 1), strict=True):
        np.testing.assert_allclose(
            trace["gru.l0.h"], states(module, double(row))["l0.h"], atol=1e-6
        )


@pytest.mark.parametrize("scale", [1, 2])
def test_packed_inputs_keep_the_order_they_were_given_in(scale: int) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(2, 3)

        def forward(self, packed: PackedSequence) -> PackedSequence:
            data = packed.data if scale == 1 else packed.data * scale
            return self.rnn(packed._replace(data=data))[0]

    module, rows = Scaled(), [torch.randn(n, 2) for n in (2, 5, 3)]
    traces = quiet_batch(module, pack_sequence(rows, enforce_sorted=False),
                         tokens=["ab", "abcde", "abc"])  # fmt: skip
    for trace, row in zip(traces, rows, strict=True):
        reference = states(module.rnn, scale * double(row))["l0.h"]
        np.testing.assert_allclose(trace["rnn.l0.h"], reference, atol=1e-6)


# --- modules without a logit for each token -------------------------------------------------------


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.rnn, self.head = nn.Embedding(SIZE, 4), nn.LSTM(4, 5), nn.Linear(5, 2)

    def forward(self, ids: Tensor) -> dict[str, Tensor]:
        return {"class": self.head(self.rnn(self.embedding(ids))[1][0][-1])}


def test_tokens_of_a_classifier_are_named_by_ids_and_vocabulary() -> None:
    trace = record(Classifier(), torch.tensor([1, 2, 3]), vocabulary=WORDS)
    assert trace.text == "abc"
    assert trace.predictions is None
    assert [t.text for t in record_batch(Classifier(), torch.tensor([[1, 2], [3, 4], [5, 6]]),
                                         vocabulary=WORDS)] == ["ace", "bdf"]  # fmt: skip


def test_what_to_pass_is_said_in_a_line_or_two() -> None:
    module = Segments()
    long = torch.randn(400, 2)
    with pytest.raises(ValueError, match="there are 3 tokens, but rnn ran 4 steps") as caught:
        record(module, long, tokens="abc")
    assert len(str(caught.value)) < 600
    with pytest.raises(TypeError, match="tokens must say what each time step read") as error:
        record(Classifier(), torch.tensor([1, 2, 3]))
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "call",
    [
        lambda: record(Segments(), torch.randn(400, 2), tokens="abc"),
        lambda: record(nn.GRU(2, 3), torch.randn(4, 2), tokens=["a", "b", "c", 10**5000]),
        lambda: record(nn.GRU(2, 3), torch.randn(4, 2), tokens="abcd", states=[7] * 5000),
        lambda: record(nn.GRU(2, 3), torch.randn(4, 2), tokens="abcd", states="x" * 5000),
        lambda: record(
            nn.ModuleList(nn.GRU(2, 3) for _ in range(500)), X, tokens="abcd", states="*.c"
        ),
        lambda: record_batch(Reader("sorted down"), drawn([3] * 999), tokens=["ab"] * 999),
        lambda: many_states()["x" * 5000],
        lambda: Trace.from_arrays("a", {"h": [[0.0]]}, source={"x": object(), "y": "z" * 9999}),
        lambda: select_units(many_states()),
    ],
    ids=map(str, range(9)),
)
def test_no_message_is_longer_than_a_few_lines(call: Any) -> None:
    with pytest.raises((TypeError, ValueError, KeyError)) as caught:
        call()
    assert len(str(caught.value)) < 1200


X = torch.randn(4, 2)


def many_states() -> Trace:
    names = [f"{'layer' * 40}.{n}" for n in range(300)]
    return Trace.from_arrays("a", {name: [[0.0]] for name in names})


def select_units(trace: Trace) -> None:
    trace.unit(trace.states[0], 10**9)
