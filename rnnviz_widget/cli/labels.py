"""The argument of --label, read: ``inside_quotes``, ``matches:PATTERN``."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from rnnviz_widget.labels.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.labels import Label
    from rnnviz_widget.trace import Trace

    Labelling = Callable[[Trace], Label]


def label_names() -> str:
    """Return the labels with what they mean, a line each, for help texts."""
    lines = []
    for name, label in sorted(CATALOGUE.items()):
        after = f":{label.argument.upper()}" if label.argument else ""
        shown = name + (after if label.needs_argument or not after else f"[{after}]")
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
    label = CATALOGUE.get(name)
    if label is None:
        msg = f"no label is named {name!r}; there are {', '.join(sorted(CATALOGUE))}"
        raise argparse.ArgumentTypeError(msg)
    if bool(argument) < label.needs_argument or (colon and not (label.argument and argument)):
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
