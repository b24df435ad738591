"""How a unit's value changes with each token, and what kind of memory that makes it."""

from rnnviz_widget.counters.changes import Changes
from rnnviz_widget.counters.memory import unit_kind
from rnnviz_widget.counters.profile import Profile, TokenChanges, TokenProfile, counter_profile
from rnnviz_widget.counters.report import UnitKind
from rnnviz_widget.counters.saturation import GateUnit, Saturation, gate_saturation

__all__ = [
    "Changes",
    "GateUnit",
    "Profile",
    "Saturation",
    "TokenChanges",
    "TokenProfile",
    "UnitKind",
    "counter_profile",
    "gate_saturation",
    "unit_kind",
]
