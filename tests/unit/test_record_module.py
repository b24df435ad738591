"""Modules of every sort are recorded, refused with a reason, and left as they were found."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnnviz_widget.recording import record, record_batch
from tests.unit.untouched import contents


class Tagger(nn.Module):
    """Embedding, convolution-free stack of two recurrent layers, head; batch norm has buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        self.encoder = nn.ModuleDict({"lstm": nn.LSTM(4, 6, 2, dropout=0.5, bidirectional=True)})
        self.norm = nn.BatchNorm1d(12)
        self.drop = nn.Dropout(0.9)
        self.top = nn.GRU(12, 3, batch_first=True)
        self.calls = 0
        self.seen: torch.Tensor | None = None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.new_attribute = ids
        h, self.seen = self.encoder["lstm"](self.embedding(ids))
        with torch.no_grad():
            self.norm.running_mean += 1
        h = self.drop(self.norm(h))
        return self.top(h[None])[0][0]


def test_layers_anywhere_in_a_module_are_recorded_under_their_paths() -> None:
    trace = record(Tagger(), torch.arange(7), tokens="abcdefg")
    paths = {name.rsplit(".", 1)[0]: trace.num_units(name) for name in trace.states}
    assert paths == {
        "encoder.lstm.l0": 6,
        "encoder.lstm.l0_reverse": 6,
        "encoder.lstm.l1": 6,
        "encoder.lstm.l1_reverse": 6,
        "top.l0": 3,
    }


def test_a_module_is_left_as_it_was_found() -> None:
    module = Tagger().train()
    module.drop.eval()
    module.top.weight_ih_l0.grad = torch.ones_like(module.top.weight_ih_l0)
    module.embedding.weight.requires_grad_(requires_grad=False)
    before, random = contents(module), torch.random.get_rng_state()
    record(module, torch.arange(7), tokens="abcdefg")
    assert contents(module) == before
    assert torch.equal(torch.random.get_rng_state(), random)
    assert module.calls == 0
    assert not hasattr(module, "new_attribute")
    assert torch.is_grad_enabled()
    module(torch.arange(7)).sum().backward()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", ["head", "layer"])
def test_a_module_is_left_as_it_was_found_after_a_failure(
    error: type[BaseException], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = Tagger().train()
    before = contents(module)

    def fail(*_: object, **__: object) -> None:
        raise error("stop")

    if where == "head":
        monkeypatch.setattr(nn.functional, "batch_norm", fail)
    else:
        monkeypatch.setattr("rnnviz_widget.recording.writer.Writer._gates", fail)
    with pytest.raises(error, match="stop"):
        record(module, torch.arange(7), tokens="abcdefg")
    assert contents(module) == before


def test_hooks_on_a_layer_still_run() -> None:
    module = nn.GRU(2, 3)
    calls = []
    handle = module.register_forward_hook(lambda *_: calls.append(1))
    record(module, torch.randn(4, 2), tokens="abcd")
    handle.remove()
    assert calls == [1]


def test_dropout_between_layers_is_off() -> None:
    module = nn.LSTM(2, 3, 2, dropout=0.99).train()
    x = torch.randn(9, 2)
    trace = record(module, x, tokens="x" * 9)
    with torch.no_grad():
        expected = copy.deepcopy(module).eval()(x)[0]
    np.testing.assert_array_equal(np.asarray(trace["lstm.l1.h"]), expected.numpy())
    assert module.training


def test_weights_that_are_made_anew_for_each_call_are_followed() -> None:
    module = nn.utils.parametrizations.weight_norm(nn.GRU(2, 3), "weight_hh_l0")
    x = torch.randn(9, 2)
    trace = record(module, x, tokens="x" * 9)
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(trace["parametrizedgru.l0.h"]), module(x)[0])


# --- several calls, several sequences -------------------------------------------------------------


