"""The engine in a page beside torch: generated networks, a bundled one, and what a page forbids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm.model import CharLMConfig
from tests.simulations.engine import POLICY, TOLERANCE, Engine, check, error, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

NO_WORKER = POLICY.replace("style-src", "worker-src 'none'; style-src")
ALLOWED = {
    "nothing forbidden": ("", "WebAssembly", "worker"),
    "no WebAssembly": (POLICY, "JavaScript", "worker"),
    "no worker": (NO_WORKER, "JavaScript", "page"),
}


@pytest.mark.parametrize("allowed", ALLOWED)
def test_the_engine_computes_what_torch_does(page: Page, tmp_path: Path, allowed: str) -> None:
    policy, arithmetic, thread = ALLOWED[allowed]
    engine = Engine(page, tmp_path, policy)
    for seed in (1, 5):
        _, worst = check(engine, seed, tokens=40)
        assert worst <= TOLERANCE
    assert (engine.opened["arithmetic"], engine.opened["thread"]) == (arithmetic, thread)


def test_a_bundled_model_lives_in_a_page(page: Page, tmp_path: Path) -> None:
    model = rnnviz.load_model("prose")
    engine = Engine(page, tmp_path)
    engine.open(rnnviz.portable(model).bytes)
    text = rnnviz.sample_text("prose")[:300]
    assert error(engine, model, model.encode(text).numpy()) <= TOLERANCE
    prefix = text[:80]
    assert write(engine, model, prefix, 200) == rnnviz.sample(
        model, prefix, 200, temperature=1e-9, seed=0
    )
    held = [{"state": "rnn.l1.h", "unit": 3, "value": 1.0, "from": 0}]
    with rnnviz.clamp(model, "rnn.l1.h", 3, 1.0):
        expected = rnnviz.sample(model, prefix, 100, temperature=1e-9, seed=0)
    assert write(engine, model, prefix, 100, held) == expected


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:-1], "it ends too early"),
        (lambda data: data.replace(b'"hidden": 7', b'"hidden": 8'), "cannot be read"),
        (lambda data: b"x" + data[1:], "does not begin as one"),
        (lambda data: data[:-4] + np.float32(3).tobytes(), "computes other values here"),
    ],
    ids=["cut off", "of another size", "something else", "of other values"],
)
def test_a_network_that_is_not_whole_ends_in_a_sentence(
    page: Page, tmp_path: Path, spoil: Callable[[bytes], bytes], said: str
) -> None:
    model = rnnviz.CharLM("ab ", CharLMConfig(hidden_size=7)).eval()
    engine = Engine(page, tmp_path)
    with pytest.raises(Exception, match=said):
        engine.open(spoil(rnnviz.portable(model).bytes))
