"""The widget: a text coloured by one hidden unit, in a notebook or on a page of its own."""

from __future__ import annotations

import logging
import operator
import os
from itertools import islice
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from rnnviz_widget import export, wire
from rnnviz_widget.export.words import in_words
from rnnviz_widget.part import Part
from rnnviz_widget.ranking import Ranking
from rnnviz_widget.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike

PALETTES = ("red-blue", "blue-red", "purple-green", "grey")
"""Names of the palettes, the one for high values first."""

DISPLAYS = ("live", "iframe")
"""What a notebook's cell may show."""

ARRANGEMENTS = ("stacked", "side by side")
"""How several copies of the text stand."""

_MOST_COPIES = 16
_RANKED_UNITS = 100  # offered from a ranking: nobody scrolls through thousands
_PINNED_UNITS = 16  # ranked units whose near-exact values a page without kernel carries
_log = logging.getLogger(__name__)


class _Integer(traitlets.Int[int, Any]):
    """An int trait that also takes numpy's integers, as `argmax` or a ranking gives them."""

    def validate(self, obj: Any, value: Any) -> int:  # noqa: ANN401  (traitlets' own signature)
        if isinstance(value, np.integer):
            value = operator.index(value)
        return super().validate(obj, value)


class HiddenStateWidget(export.Publishing, anywidget.AnyWidget):
    """The text of a trace, every token coloured by the value of one hidden unit.

    Parameters
    ----------
    trace
        What to show, see `Trace`.
    ranking
        A result of `rank_units`, or several: offered as lists of units; the widget opens on the
        first unit of the first one unless `unit` says otherwise.
    state, unit
        What to open on: a name in ``trace.states`` and a column of it.
    states
        The states to offer, all by default.
    labels
        Labels by name, drawn under the chart: arrays `(T,)` of bools or numbers, or functions such
        as `labels.inside_quotes`, which are called again when the trace is swapped (arrays then
        go).
    palette
        One of `PALETTES`: ``"red-blue"`` (red high, blue low), ``"blue-red"`` (the other way
        round, as in Karpathy, Johnson and Fei-Fei 2015), ``"purple-green"``, ``"grey"``.
    title
        A line above the text.
    display
        What a notebook's cell shows: ``"live"``, the widget that talks to the kernel, or
        ``"iframe"``, what `to_iframe` returns, for a notebook that will be published; nothing then
        talks to the kernel. By default what the environment variable ``RNNVIZ_DISPLAY`` says, else
        ``"live"``: one notebook serves both.
    units
        Several units to show at once, at most 16: one coloured copy of the text for each, with one
        cursor. Pairs ``(state, unit)``; a unit alone is of the state of the one before it.
    arrange
        ``"stacked"`` or ``"side by side"``: how the copies stand.
    guess
        Whether to hide what stands behind the cursor, so that a class can guess what the unit will
        do; keys and buttons reveal the next token, line or span.
    present
        Whether to draw for a hall: large type, and the sign of every value as + or - under its
        character, for projectors and eyes that do not tell colours apart.

    Attributes
    ----------
    trace
        The trace shown. Assigning another swaps it in place; `state`, `unit` and `palette` stay
        where the new trace has them.
    state, unit
        What is shown. A `unit` the state does not have raises TraitError; a change of `state`
        clamps it.
    cursor
        The token the cursor is on, counted from 0; -1 for none.
    selection
        The selected tokens as ``[start, stop]`` (`stop` not included); empty for none.
    palette
        The palette's name.
    units
        The copies as ``[(state, unit), ...]``; empty for a single one of `state` and `unit`.
    active
        Which of `units` is `state` and `unit`: the copy that the slider acts on.
    arrange, guess, present
        As the parameters.

    Raises
    ------
    TraitError
        If a value is not one the trace allows; the message names both.
    """

    _esm = export.STATIC / "widget.js"
    _css = export.STATIC / "widget.css"

    state = traitlets.Unicode(help="Name of the state shown.").tag(sync=True)
    # These follow a slider or a pointer: an echo that comes late would pull it back.
    unit = _Integer(0, help="Unit shown.").tag(sync=True, echo_update=False)
    cursor = _Integer(-1, help="Token the cursor is on; -1: none.").tag(
        sync=True, echo_update=False
    )
    selection = traitlets.List(_Integer(), help="Selected tokens: [start, stop], or empty.").tag(
        sync=True, echo_update=False
    )
    palette = traitlets.Enum(PALETTES, PALETTES[0], help="Name of the palette.").tag(sync=True)
    units: traitlets.List[tuple[str, int]] = traitlets.List(
        help="(state, unit) of each copy; empty: one copy."
    ).tag(sync=True, echo_update=False)
    active = _Integer(0, help="Which of units is state and unit.").tag(sync=True, echo_update=False)
    arrange = traitlets.Enum(ARRANGEMENTS, ARRANGEMENTS[0], help="How the copies stand.").tag(
        sync=True
    )
    guess = traitlets.Bool(help="Whether what is behind the cursor is hidden.").tag(sync=True)
    present = traitlets.Bool(help="Whether it is drawn for a hall.").tag(sync=True)
    # All that depends on the trace is one trait, so that a swap is one change in the view.
    _content = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        trace: Trace,
        ranking: Ranking | Sequence[Ranking] | None = None,
        *,
        state: str | None = None,
        unit: int | None = None,
        states: Sequence[str] | None = None,
        labels: Mapping[str, ArrayLike | Callable[[Trace], ArrayLike]] | None = None,
        palette: str = PALETTES[0],
        title: str = "",
        display: str | None = None,
        units: Sequence[tuple[str, int] | int] = (),
        arrange: str = ARRANGEMENTS[0],
        guess: bool = False,
        present: bool = False,
    ) -> None:
        self._trace, self._title = trace, title
        self._display = _checked_display(display)
        self._rankings = _as_rankings(ranking)
        self._labels = dict(labels or {})
        self._offered = None if states is None else tuple(states)
        content = self._encode(trace)
        if state is None and unit is None and not units and self._rankings and self._rankings[0]:
            first = self._rankings[0][0]
            state, unit = first.state, first.unit
        # Checked here: traitlets does not say in which order it validates these.
        state = _known_state(content["states"][0]["name"] if state is None else state, content)
        copies = _checked_copies(units, state, content)
        shown = copies[0] if copies and unit is None else (state, unit or 0)
        if copies and shown not in copies:
            msg = f"unit must be among units when both are given, got {unit} of {state!r}"
            raise traitlets.TraitError(msg)
        super().__init__(
            state=shown[0],
            unit=shown[1],
            palette=palette,
            units=copies,
            active=copies.index(shown) if copies else 0,
            arrange=arrange,
            guess=guess,
            present=present,
            _content=content,
        )
        self.on_msg(self._answer)

    # --- the trace ---------------------------------------------------------------------------

    @property
    def trace(self) -> Trace:
        """The trace shown; assigning another swaps it in place."""
        return self._trace

    @trace.setter
    def trace(self, trace: Trace) -> None:
        content = self._encode(trace)
        names = [state["name"] for state in content["states"]]
        state = self.state if self.state in names else names[0]
        copies = [(s, u) for s, u in self.units if s in names and u < trace.units(s)]
        with self.hold_sync():
            self.units = []
            # First to where both traces agree, so that nothing is refused half-way.
            self.unit = min(self.unit, trace.units(state) - 1)
            if self.cursor >= len(trace):
                self.cursor = -1
            if self.selection and self.selection[1] > len(trace):
                self.selection = []
            self._trace = trace
            self._content = content
            self.state = state
            if len(copies) > 1:
                shown = (self.state, self.unit)
                with self.hold_trait_notifications():
                    self.units = copies
                    self.active = copies.index(shown) if shown in copies else 0

    def _states_of(self, trace: Trace) -> tuple[str, ...]:
        """Return the offered states, having refused a trace that does not have them."""
        if not isinstance(trace, Trace):
            msg = f"trace must be a Trace, got {type(trace).__name__}"
            raise traitlets.TraitError(msg)
        offered = self._offered if self._offered is not None else trace.states
        if unknown := [name for name in offered if name not in trace.states]:
            msg = f"states must be among {', '.join(trace.states)}, got {unknown[0]!r}"
            raise traitlets.TraitError(msg)
        if not offered:
            msg = "states must name at least one state, got none"
            raise traitlets.TraitError(msg)
        return offered

    def _encode(self, trace: Trace) -> dict[str, Any]:
        """Return the content for the whole of `trace`, with its values where they are not many."""
        part = Part.whole(trace, self._states_of(trace))
        content = self._encode_part(trace, part)
        if part.size(trace) <= wire.WHOLE_LIMIT:
            content |= wire.encode_values(trace, part)
        return content

    def _encode_part(self, trace: Trace, part: Part) -> dict[str, Any]:
        """Return the content for a part of `trace`, less the values."""
        content = wire.encode_trace(trace, part)
        content["title"] = wire.json_safe(self._title)
        content["labels"] = [
            wire.encode_label(
                name, np.asarray(label(trace) if callable(label) else label), trace, part
            )
            for name, label in self._labels.items()
            if callable(label) or trace is self._trace
        ]
        content["rankings"] = [_describe_ranking(r, trace, part) for r in self._rankings]
        content["pinned"] = []
        return content

    # --- validation --------------------------------------------------------------------------

    @traitlets.validate("state")
    def _validate_state(self, proposal: Mapping[str, Any]) -> str:
        return _known_state(proposal["value"], self._content)

    @traitlets.validate("unit")
    def _validate_unit(self, proposal: Mapping[str, Any]) -> int:
        unit, units = proposal["value"], self._trace.units(self.state)
        if not 0 <= unit < units:
            msg = f"unit must be in [0, {units}) for state {self.state!r}, got {unit}"
            raise traitlets.TraitError(msg)
        return int(unit)

    @traitlets.validate("cursor")
    def _validate_cursor(self, proposal: Mapping[str, Any]) -> int:
        if not -1 <= proposal["value"] < len(self._trace):
            msg = f"cursor must be in [-1, {len(self._trace)}), got {proposal['value']}"
            raise traitlets.TraitError(msg)
        return int(proposal["value"])

    @traitlets.validate("selection")
    def _validate_selection(self, proposal: Mapping[str, Any]) -> list[int]:
        selection = list(proposal["value"])
        match selection:
            case []:
                pass
            case [start, stop] if 0 <= start < stop <= len(self._trace):
                pass
            case _:
                msg = (
                    "selection must be [] or [start, stop] with 0 <= start < stop <= "
                    f"{len(self._trace)}, got {selection}"
                )
                raise traitlets.TraitError(msg)
        return selection

    @traitlets.validate("units")
    def _validate_units(self, proposal: Mapping[str, Any]) -> list[tuple[str, int]]:
        return _checked_copies(proposal["value"], self.state, self._content)

    @traitlets.validate("active")
    def _validate_active(self, proposal: Mapping[str, Any]) -> int:
        count = max(1, len(self.units))
        if not 0 <= proposal["value"] < count:
            msg = f"active must be in [0, {count}), got {proposal['value']}"
            raise traitlets.TraitError(msg)
        return int(proposal["value"])

    @traitlets.observe("state", "unit")
    def _follow_unit(self, _: object) -> None:
        """Keep the unit one of the state's, and the active copy what both say."""
        self.unit = min(self.unit, self._trace.units(self.state) - 1)
        shown = (self.state, self.unit)
        if self.units and self.units[self.active] != shown:
            self.units = [shown if i == self.active else u for i, u in enumerate(self.units)]

    @traitlets.observe("units", "active")
    def _follow_copies(self, _: object) -> None:
        """Keep the active copy one of those there are, and state and unit what it shows."""
        self.active = min(self.active, max(0, len(self.units) - 1))
        if self.units:
            with self.hold_trait_notifications():
                self.state, self.unit = self.units[self.active]

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take values from the view; what is refused is set back there."""
        try:
            super().set_state(sync_data)
        except traitlets.TraitError as error:
            _log.warning("%s", error)
            self.send_state(list(sync_data))

    # --- requests from the view --------------------------------------------------------------

    def _answer(self, _: object, request: Any, __: object) -> None:  # noqa: ANN401  (from outside)
        if not isinstance(request, dict) or "id" not in request:
            return
        try:
            buffers = self._look_up(request)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            self.send({"id": request["id"], "error": str(error)})
        else:
            self.send({"id": request["id"]}, buffers)

    def _look_up(self, request: Mapping[str, Any]) -> list[bytes]:
        state, values = request["state"], self._trace.unit(request["state"], request["unit"])
        match request["kind"]:
            case "exact":
                span = slice(max(0, request["start"]), max(0, request["stop"]))
                return [values[span].astype("<f4").tobytes()]
            case "unit":
                unit = wire.quantise(values, self._trace.bounds(state))
                scales = np.array([unit.scale, unit.limit, unit.peak], "<f4")
                return [unit.values.tobytes(), scales.tobytes()]
            case kind:
                msg = f"kind must be 'exact' or 'unit', got {kind!r}"
                raise ValueError(msg)

    # --- in a notebook -----------------------------------------------------------------------

    def open(self) -> None:
        """Open the connection to the view, where there is to be one."""
        # A frame's widget must leave no state in the notebook: it would be there twice, and the
        # page made from it would ask the network for what shows a live widget.
        if self._display == "live":
            super().open()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401  (IPython's own signature)
        if self._display == "live":
            return super()._repr_mimebundle_(**kwargs)
        return {"text/plain": repr(self), "text/html": self.to_iframe().html}, {}

    # --- pages without a kernel --------------------------------------------------------------

    def _shown(self) -> tuple[Trace, Sequence[str], str]:
        return self._trace, self._states_of(self._trace), self._title

    def _snapshot(self, trace: Trace, part: Part) -> export.Snapshot:
        own = HiddenStateWidget.class_own_traits(sync=True)
        names = [name for name in own if not name.startswith("_")]
        traits = part.traits({name: getattr(self, name) for name in names})
        content = self._encode_part(trace, part)
        pinned = [(traits["state"], traits["unit"]), *traits["units"]]
        for ranking in content["rankings"]:
            entries = ranking["entries"][:_PINNED_UNITS]
            pinned += [(entry["state"], entry["unit"]) for entry in entries]
        content["pinned"] = wire.pin(trace, part, pinned)
        words = in_words(trace, part, traits["state"], traits["unit"], content["rankings"])
        return export.Snapshot(content, traits, words)

    def __repr__(self) -> str:
        """Say in words what is shown: the plain-text output of a notebook cell."""
        part = Part.whole(self._trace, self._states_of(self._trace))
        rankings = self._content["rankings"]
        words = in_words(self._trace, part, self.state, self.unit, rankings)
        return f"HiddenStateWidget: {words}"


def _as_rankings(ranking: Ranking | Sequence[Ranking] | None) -> list[Ranking]:
    """Return what was given as `ranking` as a list."""
    rankings = [ranking] if isinstance(ranking, Ranking) else list(ranking or [])
    for item in rankings:
        if not isinstance(item, Ranking):
            msg = f"ranking must be a Ranking or a list of them, got {type(item).__name__}"
            raise TypeError(msg)
    return rankings


def _checked_display(display: str | None) -> str:
    """Return how a cell shows the widget: as told, else as the environment says."""
    name, value = "display", display
    if value is None:
        name, value = "RNNVIZ_DISPLAY", os.environ.get("RNNVIZ_DISPLAY") or DISPLAYS[0]
    if value not in DISPLAYS:
        msg = f"{name} must be one of {', '.join(DISPLAYS)}, got {value!r}"
        raise ValueError(msg)
    return value


def _known_state(name: str, content: Mapping[str, Any]) -> str:
    """Return the name of a state if the content has it."""
    names = [state["name"] for state in content["states"]]
    if name not in names:
        msg = f"state must be one of {', '.join(names)}, got {name!r}"
        raise traitlets.TraitError(msg)
    return name


def _checked_copies(
    units: Sequence[Any], state: str, content: Mapping[str, Any]
) -> list[tuple[str, int]]:
    """Return what was given as `units` as pairs that the content has."""
    if len(units) > _MOST_COPIES:
        msg = f"units must be at most {_MOST_COPIES}, got {len(units)}"
        raise traitlets.TraitError(msg)
    sizes = {known["name"]: known["units"] for known in content["states"]}
    copies: list[tuple[str, int]] = []
    for item in units:
        match item:
            case [name, number]:
                pass
            case number:
                name = state
        try:
            unit = operator.index(number)
        except TypeError:
            msg = f"units must be pairs (state, unit) or unit numbers, got {item!r}"
            raise traitlets.TraitError(msg) from None
        state = _known_state(name, content)
        if not 0 <= unit < sizes[state]:
            msg = f"units must be in [0, {sizes[state]}) for state {state!r}, got {unit}"
            raise traitlets.TraitError(msg)
        copies.append((state, unit))
    return copies


def _describe_ranking(ranking: Ranking, trace: Trace, part: Part) -> dict[str, Any]:
    """Return the first units of a ranking that a part of the trace has, with scores in words."""
    known = (e for e in ranking if part.has(e.state, e.unit) and e.unit < trace.units(e.state))
    return {
        "label": wire.json_safe(ranking.label),
        "note": wire.json_safe(ranking.note),
        "entries": [
            {"state": e.state, "unit": e.unit, "text": e.text, "sign": e.sign}
            for e in islice(known, _RANKED_UNITS)
        ],
    }
