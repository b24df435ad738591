"""``rnnviz recover``: keep what a recording that was killed had written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rnnviz_widget.cli.opening import say

if TYPE_CHECKING:
    import argparse

    from rnnviz_widget.cli.parser import Commands


def add_recover(commands: Commands) -> None:
    """Add the command."""
    recover = commands.add_parser(
        "recover",
        help="keep what a recording to disk had written when it was killed",
        description="Save the tokens that a killed record(..., out=TRACE) had written whole. "
        "(One that was interrupted with Ctrl-C has done so itself.) Without this, the next "
        "recording to TRACE removes what was left beside it.",
    )
    recover.add_argument("trace", metavar="TRACE", help="what was recorded to, such as t.zarr")
    recover.add_argument(
        "-o", "--out", type=Path, metavar="FOLDER", help="where to save it (default: TRACE)"
    )
    recover.set_defaults(run=_recover)


def _recover(options: argparse.Namespace) -> None:
    from rnnviz_widget.trace.recovery import recover  # noqa: PLC0415

    trace = recover(options.trace, options.out)
    say(
        f"wrote {options.out or options.trace}: the first {len(trace):,} of "
        f"{trace.source['interrupted_of']:,} tokens"
    )
