"""The widget: a text coloured by one hidden unit, in a notebook or on a page of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from rnnviz_widget.export.pages import programs
from rnnviz_widget.widget.background import Background
from rnnviz_widget.widget.checkpoints import as_checkpoints
from rnnviz_widget.widget.data import WidgetData
from rnnviz_widget.widget.live import living
from rnnviz_widget.widget.marking import Marking
from rnnviz_widget.widget.messages import LONGEST_COMPLAINT, active_copy, checked
from rnnviz_widget.widget.page_export import PageExport
from rnnviz_widget.widget.publishing import Publisher
from rnnviz_widget.widget.requests import respond
from rnnviz_widget.widget.traits import (
    ARRANGEMENTS,
    PALETTES,
    Integer,
    display_of,
    frontend,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.counters import Saturation
    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.widget.checkpoints import Traces

_log = logging.getLogger(__name__)


class HiddenStateWidget(PageExport, Marking, anywidget.AnyWidget):
    """The text of a trace, every token coloured by the value of one hidden unit.

    Parameters
    ----------
    trace : Trace, or several, optional
        What to show, see `Trace`. Several traces of one text, in a list or by name, are the
        checkpoints of a training, with a slider from one to the next.
    ranking : Ranking or sequence of Ranking, optional
        A result of `rank_units`, or several: offered as lists of units; the widget opens on the
        first unit of the first one unless `unit` says otherwise.
    state, unit : str and int
        What to open on: a name in ``trace.states`` and a column of it.
    states : str or sequence of str, optional
        The states to offer, as names or shell patterns such as ``"*.h"``; all by default.
    labels : dict of str to array_like or callable, optional
        Labels by name, drawn under the chart: arrays `(T,)` of bools or numbers, or functions such
        as `labels.inside_quotes`, which are called again when the trace is swapped (arrays then
        go).
    palette : str
        One of `PALETTES`: ``"red-blue"`` (red high, blue low), ``"blue-red"`` (the other way
        round, as in Karpathy, Johnson and Fei-Fei 2015), ``"purple-green"``, ``"grey"``.
    flip : bool, optional
        Whether to turn the colours of the units that are opened, so that red is low. By default
        those are turned that a ranking found to be low where its label holds: red is the label.
    title : str
        A line above the text.
    display : str, optional
        What a notebook's cell shows: ``"live"``, the widget that talks to the kernel, or
        ``"iframe"``, what `to_iframe` returns, for a notebook that will be published; nothing then
        talks to the kernel. By default what the environment variable ``RNNVIZ_DISPLAY`` says, else
        ``"live"``: one notebook serves both.
    model, text : object and str
        A character model that runs in the view, see `portable`, and what it is to read in place of
        `trace`: the text can then be edited, units held, and the model writes. Given both a trace
        and the model that it is of, the text is the trace's.
    before : str
        What the model has read before the text and is not shown: the text does not begin from
        zeros then. A `trace` must have been recorded so.
    units : sequence of (str, int) or int
        Several units to show at once, at most 16: one coloured copy of the text for each, with one
        cursor. Pairs ``(state, unit)``; a unit alone is of the state of the one before it.
    arrange : str
        ``"stacked"`` or ``"side by side"``: how the copies stand.
    checkpoint : int, optional
        The checkpoint to open on, counted from 0; the last by default.
    guess : bool
        Whether to hide what stands ahead of the cursor, so that a class can guess what the unit
        will do; keys and buttons reveal the next token, line or span. Of a text that can be edited
        it hides the characters, too: who types the next one guesses against the network.
    present : bool
        Whether to draw for a hall: large type, and the sign of every value as + or - under its
        character, for projectors and eyes that do not tell colours apart.
    saturation : Saturation, optional
        A result of `gate_saturation`: drawn under the chart, a point for each unit of each gate; a
        click on one shows its unit. Until the trace is swapped.

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
    marked
        Marked stretches as ``[(start, stop), ...]``, in order, those that meet joined; see
        `marked_label`, `rank_marked` and `score_marked`.
    palette
        The palette's name.
    flipped
        The units whose colours are turned, as ``[(state, unit), ...]``; the legend says so.
    units
        The copies as ``[(state, unit), ...]``; empty for a single one of `state` and `unit`.
    active
        Which of `units` is `state` and `unit`: the copy that the slider acts on.
    checkpoint
        The checkpoint shown; `checkpoints` has all of them by name.
    arrange, guess, present
        As the parameters.
    text
        The text as it was edited in the view, `trace` follows; empty without a model.

    Raises
    ------
    TraitError
        If a value is not one the trace allows; the message names both.
    """

    _esm = frontend("widget.js")
    _css = frontend("widget.css")

    state = traitlets.Unicode(help="Name of the state shown.").tag(sync=True)
    # These follow a slider or a pointer: an echo that comes late would pull it back.
    unit = Integer(0, help="Unit shown.").tag(sync=True, echo_update=False)
    cursor = Integer(-1, help="Token the cursor is on; -1: none.").tag(sync=True, echo_update=False)
    selection = traitlets.List(Integer(), help="Selected tokens: [start, stop], or empty.").tag(
        sync=True, echo_update=False
    )
    marked: traitlets.List[tuple[int, int]] = traitlets.List(
        help="Marked stretches: (start, stop) of each."
    ).tag(sync=True, echo_update=False)
    palette = traitlets.Enum(PALETTES, PALETTES[0], help="Name of the palette.").tag(sync=True)
    flipped: traitlets.List[tuple[str, int]] = traitlets.List(
        help="(state, unit) of those whose colours are turned: red is low."
    ).tag(sync=True, echo_update=False)
    units: traitlets.List[tuple[str, int]] = traitlets.List(
        help="(state, unit) of each copy; empty: one copy."
    ).tag(sync=True, echo_update=False)
    active = Integer(0, help="Which of units is state and unit.").tag(sync=True, echo_update=False)
    arrange = traitlets.Enum(ARRANGEMENTS, ARRANGEMENTS[0], help="How the copies stand.").tag(
        sync=True
    )
    checkpoint = Integer(0, help="Which checkpoint is shown.").tag(sync=True, echo_update=False)
    guess = traitlets.Bool(help="Whether what is ahead of the cursor is hidden.").tag(sync=True)
    present = traitlets.Bool(help="Whether it is drawn for a hall.").tag(sync=True)
    text = traitlets.Unicode(help="The text as it was edited.").tag(sync=True, echo_update=False)
    # All that depends on the trace is one trait, so that a swap is one change in the view.
    _content = traitlets.Dict().tag(sync=True)
    # A network that runs in the view, and the programs that run it; empty where there is none.
    _network = traitlets.Bytes().tag(sync=True)
    _engine = traitlets.List(traitlets.Unicode()).tag(sync=True)
    # Its states before the text, float32; empty for zeros.
    _initial = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        trace: Traces | None = None,
        ranking: Ranking | Sequence[Ranking] | None = None,
        *,
        model: object = None,
        text: str | None = None,
        before: str = "",
        state: str | None = None,
        unit: int | None = None,
        states: str | Sequence[str] | None = None,
        labels: Mapping[str, LabelLike] | None = None,
        palette: str = PALETTES[0],
        flip: bool | None = None,
        title: str = "",
        display: str | None = None,
        units: Sequence[tuple[str, int] | int] = (),
        arrange: str = ARRANGEMENTS[0],
        checkpoint: int | None = None,
        guess: bool = False,
        present: bool = False,
        saturation: Saturation | None = None,
    ) -> None:
        self._display = display_of(display)
        self._offered = states
        self._living, trace = living(model, trace, text, before)
        self._data = WidgetData.of(
            trace,
            offered=states,
            title=title,
            labels=labels,
            ranking=ranking,
            saturation=saturation,
        )
        checkpoints, rankings = self._data.checkpoints, self._data.rankings
        moment = self._data.checkpoint(
            len(checkpoints) - 1 if checkpoint is None else whole_number(checkpoint)
        )
        if state is None and unit is None and not units and rankings and rankings[0]:
            first = rankings[0][0]
            state, unit = first.state, first.unit
        # Checked here: traitlets does not say in which order it validates these.
        state = self._data.state(self._data.states[0] if state is None else state)
        copies = self._data.copies(units, state)
        shown = copies[0] if copies and unit is None else (state, unit or 0)
        if copies and shown not in copies:
            msg = f"unit must be among units when both are given, got {unit} of {state!r}"
            raise traitlets.TraitError(msg)
        unsaid = flip is None and guess
        content = self._data.content(moment, [shown, *copies])
        network = self._living.network if self._living else None
        super().__init__(
            state=shown[0],
            unit=shown[1],
            palette=palette,
            # A sign that was measured on what a class is to guess must not be seen.
            flipped=self._data.flipped(copies or [shown], flip=False if unsaid else flip),
            units=copies,
            active=copies.index(shown) if copies else 0,
            arrange=arrange,
            checkpoint=moment,
            guess=guess,
            present=present,
            text=self._data.trace.text if self._living else "",
            _content=content,
            _network=network.bytes if network else b"",
            _engine=programs() if self._living else [],
            _initial=self._living.initial if self._living else b"",
        )
        self._background = Background()
        self.on_msg(self._answer)

    # --- the trace ---------------------------------------------------------------------------

    @property
    def trace(self) -> Trace:
        """The trace shown: of several checkpoints, the current one's."""
        return self._data.traces[self.checkpoint]

    @trace.setter
    def trace(self, trace: Traces) -> None:
        checkpoints = as_checkpoints(trace)
        data = self._data.with_traces(checkpoints, self._offered)
        trace = data.trace
        if self._living:
            self._living.check(trace)
        checkpoint = min(self.checkpoint, len(checkpoints) - 1)
        state = self.state if self.state in data.states else data.states[0]
        copies, flipped = (
            [(s, u) for s, u in pairs if s in data.states and u < trace.num_units(s)]
            for pairs in (self.units, self.flipped)
        )
        opening = (state, min(self.unit, trace.num_units(state) - 1))
        content = data.content(checkpoint, [opening, *copies])
        with self.hold_sync():
            # First to where both agree, so that nothing is refused half-way.
            self.units = []
            self.flipped = flipped
            self.unit = opening[1]
            self.checkpoint = checkpoint
            if self.cursor >= len(trace):
                self.cursor = -1
            if self.selection and self.selection[1] > len(trace):
                self.selection = []
            if self.marked and trace.tokens != self._data.trace.tokens:
                self.marked = []  # it was of another text
            self._background.drop()
            self._data = data
            self._content = content
            self.text = trace.text if self._living else ""
            self.state = state
            if len(copies) > 1:
                shown = (self.state, self.unit)
                with self.hold_trait_notifications():
                    self.units = copies
                    self.active = copies.index(shown) if shown in copies else 0

    @property
    def checkpoints(self) -> dict[str, Trace]:
        """The traces of all checkpoints, by name; of a single trace the name is empty."""
        return dict(self._data.checkpoints)

    # --- validation --------------------------------------------------------------------------

    @traitlets.validate("state")
    def _validate_state(self, proposal: Mapping[str, Any]) -> str:
        return self._data.state(proposal["value"])

    @traitlets.validate("unit")
    def _validate_unit(self, proposal: Mapping[str, Any]) -> int:
        return self._data.unit(self.state, proposal["value"])

    @traitlets.validate("cursor")
    def _validate_cursor(self, proposal: Mapping[str, Any]) -> int:
        return self._data.cursor(proposal["value"])

    @traitlets.validate("selection")
    def _validate_selection(self, proposal: Mapping[str, Any]) -> list[int]:
        return self._data.selection(proposal["value"])

    @traitlets.validate("marked")
    def _validate_marked(self, proposal: Mapping[str, Any]) -> list[tuple[int, int]]:
        return self._data.marked(proposal["value"])

    @traitlets.validate("units")
    def _validate_units(self, proposal: Mapping[str, Any]) -> list[tuple[str, int]]:
        return self._data.copies(proposal["value"], self.state)

    @traitlets.validate("flipped")
    def _validate_flipped(self, proposal: Mapping[str, Any]) -> list[tuple[str, int]]:
        return self._data.flips(proposal["value"])

    @traitlets.validate("active")
    def _validate_active(self, proposal: Mapping[str, Any]) -> int:
        return active_copy(proposal["value"], self.units)

    @traitlets.validate("checkpoint")
    def _validate_checkpoint(self, proposal: Mapping[str, Any]) -> int:
        return self._data.checkpoint(proposal["value"])

    @traitlets.observe("text")
    def _follow_text(self, _: object) -> None:
        """Read the text that was edited; the view has its own values of it."""
        if self._living is None or not self.text or self.text == self._data.trace.text:
            return
        traces = as_checkpoints(self._living.read(self.text))
        self.marked = []
        self._data = self._data.with_traces(traces, self._offered)

    @traitlets.observe("state", "unit")
    def _follow_unit(self, _: object) -> None:
        """Keep the unit one of the state's, and the active copy what both say."""
        self.unit = min(self.unit, self._data.trace.num_units(self.state) - 1)
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
        """Take values from the view, all or none; what is refused is set back there."""
        try:
            settable = {name: self.traits()[name] for name in _FROM_VIEW}
            values = checked(sync_data, self, settable, self._data)
        except (traitlets.TraitError, TypeError) as error:
            _log.warning("%s", str(error)[:LONGEST_COMPLAINT])
            self.send_state([name for name in self.keys if name in sync_data])
        else:
            super().set_state(values)

    # --- requests from the view --------------------------------------------------------------

    def _answer(self, _: object, request: Any, __: object) -> None:  # noqa: ANN401  (from outside)
        if isinstance(request, dict) and "id" in request:
            respond(self, self._data, request, self._background, self._living)

    # --- in a notebook -----------------------------------------------------------------------

    def open(self) -> None:
        """Open the connection to the view, where there is to be one."""
        # A frame's widget must leave no state in the notebook: it would be there twice, and the
        # page made from it would ask the network for what shows a live widget.
        if self._display == "live":
            super().open()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401  (IPython's own signature)
        if self._display == "live":
            live = super()._repr_mimebundle_(**kwargs)
            # All of the words: they are what a notebook shows that is not trusted.
            return live and ({**live[0], "text/plain": repr(self)}, live[1])
        # A network takes less room in a notebook than the values of all its units.
        frame = self.to_iframe(live=self._living is not None)
        return {"text/plain": repr(self), "text/html": frame.html}, {}

    def _publisher(self) -> Publisher:
        own = HiddenStateWidget.class_own_traits(sync=True)
        traits = {name: getattr(self, name) for name in own if not name.startswith("_")}
        return Publisher(self._data, traits, self._living)

    def __repr__(self) -> str:
        """Say in words what is shown: the plain-text output of a notebook cell."""
        return f"HiddenStateWidget: {self._publisher().words}"


_FROM_VIEW = [name for name in HiddenStateWidget.class_own_traits(sync=True) if name[0] != "_"]
