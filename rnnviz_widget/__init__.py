"""See what the hidden units of a recurrent network do, and measure whether it is so.

The public names are loaded when first used, so that importing the package, the widget or a saved
trace does not import torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rnnviz_widget import labels
    from rnnviz_widget.charlm import CharLM, load_model, sample, untrained
    from rnnviz_widget.counters import counter_profile, gate_saturation, unit_kind
    from rnnviz_widget.export import page
    from rnnviz_widget.extremes import Contexts, contexts
    from rnnviz_widget.figures import (
        plot_heatmap,
        plot_profile,
        plot_saturation,
        plot_text,
        plot_unit,
    )
    from rnnviz_widget.interventions import (
        Direction,
        Effect,
        ablate,
        clamp,
        effect,
        sample_clamped,
    )
    from rnnviz_widget.network import Portable, portable
    from rnnviz_widget.ranking import Ranking, rank_units
    from rnnviz_widget.recording import record, record_batch, register_cell
    from rnnviz_widget.surveys import Survey, survey
    from rnnviz_widget.texts import sample_text
    from rnnviz_widget.trace import Predictions, Trace, along
    from rnnviz_widget.widget import HiddenStateWidget

__version__ = "0.1.0"

_HOMES = {
    "CharLM": "charlm",
    "Contexts": "extremes",
    "Direction": "interventions",
    "Effect": "interventions",
    "HiddenStateWidget": "widget",
    "Portable": "network",
    "Predictions": "trace",
    "Ranking": "ranking",
    "Survey": "surveys",
    "Trace": "trace",
    "ablate": "interventions",
    "along": "trace",
    "clamp": "interventions",
    "contexts": "extremes",
    "counter_profile": "counters",
    "effect": "interventions",
    "gate_saturation": "counters",
    "load_model": "charlm",
    "page": "export",
    "plot_heatmap": "figures",
    "plot_profile": "figures",
    "plot_saturation": "figures",
    "plot_text": "figures",
    "plot_unit": "figures",
    "portable": "network",
    "rank_units": "ranking",
    "record": "recording",
    "record_batch": "recording",
    "register_cell": "recording",
    "sample": "charlm",
    "sample_clamped": "interventions",
    "sample_text": "texts",
    "survey": "surveys",
    "unit_kind": "counters",
    "untrained": "charlm",
}
_MODULES = ("labels",)

__all__ = [
    "CharLM",
    "Contexts",
    "Direction",
    "Effect",
    "HiddenStateWidget",
    "Portable",
    "Predictions",
    "Ranking",
    "Survey",
    "Trace",
    "ablate",
    "along",
    "clamp",
    "contexts",
    "counter_profile",
    "effect",
    "gate_saturation",
    "labels",
    "load_model",
    "page",
    "plot_heatmap",
    "plot_profile",
    "plot_saturation",
    "plot_text",
    "plot_unit",
    "portable",
    "rank_units",
    "record",
    "record_batch",
    "register_cell",
    "sample",
    "sample_clamped",
    "sample_text",
    "survey",
    "unit_kind",
    "untrained",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  (any public object)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
