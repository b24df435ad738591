"""A label and a palette are each added in one place, and are then everywhere.

The other two recipes of CONTRIBUTING are proved likewise: a cell in `test_cells_of_others`, a host
in `js/tests/recipes.test.ts`, which also shows the frontend's side of a palette.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import rnnviz_widget as rnnviz
from rnnviz_widget import cli, labels, palettes
from rnnviz_widget.labels import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

mpl.use("agg")

TEXT = "The ferry left at nine.\nNobody waved, and nobody minded.\n" * 30


@pytest.fixture
def vowel() -> Iterator[Any]:
    """Add a label, for as long as a test takes."""
    before = dict(catalogue.CATALOGUE)

    @labels.register_label("the character just read is a vowel")
    def vowel(trace: rnnviz.Trace) -> NDArray[np.bool_]:
        return np.isin(trace.tokens, list("aeiou"))

    yield vowel
    catalogue.CATALOGUE.clear()
    catalogue.CATALOGUE.update(before)


@pytest.fixture(scope="module")
def trace() -> rnnviz.Trace:
    """Return a trace of six units, the fourth of which follows vowels."""
    values = np.random.default_rng(0).standard_normal((len(TEXT), 6)) / 3
    values[:, 3] += np.isin(list(TEXT), list("aeiou"))
    return rnnviz.Trace.from_arrays(TEXT, {"net.h": values})


def test_a_label_is_one_function_and_is_then_ranked_coloured_plotted_and_listed(
    vowel: Any, trace: rnnviz.Trace, capsys: pytest.CaptureFixture[str]
) -> None:
    ranking = rnnviz.rank_units(trace, vowel, skip=0, shifts=0, resamples=0, probe=False)
    assert (ranking[0].unit, ranking.label) == (3, "vowel")
    assert ranking[0].held_out > 0.95

    widget = rnnviz.HiddenStateWidget(trace, ranking, labels={"vowel": vowel})
    (sent,) = widget._content["labels"]
    assert np.frombuffer(sent["values"], np.uint8).tolist() == [c in "aeiou" for c in TEXT]
    assert '"vowel"' in widget.fragment().data

    drawn = rnnviz.plot_unit(trace, "net.h", 3, label=vowel, stop=40).figure
    assert isinstance(drawn, Figure)

    assert cli.labels.label_by_name("vowel")(trace).tolist() == [c in "aeiou" for c in TEXT]
    with pytest.raises(SystemExit):
        cli.main(["view", "--help"])
    assert "vowel                       the character just read is a vowel" in (
        capsys.readouterr().out
    )


def test_a_name_that_is_taken_and_an_argument_that_is_none_are_refused(vowel: Any) -> None:
    def inside_quotes(trace: rnnviz.Trace) -> Any:
        return trace

    with pytest.raises(ValueError, match="name of its own, got 'inside_quotes'"):
        labels.register_label("another")(inside_quotes)
    with pytest.raises(ValueError, match="argument must be a parameter of vowel, got 'language'"):
        labels.register_label("again", argument="language")(vowel)
    assert catalogue.CATALOGUE["inside_quotes"].make is labels.inside_quotes


def test_a_palette_is_one_entry_of_the_table_and_is_then_seen_by_widget_page_and_figure(
    tmp_path: Path,
) -> None:
    table = json.loads(palettes._TABLE.read_text(encoding="utf-8"))
    pair = table["red-blue"]
    table["sea"] = {"light": ["#0000ff", *pair["light"][1:]], "dark": pair["dark"]}
    (tmp_path / "palettes.json").write_text(json.dumps(table), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", USES_SEA, str(tmp_path / "palettes.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == ["sea", True, [0, 0, 255], True]


USES_SEA = """
import json, sys
from pathlib import Path
import matplotlib; matplotlib.use("agg")
from rnnviz_widget import palettes
palettes._TABLE = Path(sys.argv[1])
import rnnviz_widget as rnnviz
from rnnviz_widget.widget import PALETTES
trace = rnnviz.Trace.from_arrays("ab", {"h": [[-1.0], [1.0]]}, bounds={"h": (-1, 1)})
widget = rnnviz.HiddenStateWidget(trace, palette="sea")
faces = [
    [round(255 * channel) for channel in colour[:3]]
    for shown in rnnviz.plot_text(trace, "h", 0, palette="sea").figure.findobj()
    if hasattr(shown, "get_facecolors")
    for colour in shown.get_facecolors()
]
page = widget.to_html()
print(json.dumps([
    widget.palette,
    '"palette": "sea"' in page or '"palette":"sea"' in page,
    next((face for face in faces if face == [0, 0, 255]), faces),
    PALETTES[-1] == "sea",
]))
"""
