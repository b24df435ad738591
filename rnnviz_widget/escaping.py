"""Text of strangers, on its way to a terminal, into Markdown or into HTML.

File names, the metadata of a checkpoint, names of states and labels may come from anybody. In a
terminal they could move the cursor, change colours or answer for the user; in a model card they
could be markup.
"""

from __future__ import annotations

import html
import re
import reprlib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LISTED = 12
"""Names that are written out in a sentence."""

_LONGEST = 60
"""Characters of each."""

_LONGEST_VALUE = 200
"""Characters of a value that is quoted."""

_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = _LONGEST_VALUE

_JOINERS = "\u200c\u200d"  # in Persian, and in emoji


def for_terminal(text: object, *, keep: str = "\n\t") -> str:
    r"""Return text in which nothing acts on a terminal, and which every terminal can be sent.

    Control characters (escape sequences begin with one), marks that reverse the direction of
    writing, invisible characters, line separators and lone surrogates are written as ``\x1b`` or
    ``\u202e``.

    Parameters
    ----------
    text
        What is to be printed.
    keep
        The control characters that stay: newline and tab unless told otherwise. A name that stands
        in a line keeps none, ``keep=""``.
    """
    return "".join(c if _is_plain(c) or c in keep else _escaped(c) for c in str(text))


def for_markdown(text: object) -> str:
    """Return text that Markdown shows as it is, in one line: no markup, no HTML, no link."""
    line = for_terminal(text, keep="").lstrip().replace("\\", "\\\\")
    line = re.sub(r"([`*_{}\[\]|~$])", r"\\\1", line)
    line = re.sub(r"^(\d*)([#+=.)-])", r"\1\\\2", line)  # a heading, a list, a line
    line = html.escape(line, quote=False).replace("@", "&#64;")
    # Addresses become links by themselves in some flavours.
    return re.sub(r"(?i)\b([a-z][a-z0-9+.-]*):(?=\S)", r"\1&#58;", line).replace("www.", "www&#46;")


def listed(names: Iterable[object], separator: str = ", ") -> str:
    """Return names in a sentence, each in one line and none long; of many, the first and a count.

    At most `_LISTED` of them are written out, each to `_LONGEST` characters.
    """
    known = list(names)
    shown = known if len(known) <= _LISTED else known[: _LISTED - 2]
    words = [for_terminal(name, keep="") for name in shown]
    words = [word if len(word) <= _LONGEST else f"{word[: _LONGEST - 1]}…" for word in words]
    if len(shown) < len(known):
        words.append(f"… and {len(known) - len(shown):,} more")
    return separator.join(words)


def briefly(value: object) -> str:
    """Return a value as it is written in Python, in one line, and the beginning of a long one."""
    try:
        written = _BRIEF.repr(value)
    except Exception:  # noqa: BLE001  (of a stranger's __repr__)
        written = f"<{type(value).__name__}>"
    line = for_terminal(written, keep="")
    return line if len(line) <= _LONGEST_VALUE else f"{line[: _LONGEST_VALUE - 1]}…"


def as_code(text: object) -> str:
    """Return text as a span of code in Markdown, in one line."""
    line = for_terminal(text, keep="").replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{space}{line}{space}{fence}"


def for_html(text: str) -> str:
    """Return text as HTML that can be encoded: a lone surrogate becomes a character reference."""
    return html.escape(text).encode("utf-8", "xmlcharrefreplace").decode("utf-8")


def _is_plain(character: str) -> bool:
    category = unicodedata.category(character)
    return category not in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in _JOINERS


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004
