"""buoy.py: strings of all kinds. "Nothing" here is run."""
import re  # a comment with "quotes" and it's apostrophe

plain, single, empty = "double 'in'", 'single "in"', ''
triple = '''three ' and '' and \''' more
over lines # no comment (
'''
raw, data, both = r"a\d\"", b'by"tes', Rb"raw \' bytes"
formatted = f"a {plain} b {single!r:>{10}} c {{no}} d"
nested = f"{plain[1:2]} and {len('x')} {dict(a=1)['a']} {(lambda: 3)()}"
long = f'''{
    plain
}''' if False else rf"\d{{2}} {plain}"
joined = ("one " "two"
          'three' """four""")  # {


def depth(text: str, table: dict[str, list[int]]) -> int:
    """Count (and "quote") brackets: {[(."""
    level = 0  # so far
    for i, c in enumerate(text):
        if c in "([{" and table["#"][(i + 1) % 3]:
            level += {'(': 1, ")": -1}.get(c, 0)
        elif re.match(r'["\']#', text) or c == '\\':
            return level // 2 # halves
    return [x for x in (level, {level})][0]


class Buoy(dict):  # it's one
    'a docstring in single quotes'
    name: str = "b" ; mark = 'm'
    text = "goes on \
here # no comment"
