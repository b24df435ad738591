"""The array that labels come in, and the step from characters to tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.trace import Trace


class Label(np.ndarray[tuple[int], np.dtype[Any]]):
    """A ``(T,)`` array that knows what it is called and where it is not known.

    It behaves as a plain array in every way. What is computed from it (a slice, ``a | b``, ``~a``)
    has neither the name nor the mask any more: it is another label, to be named by its maker. A
    copy and a pickled label are the label itself, with both.

    Attributes
    ----------
    name : str
        In words, for tables and menus: ``"inside quotes"``; empty for a derived array.
    missing : ndarray of bool, shape (T,), or None
        True where the text ends too early to know; the array holds a placeholder there.

    """

    name: str
    missing: NDArray[np.bool_] | None

    def __new__(
        cls, values: ArrayLike, name: str, missing: NDArray[np.bool_] | None = None
    ) -> Self:
        """Wrap ``values`` without copying."""
        label = np.asarray(values).view(cls)
        label.name = name
        label.missing = missing if missing is not None and missing.any() else None
        return label

    def __array_finalize__(self, obj: object) -> None:
        """Start every view nameless: a slice of a label is not that label."""
        self.name = ""
        self.missing = None

    def __copy__(self) -> Self:
        """Return a copy that is the same label."""
        return type(self)(np.array(self), self.name, self._copied_mask())

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Self:
        """Return a copy that is the same label: nothing in it is shared."""
        return self.__copy__()

    def copy(self, order: Literal["K", "A", "C", "F"] = "C") -> Self:  # type: ignore[override]
        """Return a copy that is the same label."""
        return type(self)(np.array(self, order=order), self.name, self._copied_mask())

    def _copied_mask(self) -> NDArray[np.bool_] | None:
        return None if self.missing is None else self.missing.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle a label with its name and its mask."""
        return type(self), (np.asarray(self), self.name, self.missing)

    def __array_wrap__(
        self,
        array: NDArray[Any],
        context: object = None,
        return_scalar: bool = False,  # noqa: FBT001, FBT002 - numpy's signature
    ) -> Any:  # noqa: ANN401 - numpy's signature
        """Return what numpy computes from a label as a plain array or scalar."""
        return array[()] if return_scalar else np.asarray(array)


def text_of(source: str | Trace) -> str:
    """Return the text of a string or a trace, or refuse it.

    Raises
    ------
    ValueError
        If the text is empty, or the tokens of the trace do not concatenate to its text (labels
        are made from text, so they would be aligned with nothing).
    TypeError
        If ``source`` is neither.

    """
    if isinstance(source, str):
        text = source
    elif hasattr(source, "tokens") and hasattr(source, "text"):
        text = source.text
        if "".join(source.tokens) != text:
            msg = (
                "the tokens of this trace do not concatenate to its text, so labels made from "
                f"text cannot be aligned with them: tokens {_start(''.join(source.tokens))}, "
                f"text {_start(text)}"
            )
            raise ValueError(msg)
    else:
        msg = f"a label is made from a str or a Trace, got {type(source).__name__}"
        raise TypeError(msg)
    if not text:
        msg = "the text to label must not be empty"
        raise ValueError(msg)
    return text


def aligned(
    source: str | Trace,
    values: NDArray[Any],
    name: str,
    missing: NDArray[np.bool_] | None = None,
) -> Label:
    """Give each token the value of its last character.

    Parameters
    ----------
    source : str or Trace
        What ``text_of`` was asked about; the tokens of a string are its characters.
    values : ndarray, shape (number of characters,)
        One value per character of the text.
    name : str
        What the label is called.
    missing : ndarray of bool, shape (number of characters,), optional
        Characters at which the value is not known.

    """
    if isinstance(source, str) or len(source.tokens) == len(values):
        return Label(values, name, missing)
    last = _last_characters(source.tokens)
    return Label(values[last], name, None if missing is None else missing[last])


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the characters of a text as an array, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _last_characters(tokens: Sequence[str]) -> NDArray[np.intp]:
    lengths = np.fromiter(map(len, tokens), np.intp, len(tokens))
    return np.cumsum(lengths) - 1


def _start(text: str, length: int = 30) -> str:
    return repr(text if len(text) <= length else text[:length] + "…")
