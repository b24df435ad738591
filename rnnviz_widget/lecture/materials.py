"""What the demos are made of: recordings and rankings, each made once, when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import bracket_text, read_card, sample, snapshots
from rnnviz_widget.evaluation import TRANSFORMS
from rnnviz_widget.lecture.opening import ChosenUnit
from rnnviz_widget.trace.excerpt import tail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.counters import UnitKind
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.ranking.probe import Probe
    from rnnviz_widget.trace import Trace

_TEXTS = "two texts written for this project"
_BEFORE = 600  # characters read before a text, so that a line clock does not begin from nothing

_SPEECH = 'He looked up.\n\n"I'  # what the network goes on from, where it writes
_WRITTEN = 240  # characters

_MEMORY = ("*.c", "*.tanh_c")  # an LSTM's: tanh(c) is of c's order, on a fixed scale


@dataclass
class Reader:
    """A bundled model, on a text to choose units on and another to report them on.

    Each text is read after the end of the other one, and shown without that.

    Attributes
    ----------
    name
        The model's name.
    texts
        The text to choose on, and the one to report on.
    states
        Shell patterns of the states that are recorded; see `ranked`.
    """

    name: str
    texts: tuple[str, str]
    states: Sequence[str]
    _ranked: dict[tuple[str, str | None], Ranking] = field(default_factory=dict)
    _kinds: dict[tuple[str, int], UnitKind] = field(default_factory=dict)

    @classmethod
    def of_samples(
        cls, name: str, chosen_on: int, reported_on: int, change: Callable[[str], str] = str
    ) -> Reader:
        """Return the reader of two sample texts, by their numbers, after a change of both."""
        read = partial(rnnviz.sample_text, name)
        states = ["*.h"] if name == "prose" else _MEMORY
        return cls(name, (change(read(chosen_on)), change(read(reported_on))), states)

    @cached_property
    def model(self) -> CharLM:
        """The model."""
        return rnnviz.load_model(self.name)

    @cached_property
    def traces(self) -> tuple[Trace, Trace]:
        """What the model did on both."""
        return self._record(self.model)

    @cached_property
    def control(self) -> tuple[Trace, Trace]:
        """What an untrained network of the same shape does on both."""
        return self._record(rnnviz.untrained(self.model))

    @property
    def shown(self) -> Trace:
        """The recording that pages show: no unit was chosen on its text."""
        return self.traces[1]

    @cached_property
    def all_states(self) -> Trace:
        """What the model did on the text to report on, gates included."""
        return self._read(self.model, 1, "*")

    def opened(
        self, label: Callable[[Trace], ArrayLike], name: str, within: str | None = None
    ) -> ChosenUnit:
        """Return the model's own unit for a label, or the first of the ranking."""
        return ChosenUnit.of(self.rank(label, name, within), self.model.card.units.get(name))

    def ranked(self, label: Callable[[Trace], ArrayLike]) -> str | Sequence[str]:
        """Return the states that units are ranked by: one kind, or each would be listed twice.

        Of an LSTM's memory what is bounded where the label is a bool, and else `c`: tanh is flat
        where a counter still counts, see `FoundUnit.painted`.
        """
        if self.states != _MEMORY:
            return self.states
        return "*.tanh_c" if np.asarray(label(self.shown)).dtype == np.bool_ else "*.c"

    def rank(
        self, label: Callable[[Trace], ArrayLike], name: str, within: str | None = None
    ) -> Ranking:
        """Return the units by how well they follow a label: chosen on one text, reported on one."""
        if (name, within) not in self._ranked:
            chosen_on, reported_on = self.traces
            self._ranked[name, within] = rnnviz.rank_units(
                chosen_on,
                label,
                held_out=reported_on,
                control=self.control,
                states=self.ranked(label),
                within=within,
                name=name,
                caption=_TEXTS,
                progress=False,
            )
        return self._ranked[name, within]

    def probe(self, label: Callable[[Trace], ArrayLike], name: str, state: str) -> Probe:
        """Return what all units of a state say of a label: fitted to one text, scored on one."""
        probe = self.rank(label, name).probe
        if probe is not None and list(probe.weights) == [state]:
            return probe
        chosen_on, reported_on = self.traces
        ranking = rnnviz.rank_units(
            chosen_on,
            label,
            held_out=reported_on,
            control=self.control,
            states=state,
            shifts=0,
            probe=True,
            progress=False,
        )
        if ranking.probe is None:
            msg = "a ranking with a probe has one"
            raise AssertionError(msg)
        return ranking.probe

    def kind(self, state: str, unit: int) -> UnitKind:
        """Return what kind of memory a unit is, fitted and scored on both texts."""
        if (state, unit) not in self._kinds:
            self._kinds[state, unit] = rnnviz.unit_kind(self.traces, state, unit)
        return self._kinds[state, unit]

    def before(self, number: int = 1) -> str:
        """Return what is read before a text and not shown: the end of the other one."""
        end = self.texts[1 - number][-_BEFORE:].rstrip("\n") + "\n"
        return end + ("\n" if self.name != "brackets" else "")

    def _record(self, model: CharLM) -> tuple[Trace, Trace]:
        return self._read(model, 0, self.states), self._read(model, 1, self.states)

    def _read(self, model: CharLM, number: int, states: str | Sequence[str]) -> Trace:
        """Return what a model did on a text, read after the end of the other one."""
        before = self.before(number)
        whole = rnnviz.record(model, before + self.texts[number], states=states)
        return tail(whole, len(before))

    def read_by(self, model: CharLM) -> Trace:
        """Return what another model does on the text to report on."""
        return self._read(model, 1, self.states)


class Materials:
    """The bundled models, and one of them on its way."""

    def __init__(self) -> None:
        self.prose = Reader.of_samples("prose", 2, 1)
        self.c = Reader.of_samples("linux", 2, 1)
        self.c_with_strings = Reader.of_samples("linux", 2, 3)
        self.c_without_indentation = Reader.of_samples(
            "linux", 2, 1, TRANSFORMS["indentation stripped"]
        )
        lines = bracket_text(lines=60, seed=7), rnnviz.sample_text("brackets")
        self.brackets = Reader("brackets", lines, _MEMORY)

    @cached_property
    def moments(self) -> dict[str, CharLM]:
        """The prose model on its way, by how many characters it had seen."""
        found = {}
        sources: list[str | Path] = [*snapshots(self.prose.name), self.prose.name]
        for source in sources:
            seen = read_card(source).training["characters_seen"]
            found[f"{seen:,} characters"] = rnnviz.load_model(source)
        return found

    @cached_property
    def snapshots(self) -> dict[str, Trace]:
        """The recordings of the prose model's text, by moment."""
        return {name: self.prose.read_by(model) for name, model in self.moments.items()}

    @cached_property
    def written(self) -> dict[str, Trace]:
        """What the prose model wrote, by moment, after the beginning of a speech."""
        found = {}
        for name, model in self.moments.items():
            text = sample(model, _SPEECH, _WRITTEN, temperature=0.6, seed=1)
            whole = rnnviz.record(model, _SPEECH + text, states=self.prose.states)
            found[name] = tail(whole, len(_SPEECH) - 2)  # with the mark that opens it
        return found
