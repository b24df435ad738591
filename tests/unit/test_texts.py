"""The texts that models are shown on."""

from __future__ import annotations

import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget import texts


@pytest.mark.parametrize(("model", "count"), [("prose", 2), ("linux", 3), ("brackets", 1)])
def test_every_text_is_made_of_characters_that_its_model_knows(model: str, count: int) -> None:
    known = set(rnnviz.load_model(model).vocabulary)
    read = [texts.sample_text(model, number) for number in range(1, count + 1)]
    assert len(set(read)) == count
    for text in read:
        assert set(text) <= known
        assert text.endswith("\n")
    with pytest.raises(ValueError, match=rf"number must be in \[1, {count}\], .*got {count + 1}"):
        texts.sample_text(model, count + 1)


def test_an_unknown_model_has_no_text() -> None:
    with pytest.raises(
        ValueError, match="model must be one of 'prose', 'linux', 'brackets', got 'latin'"
    ):
        texts.sample_text("latin")
