"""What a view may set: all values of a message together, checked before any of them is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import HasTraits, TraitError, TraitType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.widget.data import WidgetData

LONGEST_COMPLAINT = 500
"""Characters of an error that are told or logged: a message may hold anything."""


def checked(
    message: Mapping[str, Any],
    widget: HasTraits,
    settable: Mapping[str, TraitType[Any, Any]],
    data: WidgetData,
) -> dict[str, Any]:
    """Return the values in a message from a widget's view, if all of them fit each other.

    Parameters
    ----------
    message
        Values by the names of traits.
    settable
        The traits that a view may set.
    data
        What is shown.

    Raises
    ------
    TraitError, TypeError
        Naming the first that does not fit.
    """
    if not isinstance(message, dict):
        msg = f"a message must hold values by name, got {type(message).__name__}"
        raise TypeError(msg)
    for name in message:
        if name not in settable:
            msg = f"the view cannot set {name!r}"
            raise TraitError(msg)
    values = {}
    for name, value in message.items():
        trait: Any = settable[name]  # its stubs do not know that it can validate
        values[name] = trait.validate(widget, value)
    now = {name: getattr(widget, name) for name in settable} | values
    state = data.state(now["state"])
    copies = data.copies(now["units"], state)
    for name, check in (
        ("unit", lambda unit: data.unit(state, unit)),
        ("guess", data.guess),
        ("cursor", data.cursor),
        ("selection", data.selection),
        ("marked", data.marked),
        ("checkpoint", data.checkpoint),
        ("flipped", data.flips),
        ("active", lambda active: active_copy(active, copies)),
    ):
        if name in values:
            check(values[name])
    both = values.keys() & {"state", "unit"} and values.keys() & {"units", "active"}
    shown = (state, now["unit"])
    if both and copies and copies[min(now["active"], len(copies) - 1)] != shown:
        msg = f"state and unit must be those of the active copy, got {shown}"
        raise TraitError(msg)
    return values


def active_copy(index: int, copies: Sequence[object]) -> int:
    """Return the index of one of the copies, or refuse it; of none it is 0."""
    count = max(1, len(copies))
    if not 0 <= index < count:
        msg = f"active must be in [0, {count}), got {index}"
        raise TraitError(msg)
    return index
