"""What is installed is complete, with and without Node on the machine, with and without torch."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.archives import extract
from tests.packaging.conftest import REPOSITORY, Built, run

BUNDLE = {
    "widget.js",
    "page.js",
    "network.js",
    "more.js",
    "extras.js",
    "finding.js",
    "site.js",
    "widget.css",
    "heights.json",
    "palettes.json",
    "signs.json",
    "sources.sha256",
}
CHECKPOINTS = {path.name for path in (REPOSITORY / "rnnviz_widget").rglob("*.safetensors")}
CARDS = {
    path.with_suffix(".md").name
    for path in (REPOSITORY / "rnnviz_widget/charlm/checkpoints").glob("*.safetensors")
}


def python(built: Built, source: str, cwd: Path) -> str:
    """Return what `source` prints where the built wheel is installed, not the source tree."""
    env = built.without_node | {"PYTHONPATH": str(built.site)}
    guard = f"import rnnviz_widget; assert rnnviz_widget.__file__.startswith({str(built.site)!r})"
    return run(sys.executable, "-W", "error", "-c", f"{source}\n{guard}", cwd=cwd, env=env)


def test_a_wheel_built_without_node_holds_the_bundle_and_the_checkpoints(built: Built) -> None:
    sizes = {info.filename: info.file_size for info in zipfile.ZipFile(built.wheel).infolist()}
    static = {Path(name).name for name in sizes if name.startswith("rnnviz_widget/static/")}
    assert static == BUNDLE
    assert {Path(name).name for name in sizes if name.endswith(".safetensors")} == CHECKPOINTS
    assert CHECKPOINTS
    assert {Path(name).name for name in sizes if name.endswith(".md")} == CARDS
    assert all(sizes[name] for name in sizes if not name.endswith("py.typed"))
    assert {name.split("/")[0] for name in sizes} == {
        "rnnviz_widget",
        next(name.split("/")[0] for name in sizes if ".dist-info/" in name),
    }


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("widget.js", 25_000),  # once in every widget's state
        ("network.js", 15_000),  # the engine and the editor: only where a network lives
    ],
)
def test_what_travels_with_each_widget_stays_small(built: Built, name: str, most: int) -> None:
    code = (built.site / "rnnviz_widget" / "static" / name).read_bytes()
    assert len(gzip.compress(code, 9)) <= most


def test_the_sdist_holds_the_frontends_sources_and_builds_the_same_wheel(
    built: Built, tmp_path: Path
) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"js/src/widget.ts", "js/package-lock.json", "js/hatch_build.py"} <= names
    assert not any("node_modules" in name or name.endswith(".png") for name in names)
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, built.sdist)
    run(*pip, *build, cwd=tmp_path, env=built.without_node)
    (again,) = tmp_path.glob("*.whl")
    contents = [
        {info.filename: info.CRC for info in zipfile.ZipFile(wheel).infolist()}
        for wheel in (built.wheel, again)
    ]
    assert contents[0] == contents[1]


def test_a_stale_bundle_is_never_taken_for_a_current_one(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        extract(archive, tmp_path)
    (source,) = tmp_path.iterdir()
    asks = (sys.executable, source / "js" / "hatch_build.py")
    assert subprocess.run(asks, check=False).returncode == 0
    with (source / "js" / "src" / "widget.ts").open("a") as file:
        file.write("// changed\n")
    assert subprocess.run(asks, check=False).returncode == 1
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
    done = subprocess.run(
        build, cwd=source, env=built.without_node, capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "bundle is missing or stale" in done.stderr


def test_the_widget_works_from_the_wheel_without_torch(built: Built, tmp_path: Path) -> None:
    source = """
import sys
sys.modules["torch"] = None  # from now on `import torch` raises ImportError
import numpy as np
import rnnviz_widget as rnnviz
values = np.linspace(-1, 1, 20, dtype=np.float32).reshape(5, 4)
rnnviz.Trace.from_arrays("abcde", {"rnn.l0.h": values}).save("trace.zarr")
trace = rnnviz.Trace.load("trace.zarr")
assert (np.asarray(trace["rnn.l0.h"]) == values).all()
widget = rnnviz.HiddenStateWidget(trace, unit=2)
assert len(widget._esm) > 10_000 and len(widget._css) > 1_000
widget.save_html("page.html")
assert rnnviz.labels.inside_quotes(trace).shape == (5,)
print("done")
"""
    assert python(built, source, tmp_path) == "done\n"
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_importing_the_package_and_the_widget_does_not_import_torch(
    built: Built, tmp_path: Path
) -> None:
    source = """
import sys
import rnnviz_widget
rnnviz_widget.Trace, rnnviz_widget.HiddenStateWidget, rnnviz_widget.labels, rnnviz_widget.rank_units
print("torch" in sys.modules)
rnnviz_widget.load_model
print("torch" in sys.modules)
"""
    assert python(built, source, tmp_path) == "False\nTrue\n"


def test_the_command_and_the_bundled_model_work_from_the_wheel(
    built: Built, tmp_path: Path
) -> None:
    env = built.without_node | {"PYTHONPATH": str(built.site)}
    assert "demo" in run(built.site / "bin" / "rnnviz", "--help", cwd=tmp_path, env=env)
    source = """
import rnnviz_widget as rnnviz
print(len(rnnviz.load_model("prose").vocabulary) > 50)
"""
    assert python(built, source, tmp_path) == "True\n"
