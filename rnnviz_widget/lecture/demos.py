"""The demos: what each shows, what to do with it, and how its widgets are made."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import rnnviz_widget as rnnviz
from rnnviz_widget import labels
from rnnviz_widget.lecture.demo import Demo, DemoContent
from rnnviz_widget.lecture.film import moments
from rnnviz_widget.lecture.opening import ON_SCREEN, place
from rnnviz_widget.ranking.probe import CONTEXT
from rnnviz_widget.widget import HiddenStateWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnnviz_widget.lecture.materials import Materials, Reader
    from rnnviz_widget.lecture.opening import ChosenUnit
    from rnnviz_widget.ranking.probe import Probe
    from rnnviz_widget.trace import Trace

    Labels = dict[str, Callable[[Trace], labels.Label]]

_FEW_UNITS = 12  # of a ranking, where a page has many states or moments
_SOME_UNITS = 48  # where it has two texts
_LINES_OF_FOUR = 4  # on screen, where four copies stand one above the other
_KINDS = ("tanh_c", "f", "i", "o")  # of a cell, one above the other
_ALONG = "all units, along one direction"


_next_is_newline = partial(labels.next_is, chars="\n")
_depth_of_brackets = partial(labels.nesting_depth, brackets="()", language=None)


def _widget(
    traces: Any,  # noqa: ANN401  (the widget's)
    opened: Sequence[ChosenUnit],
    **options: Any,  # noqa: ANN401  (the widget's)
) -> HiddenStateWidget:
    """Return a widget that opens on the first of these units, red where its label is.

    It offers the states that were ranked, unless told otherwise.
    """
    first = opened[0]
    rankings = [one.ranking for one in opened]
    ranked = {entry.state: None for ranking in rankings for entry in ranking}
    options = {"states": sorted(ranked), **options}
    if "units" not in options:
        options |= {"state": first.state, "unit": first.unit}
    widget = HiddenStateWidget(traces, rankings, **options)
    widget.flipped = [(one.state, one.unit) for one in opened if one.sign < 0]
    return widget


def _show(
    reader: Reader,
    opened: Sequence[ChosenUnit],
    *,
    start: int = 0,
    **options: Any,  # noqa: ANN401  (the widget's)
) -> DemoContent:
    """Return one widget that opens on the first of these units."""
    first = opened[0]
    live = "model" in options
    fragments = (_widget(reader.shown, opened, **options).fragment(start=start, live=live),)
    strip = (reader.name, reader.shown, first.state, first.unit, first.sign, start)
    return DemoContent(fragments, tuple(opened), *strip)


def _live(reader: Reader) -> dict[str, Any]:
    """Return the options by which a widget has its network with it."""
    return {"model": reader.model, "before": reader.before()}


def _best_place(
    reader: Reader, one: ChosenUnit, label: Callable[[Trace], Any], lines: int = ON_SCREEN
) -> int:
    trace = reader.shown
    return place(one.values(trace), label(trace), trace.text, lines)


def _with_kinds(shown: DemoContent, reader: Reader) -> DemoContent:
    """Add what kind of memory each unit is."""
    kinds = tuple((one.name, reader.kind(one.state, one.unit).words) for one in shown.opened)
    return replace(shown, facts=("The kind of memory, the best of ten rival explanations:", kinds))


def _quotes(materials: Materials) -> DemoContent:
    shown = {"inside quotes": labels.inside_quotes}
    live = _live(materials.prose)
    page = _show(materials.prose, [_quote_unit(materials)], labels=shown, **live)
    return _with_kinds(page, materials.prose)


def _line(materials: Materials) -> DemoContent:
    shown = {"line position": labels.line_position}
    live = _live(materials.prose)
    page = _show(materials.prose, [_clock(materials)], labels=shown, **live)
    return _with_kinds(page, materials.prose)


def _write(materials: Materials) -> DemoContent:
    shown = {"line position": labels.line_position}
    live = _live(materials.prose)
    return _show(materials.prose, [_clock(materials)], labels=shown, **live)


def _line_end(materials: Materials) -> DemoContent:
    shown = {"next is newline": _next_is_newline}
    opened = (
        materials.prose.opened(_next_is_newline, "next is newline", within="token"),
        materials.prose.opened(_next_is_newline, "next is newline"),
    )
    return _show(materials.prose, opened, labels=shown, **_live(materials.prose))


def _comments(materials: Materials) -> DemoContent:
    one, shown = _comment_unit(materials), {"inside comment": labels.inside_comment}
    start = _best_place(materials.c, one, labels.inside_comment)
    return _show(materials.c, [one], start=start, labels=shown)


def _strings(materials: Materials) -> DemoContent:
    reader, shown = materials.c_with_strings, {"inside string": labels.inside_string}
    one = reader.opened(labels.inside_string, "inside string")
    start = _best_place(reader, one, labels.inside_string)
    return _show(reader, [one], start=start, labels=shown)


def _depth(materials: Materials) -> DemoContent:
    shown: Labels = {"nesting depth": labels.nesting_depth, "indentation": labels.indentation}
    opened = (
        materials.c.opened(labels.nesting_depth, "nesting depth"),
        materials.c.opened(labels.indentation, "indentation"),
    )
    first = opened[0]
    some = sorted({entry.unit for entry in first.ranking[:_SOME_UNITS]} | {first.unit})
    start = _best_place(materials.c, first, labels.nesting_depth)
    whole = _widget(materials.c.shown, opened, labels=shown, title="The code as it is")
    stripped = materials.c_without_indentation
    name = "nesting depth (indentation stripped)"
    again = replace(first, ranking=stripped.rank(labels.nesting_depth, name), found=None)
    probe = stripped.probe(labels.nesting_depth, name, first.state)
    direction = probe.direction(first.state)
    widget = _widget(
        rnnviz.along(stripped.shown, first.state, direction, name=_ALONG),
        [again],
        states=[first.state, _ALONG],
        units=[(first.state, first.unit), (_ALONG, 0)],
        labels={"nesting depth": labels.nesting_depth},
        title="The same code without its indentation",
    )
    line = materials.c.shown.text[:start].count("\n")
    below = sum(map(len, stripped.shown.text.splitlines(keepends=True)[:line]))
    fragments = (
        whole.fragment(units=some, start=start),
        widget.fragment(
            units={first.state: some, _ALONG: [0]},
            start=below,
            caption=_spread(first, again, probe),
        ),
    )
    strip = (stripped.name, materials.c.shown, first.state, first.unit, first.sign, start)
    return DemoContent(fragments, (*opened, again), *strip)


def _spread(first: ChosenUnit, again: ChosenUnit, probe: Probe) -> str:
    """Say in a sentence what the second copy is, and what of the unit is left."""
    return (
        f"Without the white space the unit's score falls from {first.held_out:.2f} to "
        f"{again.held_out:.2f}: no single unit of this network counts brackets. The second copy is "
        f"what all its units say together, along one direction: {probe.held_out:.2f} (the same fit "
        f"to the last {CONTEXT} characters: {probe.tokens:.2f})."
    )


def _brackets(materials: Materials) -> DemoContent:
    one = materials.brackets.opened(_depth_of_brackets, "nesting depth")
    shown = {"nesting depth": _depth_of_brackets}
    return _show(materials.brackets, [one], labels=shown, **_live(materials.brackets))


def _training(materials: Materials) -> DemoContent:
    one, shown = _quote_unit(materials), {"inside quotes": labels.inside_quotes}
    units = {entry.unit for entry in one.ranking[:_FEW_UNITS]} | {one.unit}
    fragment = _widget(materials.snapshots, [one], labels=shown).fragment(units=sorted(units))
    frames = moments(one, materials.snapshots, materials.written, labels.inside_quotes)
    facts = tuple((moment.name, f"AUC {moment.area:.3f}") for moment in frames)
    about = f"{one.name} on this text at each moment; it was chosen at the last."
    strip = (materials.prose.name, materials.prose.shown, one.state, one.unit, one.sign)
    return DemoContent((fragment,), (one,), *strip, facts=(about, facts), film=frames)


def _gates(materials: Materials) -> DemoContent:
    one, trace = _comment_unit(materials), materials.c.all_states
    layer = one.state.rpartition(".")[0]
    copies = [(f"{layer}.{kind}", one.unit) for kind in _KINDS]
    start = _best_place(materials.c, one, labels.inside_comment, _LINES_OF_FOUR)
    widget = _widget(
        trace,
        [one],
        states=[state for state, _ in copies],
        units=copies,
        labels={"inside comment": labels.inside_comment},
    )
    units = {entry.unit for entry in one.ranking[:_FEW_UNITS]} | {one.unit}
    fragment = widget.fragment(units=sorted(units), start=start)
    return DemoContent((fragment,), (one,), materials.c.name, trace, *copies[1], start=start)


def _together(materials: Materials) -> DemoContent:
    shown = {"inside quotes": labels.inside_quotes, "line position": labels.line_position}
    opened = (_quote_unit(materials), _clock(materials))
    copies = [(one.state, one.unit) for one in opened]
    page = _show(materials.prose, opened, units=copies, labels=shown)
    return _with_kinds(page, materials.prose)


def _guess(materials: Materials) -> DemoContent:
    trace, one = materials.prose.shown, _quote_unit(materials)
    widget = _widget(trace, [one], present=True, guess=True)
    widget.cursor = trace.text.index("\n")
    strip = (materials.prose.name, trace, one.state, one.unit, one.sign)
    return DemoContent((widget.fragment(),), (one,), *strip)


def _against(materials: Materials) -> DemoContent:
    trace, one = materials.prose.shown, _quote_unit(materials)
    live = _live(materials.prose)
    widget = _widget(trace, [one], guess="text", **live)
    widget.cursor = trace.text.index("\n")
    strip = (materials.prose.name, trace, one.state, one.unit, one.sign)
    return DemoContent((widget.fragment(live=True),), (one,), *strip)


def _quote_unit(materials: Materials) -> ChosenUnit:
    return materials.prose.opened(labels.inside_quotes, "inside quotes")


def _clock(materials: Materials) -> ChosenUnit:
    return materials.prose.opened(labels.line_position, "line position")


def _comment_unit(materials: Materials) -> ChosenUnit:
    return materials.c.opened(labels.inside_comment, "inside comment")


DEMOS = (
    Demo(
        "quotes",
        "A unit that follows quotation marks",
        "Every character has the colour of one hidden unit after it was read. Nobody told the "
        "network what a quotation mark is: it learned to predict the next character, and that is "
        "all. The bar under the curve says where a quotation is open.",
        "What does the network have to know to predict the closing mark? Does the unit turn at "
        "the mark, or one character later?",
        "Move the slider: most units look like nothing at all. Come back by the list “follows”.",
        _quotes,
    ),
    Demo(
        "line",
        "A clock that runs along the line",
        "The novel it learned from was typed with lines of about the same length. Whoever wants to "
        "predict the newline has to count. The curve under the text rises or falls line by line.",
        "What will an empty line do to the colour? What does a short one do?",
        "Click into a line and walk along it by the arrow keys, the value in view.",
        _line,
    ),
    Demo(
        "write",
        "Turn the clock by hand",
        "The network is in this page. It writes on from where the caret stands, and its units can "
        "be held at a value, whatever the text says: hold the clock where lines end.",
        "What does a network write that always believes that its line is full? And one whose clock "
        "says that the line has just begun?",
        "Click behind a sentence and press “write on”. Then hold the unit and write on again; pull "
        "what it is held at from one end to the other.",
        _write,
    ),
    Demo(
        "line_end",
        "Who knows that the line will end?",
        "The counter of the page before is worth something only if someone uses it. Here units are "
        "ranked by whether the next character is a newline, first within each current character: "
        "a space says much by itself.",
        "Will it be one unit that knows, or many together?",
        "Compare the two lists under “follows”, and both with what the last three characters "
        "say alone. Then read what the probe, which reads all units, reaches.",
        _line_end,
    ),
    Demo(
        "comments",
        "Comments in C",
        "Another network, an LSTM, learned from C. A comment must be closed, and what stands in it "
        "looks like prose, not like code. The page opens where the unit shows it best.",
        "How does the network know, in the middle of a comment, that it is in one? Will the unit "
        "keep its colour at a quotation mark inside the comment?",
        "Scroll on, and look for strings: is it a unit for comments, or for all that is not code?",
        _comments,
    ),
    Demo(
        "strings",
        "Strings in C",
        "The same network. A string, too, must be closed, by the very mark that opened it. The "
        "page opens where the unit shows it best.",
        "Will the unit stay out of comments that have quotation marks in them?",
        "Find a comment with a quoted word, and a string with a comment in it.",
        _strings,
    ),
    Demo(
        "depth",
        "Nesting depth, or only indentation?",
        "In tidy code, depth and indentation say the same thing. The best unit for one may be a "
        "unit for the other. So the network reads the same code twice, the second time with the "
        "indentation stripped.",
        "Before you scroll down: what will be left of the unit without the indentation?",
        "Compare the two copies: what is left of the unit, and what do all units say together?",
        _depth,
    ),
    Demo(
        "brackets",
        "A unit that counts brackets",
        "A small network that has read nothing but lines of brackets and letters. A line is over "
        "when all its brackets are closed: nothing but counting says when.",
        "Which characters must move the unit up, which down, and which not at all?",
        "Step through a line by the arrow keys. Is every step of the same size? How deep does the "
        "unit still tell two depths apart?",
        _brackets,
    ),
    Demo(
        "training",
        "A unit forms",
        "The same unit on the same text, at moments of the training: from weights that are nearly "
        "random to those of all other pages. The slider “training” moves through time.",
        "When does the unit begin to hold a value from one mark to the next? Is it sudden?",
        "Start at the left. Is it the same unit that leads at every moment? Below, read what the "
        "network wrote by itself: when does it close a speech that it has opened?",
        _training,
    ),
    Demo(
        "gates",
        "The gates of a memory cell",
        "One cell of the LSTM, four times: what it holds (tanh c), and its forget, input and "
        "output gates, on the same text. A gate near 1 is open: a forget gate near 1 keeps.",
        "Which gate must move at the opening of a comment, and which must not until its end?",
        "Put the cursor on the opening of a comment and step through it.",
        _gates,
    ),
    Demo(
        "together",
        "Two units, one text",
        "The network's unit for quotation marks and the one for the place in the line, one above "
        "the other, with one cursor: two kinds of memory.",
        "Which of the two switches, and which counts?",
        "Where does the one jump while the other does not notice?",
        _together,
    ),
    Demo(
        "guess",
        "Guess before you look",
        "Large type, and the text hidden ahead of the cursor: a class says what the unit will do, "
        "then looks. The sign of each value stands below its character.",
        "What will the next character do to it? A show of hands first.",
        "Reveal by the arrow keys; s goes to the end of the span.",
        _guess,
        spoiled=True,
    ),
    Demo(
        "against",
        "Guess against the network",
        "What comes next? Type the character that you expect until it is right; the network has "
        "its own guess, and what it pays in bits. Shannon played this in 1951, to measure English.",
        "Who will be right more often, a class or 500 units?",
        "Play the rest of a word, then the first letter of the next one: where is the network "
        "better, and where are you? The arrow shows a character; “end” brings the text back.",
        _against,
    ),
)
"""All pages, in the order of a lecture."""
