"""What a widget knows of the stretches that someone marked in its text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rnnviz_widget.ranking.marked import marked_label, rank_marked, score_marked
from rnnviz_widget.widget.traits import whole_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rnnviz_widget.labels import Label
    from rnnviz_widget.ranking import Entry, MarkedRanking, Ranking
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.widget.data import WidgetData

_LISTED = 100


class Marking:
    """Gives a widget the units that tell what is marked in its text."""

    trace: Trace
    marked: list[tuple[int, int]]
    _data: WidgetData

    def marked_label(self) -> Label:
        """Return what is marked as a boolean label `(T,)`, named "marked".

        `rank_units`, `counter_profile` and `effect` take it as they take any label.
        """
        return marked_label(self.marked, len(self.trace))

    def rank_marked(self) -> MarkedRanking:
        """Return all units that are offered, by how well they tell what is marked from the rest.

        Raises
        ------
        ValueError
            If nothing or everything is marked.
        """
        return rank_marked(self.trace, self.marked, states=self._data.states)

    def score_marked(self, **options: Any) -> Ranking:  # noqa: ANN401  (those of rank_units)
        """Return what `rank_units` says of the marks: chosen on some, reported on the rest.

        Parameters
        ----------
        **options : object
            Of `rank_units`, such as ``control=``.

        Raises
        ------
        ValueError
            If fewer than two stretches are marked.
        """
        return score_marked(self.trace, self.marked, **{"states": self._data.states, **options})


def answer_marked(
    data: WidgetData, request: Mapping[str, Any], advance: Callable[[int], object]
) -> list[bytes]:
    """Return, as JSON, the units that tell what is marked, or what they score on the rest.

    Raises
    ------
    TraitError, TypeError, ValueError
        If it asks for what there is not, or not as it is asked for.
    """
    trace = data.traces[data.checkpoint(whole_number(request.get("checkpoint")))]
    marked = data.marked(request.get("marked", ()))
    found: dict[str, Any]
    if request["kind"] == "marked":
        ranking = rank_marked(trace, marked, states=data.states, advance=advance)
        found = {"note": ranking.note, "entries": _listed(ranking[:_LISTED])}
    else:
        scored = score_marked(
            trace, marked, states=data.states, probe=False, progress=False, advance=advance
        )
        found = {"note": scored.verdict, "entries": _listed(scored[:_LISTED])}
    return [json.dumps(found).encode()]


def _listed(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    return [{"state": e.state, "unit": e.unit, "text": e.text, "sign": e.sign} for e in entries]
