"""Where a widget is: unit, cursor, copies, checkpoint; always what its data has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from rnnviz_widget.widget.messages import active_copy
from rnnviz_widget.widget.traits import Integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnnviz_widget.widget.data import WidgetData


class Place(traitlets.HasTraits):
    """The traits of a widget that say which unit and what of the text is shown or chosen."""

    _data: WidgetData

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
    flipped: traitlets.List[tuple[str, int]] = traitlets.List(
        help="(state, unit) of those whose colours are turned: red is low."
    ).tag(sync=True, echo_update=False)
    units: traitlets.List[tuple[str, int]] = traitlets.List(
        help="(state, unit) of each copy; empty: one copy."
    ).tag(sync=True, echo_update=False)
    active = Integer(0, help="Which of units is state and unit.").tag(sync=True, echo_update=False)
    checkpoint = Integer(0, help="Which checkpoint is shown.").tag(sync=True, echo_update=False)

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
