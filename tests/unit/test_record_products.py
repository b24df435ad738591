"""Products with packed weights, and without where torch has none."""

from __future__ import annotations

import gc
import weakref
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from rnnviz_widget.recording import record
from rnnviz_widget.recording.parallel import matmul
from rnnviz_widget.recording.parallel.kernels import Kernel
from rnnviz_widget.recording.parallel.matmul import PackedProduct
from rnnviz_widget.recurrent.cell import Mode, Weights
from rnnviz_widget.recurrent.cells import CELLS as EQUATIONS
from rnnviz_widget.recurrent.stack import Stack
from tests.unit.test_record_exact import CELLS, module_of
from tests.unit.test_record_unroll import assert_close, methods


def broken(*_: Any) -> None:
    raise RuntimeError("mkldnn_reorder_linear_weight: not built with MKLDNN")


MISSING: dict[str, Any] = {
    "no such operator": SimpleNamespace(),
    "an operator that fails": SimpleNamespace(
        _linear_pointwise=broken, _reorder_linear_weight=broken
    ),
}


@pytest.fixture(params=["packed", *MISSING])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Leave torch as it is, or take oneDNN's products away from it."""
    if request.param != "packed":
        ops = SimpleNamespace(mkldnn=MISSING[request.param])
        monkeypatch.setattr(matmul.torch, "ops", ops)
    return str(request.param)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("rows", "read", "made"), [(1, 1, 1), (3, 5, 7), (64, 33, 128)])
def test_products_are_those_of_float64(
    way: str, rows: int, read: int, made: int, dtype: torch.dtype
) -> None:
    """Of any shape, with and without a bias; what is given stays as it was."""
    del way
    draw = partial(torch.randn, dtype=dtype, generator=torch.Generator().manual_seed(0))
    weights, bias = draw(made, read), draw(made)
    h, sums = draw(2 * rows, read)[::2], draw(rows, made)
    before = [part.clone() for part in (weights, bias, h, sums)]
    plain, biased = PackedProduct(weights), PackedProduct(weights, bias)
    exact = h.double() @ weights.double().T
    for found, expected in (
        (plain.of(h), exact),
        (biased.of(h), exact + bias),
        (plain.plus(sums, h), sums + exact),
        (biased.plus(sums, h), sums + exact),
    ):
        assert found.dtype == dtype
        torch.testing.assert_close(found.double(), expected.double(), rtol=1e-5, atol=1e-5)
    for part, earlier in zip((weights, bias, h, sums), before, strict=True):
        assert torch.equal(part, earlier)


def test_float32_is_packed_where_torch_can() -> None:
    """On the processors these tests run on; elsewhere this says that the quick way is lost."""
    assert PackedProduct(torch.rand(8, 4)).packed is not None
    assert PackedProduct(torch.rand(8, 4).double()).packed is None


@pytest.mark.parametrize("mode", CELLS)
def test_recordings_are_exact_either_way(way: str, mode: str) -> None:
    del way
    generator = torch.Generator().manual_seed(0)
    module = module_of(mode, (3, 16), generator, num_layers=2)
    x = torch.randn(5000, 3, generator=generator)
    trace = record(module, x, tokens="x" * len(x), unroll="chunked")
    assert methods(trace) == {"chunks"}
    assert_close(trace, record(module, x, tokens="x" * len(x), unroll="sequential"))


@pytest.mark.parametrize("mode", CELLS)
def test_a_kernels_memory_goes_with_it(mode: Mode) -> None:
    """And not with the next collection of cycles: there is a kernel for every piece of a text."""
    module = module_of(mode, (3, 8), torch.Generator().manual_seed(0))
    weights = Stack(module, module.forward, "").weights(0, 0)
    gc.disable()
    try:
        kernel = Kernel(EQUATIONS[mode], Weights(*(w.detach() for w in weights[:4]), None))
        kernel(torch.ones(4, 2, 3), (torch.zeros(2, 8),) * (2 if mode == "LSTM" else 1))
        gone = weakref.ref(kernel)
        del kernel
        assert gone() is None
    finally:
        gc.enable()
