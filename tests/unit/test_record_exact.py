"""Recorded states against the documented equations, step by step in float64, over random shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_sequence

from rnnviz_widget.recording import record, record_batch
from rnnviz_widget.recording.parallel import chunks, plan
from rnnviz_widget.recurrent import cells
from tests.unit import recurrence
from tests.unit.untouched import contents

if TYPE_CHECKING:
    from rnnviz_widget.trace import Trace

pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
    pytest.mark.filterwarnings("ignore:dropout option adds dropout after all but last"),
]

DTYPES = {
    "float32": (torch.float32, 1e-5),
    "float64": (torch.float64, 1e-5),
    "float16": (torch.float16, 2e-2),
    "bfloat16": (torch.bfloat16, 1e-1),
}
CELLS = ("RNN_TANH", "RNN_RELU", "GRU", "LSTM")


class Case(NamedTuple):
    """A module, what it reads, and where it starts from."""

    module: nn.RNNBase
    sequences: list[torch.Tensor]  # (T_b, I) each
    start: tuple[torch.Tensor, ...] | None  # (L * D, B, ·) each
    tolerance: float


def module_of(
    mode: str, sizes: tuple[int, int], generator: torch.Generator, gain: float = 1.0, **more: Any
) -> nn.RNNBase:
    kind = {"GRU": nn.GRU, "LSTM": nn.LSTM}.get(mode, nn.RNN)
    if kind is nn.RNN:
        more["nonlinearity"] = mode[4:].lower()
    module = kind(*sizes, **more)
    with torch.no_grad():
        for parameter in module.parameters():
            bound = gain / sizes[1] ** 0.5
            parameter.copy_((torch.rand(parameter.shape, generator=generator) * 2 - 1) * bound)
    return module


@st.composite
def cases(draw: st.DrawFn, *, batches: bool, dtypes: tuple[str, ...] = tuple(DTYPES)) -> Case:
    mode = draw(st.sampled_from(CELLS))
    units = draw(st.integers(2, 12))
    projected = mode == "LSTM" and draw(st.booleans())
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    dtype, tolerance = DTYPES[draw(st.sampled_from(dtypes))]
    module = module_of(
        mode,
        (draw(st.integers(1, 6)), units),
        generator,
        num_layers=draw(st.integers(1, 3)),
        bidirectional=draw(st.booleans()),
        bias=draw(st.booleans()),
        batch_first=draw(st.booleans()),
        dropout=draw(st.sampled_from((0.0, 0.5))),
        **({"proj_size": draw(st.integers(1, units - 1))} if projected else {}),
    ).to(dtype)
    lengths = [draw(st.integers(1, 12) | st.integers(1, 130) | st.integers(1, 400))]
    if batches:
        lengths = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).to(dtype)

    sequences = [random(n, module.input_size) for n in lengths]
    if draw(st.booleans()):  # as a character model reads its text
        sequences = [torch.eye(module.input_size, dtype=dtype)[x.argmax(dim=1)] for x in sequences]

    start = None
    if draw(st.booleans()):
        size = module.num_layers * (1 + module.bidirectional)
        start = (random(size, len(lengths), module.proj_size or units).clamp(-0.9, 0.9),)
        start += (random(size, len(lengths), units),) if mode == "LSTM" else ()
    return Case(module, sequences, start, tolerance)


def assert_reference(case: Case, traces: list[Trace]) -> None:
    """Every state of every sequence, h to 1e-5 of its largest and all the others alike."""
    for b, (trace, x) in enumerate(zip(traces, case.sequences, strict=True)):
        start = None
        if case.start is not None:
            start = [recurrence.double(part[:, b]) for part in case.start]
        expected = recurrence.states(case.module, recurrence.double(x), start)
        path = type(case.module).__name__.lower()
        assert trace.states == tuple(f"{path}.{name}" for name in expected)
        for name, values in expected.items():
            scale = max(0.1, np.abs(values).max())  # sums near 0 are rounded like their terms
            apart = np.abs(np.asarray(trace[f"{path}.{name}"]) - values).max()
            assert apart <= case.tolerance * scale, (name, apart, scale)
            pair = trace.bounds(f"{path}.{name}")
            assert pair is None or pair[0] <= values.min() <= values.max() <= pair[1]


def hx_of(case: Case, *, batched: bool = True) -> tuple[Any, ...]:
    if case.start is None:
        return ()
    parts = case.start if batched else tuple(part[:, 0] for part in case.start)
    return (parts if len(parts) > 1 else parts[0],)


def outputs_of(module: nn.RNNBase, *inputs: Any) -> list[torch.Tensor]:
    with torch.no_grad():
        output, final = module.eval()(*inputs)
    data = output.data if isinstance(output, nn.utils.rnn.PackedSequence) else output
    return [data, *(final if isinstance(final, tuple) else (final,))]


class Keeping(nn.Module):
    """Keeps what the wrapped module returns, to compare it with what it returns on its own."""

    def __init__(self, module: nn.RNNBase) -> None:
        super().__init__()
        self.inner = module
        self.kept: list[Any] = []

    def forward(self, *inputs: Any) -> Any:
        self.kept.append(self.inner(*inputs))
        return self.kept[-1]


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cases(batches=False),
    st.booleans(),
    st.sampled_from(("sequential", "chunked")),
    st.sampled_from((8, 32)),
)
def test_every_kind_of_every_layer_follows_the_equations(
    case: Case, batched: bool, how: str, block: int
) -> None:
    """Also where 32 steps are two chunks already; and the module is left as it was."""
    x = case.sequences[0]
    inputs = x
    if batched:
        inputs = x[None] if case.module.batch_first else x[:, None]
    hx, tokens = hx_of(case, batched=batched), "x" * len(x)
    before = contents(case.module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "BLOCK", block)
        patch.setattr(plan, "BLOCK", block)
        trace = record(case.module, inputs, *hx, tokens=tokens, unroll=how)
    assert contents(case.module) == before
    assert_reference(case, [trace])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases(batches=True, dtypes=("float32", "float64")), st.sampled_from(("packed", "padded")))
def test_every_sequence_of_a_batch_is_recorded_without_padding(case: Case, layout: str) -> None:
    lengths = [len(x) for x in case.sequences]
    if layout == "packed":
        inputs = pack_sequence(case.sequences, enforce_sorted=False)
    else:
        if case.module.bidirectional:  # which reads padding first: only whole sequences compare
            case = case._replace(sequences=[x[: min(lengths)] for x in case.sequences])
        inputs = nn.utils.rnn.pad_sequence(case.sequences, batch_first=case.module.batch_first)
    tokens = ["x" * len(x) for x in case.sequences]
    traces = record_batch(case.module, inputs, *hx_of(case), tokens=tokens)
    assert_reference(case, traces)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases(batches=False), st.booleans())
def test_the_module_returns_what_it_returns_on_its_own(case: Case, packed: bool) -> None:
    """Bit for bit (packed or float64: to the last bits), and its last h is that output."""
    x = case.sequences[0]
    inputs: Any = pack_sequence([x]) if packed else x
    hx = hx_of(case, batched=packed)
    keeping = Keeping(case.module)
    recorder_sees: list[Any] = []
    handle = case.module.register_forward_hook(lambda _m, _i, out: recorder_sees.append(out))
    trace = record(keeping, inputs, *hx, tokens="x" * len(x), states="*.h", unroll="sequential")
    handle.remove()
    output, final = recorder_sees[-1]  # before it, the module may have been tried with marks
    data = output.data if packed else output
    seen = [data, *(final if isinstance(final, tuple) else (final,))]
    own = outputs_of(case.module, inputs, *hx)
    for a, b in zip(seen, own, strict=True):
        assert a.dtype == b.dtype
        if packed or a.dtype == torch.float64:  # products of other blocks of memory round apart
            assert torch.allclose(a, b, 0, 4 * torch.finfo(a.dtype).eps)
        else:
            assert torch.equal(a, b)
    last = case.module.num_layers - 1
    h = [np.asarray(trace[f"inner.l{last}.h"])]
    if case.module.bidirectional:
        h.append(np.asarray(trace[f"inner.l{last}_reverse.h"]))
    np.testing.assert_array_equal(np.concatenate(h, axis=1), seen[0].float().numpy())


@pytest.mark.parametrize("mode", CELLS)
def test_a_long_sequence_is_recorded_across_blocks(mode: str) -> None:
    """More rows than one fused call, one pass of the gate equations, or one shard takes."""
    generator = torch.Generator().manual_seed(1)
    module = module_of(mode, (3, 5), generator, gain=0.9, bidirectional=True)
    x = torch.randn(3 * plan.SEQUENTIAL_BLOCK + 2, 3, generator=generator)
    trace = record(module, x, tokens="x" * len(x), unroll="sequential")
    assert_reference(Case(module, [x], None, 1e-5), [trace])


def test_the_last_c_is_the_modules_own() -> None:
    module = nn.LSTM(3, 5, num_layers=2)
    x = torch.randn(700, 3)
    trace = record(module, x, tokens="x" * 700)
    c_n = outputs_of(module, x)[2]
    for layer in range(2):
        c = np.asarray(trace[f"lstm.l{layer}.c"])[-1]
        np.testing.assert_allclose(c, c_n[layer], atol=1e-6)


@pytest.mark.parametrize("mode", CELLS)
def test_an_expanding_network_is_recorded_as_it_ran(mode: str) -> None:
    """Two runs of a chaotic network part; but each step must follow from the one before."""
    generator = torch.Generator().manual_seed(2)
    module = module_of(mode, (3, 40), generator, gain=6.0 if mode != "RNN_RELU" else 1.5)
    x = torch.randn(300, 3, generator=generator)
    trace = record(module, x, tokens="x" * 300)
    h = recurrence.double(outputs_of(module, x)[0])
    path = type(module).__name__.lower()
    np.testing.assert_array_equal(np.asarray(trace[f"{path}.l0.h"]), h.astype(np.float32))
    w = recurrence.weights(module, 0, "")
    c = np.asarray(trace[f"{path}.l0.c"]) if mode == "LSTM" else h
    for t in range(1, 300):
        row = recurrence.step(mode, w, recurrence.double(x[t]), (h[t - 1], c[t - 1]))
        for kind in cells.CELLS[mode].kinds:
            recorded = np.asarray(trace[f"{path}.l0.{kind}"])[t]
            scale = max(1.0, np.abs(recorded).max())
            assert np.abs(recorded - row[kind]).max() <= 2e-5 * scale, (kind, t)


def test_a_gru_that_starts_outside_its_bound_has_none() -> None:
    module = nn.GRU(2, 3)
    x = torch.randn(4, 2)
    inside = record(module, x, torch.full((1, 3), 0.5), tokens="abcd")
    outside = record(module, x, torch.full((1, 3), 1.5), tokens="abcd")
    assert inside.bounds("gru.l0.h") == (-1, 1)
    assert outside.bounds("gru.l0.h") is None
    assert outside.bounds("gru.l0.z") == (0, 1)
