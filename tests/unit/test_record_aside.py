"""A module is recorded beside itself: what its forward changes, it changes elsewhere."""

from __future__ import annotations

import functools
import random
import threading
from collections import deque
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import rnnviz_widget as rnnviz
from rnnviz_widget.interventions import effect
from rnnviz_widget.recording import record
from rnnviz_widget.recurrent.replica import replica
from tests.unit.test_interrupts import small, surroundings
from tests.unit.untouched import contents

TEXT = "abcdefgh"
IDS = torch.arange(8)


class Helper:
    """No module, but it holds one."""

    def __init__(self, rnn: nn.Module) -> None:
        self.rnn, self.calls = rnn, 0

    def run(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.rnn(x)[0]


class Hidden(nn.Module):
    """Calls its layer by way of what a subclass puts into `way`."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.embedding, self.rnn = nn.Embedding(8, 3), nn.GRU(3, 3)
        rnn = self.rnn
        self.way: Any = {
            "attribute": rnn,
            "method": self.through,
            "closure": lambda x: rnn(x)[0],
            "default": lambda x, layer=rnn: layer(x),
            "partial": functools.partial(Hidden.through, self),
            "list": [rnn],
            "nested": {"a": [(rnn,)]},
            "helper": Helper(rnn),
            "helper's method": Helper(rnn).run,
        }[way]

    def through(self, x: torch.Tensor) -> Any:
        return self.rnn(x)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        way = self.way
        while not callable(way) and not isinstance(way, Helper):
            way = way["a"] if isinstance(way, dict) else way[0]
        made = (way.run if isinstance(way, Helper) else way)(self.embedding(ids))
        return made[0] if isinstance(made, tuple) else made


@pytest.mark.parametrize(
    "way",
    ["attribute", "method", "closure", "default", "partial", "list", "nested", "helper",
     "helper's method"],
)  # fmt: skip
def test_a_layer_is_recorded_by_whatever_way_its_module_calls_it(way: str) -> None:
    module = Hidden(way)
    with torch.no_grad():
        expected = module(IDS)
    before = contents(module)
    trace = record(module, IDS, tokens=TEXT)
    np.testing.assert_array_equal(np.asarray(trace["rnn.l0.h"]), expected)
    assert contents(module) == before
    assert "forward" not in vars(module.rnn)


class Changing(nn.Module):
    """Changes whatever can be changed while it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(8, 3, max_norm=0.5)
        self.rnn, self.head = nn.LSTM(3, 3), nn.Linear(3, 8)
        self.head.weight = self.embedding.weight  # tied
        self.register_buffer("steps", torch.zeros(2))
        self.state = torch.zeros(3)
        self.array = np.zeros(3)
        self.seen: list[Any] = []
        self.last: deque[Any] = deque(maxlen=2)
        self.by_name: dict[str, Any] = {"calls": [0], "names": {"a"}}

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        self.steps += 1
        self.state += torch.rand(3)
        self.array += np.random.default_rng(0).random() + np.random.random()  # noqa: NPY002
        self.seen.append(random.random())  # noqa: S311
        self.last.append(ids)
        self.by_name["calls"][0] += 1
        self.by_name["names"].add("b")
        self.rnn.extra = ids
        return self.head(self.rnn(self.embedding(ids))[0])


def parts(module: Changing) -> tuple[Any, ...]:
    return (
        *contents(module),
        module.state.tolist(),
        module.array.tolist(),
        list(module.seen),
        list(module.last),
        repr(module.by_name),
        module.head.weight is module.embedding.weight,
        surroundings(),
    )


def test_what_a_forward_changes_is_as_before() -> None:
    module = Changing()
    with torch.no_grad():
        module.embedding.weight *= 10
    before = parts(module)
    trace = record(module, IDS, tokens=TEXT, vocabulary=list(TEXT))
    assert parts(module) == before
    with torch.no_grad():
        logits = module(IDS)  # which scales its own weights
    assert trace.predictions is not None
    np.testing.assert_array_equal(trace.predictions.ids[:, 0], logits.argmax(1))


def test_parameters_that_a_forward_writes_to_are_told_of() -> None:
    class Drifting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.scale = nn.GRU(3, 3), nn.Parameter(torch.ones(1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.scale.mul_(2)
            return self.rnn(x * self.scale)[0]

    with pytest.warns(RuntimeWarning, match="parameters scale were written to while it ran"):
        record(Drifting(), torch.randn(8, 3), tokens=TEXT)


def test_a_replica_shares_parameters_and_nothing_else() -> None:
    module = Hidden("nested").train()
    own = replica(module)
    assert [id(p) for p in own.parameters()] == [id(p) for p in module.parameters()]
    assert not {id(m) for m in own.modules()} & {id(m) for m in module.modules()}
    assert own.way["a"][0][0] is own.rnn
    assert module.training
    assert not own.training


# --- threads --------------------------------------------------------------------------------------


def in_threads(*jobs: Any) -> None:
    """Run jobs at once, and raise what any of them raised."""
    ready, errors = threading.Barrier(len(jobs)), []

    def run(job: Any) -> None:
        ready.wait()
        try:
            job()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_records_and_calls_of_one_module_at_once_do_not_meet() -> None:
    model, text = small(), "bad cafe\n" * 4
    before, expected = contents(model), np.asarray(record(model, text)["rnn.l1.c"])
    own = model(model.encode(text))[0].detach()  # with gradients torch rounds otherwise

    def recorded() -> None:
        for _ in range(3):
            np.testing.assert_array_equal(np.asarray(record(model, text)["rnn.l1.c"]), expected)

    def called() -> None:
        for _ in range(3):
            logits = model(model.encode(text))[0]
            assert logits.requires_grad
            assert torch.equal(logits.detach(), own)

    in_threads(recorded, recorded, called)
    assert contents(model) == before


def test_clamps_that_overlap_each_take_their_own_away() -> None:
    """In whatever order; a call in between sees those that are in force."""
    module, x = nn.GRU(2, 4), torch.randn(5, 2)
    before = contents(module)
    for first, second in ((0, 1), (1, 0)):
        clamps = [rnnviz.clamp(module, "gru.l0.h", unit, 0.5) for unit in (0, 1)]
        for each in clamps:
            each.__enter__()
        with torch.no_grad():
            assert (module(x)[0][:, :2] == 0.5).all()
            clamps[first].__exit__(None, None, None)
            h = module(x)[0]
            assert not (h[:, first] == 0.5).any()
            assert (h[:, second] == 0.5).all()
        clamps[second].__exit__(None, None, None)
        assert contents(module) == before


def test_clamps_in_many_threads_leave_the_module_as_it_was() -> None:
    model = small()
    before = contents(model)

    def clamped(unit: int) -> None:
        for _ in range(30):
            with rnnviz.clamp(model, "rnn.l1.h", unit, 0.1 * unit):
                h = record(model, "bad\n", states="rnn.l1.h").unit("rnn.l1.h", unit)
                np.testing.assert_array_equal(h, np.float32(0.1 * unit))

    in_threads(*(functools.partial(clamped, unit) for unit in range(3)))
    assert contents(model) == before


def test_a_clamp_is_a_decorator_too_and_may_be_entered_again() -> None:
    module, x = nn.GRU(2, 4), torch.randn(5, 2)
    clamp = rnnviz.clamp(module, "gru.l0.h", 1, 0.25)

    @clamp
    def run() -> torch.Tensor:
        with clamp:
            return module(x)[0].detach()

    assert (run()[:, 1] == 0.25).all()
    assert "forward" not in vars(module)


def test_an_effect_leaves_a_clamp_in_force_and_itself_no_trace() -> None:
    model = small()
    with rnnviz.clamp(model, "rnn.l0.c", 3, 0.2):
        before = contents(model)
        clamped = effect(model, "bad cafe\n" * 3, "rnn.l0.h", 1, random=0, resamples=2)
        assert contents(model) == before
    free = effect(model, "bad cafe\n" * 3, "rnn.l0.h", 1, random=0, resamples=2)
    assert clamped["all"].before != free["all"].before
