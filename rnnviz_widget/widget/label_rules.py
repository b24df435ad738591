"""Labels that a page makes by itself: `js/src/editing/rules.ts` computes them, too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from rnnviz_widget import labels

if TYPE_CHECKING:
    from rnnviz_widget.widget.fields import LabelRule


def label_rule(label: Any) -> LabelRule | None:  # noqa: ANN401  (what a label is made of)
    """Return how a page makes a label; None where only Python knows.

    Known are `labels.inside_quotes`, `line_position` and, by `functools.partial`,
    ``partial(next_is, chars=...)`` and ``partial(nesting_depth, brackets=..., language=None)``.
    """
    function, given = label, {}
    if isinstance(label, partial):
        function, given = label.func, label.keywords
        if label.args:
            return None
    if function is labels.inside_quotes and not given:
        return {"kind": "inside_quotes", "of": ""}
    if function is labels.line_position:
        return {"kind": "line_position", "of": ""}
    if function is labels.next_is and given.keys() == {"chars"}:
        return {"kind": "next_is", "of": given["chars"]}
    plain = given.keys() == {"brackets", "language"} and given["language"] is None
    if function is labels.nesting_depth and plain:
        return {"kind": "nesting_depth", "of": given["brackets"]}
    return None
