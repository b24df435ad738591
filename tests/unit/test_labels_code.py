"""Comments, strings and brackets, against labels written by hand (see `drawings`)."""

import numpy as np
import pytest
from pygments.lexers import PythonLexer

from rnnviz_widget import labels
from tests.unit.drawings import agrees, drawn

COMMENTS = {
    "a delimiter counts at its last character": (
        "c",
        """
        a·/*·b·*/·c·//·d¶e
        ...#####.....###..
        """,
    ),
    "comments that touch": (
        "c",
        """
        /*a*//*b*//**///c¶//d¶
        .###..###..##..##..##.
        """,
    ),
    "a quote inside a comment": (
        "c",
        """
        /*·it's·"a·*/·x·=·"/*";·//·"¶y
        .###########.............###..
        """,
    ),
    "a comment is not closed by the other kind": (
        "c",
        """
        /*·//·*/·x;·//·/*·¶y;
        .######......#####...
        """,
    ),
    "a comment that goes on after a backslash": (
        "c",
        """
        //·a·\\¶b¶c
        .#######..
        """,
    ),
    "unclosed to the end": (
        "c",
        """
        x·/*·y¶¶z
        ...######
        """,
    ),
    "a line comment that ends with the text": (
        "c",
        """
        x·//·y
        ...###
        """,
    ),
    "preprocessor lines are no comments": (
        "c",
        """
        #define·A·1·/*·b·*/¶#include·<x.h>·//·c¶
        .............#####..................###.
        """,
    ),
    "switched off by the preprocessor": (
        "c",
        """
        #if·0¶off¶#endif¶on
        .....#####.........
        """,
    ),
    "python": (
        "python",
        """
        x·=·"#"·#·y¶#·z¶'''#'''
        ........###.###........
        """,
    ),
    "nested comments where the language nests them": (
        "rust",
        """
        /*·a·/*·b·*/·c·*/·d
        .###############...
        """,
    ),
    "comments that touch where the language nests them": (
        "rust",
        """
        /*a*//*/*b*/*//*c*/d
        .###..#######..###..
        """,
    ),
    "an opening delimiter in a comment opens nothing where comments do not nest": (
        "c",
        """
        /*·a·/*·b·*//*c*/·d·*/
        .##########..###......
        """,
    ),
    "a delimiter at the end of a comment": (
        "c",
        """
        //·a·//¶/*·/*
        .######..####
        """,
    ),
    "braces, dashes and brackets": (
        "haskell",
        """
        {-·a·{-·b·-}·-}·c·--·d·--¶
        .#############.....######.
        """,
    ),
    "html": (
        "html",
        """
        <p><!--·a·--></p>
        ......######.....
        """,
    ),
}

STRINGS = {
    "strings and characters": (
        "c",
        """
        f("ab",·'c',·L"d",·"");
        ..###...##....##...#...
        """,
    ),
    "escaped quotes": (
        "c",
        r"""
        "a\"b",·'\'',·"\\",·x
        #####...###...###....
        """,
    ),
    "strings that touch": (
        "c",
        """
        "a""b"·"c"
        ##.##..##.
        """,
    ),
    "a string in a comment, a comment in a string": (
        "c",
        """
        /*·"a"·*/·"/*·b·*/"·//·"c
        ..........########.......
        """,
    ),
    "unclosed to the end of the line": (
        "c",
        """
        x·=·"ab;¶y·=·"c";¶
        ....####.....##...
        """,
    ),
    "preprocessor lines": (
        "c",
        """
        #include·"a.h"¶#define·B·"c(d"·'e'¶
        .........................####..##..
        """,
    ),
    "windows lines": (
        "c",
        r"""
        a·"b"←¶"c·\←¶d"←¶
        ..##...#######...
        """,
    ),
    "python strings": (
        "python",
        r"""
        '''a"b'''+r"c\d"+"e"
        ..######...####..##.
        """,
    ),
    "code that a string interpolates is outside, its braces inside": (
        "python",
        """
        f"a{x}b"·+·f"{y}"
        .###.##.....##.#.
        """,
    ),
    "a documentation string": (
        "python",
        '''
        def·f():¶··"""Do·"it"."""¶··x·=·1
        .............###########.........
        ''',
    ),
    "a template over several lines": (
        "javascript",
        """
        `a${b}¶c·${¶d¶}"e"`·+·1
        ####.######...####.....
        """,
    ),
    "four quotes are two empty strings": (
        "c",
        '''
        x·=·"""";·y
        ....#.#....
        ''',
    ),
    "keys of an object": (
        "json",
        r"""
        {"a{\"":·["b"]}
        .#####....##...
        """,
    ),
    "a backslash before the closing quote, where it escapes nothing": (
        "bash",
        r"""
        x='a\'·y='b'
        ..###....##.
        """,
    ),
    "a quote that is doubled": (
        "sql",
        """
        select·'it''s',·'b'
        .......######...##.
        """,
    ),
    "what a shell inserts where no string is open": (
        "bash",
        """
        echo·${x}·"${y}·z"
        ..........###.###.
        """,
    ),
    "raw strings": (
        "rust",
        """
        r#"a"b"#·+·1
        ..#####.....
        """,
    ),
    "a shell string around a variable": (
        "bash",
        """
        echo·"$x"·"a·$y"·z
        .....#....###.....
        """,
    ),
}

