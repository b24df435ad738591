"""`rnnviz evaluate` and `rnnviz card`: what a character model has learned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.cli.opening import say
from rnnviz_widget.trace.exchange import replacing_file

if TYPE_CHECKING:
    import argparse

    from rnnviz_widget.cli.parser import Commands


_QUESTIONS = {"linux": "c", "brackets": "brackets"}  # which are asked of a bundled model


def add_evaluate(commands: Commands) -> None:
    """Add the command `evaluate`."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure what a character model has learned, on text held out from it",
        description="Print the losses of MODEL and, for each question, the unit chosen on the "
        "validation blocks of CORPUS with its score on the test blocks, chance, baselines, "
        "untrained networks and a linear probe.",
    )
    evaluate.add_argument(
        "model", metavar="MODEL", help='"prose", "linux", "brackets" or a checkpoint file'
    )
    evaluate.add_argument("corpus", type=Path, metavar="CORPUS", help="what it was trained on")
    evaluate.add_argument(
        "--questions",
        choices=("prose", "c", "brackets"),
        help="default: those of the bundled model, else prose",
    )
    evaluate.add_argument(
        "--random-spans",
        type=int,
        default=0,
        metavar="N",
        help="look for N labels of random spans as well, which no unit should follow",
    )
    evaluate.add_argument(
        "--card",
        type=Path,
        metavar="FILE",
        help="write a model card as well; of a card that is there, what was written by hand stays",
    )
    evaluate.add_argument(
        "--write",
        action="store_true",
        help="write the units that were found into MODEL's file, for model.card.units",
    )
    evaluate.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from rnnviz_widget import evaluation  # noqa: PLC0415
    from rnnviz_widget.charlm import (  # noqa: PLC0415
        load_model,
        read_card,
        read_corpus,
        write_units,
    )
    from rnnviz_widget.evaluation import card as modelcard  # noqa: PLC0415

    model, card, corpus = (
        load_model(options.model),
        read_card(options.model),
        read_corpus(options.corpus),
    )
    needed = {"name", "sha256", "characters"} if options.card else {"name", "sha256"}
    if lacking := sorted(needed - card.corpus.keys()):
        msg = f"model must say what it was trained on, but says no {' and no '.join(lacking)}"
        raise ValueError(msg)
    if corpus.sha256 != card.corpus["sha256"]:
        msg = (
            f"corpus must be what {options.model} was trained on ({card.corpus['name']}, SHA-256 "
            f"{card.corpus['sha256']}), else its test blocks are not held out; got "
            f"{options.corpus} with {corpus.sha256}"
        )
        raise ValueError(msg)
    kind = options.questions or _QUESTIONS.get(options.model, "prose")
    notes = modelcard.notes_by_hand(options.card) if options.card else ""
    found = evaluation.evaluate(
        model, corpus, evaluation.QUESTIONS[kind], random_spans=options.random_spans
    )
    say(modelcard.report(options.model, found))
    if options.write:
        write_units(options.model, evaluation.found_units(found, corpus))
    if options.card:
        text = modelcard.model_card(Path(options.model).stem, model, card, found)
        with replacing_file(options.card) as fresh:
            fresh.write_text(f"{text}\n{notes}", encoding="utf-8")


def add_card(commands: Commands) -> None:
    """Add the command `card`."""
    card = commands.add_parser(
        "card",
        help="print the model card of a bundled model",
        description="Print what MODEL was trained on, what was found in it and what was not.",
    )
    card.add_argument("model", metavar="MODEL", help='"prose", "linux" or "brackets"')
    card.set_defaults(run=_card)


def _card(options: argparse.Namespace) -> None:
    from rnnviz_widget.charlm import bundled_card  # noqa: PLC0415

    say(bundled_card(options.model).rstrip("\n"))
