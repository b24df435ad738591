"""A real server of JupyterLab or Notebook 7, and a notebook in it that a test can drive."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers import START_SECONDS, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Page

REPOSITORY = Path(__file__).parents[2]

# Whatever the first start would ask the person or the network.
QUIET_SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "checkForUpdates": False,
        "fetchNews": "false",
    },
    # A cell that scrolls out of sight must stay in the document while a test looks at it.
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


@dataclass(frozen=True)
class Server:
    """Where a server listens, what it wants to hear, its folder, and under what path it opens."""

    url: str
    token: str
    folder: Path
    opens: str


@dataclass(frozen=True)
class Application:
    """What serves notebooks: its module, the name of its settings, and where it opens a file."""

    module: str
    settings: str
    opens: str


LAB = Application("jupyterlab", "LabApp", "lab/tree")
NOTEBOOK_7 = Application("notebook", "JupyterNotebookApp", "notebooks")


@contextlib.contextmanager
def running(application: Application, home: Path) -> Iterator[Server]:
    """Run JupyterLab or Notebook 7 with everything that it reads or writes below `home`."""
    folder = home / "notebooks"
    folder.mkdir(parents=True)
    for name, settings in QUIET_SETTINGS.items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    port = free_port()
    token = secrets.token_hex(16)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "XDG_"))} | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [
        *(sys.executable, "-m", application.module, "--no-browser", "--allow-root"),
        *(f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(
            f"--IdentityProvider.token={token}",
            f"--{application.settings}.expose_app_in_browser=True",
        ),
    ]
    server = Server(f"http://127.0.0.1:{port}", token, folder, application.opens)
    with serving(
        command,
        health=f"{server.url}/api",
        folder=folder,
        environment=environment,
        log=home / "server.log",
    ):
        yield server


_RUN_ALL = """
async () => {
  await window.jupyterapp.restored;
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await window.jupyterapp.commands.execute("notebook:run-all-cells");
  return panel.content.widgets.map((cell) => cell.model.outputs?.toJSON() ?? []);
}
"""

_RUN_CELL = """
async (source) => {
  const { commands, shell } = window.jupyterapp;
  const notebook = shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  await commands.execute("notebook:insert-cell-below");
  const cell = notebook.activeCell;
  cell.model.sharedModel.setSource(source);
  await commands.execute("notebook:run-cell");
  const outputs = cell.model.outputs.toJSON();
  await commands.execute("notebook:delete-cell");
  return outputs;
}
"""


class Notebook:
    """A notebook open in a browser page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open(cls, page: Page, server: Server, name: str, cells: Sequence[str]) -> Notebook:
        """Write a notebook of these code cells, open it and run them all."""
        path = server.folder / f"{name}.ipynb"
        path.write_text(json.dumps(_notebook(cells)), encoding="utf-8")
        page.set_default_timeout(START_SECONDS * 1000)
        page.goto(
            f"{server.url}/{server.opens}/{path.name}?token={server.token}&reset"
        )  # no tabs of before
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        for outputs in page.evaluate(_RUN_ALL):
            _printed(outputs)
        return cls(page)

    def run(self, source: str) -> str:
        """Run `source` in a new last cell, return what it printed, and delete the cell."""
        return _printed(self.page.evaluate(_RUN_CELL, source))

    def evaluate(self, expression: str) -> Any:
        """Return a Python expression's value in the kernel; it must survive JSON."""
        return json.loads(self.run(f"import json; print(json.dumps({expression}))"))

    def cell_sources(self) -> list[str]:
        """Return what stands in the notebook's cells."""
        script = "shell.currentWidget.content.widgets.map((c) => c.model.sharedModel.getSource())"
        sources: list[str] = self.page.evaluate(f"window.jupyterapp.{script}")
        return sources

    @property
    def active_cell(self) -> int:
        """Index of the cell that Lab's shortcuts act on."""
        script = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
        index: int = self.page.evaluate(script)
        return index


def _printed(outputs: list[dict[str, Any]]) -> str:
    for output in outputs:
        if output["output_type"] == "error":
            raise AssertionError("\n".join(output["traceback"]))
    return "".join(
        o["text"] for o in outputs if o["output_type"] == "stream" and o["name"] == "stdout"
    )


def _notebook(cells: Sequence[str]) -> dict[str, Any]:
    # Without a kernelspec Lab asks which kernel to take.
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel},
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{index}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for index, source in enumerate(cells)
        ],
    }
