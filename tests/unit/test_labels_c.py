"""Labels of C against a reading of our own, of any mixture of delimiters."""

import re

from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget import labels

PIECES = [
    *("/*", "*/", "//", '"', "'", "\\", "\n", '\\"', '"b"', "'c'", "'\"'", "'\\''", "''", "\\\\"),
    *("{", "}", "(", ")", "[", "]", "a", " ", "\t", "*", "/", ";", "%"),
]
CHARACTER = re.compile(r"'(\\[0-7]{1,3}|\\x[0-9a-fA-F]{1,2}|\\.|[^\\'\n])'")


def read(text: str) -> tuple[list[bool], list[bool], list[int]]:
    """Return comment, string and depth after each character."""
    comment, string, depth = [], [], []
    mode, depth_now, t = "code", 0, 0

    def note(count: int, *, now: str) -> None:
        """Note the next characters, the last of which leads to a state; the others keep theirs."""
        nonlocal mode, t
        for state in [mode] * (count - 1) + [now]:
            comment.append(state in ("block", "line"))
            string.append(state in ("string", "character"))
            depth.append(depth_now)
        mode, t = now, t + count

    while t < len(text):
        here = text[t]
        if mode == "code":
            character = CHARACTER.match(text, t)
            if text.startswith(("/*", "//"), t):
                note(2, now="block" if text[t + 1] == "*" else "line")
            elif here == '"':
                note(1, now="string")
            elif character:
                note(1, now="character")
                note(character.end() - character.start() - 1, now="code")
            else:
                depth_now = max(0, depth_now + (here in "([{") - (here in ")]}"))
                note(1, now="code")
        elif mode == "block":
            ends = text.startswith("*/", t)
            note(2 if ends else 1, now="code" if ends else "block")
        elif mode == "line":
            note(1, now="code" if here == "\n" and text[t - 1] != "\\" else "line")
        else:
            escape = here == "\\" and t + 1 < len(text)
            note(2 if escape else 1, now="code" if here in '"\n' else "string")
    return comment, string, depth


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=30).map("".join))
def test_any_mixture_of_delimiters_is_read_as_c_reads_it(text: str) -> None:
    # What a backslash splices over a line end is left to the lexer, but for comments and strings.
    text = re.sub(r"(?<=[/*'])\\+\n", "\n", text)
    comment, string, depth = read(text)
    assert labels.inside_comment(text).tolist() == comment
    assert labels.inside_string(text).tolist() == string
    assert labels.nesting_depth(text).tolist() == depth
