"""The table of built-in labels: the names that a command line lists, and what each is of."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class LabelEntry:
    """A label that can be asked for by name.

    Attributes
    ----------
    make
        The function of a trace.
    meaning
        What is true where it holds, in a few words.
    argument
        The parameter that a name may be followed by; empty if nothing may follow.
    """

    make: Callable[..., Any]
    meaning: str
    argument: str = ""

    @property
    def needs_argument(self) -> bool:
        """Whether the parameter has no default."""
        if not self.argument:
            return False
        parameter = inspect.signature(self.make).parameters[self.argument]
        return parameter.default is inspect.Parameter.empty


CATALOGUE: dict[str, LabelEntry] = {}
"""All labels that were registered, by name."""


def register_label(meaning: str, *, argument: str = "") -> Callable[[Function], Function]:
    """Return a decorator that makes a label known by its function's name.

    `rnnviz view --label` then lists it with its meaning. Whatever takes a label takes any function
    of a trace, registered or not.

    Parameters
    ----------
    meaning : str
        What is true where it holds, in a few words, such as ``"a quotation mark is open"``.
    argument : str
        A further parameter that the command line may give after a colon, such as ``"language"``.

    Raises
    ------
    ValueError
        If another function is known by that name, or has no such parameter.

    Examples
    --------
    >>> import numpy as np
    >>> @register_label("the character just read is a vowel")
    ... def vowel(trace):
    ...     return np.isin(trace.tokens, list("aeiou"))
    >>> CATALOGUE.pop("vowel").meaning
    'the character just read is a vowel'
    """

    def register(function: Function) -> Function:
        name = function.__name__
        known = CATALOGUE.get(name)
        if known is not None and known.make.__module__ != function.__module__:
            msg = f"a label must have a name of its own, got {name!r}, which is known already"
            raise ValueError(msg)
        if argument and argument not in inspect.signature(function).parameters:
            msg = f"argument must be a parameter of {name}, got {argument!r}"
            raise ValueError(msg)
        CATALOGUE[name] = LabelEntry(function, meaning, argument)
        return function

    return register
