"""``rnnviz view``: a page of a text, coloured by the units of a character model."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm.spelling import is_typographic, respell
from rnnviz_widget.cli.labels import label_by_name, label_names
from rnnviz_widget.cli.opening import add_force, add_no_open, say, show
from rnnviz_widget.export.pages import refuse_to_replace
from rnnviz_widget.labels.catalogue import CATALOGUE
from rnnviz_widget.ranking.splits import ConstantLabelError
from rnnviz_widget.texts import sample_text

if TYPE_CHECKING:
    import argparse

    from rnnviz_widget.charlm import CharLM, FoundUnit
    from rnnviz_widget.cli.labels import Labelling
    from rnnviz_widget.cli.parser import Commands
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.trace import Trace

_EXAMPLES = r"""
examples:
  rnnviz view story.txt                       the quote unit of the prose model, on your story
  rnnviz view driver.c --label inside_comment -o driver.html
  rnnviz view story.txt --label inside_quotes --label 'next_is:\n'
  rnnviz view story.txt --unit 16             a unit you know, no ranking
  rnnviz view story.txt --live                a page in which the text can be edited
  echo '"No," she said. "Not yet."' | rnnviz view -
  rnnviz view novel.txt --unknown replace     where a text has characters the model never saw

labels:
{labels}

Of a label the best unit is chosen on one half of the text and scored on the other; the page opens
on it and lists the others. Scores from a short text are an illustration, not a measurement: the
table says how many spans they come from. A text that is too short to rank shows units that were
ranked on a longer text of the same kind.

exit codes: 0 written, 1 refused (the last line says why), 2 wrong usage, 130 interrupted
"""
_C_SUFFIXES = {".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh"}
_DEFAULT_LABELS = {
    "prose": "inside_quotes",
    "linux": "inside_comment",
    "brackets": "nesting_depth",
}


def add_view(commands: Commands) -> None:
    """Add the command."""
    view = commands.add_parser(
        "view",
        help="colour a text of yours by the units of a model, as a page",
        description="Record a character model over TEXT, rank its units against a label, and write "
        "a page that needs neither Python nor network.",
        epilog=_EXAMPLES.format(labels=label_names()),
    )
    view.add_argument("text", metavar="TEXT", help="a UTF-8 text file; - for standard input")
    view.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="the page (default: TEXT's name and .html)"
    )
    view.add_argument(
        "--model",
        metavar="MODEL",
        help="prose, linux, brackets, or a checkpoint (default: linux for C by TEXT's name, else "
        "prose)",
    )
    view.add_argument(
        "--label",
        type=label_by_name,
        action="append",
        metavar="LABEL",
        help="what to rank units by, see below; may be given several times (default: "
        "inside_quotes for prose, inside_comment for linux, nesting_depth for brackets)",
    )
    view.add_argument(
        "--unit", type=int, metavar="N", help="the unit to open on (default: the best ranked)"
    )
    view.add_argument(
        "--state",
        metavar="NAME",
        help="the state to open on, such as rnn.l0.h or rnn.l0.z (default: the best ranked; with "
        "--unit, h of the last layer)",
    )
    view.add_argument(
        "--unknown",
        choices=("refuse", "replace"),
        default="refuse",
        help="what to do with characters the model does not know: replace reads the nearest one "
        "that it does, or a space (default: refuse; typographic quotation marks and dashes are "
        "always read as plain ones)",
    )
    view.add_argument(
        "--live",
        action="store_true",
        help="let the network travel with the page: its text can be edited, units held, and it "
        "writes on",
    )
    view.add_argument("--title", metavar="WORDS", help="the page's heading (default: TEXT's name)")
    add_force(view)
    add_no_open(view)
    view.set_defaults(run=_view)


def _view(options: argparse.Namespace) -> None:
    name, text = _read(options.text)
    out = options.out or Path(name).with_suffix(".html")
    if out.resolve() == Path(options.text).resolve():
        msg = f"--out must be another file than TEXT, got {out}"
        raise ValueError(msg)
    if not options.force:
        refuse_to_replace(out)
    if options.model is None:
        options.model = _model_for(name)
    model = rnnviz.load_model(options.model)
    text = _in_known_characters(text, model, options.unknown)
    states = _ranked_states(model) + (["*.tanh_c"] if model.config.cell == "lstm" else [])
    states += [options.state] if options.state else []
    try:
        trace = rnnviz.record(model, text, states=states)
    except ValueError as error:
        raise ValueError(str(error).replace("states=", "--state ")) from error

    labellings = options.label or []
    if not labellings and options.unit is None and options.model in _DEFAULT_LABELS:
        labellings = [CATALOGUE[_DEFAULT_LABELS[options.model]].make]
    rankings = [_rank(options, model, trace, labelling, name) for labelling in labellings]
    for ranking in rankings:
        say(f"{ranking}\n")
    flip = None
    if rankings and options.unit is None:
        state, unit = None, None  # the widget opens on the best
        if options.state is None and (found := _known_unit(model, rankings[0])):
            state, unit, flip = found.painted, found.unit, found.sign < 0
    else:
        state, unit = options.state or _last_h(trace), options.unit or 0
        if options.state is None:
            others = ", ".join(each for each in trace.states if each != state)
            say(f"unit {unit} of {state}" + (f" (--state: {others})" if others else ""))
        trace.unit(state, unit)  # refuses what the state does not have
    widget = rnnviz.HiddenStateWidget(
        trace,
        rankings,
        model=model if options.live else None,
        state=state,
        unit=unit,
        flip=flip,
        labels={labelling(trace).name: labelling for labelling in labellings},
    )
    saved = widget.save_html(
        out,
        overwrite=options.force,
        live=options.live,
        title=options.title or name,
        caption=" ".join(ranking.verdict for ranking in rankings),
        source=f"{name}, read by {options.model} ({model.config.cell.upper()}, "
        f"{model.config.num_layers} x {model.config.hidden_size} units)",
    )
    show(saved.path, saved.size, options)


def _known_unit(model: CharLM, ranking: Ranking) -> FoundUnit | None:
    """Return the unit that was chosen on the model's corpus; say so where the text prefers one."""
    found = model.card.units.get(ranking.label)
    if found is None:
        return None
    best = ranking[0]
    where = f"{found.state}[{found.unit}]"
    measured = f"{found.metric} {found.score:.3f} on {found.text}"
    if (best.state, best.unit) == (found.state, found.unit):
        say(f"It is the model's own unit for {ranking.label!r} too: {measured}.\n")
    else:
        say(
            f"The page opens on {where}, the model's own unit for {ranking.label!r} ({measured}), "
            f"not on {best.state}[{best.unit}], which is first on this text.\n"
        )
    return found


