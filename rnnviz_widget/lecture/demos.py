"""The demos: what each shows, what to do with it, and how it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget import labels
from rnnviz_widget.stats.auc import area_under_curve
from rnnviz_widget.widget import HiddenStateWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.export import Fragment
    from rnnviz_widget.lecture.materials import Materials, Reader
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.trace import Trace

    Labels = dict[str, Callable[[Trace], labels.Label]]

_FEW_UNITS = 12  # of a ranking, where a page has many states or moments
_SOME_UNITS = 48  # where it has two texts
_KINDS = ("c", "f", "i", "o")  # of a cell, one above the other


@dataclass(frozen=True)
class Shown:
    """What a demo came to.

    Attributes
    ----------
    fragments
        The widgets of its page.
    rankings
        Where its units come from.
    model
        Name of the model.
    trace, state, unit
        What the index shows a strip of.
    facts
        Further numbers, as (name, value), under the sentence that comes first.
    """

    fragments: tuple[Fragment, ...]
    rankings: tuple[Ranking, ...]
    model: str
    trace: Trace
    state: str
    unit: int
    facts: tuple[str, tuple[tuple[str, str], ...]] = ("", ())


@dataclass(frozen=True)
class Demo:
    """A page of the kit.

    Attributes
    ----------
    name
        Its file, less ``.html``.
    title
        Its heading.
    about
        What is to be seen: nothing that only a measurement can say.
    do
        What to do with it in front of a class.
    build
        Makes it.
    spoiled
        Whether its scores would give away what the class is to find out: they are then folded.
    """

    name: str
    title: str
    about: str
    do: str
    build: Callable[[Materials], Shown]
    spoiled: bool = False


def _next_is_newline(trace: Trace) -> labels.Label:
    return labels.next_is(trace, "\n")


def _show(reader: Reader, rankings: tuple[Ranking, ...], **options: Any) -> Shown:  # noqa: ANN401  (the widget's)
    """Return one widget that opens on the best unit of the first ranking."""
    best = rankings[0][0]
    widget = HiddenStateWidget(reader.shown, rankings, **options)
    fragments = (widget.fragment(),)
    return Shown(fragments, rankings, reader.name, reader.shown, best.state, best.unit)


def _with_kinds(shown: Shown, reader: Reader) -> Shown:
    """Add what kind of memory the best unit of each ranking is."""
    found = [ranking[0] for ranking in shown.rankings]
    kinds = tuple((best.name, reader.kind(best.state, best.unit).words) for best in found)
    return replace(shown, facts=("The kind of memory, the best of ten rival explanations:", kinds))


def _quotes(materials: Materials) -> Shown:
    shown = {"inside quotes": labels.inside_quotes}
    page = _show(materials.prose, (_quote_ranking(materials),), labels=shown)
    return _with_kinds(page, materials.prose)


def _line(materials: Materials) -> Shown:
    shown = {"line position": labels.line_position}
    page = _show(materials.prose, (_line_ranking(materials),), labels=shown)
    return _with_kinds(page, materials.prose)


def _line_end(materials: Materials) -> Shown:
    shown = {"next is newline": _next_is_newline}
    rankings = (
        materials.prose.rank(_next_is_newline, "next is newline", within="token"),
        materials.prose.rank(_next_is_newline, "next is newline"),
    )
    return _show(materials.prose, rankings, labels=shown)


def _comments(materials: Materials) -> Shown:
    shown = {"inside comment": labels.inside_comment, "inside string": labels.inside_string}
    rankings = (
        materials.c.rank(labels.inside_comment, "inside comment"),
        materials.c.rank(labels.inside_string, "inside string"),
    )
    return _show(materials.c, rankings, labels=shown)


def _depth(materials: Materials) -> Shown:
    shown: Labels = {"nesting depth": labels.nesting_depth, "indentation": labels.indentation}
    rankings = (
        materials.c.rank(labels.nesting_depth, "nesting depth"),
        materials.c.rank(labels.indentation, "indentation"),
    )
    best = rankings[0][0]
    some = [entry.unit for entry in rankings[0][:_SOME_UNITS]]
    whole = HiddenStateWidget(materials.c.shown, rankings, labels=shown, title="The code as it is")
    stripped = materials.c_without_indentation
    again = stripped.rank(labels.nesting_depth, "nesting depth (indentation stripped)")
    widget = HiddenStateWidget(
        stripped.shown,
        again,
        state=best.state,
        unit=best.unit,
        labels={"nesting depth": labels.nesting_depth},
        title="The same unit, the same code without its indentation",
    )
    fragments = (whole.fragment(units=some), widget.fragment(units=some))
    shown_unit = (stripped.name, materials.c.shown, best.state, best.unit)
    return Shown(fragments, (*rankings, again), *shown_unit)


def _training(materials: Materials) -> Shown:
    ranking = _quote_ranking(materials)
    shown = {"inside quotes": labels.inside_quotes}
    widget = HiddenStateWidget(materials.snapshots, ranking, labels=shown)
    units = [entry.unit for entry in ranking[:_FEW_UNITS]]
    fragment = widget.fragment(units=units)
    best, trace = ranking[0], materials.prose.shown
    inside = np.asarray(labels.inside_quotes(trace))
    areas = [
        area_under_curve(best.sign * moment.unit(best.state, best.unit), inside)
        for moment in materials.snapshots.values()
    ]
    facts = tuple(
        (moment, f"AUC {area:.3f}") for moment, area in zip(materials.snapshots, areas, strict=True)
    )
    about = f"{best.name} on this text at each moment; it was chosen at the last."
    shown_unit = (materials.prose.name, trace, best.state, best.unit)
    return Shown((fragment,), (ranking,), *shown_unit, facts=(about, facts))


def _gates(materials: Materials) -> Shown:
    shown = {"inside comment": labels.inside_comment}
    ranking = materials.c.rank(labels.inside_comment, "inside comment")
    best, trace = ranking[0], materials.c.all_states
    copies = [(f"{best.layer}.{kind}", best.unit) for kind in _KINDS]
    widget = HiddenStateWidget(trace, ranking, units=copies, labels=shown)
    fragment = widget.fragment(units=[entry.unit for entry in ranking[:_FEW_UNITS]])
    return Shown((fragment,), (ranking,), materials.c.name, trace, *copies[1])


def _together(materials: Materials) -> Shown:
    shown = {"inside quotes": labels.inside_quotes, "line position": labels.line_position}
    rankings = (_quote_ranking(materials), _line_ranking(materials))
    copies = [(ranking[0].state, ranking[0].unit) for ranking in rankings]
    page = _show(materials.prose, rankings, units=copies, labels=shown)
    return _with_kinds(page, materials.prose)


def _guess(materials: Materials) -> Shown:
    trace, ranking = materials.prose.shown, _quote_ranking(materials)
    widget = HiddenStateWidget(trace, ranking, present=True, guess=True)
    widget.cursor = trace.text.index("\n")
    best = ranking[0]
    fragments = (widget.fragment(),)
    return Shown(fragments, (ranking,), materials.prose.name, trace, best.state, best.unit)


def _quote_ranking(materials: Materials) -> Ranking:
    return materials.prose.rank(labels.inside_quotes, "inside quotes")


def _line_ranking(materials: Materials) -> Ranking:
    return materials.prose.rank(labels.line_position, "line position")


DEMOS = (
    Demo(
        "quotes",
        "A unit that follows quotation marks",
        "Every character has the colour of one hidden unit after it was read. Nobody told the "
        "network what a quotation mark is: it learned to predict the next character, and that is "
        "all. The bar under the curve says where a quotation is open.",
        "Move the slider: most units look like nothing at all. Come back by the list “follows”. "
        "Does the unit turn at the closing mark, or one character later?",
        _quotes,
    ),
    Demo(
        "line",
        "A clock that runs along the line",
        "The novel it learned from was typed with lines of about the same length. Whoever wants to "
        "predict the newline has to count. The curve under the text rises or falls line by line.",
        "Click into a line and walk along it by the arrow keys, the value in view. What does an "
        "empty line do? What does a short one do?",
        _line,
    ),
    Demo(
        "line_end",
        "Who knows that the line will end?",
        "The counter of the page before is worth something only if someone uses it. Here units are "
        "ranked by whether the next character is a newline, first within each current character: "
        "a space says much by itself.",
        "Compare the two lists under “follows”, and both with what the last three characters "
        "say alone. Then read what the probe reaches: one unit, or many together?",
        _line_end,
    ),
    Demo(
        "comments",
        "Comments and strings in C",
        "Another network, an LSTM, learned from C. A comment must be closed, a string must be "
        "closed, and what stands between looks like neither code nor each other.",
        "Change the list under “follows” from comments to strings. Is the string unit silent in "
        "comments that have quotation marks in them?",
        _comments,
    ),
    Demo(
        "depth",
        "Nesting depth, or only indentation?",
        "In tidy code, depth and indentation say the same thing. The best unit for one may be a "
        "unit for the other. So the network reads the same code twice, the second time with the "
        "indentation stripped.",
        "Ask the class what they expect before you scroll down. Compare the three scores at the "
        "end: what is left of the unit, and what do all units know together?",
        _depth,
    ),
    Demo(
        "training",
        "A unit forms",
        "The same unit on the same text, at moments of the training: from weights that are nearly "
        "random to those of all other pages. The slider “training” moves through time.",
        "Start at the left. When does the unit begin to hold a value from one mark to the next? "
        "Is it sudden? Is it the same unit that leads at every moment?",
        _training,
    ),
    Demo(
        "gates",
        "The gates of a memory cell",
        "One cell of the LSTM, four times: what it holds (c), and its forget, input and output "
        "gates, on the same text. A gate near 1 is open: a forget gate near 1 keeps.",
        "Put the cursor on the opening of a comment and step through it. Which gate moves there, "
        "and which all the way to the closing?",
        _gates,
    ),
    Demo(
        "together",
        "Two units, one text",
        "The best unit for quotation marks and the best for the place in the line, one above the "
        "other, with one cursor: two kinds of memory.",
        "Which of the two switches, and which counts? Where does the one jump while the other "
        "does not notice?",
        _together,
    ),
    Demo(
        "guess",
        "Guess before you look",
        "Large type, and the text hidden ahead of the cursor: a class says what the unit will do, "
        "then looks. The sign of each value stands below its character.",
        "Reveal by the arrow keys; s goes to the end of the span. Ask for a show of hands first.",
        _guess,
        spoiled=True,
    ),
)
"""All pages, in the order of a lecture."""
