"""A text from elsewhere in the characters of a model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget.charlm import load_model
from rnnviz_widget.charlm.spelling import respell

TYPEWRITER = tuple(sorted("\n !\"'(),-./0123456789:;?" + "abcdefghijklmnopqrstuvwxyzABCDEFG"))


@given(st.text())
def test_every_character_becomes_one_that_is_known_and_known_ones_stay(text: str) -> None:
    plain, replaced = respell(text, TYPEWRITER)
    assert len(plain) == len(text)
    assert set(plain) <= set(TYPEWRITER)
    assert all(a == b for a, b in zip(text, plain, strict=True) if a in TYPEWRITER)
    assert replaced.total() == sum(c not in TYPEWRITER for c in text)


def test_typographic_marks_become_plain_ones_and_accents_go() -> None:
    plain, replaced = respell(
        "“Où est-elle \u2013 là…” \u2018ÂGE\u2019 ①\tH中\U0001f600", TYPEWRITER
    )
    assert plain == "\"ou est-elle - la.\" 'AGE' 1 h  "
    assert replaced["\U0001f600", " "] == replaced["“", '"'] == 1


def test_a_vocabulary_without_a_space_reads_its_first_character() -> None:
    assert respell("a b", ("b", "a"))[0] == "abb"


def test_the_bundled_models_read_any_text_so() -> None:
    for name in ("prose", "linux"):
        model = load_model(name)
        assert len(model.encode(respell("“Ça” — \t\x00\U0001f600", model.vocabulary)[0])) == 10
