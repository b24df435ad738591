"""Labels of lines and patterns, and what all labels share."""

import copy
import itertools
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget import labels


@dataclass
class Spoken:
    """What labels ask of a trace."""

    tokens: tuple[str, ...]
    text: str


def spoken(*tokens: str) -> Spoken:
    return Spoken(tokens, "".join(tokens))


def digits(label: labels.Label) -> str:
    return "".join(str(int(value)) for value in label)


def test_line_position_counts_characters_since_the_newline() -> None:
    text = "ab\n\ncde\r\n\tf"
    hand = "120012330" + "12"
    assert digits(labels.line_position(text)) == hand


def test_distance_to_line_end_counts_what_is_to_come() -> None:
    text = "ab\n\ncde\r\n\tf"
    hand = "100321002" + "10"
    label = labels.distance_to_line_end(text)
    assert digits(label) == hand
    assert label.missing is not None
    assert digits(label.missing) == "00000000111", "the last line may go on"


def test_a_last_line_with_its_newline_is_known() -> None:
    label = labels.distance_to_line_end("ab\nc\n")
    assert digits(label) == "10100"
    assert label.missing is not None, "the line that the last newline starts may be long"
    assert digits(label.missing) == "00001"


@given(st.text(alphabet="ab \t\r\n", min_size=1))
def test_position_and_distance_add_up_to_the_length_of_the_line(text: str) -> None:
    total = labels.line_position(text) + labels.distance_to_line_end(text)
    before = [text[: t + 1].rpartition("\n")[2] for t in range(len(text))]
    after = [text[t + 1 :].partition("\n") for t in range(len(text))]
    for t, (start, (rest, newline, _)) in enumerate(zip(before, after, strict=True)):
        line = start + rest
        windows = bool(newline) and line.endswith("\r")
        assert total[t] == len(line) - windows


def test_indentation_grows_through_leading_white_space_and_stays() -> None:
    text = "  a b\n\tc\n\n \t d\ne\n   \nf"
    hand = "12222" + "0" + "88" + "0" + "0" + "1899" + "00" + "0" + "123" + "00"
    assert digits(labels.indentation(text)) == hand


def test_tab_stops_can_be_chosen_and_windows_line_ends_change_nothing() -> None:
    assert digits(labels.indentation("\ta\r\n \tb\r\n", tab=4)) == "4440" + "14440"
    with pytest.raises(ValueError, match="tab must be at least 1 column, got 0"):
        labels.indentation("a", tab=0)


def test_next_is_looks_one_character_ahead() -> None:
    label = labels.next_is("ab\nc;\n;", "\n")
    assert digits(label) == "0100100"
    assert label.missing is not None
    assert digits(label.missing) == "0000001", "nobody knows what follows the text"
    assert digits(labels.next_is("ab\nc;\n;", "\n;")) == "0101110"
    assert digits(labels.next_is("a\r\nb", "\r\n")) == "1100"


def test_next_is_of_a_token_is_the_character_after_its_last_one() -> None:
    label = labels.next_is(spoken("ab", "c", "\n", "de"), "\n")
    assert digits(label) == "0100"
    assert label.missing is not None
    assert digits(label.missing) == "0001"


def test_matches_covers_every_character_of_a_match() -> None:
    assert digits(labels.matches("a12b3", r"\d+")) == "01101"
    assert digits(labels.matches("if (a) (b)", r"if (\(.*?)\)", group=1)) == "0001100000"
    assert digits(labels.matches("aXbx", re.compile("x", re.IGNORECASE))) == "0101"
    assert digits(labels.matches("ab", r"(?P<one>x)?b", group="one")) == "00", "took no part"
    assert digits(labels.matches("aaa", r"a{0}")) == "000"


def test_bad_patterns_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"pattern must be a regular expression, got '\('"):
        labels.matches("a", "(")
    with pytest.raises(ValueError, match=r"group must be in \[0, 1\] or one of \['x'\], got 2"):
        labels.matches("a", "(?P<x>a)", group=2)
    with pytest.raises(ValueError, match="chars must be a str of at least one character, got ''"):
        labels.next_is("a", "")


