"""Switching units off, or holding them at a value: from looking to evidence."""

from rnnviz_widget.interventions.clamping import ablate, clamp

__all__ = ["ablate", "clamp"]
