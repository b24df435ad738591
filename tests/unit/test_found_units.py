"""What was found in a model travels with its checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import (
    CharLM,
    CharLMConfig,
    FoundUnit,
    ModelCard,
    load_model,
    read_card,
    save_model,
    write_units,
)

if TYPE_CHECKING:
    from pathlib import Path

FOUND = FoundUnit("rnn.l0.h", 3, -1, "AUC", 0.9, (0.8, 0.95), "test blocks of a.txt")
LABELS = {
    "inside quotes": rnnviz.labels.inside_quotes,
    "line position": rnnviz.labels.line_position,
    "inside comment": rnnviz.labels.inside_comment,
    "inside string": rnnviz.labels.inside_string,
    "nesting depth": rnnviz.labels.nesting_depth,
    "indentation": rnnviz.labels.indentation,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_model(CharLM("ab", CharLMConfig(hidden_size=4)), path, ModelCard({"name": "a.txt"}))
    return path


def test_found_units_are_written_beside_weights_that_stay_as_they_are(path: Path) -> None:
    before, card = load_model(path).state_dict(), read_card(path)
    write_units(path, {"a": FOUND})
    model = load_model(path)
    assert model.card == read_card(path) == replace(card, units={"a": FOUND})
    assert all(bool((model.state_dict()[name] == before[name]).all()) for name in before)
    write_units(path, {})
    assert load_model(path).card.units == {}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"a": 1},
        {"a": {}},
        {"a": FOUND.to_json() | {"unit": 4}},
        {"a": FOUND.to_json() | {"unit": -1}},
        {"a": FOUND.to_json() | {"sign": 0}},
        {"a": FOUND.to_json() | {"interval": [1]}},
        {"a": FOUND.to_json() | {"more": 1}},
    ],
)
def test_units_that_are_none_are_refused(
    path: Path, wrong: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        ModelCard,
        "metadata",
        lambda _: {
            **dict.fromkeys(("corpus", "training", "losses"), "{}"),
            "units": json.dumps(wrong),
        },
    )
    write_units(path, {})
    with pytest.raises(ValueError, match="checkpoint"):
        load_model(path)


@pytest.mark.parametrize("name", ["prose", "linux"])
def test_the_bundled_models_units_follow_what_they_are_said_to_on_the_sample_texts(
    name: str,
) -> None:
    model = load_model(name)
    traces = [rnnviz.record(model, rnnviz.sample_text(name, number)) for number in (1, 2)]
    assert {"inside quotes", "inside comment"} & model.card.units.keys()
    for label, found in model.card.units.items():
        if label not in LABELS:
            continue
        values = np.concatenate([trace.unit(found.painted, found.unit) for trace in traces])
        truth = np.concatenate([np.asarray(LABELS[label](t), float) for t in traces])
        assert found.sign * np.corrcoef(values, truth)[0, 1] > 0.5, label
        assert found.interval[0] <= found.score <= found.interval[1]
