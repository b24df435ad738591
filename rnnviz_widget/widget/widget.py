"""The widget: a text coloured by one hidden unit, in a notebook or on a page of its own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from rnnviz_widget.export.pages import programs
from rnnviz_widget.widget.appearance import Appearance
from rnnviz_widget.widget.checkpoints import as_checkpoints
from rnnviz_widget.widget.data import WidgetData
from rnnviz_widget.widget.live import living
from rnnviz_widget.widget.looking import Looking
from rnnviz_widget.widget.marking import Marking
from rnnviz_widget.widget.messages import LONGEST_COMPLAINT, checked
from rnnviz_widget.widget.page_export import PageExport
from rnnviz_widget.widget.place import Place
from rnnviz_widget.widget.publishing import Publisher
from rnnviz_widget.widget.requests import respond
from rnnviz_widget.widget.traits import (
    ARRANGEMENTS,
    PALETTES,
    display_of,
    frontend,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.counters import Saturation
    from rnnviz_widget.labels.reading import LabelLike
    from rnnviz_widget.limits import LimitsLike
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.widget.checkpoints import Traces

_log = logging.getLogger(__name__)


class HiddenStateWidget(PageExport, Marking, Place, Appearance, anywidget.AnyWidget):
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
        round, as in Karpathy, Johnson and Fei-Fei 2015), ``"purple-green"``, ``"green-blue"``
        (green high, as in Karpathy's blog post of that year), ``"grey"``.
    limits : (float, float) or dict, optional
        The ends of the colour scale, for other units and texts too: ``(low, high)``, or by state,
        ``{"*.c": (-2, 2)}``, or by unit, ``{"rnn.l0.c": {152: (-2, 2)}}``. From 0 up the palette's
        upper half is used. By default the proven bounds, else a robust maximum of the unit.
    flip : bool, optional
        Whether to turn the colours of the units that are opened, so that red is low. By default
        those are turned that a ranking found to be low where its label holds: red is the label.
    title : str
        A line above the text.
    display : str, optional
        What a notebook's cell shows: ``"live"``, the widget that talks to the kernel, or
        ``"iframe"``, what `to_iframe` returns, for a notebook that will be published. By default
        what the environment variable ``RNNVIZ_DISPLAY`` says, else ``"live"``.
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
        How the copies stand: ``"stacked"``, ``"side by side"``, or ``"auto"``: side by side where
        there is room for 72 columns of each.
    checkpoint : int, optional
        The checkpoint to open on; the last by default.
    guess : bool or str
        What to hide ahead of the cursor. ``"values"`` (or True): the colours, so that a class can
        guess what the unit will do; keys and buttons reveal the next token, line or span.
        ``"text"``: the letters too, for Shannon's game against the network (*Prediction and entropy
        of printed English*, 1951), on single characters. A key guesses the next one; an arrow
        reveals it unguessed. Shown are how many were right at once, people's guesses and the
        network's, and the bits a character: people's as the entropy of their numbers of guesses,
        Shannon's upper bound, rough for few characters; the network's as the mean of -log2 p, if
        the trace has predictions.
    present : bool
        Whether to draw for a hall: large type, and the sign of every value as + or - under its
        character, for projectors and eyes that do not tell colours apart.
    height : int, optional
        CSS pixels that the text takes up at most, all copies together; by default 18 rows.
    wrap : int, optional
        Columns of the text at most; by default what there is room for.
    controls : bool
        Whether there are slider, lists and buttons; without them one can still point and type.
    apart : bool, optional
        Whether tokens are set apart; by default where nothing else divides them, as numbers.
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
    arrange, guess, present, limits, height, wrap, controls, apart
        As the parameters; `guess` is False, ``"values"`` or ``"text"``.
    text
        The text as it was edited in the view, `trace` follows; empty without a model.

    Raises
    ------
    TraitError
        If a value is not one the trace allows; the message names both.
    """

    _esm = frontend("widget.js")
    _css = frontend("widget.css")

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
        guess: bool | str = False,
        present: bool = False,
        limits: LimitsLike | None = None,
        height: int | None = None,
        wrap: int | None = None,
        controls: bool = True,
        apart: bool | None = None,
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
            limits=limits,
            height=height,
            wrap=wrap,
            controls=controls,
            apart=apart,
            text=self._data.trace.text if self._living else "",
            _content=content,
            _network=network.bytes if network else b"",
            _engine=programs() if self._living else [],
            _initial=self._living.initial if self._living else b"",
        )
        self._looking = Looking()
        self._follow_trace()
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
            self._looking.drop()
            self._data = data
            self._content = content
            self._follow_trace()
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

    @traitlets.observe("text")
    def _follow_text(self, _: object) -> None:
        """Read the text that was edited; the view has its own values of it."""
        if self._living is None or not self.text or self.text == self._data.trace.text:
            return
        traces = as_checkpoints(self._living.read(self.text))
        self.marked = []
        self._data = self._data.with_traces(traces, self._offered)

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
            respond(self, self._data, request, self._looking, self._living)

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
        shown = {name: getattr(self, name) for name in [*_FROM_VIEW, "_limits"]}
        return Publisher(self._data, shown, self._living)

    def __repr__(self) -> str:
        """Say in words what is shown: the plain-text output of a notebook cell."""
        return f"HiddenStateWidget: {self._publisher().words}"


_OWN = (HiddenStateWidget, Place, Appearance)
_SYNCED = {name for part in _OWN for name in part.class_own_traits(sync=True)}
_FROM_VIEW = sorted(name for name in _SYNCED if name[0] != "_")
