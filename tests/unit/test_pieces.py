"""Tokens as tokenizers spell them are read as the text that they are of."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget import HiddenStateWidget, Trace
from rnnviz_widget.pieces import PART, readable, readable_vocabulary
from rnnviz_widget.trace import Predictions


def spelled(data: bytes) -> str:
    """GPT-2's rule, byte by byte: printable Latin-1 is itself, the others count from 256."""
    letters, others = {}, 0
    for byte in range(256):
        character = chr(byte)
        if unicodedata.category(character)[0] in "LMNPS" and byte not in (0xA0, 0xAD):
            letters[byte] = character
        else:
            letters[byte] = chr(256 + others)
            others += 1
    return "".join(letters[byte] for byte in data)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.randoms())
def test_bytes_that_are_cut_anywhere_are_the_text_again(text: str, random: object) -> None:
    # Characters that are cut, and a blank and a letter, so that the spelling can be told.
    data = f"is {text.replace(PART, '')}\n".encode()
    cuts = sorted({0, 2, len(data), *(random.randrange(2, len(data)) for _ in range(9))})  # type: ignore[attr-defined]
    tokens = [spelled(data[a:b]) for a, b in pairwise(cuts)]
    shown = readable(tokens)
    assert len(shown) == len(tokens)
    assert all(shown)
    assert "".join(shown).replace(PART, "").encode() == data


def test_a_character_of_several_tokens_stands_in_the_one_that_completes_it() -> None:
    assert readable(["it", "âĢ", "Ļ", "s", "Ġok", "Ċ"]) == [
        "it",
        PART,
        "\N{RIGHT SINGLE QUOTATION MARK}",
        "s",
        " ok",
        "\n",
    ]
    assert readable(["▁it", "<0xE2>", "<0x80>", "<0x99>", "s"]) == [
        " it",
        PART,
        PART,
        "\N{RIGHT SINGLE QUOTATION MARK}",
        "s",
    ]


def test_pieces_of_words_are_joined_and_special_tokens_stay() -> None:
    assert readable(["[CLS]", "play", "##ing", "well", "."]) == [
        "[CLS]",
        " play",
        "ing",
        " well",
        ".",
    ]
    assert readable(["<s>", "▁play", "ing"]) == ["<s>", " play", "ing"]
    assert readable(["<|endoftext|>", "Ġplay"]) == ["<|endoftext|>", " play"]


def test_bytes_that_are_no_text_are_shown_as_such_and_nothing_is_lost_after_them() -> None:
    broken = readable([spelled(b"is \xff"), spelled(b"\xe2"), spelled(b"\n"), spelled(b"so")])
    assert broken[0] == "is \N{REPLACEMENT CHARACTER}"
    assert broken[-1] == "so"


def test_other_tokens_stay_as_they_are() -> None:
    for tokens in (
        list("Ġ a"),  # single characters of a text
        ["##if ", "x"],
        ["the", "cat"],
        ["-0.35", "1.2"],
        ["Ġthe", " cat"],
        ["Ġж", "x"],  # no byte is spelled so
    ):
        assert readable(tokens) == tokens


def test_a_widget_shows_pieces_and_what_was_predicted_as_words() -> None:
    tokens = ["Hello", "Ġworld", "Ċ", "âĢ", "Ļ"]
    predictions = Predictions(
        np.zeros((5, 1), np.uint32), np.ones((5, 1), np.float32), ("Ġworld", "Ċ", "x")
    )
    trace = Trace.from_arrays(tokens, {"h": np.zeros((5, 1))}, predictions=predictions)
    content = HiddenStateWidget(trace)._content
    assert (
        content["text"].decode("utf-16-le") == f"Hello world\n{PART}\N{RIGHT SINGLE QUOTATION MARK}"
    )
    assert content["checkpoints"][0]["vocabulary"] == [" world", "\n", "x"]


def test_the_place_of_a_part_counts_the_lines_that_are_read() -> None:
    trace = Trace.from_arrays(["a", "Ċ", "Ġb", "c"], {"h": np.zeros((4, 1))})
    page = HiddenStateWidget(trace).fragment(start=2)
    assert '"origin":{"token":2,"line":2,"column":1}' in page.data.replace(" ", "")


def test_a_vocabulary_is_read_as_the_tokens_are() -> None:
    assert readable_vocabulary(["Ġa", "b"], ["b", "Ġa"]) == [" a", "b"]
    assert readable_vocabulary(["Ġa", "b"], list("ab")) == ["Ġa", "b"]
