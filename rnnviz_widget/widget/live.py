"""Networks that run beside the text they are shown on, so that it can be edited."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.trace import Trace
from rnnviz_widget.trace.excerpt import tail

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    vocabulary
        Its characters; the place of each is its id.
    network
        The same, for pages; None where it only runs in Python.
    refusal
        Why it only runs in Python.
    before
        What is read before a text.
    initial
        float32: every state after that, in the order of ``network.states``; empty for zeros.
    """

    model: Any
    vocabulary: Sequence[str]
    network: Portable | None
    refusal: str = ""
    before: str = ""
    initial: bytes = b""

    @classmethod
    def of(cls, model: Any, before: str) -> LiveNetwork:  # noqa: ANN401  (a torch module: torch may be absent)
        """Return a model with its portable form, once it has read what comes before a text.

        Raises
        ------
        TypeError, ValueError
            If it cannot live in a page; the message says why.
        """
        from rnnviz_widget.network import NotPortableError, portable  # noqa: PLC0415  (imports torch)
        from rnnviz_widget.recording.vocabulary import own_vocabulary  # noqa: PLC0415

        if not isinstance(before, str):
            msg = f"before must be a string, got {type(before).__name__}"
            raise TypeError(msg)
        try:
            network = portable(model)
            own = cls(model, network.vocabulary, network)
        except NotPortableError as error:
            own = cls(model, own_vocabulary(model) or (), None, str(error))
        if not before:
            return own
        trace = own.read(before)
        own = replace(own, before=before)
        if own.network is None:
            return own
        last = [trace[name][len(before) - 1 :] for name in own.network.states]
        return replace(own, initial=np.concatenate(last, axis=None).astype("<f4").tobytes())

    def read(self, text: str) -> Trace:
        """Return what the network does with a text; unknown characters are read as known ones.

        The trace has the text as it was given: only the ids are those of the nearest characters.
        What is read before it is not in the trace.
        """
        trace = self.read_all(text)
        return tail(trace, len(self.before)) if self.before else trace

    def read_all(self, text: str) -> Trace:
        """Return the same with what is read before the text."""
        from rnnviz_widget.charlm.spelling import respell  # noqa: PLC0415
        from rnnviz_widget.network.conversion import read  # noqa: PLC0415

        if not text:
            msg = "text must have at least one character, got ''"
            raise ValueError(msg)
        spelled, _ = respell(self.before + text, self.vocabulary)
        number = {character: i for i, character in enumerate(self.vocabulary)}
        ids = np.array([number[character] for character in spelled], np.int64)
        return read(self.model, self.vocabulary, ids, list(self.before + text))

    def check(self, trace: Trace) -> None:
        """Refuse a trace that is not of this network.

        Raises
        ------
        ValueError
            Naming what does not fit.
        """
        if self.network:
            width = self.network.hidden_size
            known = [name for name in self.network.states if name in trace]
            if not known:
                example = self.network.states[0]
                msg = (
                    "model must be the one that recorded the trace, which has none of its states, "
                    f"such as {example}"
                )
                raise ValueError(msg)
            if any(trace.num_units(name) != width for name in known):
                msg = (
                    "model must be the one that recorded the trace: its own states have "
                    f"{width} units"
                )
                raise ValueError(msg)
        if any(len(token) != 1 for token in trace.tokens):
            msg = "trace must be of single characters for its text to be edited"
            raise ValueError(msg)

    def check_page(self, trace: Trace) -> None:
        """Refuse what no page can run, or a text that none can keep all values of.

        Raises
        ------
        ValueError
            Saying why, or how long it may be.
        """
        if self.network is None:
            raise ValueError(self.refusal)
        if len(trace) > self.network.longest:
            msg = (
                f"a live page of this network has at most {self.network.longest:,} characters, got "
                f"{len(trace):,}; make a shorter text, or a page that is not live"
            )
            raise ValueError(msg)


def living(
    model: object,
    trace: Traces | None,
    text: str | None,
    before: str,
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
        if before:
            msg = "before needs a model that reads it: HiddenStateWidget(trace, model=, before=)"
            raise TypeError(msg)
        return None, trace
    own = LiveNetwork.of(model, before)
    trace = own.read(text) if trace is None and text is not None else trace
    if not isinstance(trace, Trace):
        msg = f"trace must be a single Trace where there is a model, got {type(trace).__name__}"
        raise TypeError(msg)
    own.check(trace)
    return own, trace
