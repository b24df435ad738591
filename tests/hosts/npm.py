"""Packages of npm that pages fetch from CDNs, and MyST: unpacked alone, as a CDN has them.

Installed in the ordinary way, two of them would bring more than a hundred others along, of which
their built files need none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.archives import extract

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A package of npm, pinned with the checksum of its archive (npm's ``integrity``)."""

    name: str
    version: str
    sha512: str


PACKAGES = (
    Package(
        "@jupyter-widgets/html-manager",
        "1.0.15",
        "5thBIV6ymNgmPVOHvzx+gGy8ZSKmSazhtGw4/c4xJDVzRhG9PTeQsRjF3FUTopvFi//SABeNz1yp47bCrJ3CQA==",
    ),
    Package(
        "mystmd",
        "1.8.3",
        "sAdTEgy3EX9lc/qddzgJU62oCZTMhGgu0GZsCuMCmOuXXsyDMqHGW4lEE+eMmk8bx+2DsmkTnlQnaKgVq03gfw==",
    ),
    Package(
        "requirejs",
        "2.3.8",
        "7/cTSLOdYkNBNJcDMWf+luFvMriVm7eYxp4BcFCsAX0wF421Vyce5SXP17c+Jd5otXKGNehIonFlyQXSowL6Mw==",
    ),
    Package(
        "reveal.js",
        "4.0.2",
        "LWZSUenufF1gpD7npxJ7KfoQQFKgc1D6XrLTFgKlwWNP1BQ74hT48KONFWMAw+8R/QUeaScCLCLrBVHDfFIEiw==",
    ),
    Package(
        "thebe-core",
        "0.5.0",
        "LIAbySgyoH8PPojNOwTwnjHta332CXtqVMPtgC3wBuIkHkgQpJYZUkWGvZR+T6pkgmjIei/WkKMFtV1jstXwWA==",
    ),
)


def unpack(folder: Path) -> dict[str, Path]:
    """Download the packages, unless npm's cache has them; return where each is, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    specs = [f"{package.name}@{package.version}" for package in PACKAGES]
    npm = shutil.which("npm") or "npm"
    command = [npm, "pack", "--json", "--prefer-offline", "--pack-destination", folder, *specs]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm could not fetch {specs}\n{done.stderr}"
    packed = json.loads(done.stdout)
    archives = {
        entry["name"]: folder / entry["filename"]
        for entry in (packed.values() if isinstance(packed, dict) else packed)
    }
    found = {}
    for package in PACKAGES:
        archive = archives[package.name]
        digest = hashlib.sha512(archive.read_bytes()).digest()
        assert base64.b64encode(digest).decode() == package.sha512, f"{archive} is not what it was"
        into = folder / package.name
        with tarfile.open(archive) as tar:
            extract(tar, into)
        found[package.name] = into / "package"
    return found
