"""Edits that are in force until they are let go, and what stands in for a forward meanwhile."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

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


@dataclass
class HeldForward:
    """Stands in for a module's forward, and replaces some units' values.

    It is not changed while it is there: another takes its place, so that calls that other threads
    are in the middle of end as they began.

    Attributes
    ----------
    holds
        What is replaced, later ones after earlier ones.
    compiled
        What `Module.compile` left, which would not see the replaced forward.
    """

    forward: Callable[..., Any]
    holds: tuple[Hold, ...]
    compiled: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Do what the forward does, with what is in force now."""
        holds = tuple(hold for hold in self.holds if hold.in_force)
        if not holds:
            return self.forward(*args, **kwargs)
        return replace(self, holds=holds).run(*args, **kwargs)

    @abstractmethod
    def run(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Do what the forward does, with all edits."""

    def said(self) -> list[str]:
        """Say what is replaced by what."""
        return list(dict.fromkeys(hold.edit.said for hold in self.holds))
