"""Networks that run beside the text they are shown on, so that it can be edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget import export
from rnnviz_widget.trace import Trace

if TYPE_CHECKING:
    from rnnviz_widget.network import Portable
    from rnnviz_widget.widget.checkpoints import Traces

NO_MODEL = (
    "a live page needs the network: make the widget with model=, as in "
    "HiddenStateWidget(model=model, text=text)"
)


@dataclass(frozen=True)
class LiveNetwork:
    """A network that a widget was made with, and the form of it that a page runs.

    Attributes
    ----------
    model
        A character model.
    network
        The same, for pages.
    """

    model: Any
    network: Portable

    @classmethod
    def of(cls, model: Any) -> LiveNetwork:  # noqa: ANN401  (a torch module: torch may be absent)
        """Return a model with its portable form.

        Raises
        ------
        TypeError, ValueError
            If it cannot live in a page; the message says why.
        """
        from rnnviz_widget.network import portable  # noqa: PLC0415  (it imports torch)

        return cls(model, portable(model))

    def read(self, text: str) -> Trace:
        """Return what the network does with a text; unknown characters are read as known ones.

        The trace has the text as it was given: only the ids are those of the nearest characters.
        """
        from rnnviz_widget.charlm.spelling import respell  # noqa: PLC0415
        from rnnviz_widget.network.conversion import read  # noqa: PLC0415

        if not text:
            msg = "text must have at least one character, got ''"
            raise ValueError(msg)
        vocabulary = self.network.vocabulary
        spelled, _ = respell(text, vocabulary)
        number = {character: i for i, character in enumerate(vocabulary)}
        ids = np.array([number[character] for character in spelled], np.int64)
        return read(self.model, vocabulary, ids, list(text))

    def check(self, trace: Trace) -> None:
        """Refuse a trace that is not of this network.

        Raises
        ------
        ValueError
            Naming what does not fit.
        """
        known = {f"{self.network.path}.l{n}.h" for n in range(len(self.network.layers))}
        width = self.network.hidden_size
        if lacking := known - set(trace.states):
            msg = f"model must be the one that recorded the trace, which has no {min(lacking)}"
            raise ValueError(msg)
        if any(trace.num_units(name) != width for name in known):
            msg = (
                f"model must be the one that recorded the trace: its own states have {width} units"
            )
            raise ValueError(msg)
        if any(len(token) != 1 for token in trace.tokens):
            msg = "trace must be of single characters for its text to be edited"
            raise ValueError(msg)


def living(
    model: object,
    trace: Traces | None,
    text: str | None,
) -> tuple[LiveNetwork | None, Traces]:
    """Return the network that a widget runs, if any, and the trace it opens on.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit each other, or the model cannot live in a page.
    """
    if (trace is None) == (text is None):
        msg = "a widget needs a trace, or a model and a text: give exactly one of trace and text"
        raise TypeError(msg)
    if model is None:
        if trace is None:
            msg = "text needs a model that reads it: HiddenStateWidget(model=model, text=text)"
            raise TypeError(msg)
        return None, trace
    own = LiveNetwork.of(model)
    trace = own.read(text) if trace is None and text is not None else trace
    if not isinstance(trace, Trace):
        msg = f"trace must be a single Trace where there is a model, got {type(trace).__name__}"
        raise TypeError(msg)
    own.check(trace)
    return own, trace


def engine() -> str:
    """Return the source of the program that runs a network in a page."""
    return (export.STATIC / "network.js").read_text(encoding="utf-8")
