"""A text in rows and columns: nothing is lost, and rows break where the widget breaks them."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget.figures.layout import TextCell, clusters, lay_out, visible

letters = st.sampled_from([*"ab \t\n\u0301\u200d中\x00é", "\U0001f600", "\U0001f3fd", "\ud800"])
texts = st.lists(st.text(letters, min_size=1, max_size=6), min_size=1, max_size=40)


def rows(text: str, columns: int) -> list[list[TextCell]]:
    return [list(row) for _, row in groupby(lay_out(text, columns), key=lambda cell: cell.row)]


def shown(text: str, columns: int) -> list[str]:
    return ["".join(cell.shown for cell in row) for row in rows(text, columns)]


@given(texts, st.integers(4, 30))
def test_every_token_is_there_once_in_order_and_no_row_is_too_wide(
    tokens: list[str], columns: int
) -> None:
    cells = lay_out(tokens, columns, first=3)
    assert {cell.token for cell in cells} == set(range(3, 3 + len(tokens)))
    places = [(cell.row, cell.column) for cell in cells]
    assert places == sorted(set(places))
    assert [cell.token for cell in cells] == sorted(cell.token for cell in cells)
    for cell in cells:
        newline = cell.shown == "↵" and cell.sign
        assert cell.column + cell.width <= columns + newline
    for before, after in pairwise(cells):
        joined = before.row == after.row
        assert after.column == (before.column + before.width if joined else 0)
        assert after.row - before.row in {0, 1}


@given(texts)
def test_what_is_drawn_of_the_tokens_is_what_is_laid_out(tokens: list[str]) -> None:
    laid = [cell.shown for cell in lay_out(tokens, 10**6)]
    assert laid == [cluster for of_token in clusters(tokens) for cluster in of_token]
    assert not any(c in visible("".join(laid)) for c in "\n\t\x00")


def test_a_long_line_breaks_after_a_blank_in_its_last_third() -> None:
    assert shown("one two three four\nfive", 10) == ["one two ", "three four↵", "five"]
    assert shown("a bcdefghijklmnop", 10) == ["a bcdefghi", "jklmnop"]


def test_a_newline_may_stand_past_the_edge_and_an_empty_line_is_a_row() -> None:
    assert shown("0123456789\n\nx", 10) == ["0123456789↵", "↵", "x"]


@pytest.mark.parametrize(("columns", "stop"), [(59, 4), (60, 8)])
def test_a_tab_goes_up_to_the_next_stop(columns: int, stop: int) -> None:
    cells = lay_out("ab\tc\t", columns)
    assert [(cell.column, cell.width) for cell in cells[2:]] == [
        (2, stop - 2),
        (stop, 1),
        (stop + 1, stop - 1),
    ]


def test_marks_join_their_letter_but_never_another_token() -> None:
    assert [cell.shown for cell in lay_out(["e\u0301", "x"], 10)] == ["e\u0301", "x"]
    assert [cell.shown for cell in lay_out("e\u0301x", 10)] == ["e", "◌\u0301", "x"]


def test_wide_characters_take_two_columns() -> None:
    assert [cell.width for cell in lay_out("a中\U0001f600", 10)] == [1, 2, 2]
