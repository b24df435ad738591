"""Every public function says, in numpydoc's form, what each parameter is and of what type."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget import charlm, evaluation, labels, lecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : (.+))?$")


def members(owner: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Give a class, whose docstring tells of its arguments, and the methods that are its own.

    A method that a base class of another package has is documented there.
    """
    if "Parameters\n" in (owner.__doc__ or ""):
        yield owner.__qualname__, owner
    foreign = [base for base in owner.__mro__ if not base.__module__.startswith("rnnviz_widget")]
    for base in owner.__mro__:
        for name, member in vars(base).items() if base not in foreign else ():
            method = getattr(member, "__func__", member)
            known = any(name in vars(other) for other in foreign)
            if inspect.isfunction(method) and not name.startswith("_") and not known:
                yield f"{owner.__qualname__}.{name}", method


def public() -> dict[str, Callable[..., Any]]:
    """Return every public function, class and method by its name."""
    found: dict[str, Callable[..., Any]] = {}
    for module in (rnnviz, labels, charlm, evaluation, lecture):
        for name in module.__all__:
            item = getattr(module, name)
            if inspect.isclass(item):
                found |= dict(members(item))
            elif inspect.isfunction(item):
                found[name] = item
    return found


PUBLIC = public()


def described(item: Callable[..., Any]) -> dict[str, tuple[str, str]]:
    """Return the type of each parameter in a docstring, and the first line about it."""
    lines = (inspect.getdoc(item) or "").splitlines()
    if "Parameters" not in lines:
        return {}
    found: dict[str, tuple[str, str]] = {}
    start = lines.index("Parameters") + 2
    for i, line in enumerate(lines[start:], start):
        if i + 1 < len(lines) and re.fullmatch(r"-{4,}", lines[i + 1]):
            break
        if entry := ENTRY.match(line):
            about = lines[i + 1].strip() if i + 1 < len(lines) else ""
            found |= dict.fromkeys(
                (name.lstrip("*") for name in entry[1].split(", ")), (entry[2] or "", about)
            )
    return found


def test_all_that_is_public_was_found() -> None:
    assert len(PUBLIC) > 70
    assert {"record", "HiddenStateWidget.save_html", "Trace.unit", "train"} <= set(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_docstring_names_each_parameter_with_its_type(name: str) -> None:
    item = PUBLIC[name]
    assert (inspect.getdoc(item) or "").split("\n")[0].endswith((".", ":"))
    own = [
        each.name
        for each in inspect.signature(item).parameters.values()
        if each.name not in {"self", "cls"} and each.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    found = described(item)
    assert [each for each in own if each not in found] == []
    for each in own:
        kind, about = found[each]
        assert kind or about.startswith(("As in", "As for")), f"{each} has no type"
        assert about, f"{each} is not described"
