"""The command that surveys a corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from rnnviz_widget import Survey
from rnnviz_widget.charlm.checkpoint import save_model
from rnnviz_widget.cli import main
from tests.unit.planted import LATCH, planted, quoted

if TYPE_CHECKING:
    from pathlib import Path


def test_an_atlas_and_a_survey_are_written_and_the_work_is_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, text, atlas = tmp_path / "m.safetensors", tmp_path / "a.txt", tmp_path / "atlas"
    network = planted()
    save_model(network, model, network.card, torch.float32)
    text.write_text(quoted(9000), encoding="utf-8")
    words = ["survey", str(tmp_path / "*.txt"), str(tmp_path / "gone.txt")]
    more = ["--model", str(model), "--label", "inside_quotes", "--states", "*.c", "--no-open"]
    assert main([*words, *more, "-o", str(atlas)]) == 0
    said = capsys.readouterr().out
    assert "follows inside quotes: AUC 1.000" in said
    assert "not read: " in said
    assert (atlas / "index.html").is_file()
    assert Survey.load(tmp_path / "atlas.zarr").units[0].unit == LATCH
    assert not (tmp_path / "atlas.work").exists()


def test_a_corpus_that_is_too_short_is_refused_in_the_words_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text("too short")
    assert (
        main(["survey", str(tmp_path / "a.txt"), "-o", str(tmp_path / "atlas"), "--no-open"]) == 1
    )
    said = capsys.readouterr().err
    assert said.startswith("rnnviz survey: CORPUS must hold more than 100 characters, got fewer")
    assert "skip" not in said


def test_what_is_not_an_atlas_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    assert main(["survey", str(tmp_path / "*.txt"), "-o", str(tmp_path)]) == 1
    assert "not an atlas; it is left alone" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["survey", "a.txt", "-o", "b", "--scheduler", "many"])
    assert "write a number of processes or an address" in capsys.readouterr().err
