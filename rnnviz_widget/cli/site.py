"""``rnnviz site``: a folder of plain files that shows a trace of any length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rnnviz_widget as rnnviz
from rnnviz_widget.cli.labels import label_by_name, label_names
from rnnviz_widget.cli.opening import add_force, say

if TYPE_CHECKING:
    import argparse

    from rnnviz_widget.cli.parser import Commands

_EXAMPLES = """
examples:
  rnnviz site trace.zarr -o site            then copy the folder to any web server
  rnnviz site trace.zarr -o site --state 'rnn.l1.*' --unit 16 --label inside_quotes
  cd site && python -m http.server          to look at it here

TRACE is a folder that Trace.save or record(..., out=TRACE) has written. The page opens with the
beginning of the text and asks the server for each unit when it is chosen: a million characters by
512 units open as fast as a short text.

labels:
{labels}
"""


def add_site(commands: Commands) -> None:
    """Add the command."""
    site = commands.add_parser(
        "site",
        help="write a static site of a saved trace, of any length",
        description="Write a folder with a page that colours the text of a saved trace, and the "
        "values of its units as files beside it, which the page asks for as they are chosen. Any "
        "web server that serves files will do.",
        epilog=_EXAMPLES.format(labels=label_names()),
    )
    site.add_argument("trace", metavar="TRACE", help="a saved trace, such as t.zarr")
    site.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FOLDER", help="where the site goes"
    )
    site.add_argument(
        "--state",
        action="append",
        metavar="PATTERN",
        help="states that go in, such as 'rnn.l1.*'; may be given several times (default: all)",
    )
    site.add_argument("--unit", type=int, default=0, metavar="N", help="the unit to open on")
    site.add_argument(
        "--label",
        type=label_by_name,
        action="append",
        default=[],
        metavar="LABEL",
        help="to draw under the text, see below; may be given several times",
    )
    site.add_argument("--title", metavar="WORDS", default="", help="the page's heading")
    add_force(site)
    site.set_defaults(run=_site)


def _site(options: argparse.Namespace) -> None:
    trace = rnnviz.Trace.load(options.trace)
    widget = rnnviz.HiddenStateWidget(
        trace,
        states=options.state,
        unit=options.unit,
        labels={labelling(trace).name: labelling for labelling in options.label},
        title=options.title,
    )
    saved = widget.save_site(options.out, overwrite=options.force)
    say(
        f"wrote {saved.path} ({saved.size / 1e6:.1f} MB): copy it to any web server, or look at it "
        f"here: python -m http.server -d {saved.path}"
    )