DEPTHS = {
    "opening brackets lead in, closing ones out": (
        "c",
        """
        a(b[c]{d})e
        01122122100
        """,
    ),
    "a brace in a string, a character and a comment": (
        "c",
        """
        f("{",'}',·/*(*/·x)·//)¶{
        0111111111111111110000001
        """,
    ),
    "more closed than opened": (
        "c",
        """
        ))a(b)·}·{
        0001100001
        """,
    ),
    "never closed": (
        "c",
        """
        f((a¶{b
        0122233
        """,
    ),
    "a bracket in a string of a macro": (
        "c",
        """
        #define·A·"("·(b¶c)
        0000000000000011110
        """,
    ),
    "a bracket in an unclosed comment": (
        "c",
        """
        (a·/*·)·(
        111111111
        """,
    ),
}


test_comments_are_labelled_as_by_hand = agrees(labels.inside_comment, COMMENTS)
test_strings_are_labelled_as_by_hand = agrees(labels.inside_string, STRINGS)
test_depth_is_labelled_as_by_hand = agrees(labels.nesting_depth, DEPTHS)


def test_only_the_chosen_brackets_count() -> None:
    assert drawn(labels.nesting_depth("{a(b){c}", "{}")) == "11111221"
    assert labels.nesting_depth("{a(b){c}", "{}").name == "nesting depth of {}"


def test_without_a_language_every_bracket_counts() -> None:
    assert drawn(labels.nesting_depth('"(" don\'t (', language=None)) == "01111111112"


def test_windows_line_ends_move_no_offset() -> None:
    code = 'int a; /* b\nc */ char *d = "e";\n// f (\n(g)\n'
    for make in (labels.inside_comment, labels.inside_string, labels.nesting_depth):
        unix = make(code)
        text = code.replace("\n", "\r\n")
        windows = np.asarray(make(text))
        kept = np.array([c != "\r" for c in text])
        assert windows[kept].tolist() == unix.tolist()


def test_what_a_lexer_would_edit_stays_in_place() -> None:
    text = '\n\n\t\tx = "a"\t# b\n\n\n'
    expected = [character in '"a' for character in text.replace('a"', "a-")]
    lexer = PythonLexer(stripall=True, tabsize=4)
    assert labels.inside_string(text, language=lexer).tolist() == expected


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\r\n"])
def test_every_character_gets_one_label_whatever_the_text_ends_with(ending: str) -> None:
    text = "int a; // b" + ending
    end = text.find("\n") if ending else len(text)
    assert labels.inside_comment(text).tolist() == [8 <= t < end for t in range(len(text))]


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"language must be .* got 'klingon'"):
        labels.inside_comment("x", language="klingon")
    with pytest.raises(TypeError, match=r"language must be .* got int"):
        labels.inside_string("x", language=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("brackets", ["", "(", "({)", "(())", "(("])
def test_bad_brackets_are_refused_by_name(brackets: str) -> None:
    with pytest.raises(ValueError, match="brackets must"):
        labels.nesting_depth("x", brackets)
