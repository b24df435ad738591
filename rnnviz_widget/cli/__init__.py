"""The `rnnviz` command."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rnnviz_widget as rnnviz
from rnnviz_widget.cli.evaluate import add_card, add_evaluate
from rnnviz_widget.cli.lecture import add_lecture
from rnnviz_widget.cli.opening import add_force, add_no_open, say, show
from rnnviz_widget.cli.parser import Parser
from rnnviz_widget.cli.recover import add_recover
from rnnviz_widget.cli.site import add_site
from rnnviz_widget.cli.survey import add_survey
from rnnviz_widget.cli.view import add_view
from rnnviz_widget.escaping import for_terminal
from rnnviz_widget.export.pages import refuse_to_replace
from rnnviz_widget.texts import sample_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rnnviz_widget.cli.parser import Commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 1 for a refusal, 130 when interrupted."""
    options = _parser().parse(arguments)
    try:
        options.run(options)
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing more may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, ValueError) as error:
        say(f"rnnviz {options.command}: {for_terminal(error, keep='')}", error=True)
        return 1
    except KeyboardInterrupt:
        say(f"rnnviz {options.command}: interrupted", error=True)
        return 130
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="rnnviz",
        description="See what the hidden units of a recurrent network do, and measure it.",
    )
    parser.add_argument("--version", action="version", version=f"rnnviz {rnnviz.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_demo(commands)
    add_view(commands)
    add_site(commands)
    add_lecture(commands)
    _add_train(commands)
    add_evaluate(commands)
    add_card(commands)
    add_recover(commands)
    add_survey(commands)
    return parser


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser(
        "demo",
        help="find the quote unit of the bundled prose model and draw it",
        description="Record the bundled prose model over a short text, rank its units against "
        '"inside quotes", print the best, and write a page that needs no network.',
    )
    demo.add_argument(
        "-o",
        "--out",
        type=Path,
        default=Path("quote_cell.html"),
        metavar="FILE",
        help="the page",
    )
    add_force(demo)
    add_no_open(demo)
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> None:
    if not options.force:
        refuse_to_replace(options.out)
    model = rnnviz.load_model("prose")
    trace = rnnviz.record(model, sample_text("prose"))
    ranking = rnnviz.rank_units(trace, rnnviz.labels.inside_quotes(trace))
    say(ranking)
    found = model.card.units["inside quotes"]
    widget = rnnviz.HiddenStateWidget(
        trace,
        ranking,
        state=found.painted,
        unit=found.unit,
        flip=found.sign < 0,
        labels={"inside quotes": rnnviz.labels.inside_quotes},
        title="The unit that follows quotation marks",
    )
    saved = widget.save_html(options.out, overwrite=options.force)
    show(saved.path, saved.size, options)


def _add_train(commands: Commands) -> None:
    train = commands.add_parser(
        "train",
        help="train a character model on a text file",
        description="Train a character model on the training part of CORPUS (of every 20 blocks "
        "of 20,000 characters the 10th is for validation and the 20th for testing) and write it "
        "as safetensors. Ctrl-C stops it without harm: the same command goes on from there.",
    )
    train.add_argument(
        "corpus", type=Path, metavar="CORPUS", help='a UTF-8 text file, or "brackets"'
    )
    train.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="the checkpoint to write"
    )
    train.add_argument("--cell", choices=("rnn", "gru", "lstm"), default="gru", help="of a layer")
    train.add_argument(
        "--hidden-size", type=int, default=256, metavar="N", help="units of each layer"
    )
    train.add_argument("--num-layers", type=int, default=1, metavar="N", help="stacked layers")
    train.add_argument(
        "--embedding-size", type=int, default=0, metavar="N", help="0: one-hot characters"
    )
    train.add_argument("--dropout", type=float, default=0.0, metavar="P", help="between layers")
    train.add_argument(
        "--characters", type=int, default=50_000_000, metavar="N", help="to read in all"
    )
    train.add_argument(
        "--batch-size", type=int, default=64, metavar="N", help="streams of text read side by side"
    )
    train.add_argument(
        "--bptt", type=int, default=128, metavar="N", help="characters until the gradient is cut"
    )
    train.add_argument("--learning-rate", type=float, default=3e-3, metavar="X", help="peak")
    train.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of weights and order of the text"
    )
    train.add_argument(
        "--snapshots", type=int, default=0, metavar="N", help="models to keep along the way"
    )
    train.add_argument(
        "--indentation",
        choices=("written", "blocks", "lines"),
        default="written",
        help="of code: leave it as written; strip it in every other block of the split; or strip "
        "it there in runs of lines, so that depth has to be counted",
    )
    train.add_argument("--device", default="cpu", help="a torch device, such as cuda")
    train.add_argument("--threads", type=int, metavar="N", help="torch threads; all cores if unset")
    add_force(train)
    train.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> None:
    # torch takes seconds to import: only a command that needs it pays.
    import torch  # noqa: PLC0415

    from rnnviz_widget.charlm import (  # noqa: PLC0415
        CharLMConfig,
        TrainingConfig,
        read_card,
        read_corpus,
        train,
    )

    def chosen(config: type[CharLMConfig | TrainingConfig]) -> dict[str, Any]:
        names = [field.name for field in fields(config)]
        return {name: getattr(options, name) for name in names if hasattr(options, name)}

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    train(
        read_corpus(options.corpus),
        options.out,
        CharLMConfig(**chosen(CharLMConfig)),
        TrainingConfig(**chosen(TrainingConfig)),
        device=options.device,
        overwrite=options.force,
    )
    losses = read_card(options.out).losses
    say(f"wrote {options.out}: validation loss {losses['validation']:.3f} nats per character")
