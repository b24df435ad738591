"""A wheel and an sdist, built once from a clean clone on a PATH without Node."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

NEEDED = ("env", "git", "sh")
"""All of the system that the build may use: npm starts its scripts with these."""


@dataclass(frozen=True)
class Built:
    """What a clean clone was built into."""

    wheel: Path
    sdist: Path
    site: Path  # the wheel installed, without anything that it depends on
    without_node: dict[str, str]  # the environment that it was built in


def run(*command: str | Path, cwd: Path, env: dict[str, str]) -> str:
    """Return what a command printed; fail with all that it said where it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Clone what is committed, build wheel and sdist, install the wheel."""
    folder = tmp_path_factory.mktemp("packaging")
    tools = folder / "tools"
    tools.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found, f"{name} is not on PATH"
        (tools / name).symlink_to(found)
    assert shutil.which("npm", path=str(tools)) is None
    env = {k: v for k, v in os.environ.items() if not k.startswith("npm_")} | {"PATH": str(tools)}
    clone, site, dist = folder / "clone", folder / "site", folder / "dist"
    run("git", "clone", "--quiet", REPOSITORY, clone, cwd=folder, env=env)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", dist, clone, cwd=folder, env=env)
    # The bundle is there now: no second environment of its own is needed for the sdist.
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", dist, cwd=clone, env=env)
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    run(*pip, "install", "--no-deps", "--no-compile", "--target", site, wheel, cwd=folder, env=env)
    return Built(wheel, sdist, site, env)