class Twice(nn.Module):
    """One layer that reads its own output."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(3, 3)
        self.alias = self.rnn

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.alias(self.rnn(x)[0])[0]


def test_a_layer_that_is_called_twice_has_two_states() -> None:
    module, x = Twice(), torch.randn(5, 3)
    trace = record(module, x, tokens="abcde")
    assert trace.states == ("rnn.l0.h", "rnn.l0.pre", "rnn@2.l0.h", "rnn@2.l0.pre")
    with torch.no_grad():
        first = module.rnn(x)[0]
        np.testing.assert_array_equal(np.asarray(trace["rnn.l0.h"]), first)
        np.testing.assert_array_equal(np.asarray(trace["rnn@2.l0.h"]), module.rnn(first)[0])
    second = record(module, x, tokens="abcde", states=["rnn@2.*.h"])
    assert second.states == ("rnn@2.l0.h",)


class Piecewise(nn.Module):
    """Reads its input in pieces and carries the state on."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.rnn, self.size = nn.LSTM(2, 3), size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state, pieces = None, []
        for piece in x.split(self.size):
            h, state = self.rnn(piece, state)
            pieces.append(h)
        return torch.cat(pieces)


@pytest.mark.parametrize("size", [1, 3, 10])
def test_calls_that_carry_the_state_on_are_one_sequence(size: int) -> None:
    module, x = Piecewise(size), torch.randn(10, 2)
    trace = record(module, x, tokens="abcdefghij")
    whole = record(module.rnn, x, tokens="abcdefghij")
    for kind in ("h", "c", "tanh_c", "i", "f", "g", "o"):
        apart = np.asarray(trace[f"rnn.l0.{kind}"]) - np.asarray(whole[f"lstm.l0.{kind}"])
        assert np.abs(apart).max() < 1e-6


