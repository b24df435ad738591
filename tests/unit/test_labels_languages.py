"""What languages write in ways of their own, against labels written by hand (see `drawings`)."""

import pytest

from rnnviz_widget import labels
from tests.simulations.labels import CODE, LIMIT, TONGUES, Tongue, measure
from tests.unit.drawings import agrees, drawn

COMMENTS = {
    "a string in a macro holds no comment": (
        "c",
        """
        #define·U·"http://x"·//·b¶#define·V·"/*"·1·/*·c·*/¶
        ......................###...................#####..
        """,
    ),
    "a comment in a macro that goes on": (
        "c",
        r"""
        #define·A(x)·\¶→x·/*·b·*/·\¶→"//"¶//·c¶
        ...................#####...........###.
        """,
    ),
    "a raw string in a macro": (
        "cpp",
        """
        #define·R·R"(·"·//·)"·//·c¶
        .......................###.
        """,
    ),
    "documentation comments": (
        "rust",
        """
        ///·a·"b"¶//!·c¶/**·d·*/·/*!·e·*/f
        .########..####..######...######..
        """,
    ),
    "a line comment that a backslash does not prolong": (
        "rust",
        r"""
        //·a·\¶//·b¶c
        .#####..###..
        """,
    ),
    "an exclamation mark, the newline outside": (
        "fortran",
        """
        x·=·'a!b'·!·c·"d"¶y
        ..........#######..
        """,
    ),
    "markdown": (
        "markdown",
        """
        a·<!--·b·-->·`<!--·c·-->`¶¶```¶<!--·d·-->¶```¶<!--¶e·-->¶
        .....######......................................######..
        """,
    ),
    "verbatim text": (
        "latex",
        r"""
        a·\%·b·%·c¶\verb|%|·%·d¶\begin{verbatim}¶%·e¶\end{verbatim}%f¶
        .......###..........###....................................##.
        """,
    ),
    "a hash in a word": (
        "bash",
        """
        a=$#·b#c·"$d"#e·${#f}·#·g¶
        ......................###.
        """,
    ),
}

STRINGS = {
    "a string in a macro": (
        "c",
        """
        #define·U·"http://x"·//·"¶#define·C·'"'·"/*"¶
        ..........#########.................##..###..
        """,
    ),
    "documentation is no string": (
        "rust",
        """
        ///·a·"b"¶/**·'c'·*/·"d"
        .....................##.
        """,
    ),
    "a quote that is doubled": (
        "fortran",
        r"""
        'it''s'·"say·""a"·'b\'
        ######..########..###.
        """,
    ),
    "code fences and code spans are none": (
        "markdown",
        """
        a·`b`¶¶```python¶x·=·"c"¶```¶
        .............................
        """,
    ),
    "templates in templates, with braces of their own": (
        "javascript",
        """
        `a·${·{b:·{c:`d${e}f`}}.b·}g`·+·"h"
        #####........####.##......##....##.
        """,
    ),
    "regular expressions are none": (
        "javascript",
        """
        a·=·/["'`]/·+·"b"·+·c·/·d·/·e
        ..............##.............
        """,
    ),
    "substitutions in strings in substitutions": (
        "bash",
        """
        "a·$(b·"c·$(d·"e")·f")·g"·$(h·"i")
        #####..#####..##.###.###......##..
        """,
    ),
    "a here-document is none, the rest of its line is code": (
        "bash",
        """
        cat·<<E·|·f·"g"¶it's·"¶E¶h·"i"¶
        ............##.............##..
        """,
    ),
    "escapes outside of strings": (
        "bash",
        r"""
        a·\"·b·\'·"`c·\"$d\"`"·"$e·$·f"
        ..........##........#..#..####.
        """,
    ),
    "arithmetic and backticks in a string": (
        "bash",
        """
        "a·$((1·+·(2)))·b·`c·"d"`·e"·x
        ######.......######..##.###...
        """,
    ),
    "a quote within braces within a string": (
        "bash",
        """
        "${a:-it's}·b"·'c'
        ###.......###..##.
        """,
    ),
    "formats with fields of their own": (
        "python",
        """
        f"a{b!r:>{c}}d{{e}}"·+·f"{f['g']}"
        .###.#####.########.....##..##..#.
        """,
    ),
}

DEPTHS = {
    "patterns and escapes of a shell hold no brackets": (
        "bash",
        r"""
        ls·[a-z]*·\(·x·\)·&&·[·a·]
        00000000000000000000011110
        """,
    ),
    "brackets in a here-document": (
        "bash",
        """
        (cat·<<E)¶({¶E¶f·(g
        1111111100000000011
        """,
    ),
    "the braces of a template are no brackets, those of its code are": (
        "javascript",
        """
        (`a${·{b:·[`${c}`]}·}(`)·{
        11111122223333333211111001
        """,
    ),
}

CONDITIONS = {
    "from its bracket to the one that closes it": (
        "c",
        """
        if·(a·&&·f(b))·{·if(c)d;·}·g(if)
        ...##########......##...........
        """,
    ),
    "brackets in comments and strings": (
        "c",
        """
        if·/*·(·*/·(a·/*·)·*/·==·')')·x;
        ...........#################....
        """,
    ),
    "what only looks like one": (
        "c",
        """
        #if·(a)¶#·if·(b)¶gif(c);·"if·(";·//·if·(d)¶x->if_(e)
        ....................................................
        """,
    ),
    "constexpr": (
        "cpp",
        """
        if·constexpr·(a)·b;·else·if·(c
        .............##.............##
        """,
    ),
    "a condition in a condition": (
        "javascript",
        """
        if·(f(()·=>·{·if·(a)·b;·}))·c
        ...#######################...
        """,
    ),
}


test_comments_are_labelled_as_by_hand = agrees(labels.inside_comment, COMMENTS)
test_strings_are_labelled_as_by_hand = agrees(labels.inside_string, STRINGS)
test_depth_is_labelled_as_by_hand = agrees(labels.nesting_depth, DEPTHS)
test_conditions_are_labelled_as_by_hand = agrees(labels.inside_condition, CONDITIONS)


def test_two_classes_of_a_family_of_lexers_do_not_mix() -> None:
    text = 'R"(a "b" c)" + "d"'
    before = drawn(labels.inside_string(text, language="cpp"))
    labels.inside_string(text, language="c")
    assert drawn(labels.inside_string(text + " ", language="cpp")) == before + "."


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: f"{tongue.language}-{tongue.reader}")
def test_labels_agree_with_a_real_tokenizer(tongue: Tongue) -> None:
    paths = [path for path in CODE.iterdir() if path.suffix == tongue.suffix]
    found = measure(tongue, paths, other_orders=1)
    assert found.characters > 200
    assert found.worst < LIMIT, found.differing
