"""A text in the characters that a model knows: for texts from elsewhere."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# What typesetting has and typewriters do not, by the character that stands for it there.
_PLAIN = {
    '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033",
    "'": "\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u0060\u00b4",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad",
    ".": "\u2026",
    " ": "\u00a0\u2002\u2003\u2009\u202f\t",
    "\n": "\u2028\u2029\u0085",
}
_STANDS_FOR = {other: plain for plain, others in _PLAIN.items() for other in others}


def respell(text: str, known: Collection[str]) -> tuple[str, Counter[tuple[str, str]]]:
    r"""Return a text of the same length in known characters, and what was replaced how often.

    A character that is not known becomes the nearest that is: a typographic quotation mark or dash
    its plain form, a letter with an accent its base; anything else a space (the first known
    character where a space is not known).

    Parameters
    ----------
    text
        Any string.
    known
        The characters to use, such as ``model.vocabulary``.

    Returns
    -------
    text, replaced
        The text, and how often each pair (character, what stands for it) occurs.

    Examples
    --------
    >>> respell("“Café”", known='Cafe" ')
    ('"Cafe"', Counter({('“', '"'): 1, ('é', 'e'): 1, ('”', '"'): 1}))
    """
    allowed = set(known)
    table = {c: _nearest(c, allowed, known) for c in set(text) - allowed}
    replaced = Counter((c, table[c]) for c in text if c in table)
    return "".join(table.get(c, c) for c in text), replaced


def is_typographic(character: str, plain: str) -> bool:
    """Return whether `plain` is how a typewriter writes a typographic mark: nothing is lost."""
    return _STANDS_FOR.get(character) == plain


def _nearest(character: str, allowed: set[str], known: Collection[str]) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    for candidate in (_STANDS_FOR.get(character, ""), base, base.lower(), " "):
        if candidate in allowed:
            return candidate
    return next(iter(known))
