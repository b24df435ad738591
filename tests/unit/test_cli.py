"""The `rnnviz` command, as a person at a terminal meets it."""

from __future__ import annotations

import argparse
import re
import webbrowser
from typing import TYPE_CHECKING

import pytest

import rnnviz_widget
from rnnviz_widget import cli
from rnnviz_widget.charlm import bundled_models, load_model, read_card
from rnnviz_widget.evaluation.card import BY_HAND

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demo_prints_the_quote_unit_and_writes_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    out = tmp_path / "quote_cell.html"
    assert cli.main(["demo", "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "inside quotes" in printed
    best = next(line for line in printed.splitlines() if line.strip().startswith("1 "))
    chosen, held_out = (float(word) for word in best.split()[3:5])
    assert chosen > 0.95
    assert held_out > 0.95
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert opened == [out.resolve().as_uri()]


def test_the_demo_opens_nothing_where_there_is_no_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: pytest.fail("a browser was opened"))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert cli.main(["demo", "-o", str(tmp_path / "a.html")]) == 0


def test_train_writes_a_model_that_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("the same few words again and again\n" * 100, encoding="utf-8")
    out = tmp_path / "model.safetensors"
    arguments = "--hidden-size 8 --cell lstm --characters 2000 --batch-size 2 --bptt 20"
    assert cli.main(["train", str(corpus), "-o", str(out), *arguments.split()]) == 0
    assert "validation loss" in capsys.readouterr().out
    assert load_model(out).config.hidden_size == 8


@pytest.mark.parametrize("name", bundled_models())
def test_a_bundled_models_card_is_that_of_its_checkpoint(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["card", name]) == 0
    printed = capsys.readouterr().out
    made = read_card(name)
    assert printed.startswith(f"# {name}\n")
    assert made.corpus["sha256"] in printed
    assert f"{made.training['characters_seen']:,} characters read" in printed
    assert f"validation {made.losses['validation']:.3f}" in printed
    assert "rnnviz train" in printed.partition(BY_HAND)[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nowhere.txt", "-o", "m"], "nowhere.txt"),
        (["evaluate", "poetry", "nowhere.txt"], "got 'poetry'"),
        (["card", "poetry"], "name must be one of 'brackets', 'linux', 'prose', got 'poetry'"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_1(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith(f"rnnviz {arguments[0]}: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["veiw", "a.txt"], "did you mean view?"),
        (["view", "a.txt", "--lable", "x"], "unknown: --lable; did you mean --label?"),
        (["view", "a.txt", "--unti=7"], "unknown: --unti=7; did you mean --unit?"),
        (["train", "a.txt", "-o", "m", "--cell", "gru2"], "did you mean gru?"),
        (["view", "a.txt", "b.txt"], "unknown: b.txt"),
        (["train", "a.txt", "--uot", "m"], "-o/--out; unknown: --uot; did you mean --out?"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_right_one_and_that_commands_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    known = arguments[0] in {"view", "train"}
    assert error.startswith(f"usage: rnnviz {arguments[0] if known else ''}".strip())


def test_the_beginning_of_an_option_is_no_mistyped_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", "a.txt", "--see=1"])
    assert capsys.readouterr().err.endswith("the following arguments are required: -o/--out\n")


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"rnnviz {rnnviz_widget.__version__}\n"


COMMANDS = ["demo", "view", "site", "lecture", "train", "evaluate", "card", "recover", "survey"]


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit_:
        cli.main([*command.split(), "--help"])
    assert exit_.value.code == 0
    return capsys.readouterr().out


def test_these_are_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    listed = re.findall(r"^    (\w+) ", help_of("", capsys), re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


UNTOLD = {"None", "False", "", "[]", argparse.SUPPRESS}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_every_default_and_of_no_option_that_it_is_none(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside what argparse itself knows of each option of the command."""
    monkeypatch.setenv("COLUMNS", "100")
    usage, _, printed = " ".join(help_of(command, capsys).split()).partition(" options: ")
    assert usage.startswith(f"usage: rnnviz {command} ")
    assert "default: None" not in printed
    assert "default: False" not in printed
    for action in cli._parser()._command(command)._actions:
        if action.option_strings and str(action.default) not in UNTOLD:
            told = printed.partition(f"{action.option_strings[-1]} ")[2].partition("(default: ")[2]
            said, meant = told.partition(")")[0], str(action.default)
            assert said == meant or said.startswith(f"{meant};"), action.option_strings


@pytest.mark.parametrize("command", ["view", "site", "lecture", "survey"])
def test_help_has_examples_line_by_line_and_a_description_that_fits(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    before, _, examples = help_of(command, capsys).partition("\nexamples:\n")
    assert re.match(rf"  (echo .* \| )?rnnviz {command} ", examples)
    assert all(len(line) <= 80 for line in before.splitlines())
