"""The choices that the widget's arguments and traits allow."""

from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np
import traitlets

PALETTES = ("red-blue", "blue-red", "purple-green", "grey")
"""Names of the palettes, the one for high values first."""

DISPLAYS = ("live", "iframe")
"""What a notebook's cell may show."""

ARRANGEMENTS = ("stacked", "side by side")
"""How several copies of the text stand."""


class Integer(traitlets.Int[int, Any]):
    """An int trait that also takes numpy's integers, as `argmax` or a ranking gives them."""

    def validate(self, obj: Any, value: Any) -> int:  # noqa: ANN401  (traitlets' own signature)
        """Return the integer."""
        if isinstance(value, np.integer):
            value = operator.index(value)
        return super().validate(obj, value)


def display_of(display: str | None) -> str:
    """Return how a cell shows the widget: as told, else as the environment says."""
    name, value = "display", display
    if value is None:
        name, value = "RNNVIZ_DISPLAY", os.environ.get("RNNVIZ_DISPLAY") or DISPLAYS[0]
    if value not in DISPLAYS:
        msg = f"{name} must be one of {', '.join(DISPLAYS)}, got {value!r}"
        raise ValueError(msg)
    return value
