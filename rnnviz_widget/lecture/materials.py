"""What the demos are made of: recordings and rankings, each made once, when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import read_card, snapshots
from rnnviz_widget.evaluation import TRANSFORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.counters import UnitKind
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.trace import Trace

_TEXTS = "two texts written for this project"


@dataclass
class Reader:
    """A bundled model, on a text to choose units on and another to report them on.

    Attributes
    ----------
    name
        The model's name.
    chosen_on, reported_on
        Numbers of sample texts, see `sample_text`.
    states
        Shell patterns of the states that units are ranked by.
    change
        What is done to the texts before they are read.
    """

    name: str
    chosen_on: int
    reported_on: int
    states: Sequence[str]
    change: Callable[[str], str] = str
    _ranked: dict[tuple[str, str | None], Ranking] = field(default_factory=dict)
    _kinds: dict[tuple[str, int], UnitKind] = field(default_factory=dict)

    @cached_property
    def model(self) -> CharLM:
        """The model."""
        return rnnviz.load_model(self.name)

    @cached_property
    def texts(self) -> tuple[str, str]:
        """The text to choose on, and the one to report on."""
        first, second = (
            self.change(rnnviz.sample_text(self.name, number))
            for number in (self.chosen_on, self.reported_on)
        )
        return first, second

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
        return rnnviz.record(self.model, self.texts[1])

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
                within=within,
                name=name,
                caption=_TEXTS,
                progress=False,
            )
        return self._ranked[name, within]

    def kind(self, state: str, unit: int) -> UnitKind:
        """Return what kind of memory a unit is, fitted and scored on both texts."""
        if (state, unit) not in self._kinds:
            self._kinds[state, unit] = rnnviz.unit_kind(self.traces, state, unit)
        return self._kinds[state, unit]

    def _record(self, model: CharLM) -> tuple[Trace, Trace]:
        first, second = (rnnviz.record(model, text, states=self.states) for text in self.texts)
        return first, second


class Materials:
    """Both bundled models, and one of them on its way."""

    def __init__(self) -> None:
        self.prose = Reader("prose", 2, 1, ["*.h"])
        self.c = Reader("linux", 2, 3, ["*.h", "*.c"])
        self.c_without_indentation = Reader(
            "linux", 2, 3, ["*.h", "*.c"], TRANSFORMS["indentation stripped"]
        )

    @cached_property
    def snapshots(self) -> dict[str, Trace]:
        """The prose model's recordings of its text, by how many characters it had seen."""
        (_, text), found = self.prose.texts, {}
        moments: list[str | Path] = [*snapshots(self.prose.name), self.prose.name]
        for source in moments:
            seen = read_card(source).training["characters_seen"]
            model = rnnviz.load_model(source)
            found[f"{seen:,} characters"] = rnnviz.record(model, text, states=["*.h"])
        return found
