# ruff: noqa: RUF001 - curly quotation marks are what is tested
"""Quotation marks in prose, against labels written by hand.

Under each text stand its expected labels: ``#`` inside, ``.`` outside, one sign per character.
``¶`` shows a newline, ``→`` a tab and ``←`` a carriage return.
"""

import numpy as np
import pytest

from rnnviz_widget import labels


def by_hand(drawing: str) -> tuple[str, list[bool]]:
    """Read a drawing of text lines, each followed by its line of expected labels."""
    drawn = [line.strip() for line in drawing.strip().split("\n") if line.strip()]
    text, marks = "".join(drawn[::2]), "".join(drawn[1::2])
    assert len(text) == len(marks), "the drawing itself is not aligned"
    assert set(marks) <= {"#", "."}
    text = text.replace("¶", "\n").replace("→", "\t").replace("←", "\r").replace("·", " ")
    return text, [mark == "#" for mark in marks]


DRAWINGS = {
    "straight": """
        She·said·"yes,"·and·"no".
        .........#####......###..
    """,
    "curly": """
        She·said·“yes,”·and·“no”.
        .........#####......###..
    """,
    "empty quotation": """
        a""b“”c
        .#..#..
    """,
    "over single newlines": """
        "One·line¶and·another"¶the·end
        #####################.........
    """,
    "closed by a blank line": """
        "No·end.¶¶Free.
        #########......
    """,
    "closed by a blank line that holds white space": """
        "No·end.¶·→¶Free.·"x"
        ###########.......##.
    """,
    "closed by a blank line of a Windows text": """
        "No·end.←¶←¶Free.
        ###########......
    """,
    "each paragraph of a speech opens its own": """
        “One.¶¶“Two.”¶¶“Three
        ######.#####...######
    """,
    "unclosed at the end of the text": """
        a·"b¶c
        ..####
    """,
    "a closing mark alone": """
        so”·he·“said”
        .......#####.
    """,
    "apostrophes": """
        don't·"can't"·'tis·boys'·it’s
        ......######.................
    """,
    "other marks inside": """
        “she·said·"x"·and·“so·on”·“·”
        ########################..##.
    """,
    "curly marks inside straight ones": """
        "a·“b”·c"·d
        ########...
    """,
    "many newlines": """
        "a¶¶¶¶"b"
        ###...##.
    """,
    "a mark alone": """
        "
        #
    """,
}


@pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS.keys())
def test_quotes_are_labelled_as_by_hand(drawing: str) -> None:
    text, expected = by_hand(drawing)
    assert labels.inside_quotes(text).tolist() == expected


def test_other_pairs_of_marks_can_be_chosen() -> None:
    text, expected = by_hand("""
        »Ja«,·sagt·„er“.·"x"
        ###........###......
    """)
    assert labels.inside_quotes(text, pairs=["»«", ("„", "“")]).tolist() == expected


def test_a_single_mark_between_letters_is_an_apostrophe_even_where_it_is_a_mark() -> None:
    text, expected = by_hand("""
        ‘I·can’t’,·he·said.·'It's'
        ########............#####.
    """)
    assert labels.inside_quotes(text, pairs=["‘’", "''"]).tolist() == expected


@pytest.mark.parametrize(
    "pairs", [[], ["'"], ["abc"], [("a", "")], [("ab", "c")], ['""', ('"', "x")]]
)
def test_bad_pairs_are_refused_by_name(pairs: list[tuple[str, str] | str]) -> None:
    with pytest.raises(ValueError, match="pairs must"):
        labels.inside_quotes("text", pairs=pairs)


def test_a_long_text_agrees_with_a_character_by_character_reading() -> None:
    rng = np.random.default_rng(5)
    text = "".join(rng.choice(list('ab" “”\n'), 20_000))
    inside, awaited, expected = False, "", []
    line_is_blank = False
    for character in text:
        if character == "\n" and line_is_blank:
            inside = False
        elif inside:
            inside = character != awaited
        elif character in '"“':
            inside, awaited = True, {'"': '"', "“": "”"}[character]
        line_is_blank = character == "\n" or (line_is_blank and character.isspace())
        expected.append(inside)
    assert labels.inside_quotes(text).tolist() == expected
