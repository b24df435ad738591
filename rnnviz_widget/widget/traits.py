"""The choices that the widget's arguments and traits allow."""

from __future__ import annotations

import operator
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from rnnviz_widget import export
from rnnviz_widget.palettes import palettes

if TYPE_CHECKING:
    from pathlib import Path

PALETTES = tuple(palettes())
"""Names of the palettes, the default first: those of `js/src/palettes.json`."""

DISPLAYS = ("live", "iframe")
"""What a notebook's cell may show."""

ARRANGEMENTS = ("auto", "stacked", "side by side")
"""How several copies of the text stand."""


def whole_number(value: Any) -> int:  # noqa: ANN401  (from outside)
    """Return an int, also of numpy's, but not what is true or false.

    Raises
    ------
    TypeError
        Naming what came.
    """
    if isinstance(value, (bool, np.bool_)):
        msg = f"a whole number is needed, got {value}"
        raise TypeError(msg)
    return operator.index(value)


class Integer(traitlets.Int[int, Any]):
    """An int trait that takes numpy's integers, as `argmax` gives them, and no booleans."""

    def validate(self, obj: Any, value: Any) -> int:  # noqa: ANN401  (traitlets' own signature)
        """Return the integer."""
        try:
            value = whole_number(value)
        except TypeError:
            self.error(obj, value)
        return super().validate(obj, value)


def frontend(name: str) -> str | Path:
    """Return a file of the frontend: what is in it, or its path while it is worked on.

    anywidget watches a path, and its watcher holds every widget ever made with all it shows.
    """
    path = export.STATIC / name
    return path if os.environ.get("ANYWIDGET_HMR") == "1" else path.read_text("utf-8") + "\n"


def display_of(display: str | None) -> str:
    """Return how a cell shows the widget: as told, else as the environment says."""
    name, value = "display", display
    if value is None:
        name, value = "RNNVIZ_DISPLAY", os.environ.get("RNNVIZ_DISPLAY") or DISPLAYS[0]
    if value not in DISPLAYS:
        msg = f"{name} must be one of {', '.join(DISPLAYS)}, got {value!r}"
        raise ValueError(msg)
    return value
