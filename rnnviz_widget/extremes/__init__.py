"""The stretches of a text where a unit does most."""

from rnnviz_widget.extremes.report import Context, Contexts
from rnnviz_widget.extremes.search import contexts

__all__ = ["Context", "Contexts", "contexts"]
