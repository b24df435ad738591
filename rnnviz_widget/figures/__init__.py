"""Figures for print: what the widget shows, as matplotlib draws it on paper.

The only part of the package that imports matplotlib (the extra ``plot``).
"""

try:
    import matplotlib as _  # noqa: F401, ICN001
except ImportError as error:
    msg = 'figures need matplotlib, which is not installed: pip install "rnnviz-widget[plot]"'
    raise ImportError(msg) from error

from rnnviz_widget.figures.counters import plot_profile, plot_saturation
from rnnviz_widget.figures.series import plot_heatmap, plot_unit
from rnnviz_widget.figures.text import plot_text

__all__ = ["plot_heatmap", "plot_profile", "plot_saturation", "plot_text", "plot_unit"]
