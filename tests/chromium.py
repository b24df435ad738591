"""The Chromium that tests, pictures and benchmarks drive; ``python -m tests.chromium`` says it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str | None:
    """Return the path: ``RNNVIZ_CHROMIUM``, an installed one, or playwright's own; None if none."""
    named = os.environ.get("RNNVIZ_CHROMIUM")
    if named:
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (a second to import)

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    path = executable()
    if path is None:
        sys.exit("no Chromium")
    sys.stdout.write(f"{path}\n")