class Translator(nn.Module):
    """An encoder, and a decoder that starts from its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.GRU(2, 3), nn.GRU(2, 3)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.decoder(target, self.encoder(source)[1])[0]


def test_an_encoder_and_a_decoder_of_other_lengths_are_chosen_by_states() -> None:
    module, inputs = Translator(), (torch.randn(5, 2), torch.randn(3, 2))
    with pytest.raises(
        ValueError,
        match=r"5 tokens, but decoder ran 3 steps \(encoder ran 5 steps\): .* states=",
    ):
        record(module, *inputs, tokens="abcde")
    encoder = record(module, *inputs, tokens="abcde", states="encoder.*")
    decoder = record(module, *inputs, tokens="xyz", states="decoder.*")
    assert encoder.states == ("encoder.l0.h", "encoder.l0.r", "encoder.l0.z", "encoder.l0.n")
    with torch.no_grad():
        np.testing.assert_array_equal(np.asarray(decoder["decoder.l0.h"]), module(*inputs))


def test_an_encoder_and_a_decoder_of_one_length_are_recorded_together() -> None:
    trace = record(Translator(), torch.randn(4, 2), torch.randn(4, 2), tokens="abcd")
    assert {name.split(".")[0] for name in trace.states} == {"encoder", "decoder"}


def test_patterns_choose_what_is_kept() -> None:
    trace = record(Tagger(), torch.arange(7), tokens="abcdefg", states=["*.c", "top.*.z"])
    assert trace.states == (
        "encoder.lstm.l0.c",
        "encoder.lstm.l0_reverse.c",
        "encoder.lstm.l1.c",
        "encoder.lstm.l1_reverse.c",
        "top.l0.z",
    )
    whole = record(Tagger(), torch.arange(7), tokens="abcdefg", states="top.*")
    assert whole.states == ("top.l0.h", "top.l0.r", "top.l0.z", "top.l0.n")


def test_a_batch_gives_a_trace_for_each_sequence() -> None:
    module = nn.GRU(2, 3, batch_first=True)
    x = torch.randn(2, 4, 2)
    long, short = record_batch(module, x, tokens=["abcd", "ab"])
    assert (long.text, short.text) == ("abcd", "ab")
    alone = record(module, x[1, :2], tokens="ab")
    for name in alone.states:
        np.testing.assert_allclose(short[name], alone[name], atol=1e-6)


# --- refusals -------------------------------------------------------------------------------------


class Overriding(nn.LSTM):
    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, Any]:
        output, state = super().forward(*inputs)
        return output * 2, state


def broken(value: float) -> nn.Module:
    module = nn.Sequential(nn.GRU(2, 3))
    with torch.no_grad():
        module[0].weight_hh_l0[1, 2] = value
    return module


X = torch.randn(4, 2)


@pytest.mark.parametrize(
    ("module", "inputs", "more", "error", "message"),
    [
        (nn.GRU(2, 3), X, {"tokens": "abc"}, ValueError, "3 tokens, but gru ran 4 steps"),
        (nn.GRU(2, 3), X, {"tokens": "abcde"}, ValueError, "5 tokens, but gru ran 4 steps"),
        (nn.GRU(2, 3), X[None], {"tokens": "a"}, ValueError, "gru ran 4 sequences at once"),
        (nn.GRU(2, 3), X, {}, TypeError, "pass tokens=, text=, or integer ids"),
        (nn.GRU(2, 3), X, {"tokens": ""}, ValueError, "empty text"),
        (nn.GRU(2, 3), X, {"tokens": "abcd", "states": "*.c"}, ValueError, r"'\*\.c' matches none"),
        (nn.GRU(2, 3), X, {"tokens": "abcd", "dtype": "int8"}, ValueError, "got 'int8'"),
        (nn.GRU(2, 3), X, {"tokens": "abcd", "text": "abcd"}, TypeError, "together with text"),
        (nn.GRU(2, 3), X, {"offsets": [(0, 1)]}, TypeError, "offsets need the text"),
        (nn.GRU(2, 3), "abcd", {}, TypeError, "GRU cannot read a text"),
        (nn.GRU(5, 3), X, {"tokens": "abcd"}, RuntimeError, "input.size"),
        (nn.Sequential(nn.Linear(2, 3), nn.Tanh()), X, {"tokens": "abcd"}, ValueError,
         "no recurrent layer .* made of Linear, Sequential, Tanh"),
        (Overriding(2, 3), X, {"tokens": "abcd"}, TypeError, "with a forward of its own"),
        (broken(torch.nan), X, {"tokens": "abcd"}, ValueError, "parameter 0.weight_hh_l0 has"),
        (broken(torch.inf), X, {"tokens": "abcd"}, ValueError, "parameter 0.weight_hh_l0 has"),
        (print, X, {"tokens": "abcd"}, TypeError, "must be a torch.nn.Module, got builtin"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_refused_with_a_reason(
    module: nn.Module, inputs: object, more: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        record(module, inputs, **more)
    if isinstance(module, nn.Module):
        assert "forward" not in vars(module)


def test_a_compiled_module_is_refused() -> None:
    with pytest.raises(TypeError, match=r"compiled.*_orig_mod"):
        record(torch.compile(nn.GRU(2, 3), backend="eager"), X, tokens="abcd")


def test_a_module_compiled_in_place_is_recorded() -> None:
    module = nn.GRU(2, 3)
    module.compile(backend="eager")
    trace = record(module, X, tokens="abcd")
    assert len(trace) == 4
    assert module._compiled_call_impl is not None


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_scripted_module_is_refused() -> None:
    with pytest.raises(TypeError, match="scripted"):
        record(torch.jit.script(nn.GRU(2, 3)), X, tokens="abcd")


def test_a_layer_that_was_never_called_is_told() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.GRU(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    with pytest.raises(ValueError, match="no selected layer was run"):
        record(Idle(), X, tokens="abcd")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes"),
        torch.OutOfMemoryError("CUDA out of memory"),
    ],
)
def test_running_out_of_memory_names_what_lowers_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("rnnviz_widget.recording.writer.Writer._gates", fail)
    module = nn.GRU(2, 3)
    with pytest.raises(MemoryError, match=r"out=.*states=.*float16"):
        record(module, X, tokens="abcd")
    assert "forward" not in vars(module)
