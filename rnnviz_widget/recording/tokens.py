"""Which piece of text each time step read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnviz_widget.trace import checked_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def from_offsets(text: str, offsets: Iterable[Sequence[int]]) -> tuple[str, ...]:
    """Return the tokens that a tokenizer's character offsets cut from a text.

    Characters between two tokens (often white space) go to the later one, so that the tokens join
    to the text again; what follows the last token was never read, and is left out.

    Parameters
    ----------
    text
        What was tokenized.
    offsets
        ``(start, end)`` of each token, in order.

    Raises
    ------
    ValueError
        If the offsets leave the text or go back, or a token has no character of its own, as the
        special tokens and the later bytes of a character that some tokenizers produce.
    """
    tokens = []
    done = 0
    for i, pair in enumerate(offsets):
        start, end = (int(edge) for edge in pair)
        if not 0 <= start <= end <= len(text):
            raise ValueError(
                f"offsets[{i}] is {(start, end)}, which does not lie in a text of {len(text)} "
                "characters"
            )
        if end <= done:
            raise ValueError(
                f"offsets[{i}] is {(start, end)}, but the token before ends at {done}: it has no "
                "character of its own; give the strings to show with tokens= instead"
            )
        tokens.append(text[done:end])
        done = end
    return tuple(tokens)


def from_arguments(
    tokens: Sequence[str] | str | None,
    text: str | None,
    offsets: Iterable[Sequence[int]] | None,
) -> tuple[str, ...] | None:
    """Return the tokens that the arguments of `record` name, None if they name none."""
    if tokens is not None:
        if text is not None or offsets is not None:
            raise TypeError("tokens cannot be given together with text or offsets")
        return checked_tokens(tokens)
    if text is None:
        if offsets is not None:
            raise TypeError("offsets need the text they are offsets of: text=")
        return None
    return checked_tokens(text if offsets is None else from_offsets(text, offsets))
