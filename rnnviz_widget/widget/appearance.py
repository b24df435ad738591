"""How a widget looks: colours, guessing, room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from rnnviz_widget.export import STATIC
from rnnviz_widget.limits import limit_rows
from rnnviz_widget.widget.traits import ARRANGEMENTS, PALETTES, Integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rnnviz_widget.limits import LimitsLike
    from rnnviz_widget.widget.data import WidgetData
    from rnnviz_widget.widget.live import LiveNetwork

GUESSES = ("values", "text")
"""What may be hidden to be guessed."""

_HEIGHTS = (40, 10_000)  # CSS pixels
_COLUMNS = (8, 1000)


class Guess(traitlets.TraitType[Any, Any]):
    """What is hidden ahead of the cursor: False, ``"values"`` or ``"text"``; True is "values"."""

    default_value = False
    info_text = "False, True, 'values' or 'text'"

    def validate(self, obj: Any, value: Any) -> Any:  # noqa: ANN401  (traitlets' own signature)
        """Return False, or what is hidden."""
        if isinstance(value, bool):
            return GUESSES[0] if value else False
        if value not in GUESSES:
            self.error(obj, value)
        return value


class Appearance(traitlets.HasTraits):
    """The traits of a widget that say how it is drawn."""

    _data: WidgetData
    _living: LiveNetwork | None

    palette = traitlets.Enum(PALETTES, PALETTES[0], help="Name of the palette.").tag(sync=True)
    arrange = traitlets.Enum(ARRANGEMENTS, ARRANGEMENTS[0], help="How the copies stand.").tag(
        sync=True
    )
    guess = Guess(help="What is hidden ahead of the cursor.").tag(sync=True)
    present = traitlets.Bool(help="Whether it is drawn for a hall.").tag(sync=True)
    height = Integer(
        None, allow_none=True, min=_HEIGHTS[0], max=_HEIGHTS[1], help="CSS pixels of the text."
    ).tag(sync=True)
    wrap = Integer(
        None, allow_none=True, min=_COLUMNS[0], max=_COLUMNS[1], help="Most columns of the text."
    ).tag(sync=True)
    controls = traitlets.Bool(True, help="Whether there is something to choose by.").tag(sync=True)  # noqa: FBT003  (the trait's default)
    apart = traitlets.Bool(None, allow_none=True, help="Whether tokens are set apart.").tag(
        sync=True
    )
    limits = traitlets.Any(help="The values at the ends of the colour scales.")
    # The same by state and unit, as the view gets it.
    _limits: traitlets.List[list[str | float]] = traitlets.List().tag(sync=True)
    # The panels that only some widgets need; empty in the others.
    _extras = traitlets.Unicode().tag(sync=True)

    @traitlets.validate("guess")
    def _validate_guess(self, proposal: Mapping[str, Any]) -> str | bool:
        return self._data.guess(proposal["value"])

    @traitlets.validate("limits")
    def _validate_limits(self, proposal: Mapping[str, Any]) -> LimitsLike | None:
        limits: LimitsLike | None = proposal["value"]
        try:
            limit_rows(limits, self._data.units)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(str(error)) from error
        return limits

    @traitlets.observe("limits")
    def _follow_limits(self, _: object = None) -> None:
        """Tell the view, of each state and unit that the trace has."""
        rows = limit_rows(self.limits, self._data.units, strict=False)
        self._limits = [list(row) for row in rows]

    @traitlets.observe("guess")
    def _follow_guess(self, _: object = None) -> None:
        """Bring the panels that this takes."""
        # Where a text can be edited, the view hides letters by itself.
        needed = self._data.has_extras or self.guess == "text" or self._living is not None
        self._extras = (STATIC / "extras.js").read_text(encoding="utf-8") if needed else ""

    def _follow_trace(self) -> None:
        """Keep what another trace allows."""
        if self.guess == "text" and not self._data.characters:
            self.guess = "values"
        self._follow_guess()
        self._follow_limits()
