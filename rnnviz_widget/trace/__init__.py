"""A trace: tokens, and what the hidden units of a network did as it read them."""

from rnnviz_widget.trace.along import along
from rnnviz_widget.trace.predictions import Extras, Predictions
from rnnviz_widget.trace.trace import Bounds, Trace, checked_patterns, checked_tokens, select

__all__ = [
    "Bounds",
    "Extras",
    "Predictions",
    "Trace",
    "along",
    "checked_patterns",
    "checked_tokens",
    "select",
]
