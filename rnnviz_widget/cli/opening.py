"""Say where a page is, and open it where somebody can see it."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import TYPE_CHECKING

from rnnviz_widget.escaping import for_terminal

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def add_no_open(command: argparse.ArgumentParser) -> None:
    """Add the option ``--no-open``."""
    command.add_argument("--no-open", action="store_true", help="do not open the page in a browser")


def add_force(command: argparse.ArgumentParser) -> None:
    """Add the option ``--force``."""
    command.add_argument(
        "--force", action="store_true", help="replace the file even if it is no work of rnnviz"
    )


def say(text: object, *, error: bool = False) -> None:
    """Print text that may be a stranger's; what is an error goes to standard error."""
    print(for_terminal(text), file=sys.stderr if error else sys.stdout)


def show(path: Path, size: int, options: argparse.Namespace) -> None:
    """Print where the page is and how large, and open it unless told otherwise."""
    path = path.resolve()
    say(f"\nwrote {for_terminal(path, keep='')} ({size / 1e6:.1f} MB): open it in a browser")
    if not options.no_open and _has_display():
        webbrowser.open(path.as_uri())


def _has_display() -> bool:
    """Tell whether a browser window could appear: a text browser would take over the terminal."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
