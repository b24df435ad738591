"""Labels by name, as a command line gives them: ``inside_quotes``, ``matches:PATTERN``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rnnviz_widget import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.trace import Trace

    Labelling = Callable[[Trace], labels.Label]


@dataclass(frozen=True)
class LabelEntry:
    """A label that can be asked for.

    Attributes
    ----------
    make
        The function.
    meaning
        In a few words.
    argument
        The keyword that what follows a colon is given as; empty if nothing may follow.
    needed
        Whether something must follow.
    """

    make: Callable[..., labels.Label]
    meaning: str
    argument: str = ""
    needed: bool = False


LABELS = {
    "inside_quotes": LabelEntry(labels.inside_quotes, "a quotation mark is open"),
    "line_position": LabelEntry(labels.line_position, "characters since the last newline"),
    "distance_to_line_end": LabelEntry(
        labels.distance_to_line_end, "characters to the next newline"
    ),
    "indentation": LabelEntry(labels.indentation, "of the line, in columns"),
    "inside_comment": LabelEntry(labels.inside_comment, "a comment is open", "language"),
    "inside_string": LabelEntry(labels.inside_string, "a string literal is open", "language"),
    "inside_condition": LabelEntry(
        labels.inside_condition, "an if's condition is open", "language"
    ),
    "nesting_depth": LabelEntry(labels.nesting_depth, "how many brackets are open", "language"),
    "block_depth": LabelEntry(labels.block_depth, "how many braces are open", "language"),
    "expression_depth": LabelEntry(labels.expression_depth, "how many ( are open", "language"),
    "next_is": LabelEntry(
        labels.next_is, "the next character is one of these", "chars", needed=True
    ),
    "matches": LabelEntry(labels.matches, "in a match of this pattern", "pattern", needed=True),
}


def label_names() -> str:
    """Return the labels with what they mean, a line each, for help texts."""
    lines = []
    for name, label in LABELS.items():
        after = f":{label.argument.upper()}" if label.argument else ""
        shown = name + (after if label.needed or not after else f"[{after}]")
        lines.append(f"  {shown:<28}{label.meaning}")
    return "\n".join(lines)


def label_by_name(text: str) -> Labelling:
    r"""Return the function of a trace that ``NAME`` or ``NAME:ARGUMENT`` means.

    In the characters of ``next_is`` a newline is written ``\n`` and a tab ``\t``.

    Raises
    ------
    argparse.ArgumentTypeError
        Naming the labels there are.
    """
    name, colon, argument = text.partition(":")
    label = LABELS.get(name)
    if label is None:
        msg = f"no label is named {name!r}; there are {', '.join(LABELS)}"
        raise argparse.ArgumentTypeError(msg)
    if bool(argument) < label.needed or (colon and not (label.argument and argument)):
        allowed = f"{name}:{label.argument.upper()}" if label.argument else f"{name} alone"
        msg = f"write {allowed}, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    if not argument:
        return label.make
    if label.argument == "chars":
        argument = argument.replace("\\n", "\n").replace("\\t", "\t")
    made = partial(label.make, **{label.argument: argument})
    try:
        made("a")  # a language or a pattern that is none is refused here, before anything runs
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return made