ALL: dict[str, Callable[..., labels.Label]] = {
    "inside quotes": labels.inside_quotes,
    "inside the condition of an if": labels.inside_condition,
    "expression depth": labels.expression_depth,
    "block depth": labels.block_depth,
    "inside comment": labels.inside_comment,
    "inside string": labels.inside_string,
    "nesting depth": labels.nesting_depth,
    "indentation": labels.indentation,
    "line position": labels.line_position,
    "distance to line end": labels.distance_to_line_end,
    "next is '\\n'": lambda source: labels.next_is(source, "\n"),
    "matches /x+/": lambda source: labels.matches(source, "x+"),
}
TEXT = 'if (a) {\n\tcall("x(", \'"\'); /* "quoted" xx */\n}\n\n“b” // c\r\n  xx '


@pytest.mark.parametrize("name", ALL)
def test_a_label_is_an_array_that_knows_its_name(name: str) -> None:
    label = ALL[name](TEXT)
    assert label.shape == (len(TEXT),)
    assert label.name == name
    assert isinstance(label, np.ndarray)
    assert label.dtype in (np.dtype(bool), np.dtype(np.int64))
    assert type(label == label[0]) is np.ndarray
    assert np.isscalar(label.sum())
    assert label[2:5].name == ""


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    "again",
    [
        copy.copy,
        copy.deepcopy,
        lambda label: label.copy(),
        lambda label: pickle.loads(pickle.dumps(label)),  # noqa: S301  (our own)
    ],
    ids=["copy", "deepcopy", "method", "pickle"],
)
def test_a_copy_of_a_label_is_the_same_label(
    name: str, again: Callable[[labels.Label], labels.Label]
) -> None:
    label = ALL[name](TEXT)
    other = again(label)
    assert type(other) is labels.Label
    assert (other.name, other.dtype, other.tolist()) == (name, label.dtype, label.tolist())
    if label.missing is None:
        assert other.missing is None
    else:
        assert other.missing is not None
        assert other.missing.tolist() == label.missing.tolist()
        assert not np.shares_memory(other.missing, label.missing)
    assert not np.shares_memory(other, label)
    assert label[:].name == "", "a view is still no label"


@pytest.mark.parametrize("name", ALL)
@given(st.data())
def test_a_longer_token_has_the_label_of_its_last_character(name: str, data: st.DataObject) -> None:
    cuts = data.draw(st.sets(st.integers(1, len(TEXT) - 1)))
    edges = [0, *sorted(cuts), len(TEXT)]
    trace = spoken(*(TEXT[a:b] for a, b in itertools.pairwise(edges)))
    of_characters = ALL[name](TEXT)
    of_tokens = ALL[name](trace)
    assert of_tokens.tolist() == of_characters[np.array(edges[1:]) - 1].tolist()
    if of_characters.missing is not None:
        assert of_tokens.missing is not None
        assert of_tokens.missing.tolist() == of_characters.missing[np.array(edges[1:]) - 1].tolist()


@pytest.mark.parametrize("name", ["inside quotes", "indentation", "line position"])
def test_a_memory_needs_nothing_to_its_right(name: str) -> None:
    whole = ALL[name](TEXT)
    for stop in range(1, len(TEXT)):
        if not TEXT[:stop].endswith("\r"):  # a line end is known by its "\n"
            assert ALL[name](TEXT[:stop]).tolist() == whole[:stop].tolist(), repr(TEXT[:stop])


@pytest.mark.parametrize("name", ALL)
def test_tokens_that_do_not_make_the_text_are_refused(name: str) -> None:
    trace = Spoken(("Hello", "world"), "Hello world")
    with pytest.raises(ValueError, match=r"do not concatenate to its text.*'Helloworld'"):
        ALL[name](trace)


@pytest.mark.parametrize("name", ALL)
def test_empty_texts_and_other_things_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        ALL[name]("")
    with pytest.raises(TypeError, match="made from a str or a Trace, got int"):
        ALL[name](3)


@pytest.mark.parametrize("name", ALL)
def test_lone_surrogates_and_wide_characters_count_as_one(name: str) -> None:
    assert len(ALL[name]("a\ud800b\U0001f600\n")) == 5
