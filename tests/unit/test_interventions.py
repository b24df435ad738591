"""Ablating and clamping: against the equations step by step, the head's weights, and nothing."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import CharLM, CharLMConfig, sample
from rnnviz_widget.recording import record, record_batch
from rnnviz_widget.recurrent import cells
from tests.unit import recurrence
from tests.unit.test_record_exact import CELLS, Case, cases, hx_of, module_of
from tests.unit.test_record_module import Tagger
from tests.unit.untouched import contents

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
    pytest.mark.filterwarnings("ignore:dropout option adds dropout after all but last"),
]


@st.composite
def replacements(draw: st.DrawFn, case: Case) -> list[recurrence.Replaced]:
    """Draw values for some units of some states of a module, for each of T steps or for all."""
    module, length = case.module, len(case.sequences[0])
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        where = draw(st.sampled_from(("recurrence", "readout")))
        cell = cells.CELLS[module.mode]
        kind = draw(st.sampled_from(cell.readout if where == "readout" else cell.kinds))
        layer = draw(st.integers(0, module.num_layers - 1))
        suffix = draw(st.sampled_from(("", "_reverse"))) if module.bidirectional else ""
        size = module.proj_size if kind == "h" and module.proj_size else module.hidden_size
        units = draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=3, unique=True))
        rows = draw(st.sampled_from((1, length)))
        values = generator.uniform(-0.8, 0.8, (rows, len(units)))
        values = np.broadcast_to(values, (length, len(units)))
        found.append(recurrence.Replaced(f"l{layer}{suffix}.{kind}", units, values, where))
    return found


@contextlib.contextmanager
def clamped(module: nn.RNNBase, replaced: Sequence[recurrence.Replaced]) -> Any:
    path = type(module).__name__.lower()
    with contextlib.ExitStack() as stack:
        for state, units, values, where in replaced:
            constant = np.ptp(values, axis=0).max() == 0
            value = values[0] if constant else values
            stack.enter_context(rnnviz.clamp(module, f"{path}.{state}", units, value, where=where))
        yield


def reference(
    case: Case, replaced: Sequence[recurrence.Replaced]
) -> list[dict[str, np.ndarray[Any, np.dtype[np.float64]]]]:
    found = []
    for b, x in enumerate(case.sequences):
        start = None
        if case.start is not None:
            start = [recurrence.double(part[:, b]) for part in case.start]
        found.append(recurrence.states(case.module, recurrence.double(x), start, replaced))
    return found


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data(), cases(batches=False, dtypes=("float32", "float64")), st.booleans())
def test_what_is_recorded_under_a_clamp_follows_the_changed_equations(
    data: st.DataObject, case: Case, batched: bool
) -> None:
    replaced = data.draw(replacements(case))
    x = case.sequences[0]
    inputs = x
    if batched:
        inputs = x[None] if case.module.batch_first else x[:, None]
    with clamped(case.module, replaced):
        trace = record(case.module, inputs, *hx_of(case, batched=batched), tokens="x" * len(x))
    path = type(case.module).__name__.lower()
    for name, values in reference(case, replaced)[0].items():
        scale = max(1.0, np.abs(values).max())
        recorded = np.asarray(trace[f"{path}.{name}"])
        assert np.abs(recorded - values).max() <= case.tolerance * scale, (name, replaced)
        pair = trace.bounds(f"{path}.{name}")
        assert pair is None or pair[0] <= values.min() <= values.max() <= pair[1]
    assert len(trace.source["interventions"]) in range(1, len(replaced) + 1)


@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(st.data(), cases(batches=True, dtypes=("float64",)))
def test_what_a_clamped_module_returns_follows_the_changed_equations(
    data: st.DataObject, case: Case
) -> None:
    """For a batch, to 1e-12; the states it returns are those that its recurrence had."""
    length = min(map(len, case.sequences))
    case = case._replace(sequences=[x[:length] for x in case.sequences])
    module = case.module.eval()
    replaced = data.draw(replacements(case))
    inside = [each for each in replaced if each.where == "recurrence"]
    inputs = torch.stack(case.sequences, 0 if module.batch_first else 1)
    with clamped(module, replaced), torch.no_grad():
        output, final = module(inputs, *hx_of(case))
    output = output if module.batch_first else output.transpose(0, 1)
    suffixes = ("", "_reverse") if module.bidirectional else ("",)
    last = module.num_layers - 1
    expected = reference(case, replaced)
    for b, states in enumerate(expected):
        h = np.concatenate([states[f"l{last}{suffix}.h"] for suffix in suffixes], axis=1)
        np.testing.assert_allclose(output[b].numpy(), h, atol=1e-12)
    kinds = ("h", "c") if module.mode == "LSTM" else ("h",)
    if replaced != inside and last:
        return  # what a layer leaves, the next one has remembered
    for b, states in enumerate(reference(case, inside)):
        for part, kind in zip(final if len(kinds) > 1 else (final,), kinds, strict=True):
            ends = [
                states[f"l{layer}{suffix}.{kind}"][0 if suffix else -1]
                for layer in range(module.num_layers)
                for suffix in suffixes
            ]
            np.testing.assert_allclose(part[:, b].numpy(), np.stack(ends), atol=1e-12)


@pytest.mark.parametrize("where", ["recurrence", "readout"])
@pytest.mark.parametrize("mode", CELLS)
def test_a_clamp_to_the_values_a_unit_has_changes_nothing(mode: str, where: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    module = module_of(mode, (3, 12), generator, num_layers=2, bidirectional=True)
    x = torch.randn(300, 3, generator=generator)
    trace = record(module, x, tokens="x" * 300, unroll="sequential")
    with torch.no_grad():
        expected = module(x)[0]
    for state in trace.states:
        if where == "readout" and state.rsplit(".")[-1] not in cells.CELLS[mode].readout:  # type: ignore[index]
            continue
        with rnnviz.clamp(module, state, 5, trace.unit(state, 5), where=where), torch.no_grad():
            assert torch.allclose(module(x)[0], expected, atol=1e-6, rtol=0), state


def model_of(cell: Any, layers: int = 1, embedding: int = 0) -> CharLM:
    torch.manual_seed(3)
    model = CharLM(tuple("\nabcdef "), CharLMConfig(cell, 24, layers, embedding))
    with torch.no_grad():
        for parameter in model.rnn.parameters():
            parameter.mul_(2)
    return model.eval()


TEXT = "bad cafe\nfaded bead a cab fee dad\n" * 8


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_ablating_a_readout_is_editing_the_heads_weights(cell: Any) -> None:
    model = model_of(cell, layers=2)
    trace = record(model, TEXT)
    units = [3, 17]
    edited = copy.deepcopy(model)
    means = [trace.unit("rnn.l1.h", unit).astype(np.float64).mean() for unit in units]
    with torch.no_grad():
        columns = edited.head.weight[:, units].double()
        edited.head.bias += (columns @ torch.tensor(means)).float()
        edited.head.weight[:, units] = 0
    with rnnviz.ablate(model, "rnn.l1.h", units, trace=trace, where="readout"):
        ablated = record(model, TEXT)
    expected = record(edited, TEXT)
    assert ablated.loss is not None
    assert expected.loss is not None
    np.testing.assert_allclose(ablated.loss[:-1], expected.loss[:-1], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(ablated["rnn.l0.h"]), np.asarray(trace["rnn.l0.h"]))
    assert not np.allclose(ablated.loss[:-1], trace.loss[:-1], atol=1e-3)  # type: ignore[index]


def test_ablating_to_zero_holds_a_unit_at_zero_and_to_the_mean_at_its_mean() -> None:
    model = model_of("lstm", embedding=5)
    trace = record(model, TEXT)
    with rnnviz.ablate(model, "rnn.l0.c", 4, to="zero"):
        assert not np.asarray(record(model, TEXT)["rnn.l0.c"])[:, 4].any()
    with rnnviz.ablate(model, "rnn.l0.c", [4, 9], trace=[trace, trace]):
        ablated = record(model, TEXT)
    for unit in (4, 9):
        values = ablated.unit("rnn.l0.c", unit)
        np.testing.assert_allclose(values, trace.unit("rnn.l0.c", unit).mean(), atol=1e-6)
    assert ablated.source["interventions"] == [
        "rnn.l0.c[4, 9] = {:.4g}, {:.4g} (recurrence)".format(
            *(trace.unit("rnn.l0.c", u).astype(np.float64).mean() for u in (4, 9))
        )
    ]


def test_a_long_text_is_clamped_in_every_piece_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("gru")
    with rnnviz.clamp(model, "rnn.l0.h", 2, 0.5):
        whole = record(model, TEXT)
        monkeypatch.setattr("rnnviz_widget.recording.session.SEGMENT_IN_MEMORY", 50)
        pieces = record(model, TEXT)
    np.testing.assert_allclose(pieces["rnn.l0.h"], whole["rnn.l0.h"], atol=1e-6)
    assert (whole.unit("rnn.l0.h", 2) == 0.5).all()


def test_a_batch_is_recorded_under_a_clamp_without_padding() -> None:
    model = model_of("gru")
    texts = ["abc", "defabcd"]
    ids = nn.utils.rnn.pad_sequence([model.encode(text) for text in texts], batch_first=True)
    with rnnviz.clamp(model, "rnn.l0.z", [1, 3], [0.25, 0.75]):
        traces = record_batch(model, ids, tokens=texts)
        alone = [record(model, text) for text in texts]
    for trace, other in zip(traces, alone, strict=True):
        assert (np.asarray(trace["rnn.l0.z"])[:, [1, 3]] == (0.25, 0.75)).all()
        for state in trace.states:
            np.testing.assert_allclose(trace[state], other[state], atol=1e-6)


def test_text_is_drawn_from_a_clamped_model() -> None:
    model = model_of("gru")
    with torch.no_grad():
        model.head.weight[:, 7] = 0
        model.head.weight[1, 7] = 1000.0
    with rnnviz.clamp(model, "rnn.l0.h", 7, 1.0, where="readout"):
        assert sample(model, "a", 20, seed=0) == "a" * 20
    with rnnviz.clamp(model, "rnn.l0.h", 7, -1.0):
        assert "a" not in sample(model, "a", 20, seed=0)


def test_clamps_nest_and_the_readout_comes_last() -> None:
    model = model_of("gru")
    with rnnviz.clamp(model, "rnn.l0.h", 1, 0.1, where="readout"):
        with rnnviz.clamp(model, "rnn.l0.h", [1, 2], 0.2):
            inner = record(model, "abc")
        outer = record(model, "abc")
    np.testing.assert_allclose(inner["rnn.l0.h"][:, [1, 2]], [[0.1, 0.2]] * 3)
    np.testing.assert_allclose(outer.unit("rnn.l0.h", 1), 0.1)
    assert (outer.unit("rnn.l0.h", 2) != inner.unit("rnn.l0.h", 2)).all()


def test_values_out_of_a_kinds_bounds_take_the_bounds_away() -> None:
    model = model_of("lstm")
    with rnnviz.clamp(model, "rnn.l0.o", 1, 3.0):
        wild = record(model, "abc")
    with rnnviz.clamp(model, "rnn.l0.c", 1, 3.0):
        tame = record(model, "abc")
    assert wild.bounds("rnn.l0.h") is None
    assert tame.bounds("rnn.l0.h") == (-1, 1)


# --- the model is left as it was ------------------------------------------------------------------


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_a_model_is_left_as_it_was_found(error: type[BaseException] | None) -> None:
    module = Tagger().train()
    before, random = contents(module), torch.random.get_rng_state()
    raises = contextlib.nullcontext() if error is None else pytest.raises(error, match="stop")
    with raises, rnnviz.clamp(module, "encoder.lstm.l1_reverse.c", [0, 5], 0.3):
        record(module, torch.arange(7), tokens="abcdefg")
        if error is not None:
            raise error("stop")
    assert contents(module) == before
    assert torch.equal(torch.random.get_rng_state(), random)
    module(torch.arange(7)).sum().backward()


def test_a_compiled_call_is_set_aside_and_put_back() -> None:
    model = model_of("gru")
    compiled = lambda *_: pytest.fail("the compiled forward knows of no clamp")  # noqa: E731
    model.rnn._compiled_call_impl = compiled
    with rnnviz.clamp(model, "rnn.l0.h", 1, 0.5):
        model(model.encode("abc"))
    assert model.rnn._compiled_call_impl is compiled
    assert "forward" not in vars(model.rnn)


def test_dropout_between_layers_is_that_of_the_mode() -> None:
    module = nn.LSTM(2, 8, 2, dropout=0.5)
    x = torch.randn(9, 2)
    with rnnviz.clamp(module, "lstm.l1.c", 0, 0.0), torch.no_grad():
        assert not torch.equal(module.train()(x)[0], module(x)[0])
        assert torch.equal(module.eval()(x)[0], module(x)[0])


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "more", "message"),
    [
        (("rnn.l0.q", 1, 0), {}, r"state must be one of rnn\.l0\.h, .*, got 'rnn\.l0\.q'"),
        (("rnn@2.l0.h", 1, 0), {}, r"every call of a layer: leave out @"),
        (("rnn.l0.h", 24, 0), {}, r"units must be in \[0, 24\), the units of rnn\.l0\.h, got 24"),
        (("rnn.l0.h", [], 0), {}, r"units must be one or more different units, got \[\]"),
        (("rnn.l0.h", [1, 1], 0), {}, r"units must be one or more different units"),
        (
            ("rnn.l0.h", 0.5, 0),
            {},
            r"units must be an int or a sequence .* a Direction, got 0\.5",
        ),
        (("rnn.l0.h", 1, np.nan), {}, r"value must be finite, got nan"),
        (("rnn.l0.h", 1, "high"), {}, r"value must hold real numbers, got 'high'"),
        (("rnn.l0.h", [1, 2], [0, 0, 0]), {}, r"must have shape \(\), \(2,\), or \(T, 2\)"),
        (("rnn.l0.h", 1, [[0, 0]]), {}, r"must have shape \(\), or \(T,\) for each step, got"),
        (("rnn.l0.h", 1, 0), {"where": "head"}, r"where must be one of 'recurrence', 'readout'"),
        (
            ("rnn.l0.i", 1, 0),
            {"where": "readout"},
            r"where='readout' has no meaning for rnn\.l0\.i",
        ),
    ],
)
def test_what_cannot_be_clamped_is_named(
    arguments: tuple[Any, ...], more: dict[str, Any], message: str
) -> None:
    model = model_of("lstm")
    before = contents(model)
    with (
        pytest.raises((TypeError, ValueError), match=message),
        rnnviz.clamp(model, *arguments, **more),
    ):
        pass
    assert contents(model) == before


def test_what_cannot_be_ablated_is_named() -> None:
    model = model_of("gru")
    with pytest.raises(ValueError, match=r"to must be one of 'mean', .*, got 'one'; .* use clamp"):
        rnnviz.ablate(model, "rnn.l0.h", 1, to="one").__enter__()  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"to='mean' needs trace="):
        rnnviz.ablate(model, "rnn.l0.h", 1).__enter__()
    other = rnnviz.Trace.from_arrays("ab", {"encoder.h": np.zeros((2, 24))})
    with pytest.raises(KeyError, match=r"no state is named 'rnn\.l0\.h'; the trace has encoder\.h"):
        rnnviz.ablate(model, "rnn.l0.h", 1, trace=other).__enter__()
    with pytest.raises(ValueError, match="module has no recurrent layer"):
        rnnviz.ablate(nn.Linear(2, 2), "linear.h", 1, to="zero").__enter__()


def test_calls_that_a_clamp_does_not_fit_are_named() -> None:
    module = nn.GRU(2, 3)
    x = torch.randn(5, 2)
    with rnnviz.clamp(module, "gru.l0.h", 1, np.zeros(4)):
        with pytest.raises(ValueError, match=r"value has 4 steps, but gru was called with 5"):
            module(x)
        with pytest.raises(ValueError, match=r"value has 4 steps, but gru was called with 5"):
            record(module, x, tokens="abcde")
        assert module(x[:4])[0][:, 1].tolist() == [0] * 4
    packed = nn.utils.rnn.pack_sequence([x, x[:2]])
    with rnnviz.clamp(module, "gru.l0.h", 1, 0.0):
        with pytest.raises(TypeError, match=r"gru was called with a PackedSequence"):
            module(packed)
        with pytest.raises(TypeError, match=r"gru was called with a PackedSequence"):
            record_batch(module, packed, tokens=["abcde", "ab"])
        with pytest.raises(RuntimeError, match=r"input.size\(-1\) must be equal to input_size"):
            module(torch.randn(5, 7))
