"""``rnnviz lecture``: a folder of demos for a hall without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.cli.opening import add_no_open, show

if TYPE_CHECKING:
    import argparse

    from rnnviz_widget.cli.parser import Commands

_EXAMPLES = """
examples:
  rnnviz lecture -o kit               then open kit/index.html, or copy the folder to a stick
  rnnviz lecture -o kit               again: replaces the pages of the earlier kit

Every page is one file. It opens on the unit that was chosen on the model's corpus, and says what
was measured, on which text and on how many spans. It takes about a minute; Ctrl-C leaves pages
that work.
"""


def add_lecture(commands: Commands) -> None:
    """Add the command."""
    lecture = commands.add_parser(
        "lecture",
        help="write all demos as pages that need no network, with an index",
        description="Write the lecture kit: a page for each demo (quotation marks, lines, C, the "
        "training, gates, guessing), an atlas of all units of the prose model, and an index, all "
        "of which work from a disk with no network.",
        epilog=_EXAMPLES,
    )
    lecture.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FOLDER", help="where the pages go"
    )
    add_no_open(lecture)
    lecture.set_defaults(run=_lecture)


def _lecture(options: argparse.Namespace) -> None:
    # The kit needs torch, which takes seconds to import: only this command pays.
    from rnnviz_widget.lecture import write_lecture  # noqa: PLC0415

    index, size = write_lecture(options.out)
    show(index, size, options)
