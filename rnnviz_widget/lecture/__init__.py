"""The lecture kit: all demos as pages that need no network, and an index of them."""

from rnnviz_widget.lecture.kit import write_lecture

__all__ = ["write_lecture"]