def _model_for(name: str) -> str:
    """Return the bundled model that reads a text of this name; say so if it is not the usual."""
    if Path(name).suffix.lower() not in _C_SUFFIXES:
        return "prose"
    say(f"{name} is C: read by the model linux (--model prose reads it as prose)")
    return "linux"


def _last_h(trace: Trace) -> str:
    """Return the last layer's h, which the network predicts from."""
    return [state for state in trace.states if state.endswith(".h")][-1]


def _read(source: str) -> tuple[str, str]:
    """Return the text's name and the text itself."""
    if source == "-":
        data, name = sys.stdin.buffer.read(), "text"
    else:
        path = Path(source)
        if not path.is_file():
            msg = (
                f"TEXT must be a text file, or - for standard input, got {source!r}; for a text "
                "in the command itself: echo 'the text' | rnnviz view -"
            )
            raise ValueError(msg)
        data, name = path.read_bytes(), path.name
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"TEXT must be UTF-8, got byte {data[error.start]:#04x} at {error.start:,} in {name}"
        raise ValueError(msg) from error
    text = text.replace("\r\n", "\n")
    if not text:
        msg = f"TEXT must hold at least one character, got an empty {name}"
        raise ValueError(msg)
    return name, text


def _in_known_characters(text: str, model: CharLM, unknown: str) -> str:
    """Return the text as the model can read it; say what that changed, or refuse."""
    respelled, replaced = respell(text, model.vocabulary)
    lost = Counter({pair: n for pair, n in replaced.items() if not is_typographic(*pair)})
    if lost and unknown == "refuse":
        (first, _), _ = lost.most_common(1)[0]
        msg = (
            f"TEXT has characters that the model does not know, {lost.total():,} in all, such as "
            f"{first!r} (U+{ord(first):04X}) at {text.index(first):,}; --unknown replace would "
            f"read {_in_words(lost)}"
        )
        raise ValueError(msg)
    if replaced:
        say(f"read as plain characters: {_in_words(replaced)}\n", error=True)
    return respelled


def _in_words(replaced: Counter[tuple[str, str]]) -> str:
    """Return what is read in place of what, and how often."""
    pairs = [f"{c!r} -> {plain!r} ({n:,})" for (c, plain), n in replaced.most_common(8)]
    return ", ".join(pairs) + (", ..." if len(replaced) > len(pairs) else "")


def _ranked_states(model: CharLM) -> list[str]:
    """Return the states that units are ranked by; ``tanh_c``, of c's order, is to be looked at."""
    return ["*.h", "*.c"] if model.config.cell == "lstm" else ["*.h"]


def _rank(
    options: argparse.Namespace, model: CharLM, trace: Trace, labelling: Labelling, name: str
) -> Ranking:
    """Rank the units on the text, or on the model's sample text where that is too short."""
    untrained = rnnviz.untrained(model)

    def rank(read: Trace, where: str) -> Ranking:
        control = rnnviz.record(untrained, read.text, states=read.states)
        return rnnviz.rank_units(
            read,
            labelling,
            states=options.state or _ranked_states(model),
            control=control,
            caption=f"halves of {where}",
        )

    try:
        return rank(trace, name)
    except ConstantLabelError:
        label = labelling(trace).name
        why = f"{name} is too short to rank units by {label!r}, which must vary in both its halves"
        if options.model not in _DEFAULT_LABELS:
            raise ValueError(f"{why}; name a unit by --unit, or take a longer text") from None
        say(f"{why}; ranked on the model's sample text instead", error=True)
    sample = rnnviz.record(model, sample_text(options.model), states=trace.states)
    try:
        return rank(sample, "the sample text that comes with the model")
    except ConstantLabelError:
        raise ValueError(
            f"{why}; nor does it vary in both halves of the model's sample text; take a longer "
            "text, another --label, or name a unit by --unit"
        ) from None
