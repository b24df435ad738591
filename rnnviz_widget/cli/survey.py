"""``rnnviz survey``: every unit of a character model over a corpus, as an atlas."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.cli.labels import label_by_name, label_names
from rnnviz_widget.cli.opening import add_force, add_no_open, say, show

if TYPE_CHECKING:
    from rnnviz_widget.cli.parser import Commands

_EXAMPLES = """
examples:
  rnnviz survey 'corpus/*.txt' -o atlas/
  rnnviz survey linux/*.c --model linux --label inside_comment --label nesting_depth -o atlas/
  rnnviz survey 'corpus/**/*.txt' --scheduler 4 -o atlas/                 four worker processes
  rnnviz survey 'corpus/**/*.txt' --scheduler tcp://10.0.0.1:8786 -o atlas/

labels:
{labels}

Finished tasks are kept in FOLDER.work until the atlas is written: if a run is killed, or
interrupted with Ctrl-C, the same command goes on from there. FOLDER.zarr is the survey itself, for
rnnviz.Survey.load.

exit codes: 0 written, 1 refused (the last line says why), 2 wrong usage, 130 interrupted
"""


def add_survey(commands: Commands) -> None:
    """Add the command."""
    survey = commands.add_parser(
        "survey",
        help="find which unit follows what over a corpus, as pages for every unit",
        description="Read CORPUS with a character model, measure which of its units follow which "
        "label, and write an atlas: a table of all units and a page for each, plain files that "
        "need no server.",
        epilog=_EXAMPLES.format(labels=label_names()),
    )
    survey.add_argument(
        "corpus", nargs="+", type=Path, metavar="CORPUS", help="UTF-8 text files, or patterns"
    )
    survey.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FOLDER", help="where the atlas goes"
    )
    survey.add_argument(
        "--model",
        default="prose",
        metavar="MODEL",
        help="a bundled model or a checkpoint",
    )
    survey.add_argument(
        "--label",
        type=label_by_name,
        action="append",
        metavar="LABEL",
        help="what units may follow, see below; may be given several times (default: inside_quotes "
        "and line_position)",
    )
    survey.add_argument(
        "--states",
        action="append",
        metavar="PATTERN",
        help="states to look at, such as '*.c'; may be given several times (default: all)",
    )
    survey.add_argument(
        "--scheduler",
        type=_scheduler,
        metavar="N or ADDRESS",
        help="how many worker processes to start here, or the address of a Dask scheduler "
        "(default: this process does all)",
    )
    survey.add_argument(
        "--title", default="", metavar="WORDS", help="the atlas' heading (default: MODEL's name)"
    )
    add_force(survey)
    add_no_open(survey)
    survey.set_defaults(run=_survey)


def _scheduler(text: str) -> str | int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    if "://" not in text:
        msg = f"write a number of processes or an address such as tcp://host:8786, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return text


def _survey(options: argparse.Namespace) -> None:
    # torch takes seconds to import: only a command that needs it pays.
    from rnnviz_widget import labels, load_model, survey, untrained  # noqa: PLC0415
    from rnnviz_widget.surveys.folder import TaskFolder  # noqa: PLC0415
    from rnnviz_widget.surveys.site import recognise  # noqa: PLC0415

    if options.out.exists() and not options.force:
        recognise(options.out)  # before hours of work
    model = load_model(options.model)
    chosen = options.label or [labels.inside_quotes, labels.line_position]
    named = {str(label("a b").name): label for label in chosen}
    work = options.out.with_name(f"{options.out.name}.work")
    try:
        found = survey(
            model,
            options.corpus,
            labels=named,
            scheduler=options.scheduler,
            states=options.states,
            control=untrained(model),
            out=work,
            title=options.title or f"Units of {Path(options.model).stem}",
        )
    except ValueError as error:
        raise ValueError(
            str(error).replace("texts must", "CORPUS must").replace("skip=", "")
        ) from error
    store = options.out.with_name(f"{options.out.name}.zarr")
    found.save(store)
    index = found.to_site(options.out, overwrite=options.force)
    TaskFolder(work).remove()
    say(found)
    show(index, sum(file.stat().st_size for file in options.out.rglob("*.html")), options)
