"""Every unit of a network over a corpus."""

from rnnviz_widget.surveys.report import Findings, LabelReport
from rnnviz_widget.surveys.result import Survey
from rnnviz_widget.surveys.rows import UnitRow
from rnnviz_widget.surveys.run import survey

__all__ = ["Findings", "LabelReport", "Survey", "UnitRow", "survey"]
