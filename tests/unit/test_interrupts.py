"""Ctrl-C at any moment leaves modules, torch's flags, random generators and handlers alone."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import CharLM, CharLMConfig, sample
from rnnviz_widget.interventions import effect
from rnnviz_widget.recording import record, record_batch
from rnnviz_widget.recurrent.interrupts import unbroken
from tests.unit.interrupting import interrupted
from tests.unit.untouched import contents

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "bad cafe\nfaded bead\n"


def small() -> CharLM:
    torch.manual_seed(0)
    return CharLM(tuple("\n abcdef"), CharLMConfig("lstm", 4, 2)).train()


def surroundings() -> tuple[object, ...]:
    """All that is one for the process or the thread."""
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_num_threads(),
        torch.get_rng_state().numpy().tobytes(),
        np.random.get_state()[1].tobytes(),  # type: ignore[union-attr,index]  # noqa: NPY002
        random.getstate(),
        signal.getsignal(signal.SIGINT),
    )


def clamped(model: CharLM) -> None:
    with rnnviz.clamp(model, "rnn.l1.c", 2, 0.5), rnnviz.ablate(model, "rnn.l0.h", 1, to="zero"):
        model(model.encode(TEXT))


ACTIONS: dict[str, Callable[[CharLM], object]] = {
    "record": lambda model: record(model, TEXT),
    "record_batch": lambda model: record_batch(
        model, model.encode(TEXT).view(2, -1), tokens=[TEXT[:10], TEXT[10:]]
    ),
    "clamp": clamped,
    "effect": lambda model: effect(model, TEXT, "rnn.l0.h", 1, random=2, resamples=2),
    "sample": lambda model: sample(model, "\n", 3, seed=0),
    "untrained": rnnviz.untrained,
    "load_model": lambda _: rnnviz.load_model("prose"),
}

WHERE = ("recording/", "recurrent/", "interventions/clamping", "charlm/", "torch/nn/init")


@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_is_changed_by_an_interrupt_or_two(name: str) -> None:
    """At moments all over, and at a second one soon after: while things are being put back."""
    model = small()
    before, draw = (contents(model), surroundings()), random.Random(0)  # noqa: S311
    for where in WHERE:
        moments = interrupted(lambda: ACTIONS[name](model), (), where)[1]
        for _ in range(min(moments, 8)):
            moment = draw.randrange(moments)
            both = (moment, moment + draw.choice((1, 2, 3, 8)))
            interrupted(lambda: ACTIONS[name](model), both, where)
            assert (contents(model), surroundings()) == before, (both, where)


def test_no_moment_leaves_a_module_clamped() -> None:
    module = torch.nn.GRU(2, 3)
    handler = signal.getsignal(signal.SIGINT)

    def clamped() -> None:
        with rnnviz.clamp(module, "gru.l0.h", 2, 0.5), rnnviz.clamp(module, "gru.l0.z", 0, 0):
            assert "forward" in vars(module)

    for where in ("interventions/clamping", "recurrent/interrupts", "recurrent/intervention"):
        moments = interrupted(clamped, (), where)[1]
        assert moments
        for moment in range(moments):
            for second in (moment, moment + 1):
                answered, _ = interrupted(clamped, (moment, second), where)
                assert answered
                assert "forward" not in vars(module)
                assert signal.getsignal(signal.SIGINT) is handler


def test_what_must_not_be_broken_is_ended_before_an_interrupt_is_answered() -> None:
    done: list[int] = []

    def steps() -> None:
        for step in range(3):
            signal.raise_signal(signal.SIGINT)
            done.append(step)

    with pytest.raises(KeyboardInterrupt):
        unbroken(steps)
    assert done == [0, 1, 2]


def test_an_interrupt_that_was_answered_does_not_come_again_later() -> None:
    """Not one that a second overtook while it waited to be delivered, either."""
    done: list[int] = []

    def steps() -> None:
        unbroken(lambda: done.append(0))

    where = "recurrent/interrupts"
    moments = interrupted(steps, (), where)[1]
    for moment in range(moments):
        for second in range(moment, moment + 8):
            answered, _ = interrupted(steps, (moment, second), where)
            assert answered
            unbroken(lambda: done.append(1))  # raises nothing
    assert done.count(1) == 8 * moments


def test_a_handler_of_ones_own_is_called_and_stays() -> None:
    calls: list[int] = []
    module = torch.nn.GRU(2, 3)
    before = signal.signal(signal.SIGINT, lambda number, _: calls.append(number))
    own = signal.getsignal(signal.SIGINT)
    try:
        unbroken(lambda: signal.raise_signal(signal.SIGINT))
        with rnnviz.clamp(module, "gru.l0.h", 2, 0.5):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(calls) == 2
    assert "forward" not in vars(module)
