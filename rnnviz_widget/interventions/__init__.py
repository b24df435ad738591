"""Switching units off, or holding them at a value: from looking to evidence."""

from rnnviz_widget.interventions.clamping import ablate, clamp
from rnnviz_widget.interventions.effects import effect
from rnnviz_widget.interventions.report import Change, Effect
from rnnviz_widget.interventions.samples import Samples, sample_clamped
from rnnviz_widget.stats.direction import Direction

__all__ = [
    "Change",
    "Direction",
    "Effect",
    "Samples",
    "ablate",
    "clamp",
    "effect",
    "sample_clamped",
]
