"""Switching units off, or holding them at a value: from looking to evidence."""

from rnnviz_widget.interventions.clamping import ablate, clamp
from rnnviz_widget.interventions.effects import effect
from rnnviz_widget.interventions.report import Change, Effect
from rnnviz_widget.interventions.samples import Samples, sample_clamped

__all__ = ["Change", "Effect", "Samples", "ablate", "clamp", "effect", "sample_clamped"]
