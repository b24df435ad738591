"""The widget, what it shows, and the bytes in which that travels.

The widget itself is loaded when first used: pages and figures use the bytes without anywidget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnviz_widget.widget.traits import PALETTES
    from rnnviz_widget.widget.widget import HiddenStateWidget

__all__ = ["PALETTES", "HiddenStateWidget"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  (any public object)
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from rnnviz_widget.widget import widget  # noqa: PLC0415

    return getattr(widget, name)
