"""Labels: what is true of a text at each of its tokens.

A label is a ``(T,)`` array, boolean or a count, aligned with the tokens of a trace (or with the
characters of a plain string). Labels keep the clock of a trace: the value at ``t`` describes the
text *after* reading tokens ``0..t``. Three rules follow and hold for every label here:

- An opening delimiter is inside, a closing one outside. A delimiter of several characters takes
  effect at its last one: in ``/* a */`` the first slash is still outside, the last star still
  inside.
- A newline starts the next line: the position in the line after it is 0.
- A token of several characters has the label of its last character.

``next_is`` and ``distance_to_line_end`` look to the right on purpose: a state that follows them
predicts. Where the text ends too early to know, ``Label.missing`` says so.
"""

from rnnviz_widget.labels.catalogue import register_label
from rnnviz_widget.labels.code import (
    block_depth,
    expression_depth,
    inside_comment,
    inside_condition,
    inside_string,
    nesting_depth,
)
from rnnviz_widget.labels.label import Label
from rnnviz_widget.labels.lines import distance_to_line_end, indentation, line_position
from rnnviz_widget.labels.patterns import matches, next_is
from rnnviz_widget.labels.prose import inside_quotes

__all__ = [
    "Label",
    "block_depth",
    "distance_to_line_end",
    "expression_depth",
    "indentation",
    "inside_comment",
    "inside_condition",
    "inside_quotes",
    "inside_string",
    "line_position",
    "matches",
    "nesting_depth",
    "next_is",
    "register_label",
]
