"""An edit that is in force until it is let go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnviz_widget.recurrent.stepwise import Edit


@dataclass(eq=False)
class Hold:
    """One edit of a layer and direction that is in force until it is let go.

    Attributes
    ----------
    layer, direction, edit
        What is replaced where; values for each step in the order of time.
    in_force
        Whether it still is.
    """

    layer: int
    direction: int
    edit: Edit
    in_force: bool = True
