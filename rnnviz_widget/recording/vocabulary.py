"""What ids stand for, from whatever people have: lists, arrays, dicts either way, tokenizers."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

_LARGEST = 2**22
"""Ids that a vocabulary may have: a larger one is a mistake, and would fill memory with gaps."""


class _Table(Protocol):
    def get_vocab(self) -> Mapping[str, int]: ...


class _Converter(Protocol):
    def convert_ids_to_tokens(self, ids: Any, /) -> Any: ...  # noqa: ANN401  (each has its own types)


class _Decoder(Protocol):
    def decode(self, ids: Any, /) -> Any: ...  # noqa: ANN401


VocabularyLike: TypeAlias = (
    Sequence[str]
    | Mapping[str, int]
    | Mapping[int, str]
    | NDArray[np.str_]
    | _Table
    | _Converter
    | _Decoder
)
"""What ids may be named by: strings in their order, a dict either way, or a tokenizer."""


def as_vocabulary(given: VocabularyLike) -> tuple[str, ...]:
    """Return what each id from 0 on stands for.

    Parameters
    ----------
    given
        Strings in the order of ids: a string of characters, a list, tuple or array. A dict from
        tokens to ids, as a tokenizer's ``get_vocab()`` gives, or from ids to tokens: ids decide,
        not the order of entries. Or a tokenizer: an object with ``get_vocab``,
        ``convert_ids_to_tokens`` or ``decode``, and a length. An id that nothing is said of, or an
        empty string, is named by its number, ``"<7>"``; of two tokens with one id the first stays.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.
    """
    anything: Any = given  # what it is in truth is found out here
    if isinstance(anything, Mapping):
        entries = _by_id(anything)
    elif callable(getattr(anything, "get_vocab", None)):
        entries = _by_id(anything.get_vocab())
    elif callable(getattr(anything, "convert_ids_to_tokens", None)):
        entries = list(anything.convert_ids_to_tokens(list(range(_size(anything)))))
    elif callable(getattr(anything, "decode", None)) and not isinstance(anything, bytes):
        entries = [anything.decode([number]) for number in range(_size(anything))]
    elif isinstance(anything, np.ndarray):
        entries = anything.tolist()
    elif isinstance(anything, Iterable) and not isinstance(anything, (bytes, set, frozenset)):
        entries = list(anything)
    else:
        raise TypeError(
            "vocabulary must be strings in the order of ids, a dict of tokens and ids, or a "
            f"tokenizer, got {type(anything).__name__}"
        )
    wrong = [entry for entry in entries if not isinstance(entry, str)]
    if wrong or not entries:
        raise ValueError(
            f"vocabulary must hold one or more strings, got {reprlib.repr(wrong or entries)}"
        )
    return tuple(entry or f"<{number}>" for number, entry in enumerate(entries))


def own_vocabulary(module: object) -> tuple[str, ...] | None:
    """Return what a module calls its vocabulary, if that is one; `as_vocabulary` says what is."""
    try:
        return as_vocabulary(getattr(module, "vocabulary", None))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _by_id(given: Mapping[Any, Any]) -> list[str]:
    """Return a dict's tokens in the order of their ids."""
    pairs = list(given.items())
    numbers = (int, np.integer)
    if pairs and all(isinstance(key, str) and isinstance(value, numbers) for key, value in pairs):
        pairs = [(value, key) for key, value in pairs]
    found: dict[int, str] = {}
    for number, token in pairs:
        whole = isinstance(number, numbers) and not isinstance(number, bool)
        if not whole or not isinstance(token, str):
            raise ValueError(
                "vocabulary as a dict must go from tokens to ids or from ids to tokens, got "
                f"{reprlib.repr(number)}: {reprlib.repr(token)}"
            )
        if not 0 <= number < _LARGEST:
            raise ValueError(
                f"vocabulary's ids must be in [0, {_LARGEST}), got {number} for "
                f"{reprlib.repr(token)}"
            )
        found.setdefault(int(number), token)
    return [found.get(number, "") for number in range(max(found, default=-1) + 1)]


def _size(tokenizer: Any) -> int:  # noqa: ANN401
    """Return how many ids a tokenizer has."""
    for name in ("n_vocab", "vocab_size"):
        size = getattr(tokenizer, name, None)
        size = size() if callable(size) else size
        if isinstance(size, int):
            return max(size, _length(tokenizer))
    if size := _length(tokenizer):
        return size
    raise TypeError(
        f"vocabulary: {type(tokenizer).__name__} does not say how many tokens it has; pass a list "
        "or dict of them"
    )


def _length(tokenizer: Any) -> int:  # noqa: ANN401
    return len(tokenizer) if hasattr(tokenizer, "__len__") else 0
