"""The parts of a text in which an effect is looked at: what comes next, and labels."""

from __future__ import annotations

import unicodedata
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rnnviz_widget.escaping import listed
from rnnviz_widget.labels.reading import label_values
from rnnviz_widget.ranking.splits import line_numbers
from rnnviz_widget.trace import Extras, Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Labelling = Callable[[Trace], ArrayLike] | ArrayLike | Sequence[ArrayLike]

CLASSES = ("newline", "space", "letter", "digit", "quote", "bracket", "punctuation")
"""What a next character may be; the last is all that is none of the others."""

_QUOTES = "\"'\N{DOUBLE LOW-9 QUOTATION MARK}\N{SINGLE LOW-9 QUOTATION MARK}"


class PredictionGroup(NamedTuple):
    """Some of the N predictions.

    Attributes
    ----------
    name
        By which they are asked for, such as ``"newline"``.
    words
        What they are, such as ``"next is newline"``.
    inside
        `(N,)` bool: which.
    """

    name: str
    words: str
    inside: NDArray[np.bool_]


class PredictionGroups(NamedTuple):
    """All parts that hold any prediction, and the line that each prediction belongs to."""

    all: tuple[PredictionGroup, ...]
    lines: NDArray[np.intp]


def class_of(character: str) -> str:
    """Return which of `CLASSES` a character belongs to."""
    if character in "\n\r":
        return "newline"
    if character.isspace():
        return "space"
    if character.isalpha():
        return "letter"
    if character.isdigit():
        return "digit"
    category = unicodedata.category(character)
    if character in _QUOTES or category in ("Pi", "Pf"):
        return "quote"
    return "bracket" if category in ("Ps", "Pe") else "punctuation"


def prediction_groups(texts: Sequence[str], labels: Mapping[str, Labelling]) -> PredictionGroups:
    """Return the parts of some texts; a text of T characters has T - 1 predictions.

    Raises
    ------
    TypeError, ValueError
        If a label is not boolean, or not one value for each character.
    """
    following = "".join(text[1:] for text in texts)
    classes = np.array([class_of(character) for character in following])
    found = [PredictionGroup("all", "all characters", np.ones(len(following), np.bool_))]
    found += [PredictionGroup(name, f"next is {name}", classes == name) for name in CLASSES]
    for name, label in labels.items():
        values, known = _values(texts, name, label)
        found.append(PredictionGroup(name, name, known & values))
        found.append(PredictionGroup(f"not {name}", f"not {name}", known & ~values))
    names = [group.name for group in found]
    if len(set(names)) < len(names):
        raise ValueError(f"labels must have names of their own, got {listed(labels)}")
    start, lines = 0, []
    for text in texts:  # a prediction belongs to the line of the character that is predicted
        line = line_numbers(text)[1:]
        lines.append(line - line[0] + start)
        start = int(lines[-1][-1]) + 1
    present = tuple(group for group in found if group.inside.any())
    return PredictionGroups(present, np.concatenate(lines))


def _values(
    texts: Sequence[str], name: str, label: Labelling
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return a label and where it is known, at each prediction."""
    argument = f"labels[{name!r}]"
    if callable(label):
        pieces: Sequence[Any] = list(map(partial(_label_of, label, argument), texts))
    else:
        pieces = [label] if len(texts) == 1 else label  # type: ignore[assignment]
    if len(pieces) != len(texts):
        raise ValueError(f"{argument} must have an array for each text, got {len(pieces)}")
    checked = [label_values(piece, argument) for piece in pieces]
    for (values, *_), text in zip(checked, texts, strict=True):
        if values.dtype != np.bool_:
            raise TypeError(
                f"{argument} must be boolean, got {values.dtype}; compare a number to make "
                "it so, such as depth > 2"
            )
        if len(values) != len(text):
            raise ValueError(
                f"{argument} must have one value for each of the {len(text)} characters, got "
                f"{len(values)}"
            )
    truth = np.concatenate([read.values[:-1] for read in checked])
    return truth, np.concatenate([read.known[:-1] for read in checked])


def _label_of(function: Callable[[Any], ArrayLike], argument: str, text: str) -> ArrayLike:
    """Return what a function makes of the trace of a text, which has its characters alone.

    A function of the text itself, which it was before, goes on working.
    """
    try:
        return function(Trace(tuple(text), {}, {}, Extras()))
    except (TypeError, AttributeError, LookupError) as error:
        try:
            label = function(text)
        except Exception:  # noqa: BLE001  (what it says of a trace is what counts)
            raise error from None
    warnings.warn(
        f"{argument} should take a trace, whose text is trace.text; a function of a text will be "
        "refused",
        DeprecationWarning,
        stacklevel=5,
    )
    return label
