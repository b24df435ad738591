"""What comes from strangers acts on no terminal, and is no markup."""

from __future__ import annotations

import json
import unicodedata
from types import SimpleNamespace
from typing import TYPE_CHECKING

import markdown
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistune import html as mistune_html

from rnnviz_widget import Trace, rank_units
from rnnviz_widget.charlm import CharLM, CharLMConfig, ModelCard, save_model
from rnnviz_widget.cli import main
from rnnviz_widget.escaping import as_code, for_html, for_markdown, for_terminal
from rnnviz_widget.evaluation.card import _command, _making
from tests.attacks import attack_checkpoints

if TYPE_CHECKING:
    from pathlib import Path

ANY = st.text(st.characters(codec=None))
ESCAPE = "\x1b]0;owned\x07\x1b[31m\u202e\r"
MARKUP = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) | `b` **c** https://d.example"


def acts(text: str) -> bool:
    """Whether text holds what a terminal acts on, but newlines."""
    return any(
        unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t\u200c\u200d"
        for c in text
    )


@given(ANY)
def test_nothing_acts_on_a_terminal_and_all_can_be_encoded(text: str) -> None:
    said = for_terminal(text)
    assert not acts(said)
    said.encode()
    line = for_terminal(text, keep="")
    assert "\n" not in line
    assert "\t" not in line


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("naïve “quotes” — 日本語", "\u0645\u06cc\u200c\u062e", "👩\u200d🚀", "a\tb\nc"):
        assert for_terminal(text) == text
    assert for_terminal(ESCAPE) == r"\x1b]0;owned\x07\x1b[31m\u202e\x0d"
    assert for_terminal("\ud83d \U000e0041") == r"\ud83d \U000e0041"


@given(st.text(st.sampled_from("a1<>&[]()!*_`~#+-=.|:\\/@$ \n\t{}\"'w"), max_size=30))
@pytest.mark.parametrize("render", [markdown.markdown, mistune_html], ids=["markdown", "mistune"])
def test_markdown_shows_text_as_it_is(render: object, text: str) -> None:
    """One paragraph, no element in it, by two implementations."""
    page = str(render(f"x {for_markdown(text)} x")).strip()
    assert page.startswith("<p>x ")
    assert page.endswith(" x</p>")
    assert "<" not in page.removeprefix("<p>").removesuffix("</p>")


@pytest.mark.parametrize("render", [markdown.markdown, mistune_html], ids=["markdown", "mistune"])
@pytest.mark.parametrize(
    "start", ["# a", "- a", "1. a", "+ a", "===", "---", "> a", "    a", "```"]
)
def test_text_that_begins_a_line_begins_nothing_else(render: object, start: str) -> None:
    page = str(render(for_markdown(start))).strip()
    assert page.startswith("<p>")
    assert page.count("<") == 2


@given(st.text(st.sampled_from("a` <>|\n"), min_size=1, max_size=12))
def test_code_is_one_span(text: str) -> None:
    page = markdown.markdown(f"x {as_code(text)} x").strip()
    assert page.startswith("<p>x <code>")
    assert page.endswith("</code> x</p>")
    assert page.count("<") == 4


@given(ANY)
def test_html_can_be_encoded_and_holds_no_tag(text: str) -> None:
    assert "<" not in for_html(text)
    for_html(text).encode()


def test_a_ranking_with_any_names_can_be_printed_and_sent() -> None:
    """A lone surrogate is no JSON for a notebook, and no terminal takes it."""
    chance = np.random.default_rng(0)
    label = chance.random(400) < 0.5
    state = f"h{ESCAPE}\n"
    trace = Trace.from_arrays("ab" * 200, {state: chance.standard_normal((400, 2))})
    ranking = rank_units(trace, label, name=f"\ud83d{ESCAPE}", probe=False)
    for text in (str(ranking), repr(trace)):
        assert not acts(text)
        text.encode()
    json.dumps(ranking._repr_html_()).encode()
    ranking._repr_html_().encode()
    with pytest.raises(KeyError) as caught:
        trace["x"]
    assert not acts(str(caught.value))


def test_a_model_card_shows_what_a_checkpoint_says_as_text() -> None:
    model = CharLM("ab", CharLMConfig("rnn", 2))
    card = ModelCard(
        corpus={"name": MARKUP + ESCAPE, "sha256": "`<b>`", "characters": 3},
        training={"seed": MARKUP, MARKUP: 1, "seconds": 60, "machine": MARKUP},
    )
    evaluation = SimpleNamespace(span_claims=[])
    text = f"{_making(model, card)}\n\n{_command('a<b>`c', card, evaluation)}"
    assert not acts(text)
    page = markdown.markdown(text)
    for element in ("<img", "<a ", "<strong", "<b>"):
        assert element not in page
    assert page.count("<code>") == 2


def test_the_command_line_prints_no_escape_sequence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "evil\x1b[2J\u202e.txt"
    path = tmp_path / name
    path.write_text("\x07 is unknown")
    checkpoint = tmp_path / "m\x1b[31m"
    save_model(CharLM("ab", CharLMConfig("rnn", 2)), checkpoint, ModelCard())
    header, rest = attack_checkpoints.taken_apart(checkpoint.read_bytes())
    header["__metadata__"]["config"] = json.dumps({"cell\x1b[2J": ESCAPE})
    checkpoint.write_bytes(attack_checkpoints.put_together(header, rest))
    for arguments in (
        ["view", str(path)],
        ["view", str(tmp_path / "no\x1b[2J")],
        ["view", str(path), "--model", str(checkpoint)],
        ["evaluate", str(checkpoint), str(path)],
        ["recover", str(path)],
    ):
        assert main(arguments) == 1
        said = capsys.readouterr()
        assert said.err
        assert not acts(said.out + said.err)
