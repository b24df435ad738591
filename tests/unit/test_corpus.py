"""What models are trained on: corpora, their split, indentation, the language of brackets."""

from __future__ import annotations

import hashlib
import itertools
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz_widget.charlm import (
    Corpus,
    TrainingConfig,
    bracket_text,
    load_model,
    read_card,
    read_corpus,
    split,
)
from rnnviz_widget.charlm.corpus import BLOCK_LENGTH, training_pieces, without_indentation

if TYPE_CHECKING:
    from pathlib import Path


@given(st.integers(1, 30), st.integers(1, 9), st.integers(0, 5))
def test_a_line_of_brackets_is_over_when_all_are_closed_and_not_before(
    lines: int, deepest: int, seed: int
) -> None:
    text = bracket_text(lines, deepest=deepest, seed=seed)
    assert text.count("\n") == lines
    for line in text.splitlines():
        depths = list(itertools.accumulate({"(": 1, ")": -1}.get(c, 0) for c in line))
        assert depths.index(0) == len(line) - 1
        assert max(depths) <= deepest
        assert set(line) <= set("()xyz")


@pytest.mark.parametrize("name", ["lines", "deepest"])
def test_a_language_of_no_brackets_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        bracket_text(**{name: 0})


def test_the_bundled_network_of_brackets_counts_them_on_lines_it_has_not_read() -> None:
    assert read_card("brackets").corpus["sha256"] == read_corpus("brackets").sha256
    model = load_model("brackets")
    text = bracket_text(300, seed=77)
    depth = np.cumsum([{"(": 1, ")": -1}.get(character, 0) for character in text])
    with torch.inference_mode():
        values, state = [], None
        for character in model.encode(text):  # one step after the other, to have every c
            _, state = model(character[None], state)
            values.append(state[1][0, 5].item())
    counted = np.corrcoef(values, depth)[0, 1]
    assert counted > 0.97


def test_a_file_called_as_the_language_of_brackets_is_read_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_corpus("brackets").name == "brackets"
    (tmp_path / "brackets").write_text("mine", encoding="utf-8")
    assert read_corpus("brackets").text == "mine"


# --- split -----------------------------------------------------------------------------------


@given(st.integers(1, 45 * BLOCK_LENGTH + 7))
def test_the_split_gives_every_character_to_the_part_of_its_block(length: int) -> None:
    # Each character is its own block number, so that a piece says where it came from.
    text = "".join(chr(0x4E00 + b) * BLOCK_LENGTH for b in range(46))[:length]
    pieces = split(text)
    assert sum(len(piece) for part in pieces.values() for piece in part) == length
    for part, remainder in (("validation", 9), ("test", 19)):
        for piece in pieces[part]:
            assert len(piece) <= BLOCK_LENGTH
            assert {(ord(c) - 0x4E00) % 20 for c in set(piece)} == {remainder}
    for piece in pieces["train"]:
        blocks = sorted({ord(c) - 0x4E00 for c in set(piece)})
        assert blocks == list(range(blocks[0], blocks[-1] + 1))
        assert not {b % 20 for b in blocks} & {9, 19}


def _stripped_by_hand(text: str, indentation: str) -> list[str]:
    """Return the blocks of a text as training reads them, line after line."""
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
    gone: set[int] = set()  # which characters are
    for start in starts:
        block = start // BLOCK_LENGTH
        if indentation == "blocks" and block % 2:
            at = start
            while at < min(len(text), (block + 1) * BLOCK_LENGTH) and text[at] in " \t":
                gone.add(at)
                at += 1
    blocks = range(0, len(text), BLOCK_LENGTH)
    return [
        "".join(c for at, c in enumerate(text[b : b + BLOCK_LENGTH], b) if at not in gone)
        for b in blocks
    ]


@pytest.mark.parametrize("indentation", ["written", "blocks"])
@pytest.mark.parametrize("seed", range(3))
def test_stripping_moves_no_character_into_another_block(indentation: str, seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311  (no secret)
    pieces = ["\t", "\t\t", "  \t", "\n", "\n\n\t", "x", " ", "y z", "\r\n"]
    text = "".join(generator.choices(pieces, k=19 * BLOCK_LENGTH))[: 11 * BLOCK_LENGTH + 123]
    blocks = _stripped_by_hand(text, indentation)
    expected = ["".join(blocks[:9]), "".join(blocks[10:])]  # the 10th block is for validation
    assert training_pieces(text, indentation) == expected
    assert split(text)["validation"] == [text[9 * BLOCK_LENGTH : 10 * BLOCK_LENGTH]]


def test_stripping_runs_of_lines_takes_whole_indentations_of_some_lines_in_every_other_block() -> (
    None
):
    line = "\t\tcount(to, 20);\n"
    text = line * (4 * BLOCK_LENGTH // len(line))
    (piece,) = training_pieces(text, "lines")
    bare = line.lstrip()
    assert piece.startswith(text[:BLOCK_LENGTH]), "the first block is as written"
    rest = piece[BLOCK_LENGTH:].splitlines(keepends=True)
    assert {one for one in rest[1:-1] if len(one) >= len(bare)} == {line, bare}
    runs = [len(list(group)) for kind, group in itertools.groupby(rest[1:-1]) if kind == bare]
    assert {1, 2, 4, 8, 16} <= set(runs)
    assert training_pieces(text, "lines") == [piece], "the same each time"


def test_an_unknown_indentation_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"indentation must be one of .* got 'tabs'"):
        training_pieces("x", "tabs")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"indentation must be one of .* got 'tabs'"):
        TrainingConfig(indentation="tabs")  # type: ignore[arg-type]


@settings(max_examples=20)
@given(st.text(alphabet="a\t \n", max_size=200))
def test_text_without_indentation_has_none_and_lost_nothing_else(text: str) -> None:
    lines = text.split("\n")
    assert without_indentation(text).split("\n") == [line.lstrip("\t ") for line in lines]


def test_a_corpus_keeps_carriage_returns_and_knows_its_hash(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"a\r\nb")
    corpus = Corpus.read(file)
    assert corpus.text == "a\r\nb"
    assert corpus.vocabulary == ("\n", "\r", "a", "b")
    assert corpus.sha256 == hashlib.sha256(b"a\r\nb").hexdigest()


@pytest.mark.parametrize(("raw", "message"), [(b"", "must not be empty"), (b"a\xff", "byte 1")])
def test_a_corpus_that_is_no_text_is_refused(tmp_path: Path, raw: bytes, message: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(raw)
    with pytest.raises(ValueError, match=message):
        Corpus.read(file)
