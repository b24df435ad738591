"""Figures for print: parsed and compared with the trace they were made from."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pypdf
import pytest
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.ft2font import FT2Font
from PIL import Image

import rnnviz_widget as rnnviz
from rnnviz_widget import Trace, labels
from tests.browser.pixels import RED_BLUE, RGB, differences, expected_colours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.axes import Axes

mpl.use("agg")

TEXT = 'The lamp was out.\n"Who is there?" she\tasked,\nand nobody answered.\n\n"I am," said he.\n'
HOSTILE = 'a<b</svg> $x^2$ $\\frac{1}$ \\end{document} --> &amp; "q" %\n\x00\x1b\u2028\x7f x\n'
RAMP = 17  # cells of the colour scale above the text
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def make_trace(text: str = TEXT, name: str = "rnn.l0.h") -> Trace:
    rng = np.random.default_rng(5)
    tanh = np.tanh(rng.standard_normal((len(text), 5))).astype(np.float32)
    free = (3 * tanh).copy()
    free[7, 0] = 50  # beyond the scale of its unit
    free[[2, 3, 9], 1] = [np.nan, np.inf, np.nan]
    return Trace.from_arrays(
        text,
        {name: tanh, "free": free, "gate": (tanh + 1) / 2},
        bounds={name: (-1, 1), "gate": (0, 1)},
    )


def signs(text: str) -> list[str]:
    """Return what stands for each character; few fonts have pictures of control characters."""
    upright = [
        FT2Font(entry.fname)
        for entry in font_manager.fontManager.ttflist
        if (entry.style, entry.weight) == ("normal", 400) and "Last Resort" not in entry.name
    ]
    pictured = any(font.get_char_index(ord("␀")) for font in upright)
    pictures = {"\x00": "␀", "\x1b": "␛", "\x7f": "␡"}
    marks = {"\n": "↵", "\t": "→", "\u2028": "◌"}
    marks |= pictures if pictured else dict.fromkeys(pictures, "◌")
    return [marks.get(c, c) for c in text]


class Svg:
    """An SVG as it was written, parsed."""

    def __init__(self, ax: Axes, path: Path) -> None:
        ax.figure.savefig(path)
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))  # noqa: S314  (ours)
        self.root = ET.parse(path, parser).getroot()  # noqa: S314

    def group(self, name: str) -> ET.Element:
        (found,) = self.root.iterfind(f".//{SVG}g[@id='{name}']")
        return found

    def paths(self, name: str) -> list[ET.Element]:
        return list(self.group(name).iterfind(f".//{SVG}path"))

    def colours(self, name: str) -> list[RGB]:
        styles = [path.attrib["style"] for path in self.paths(name)]
        found = [re.search(r"fill: #(\w{6})", style) for style in styles]
        return [tuple(bytes.fromhex(match[1])) for match in found if match]

    def letters(self) -> list[str]:
        """Return the clusters drawn: matplotlib writes each as a comment before its outline."""
        (group,) = self.root.iterfind(f".//{SVG}g[@id='letters_1']")
        comments = [node.text[1:-1] for node in group.iter() if node.tag is ET.Comment]
        # A comment must not end in a hyphen: it was parted from the comment's own.
        return [html.unescape(comment).replace("- ", "-") for comment in comments]


def limit_of(values: np.ndarray) -> float:
    sizes = np.abs(values[np.isfinite(values)].astype(float))
    return float(np.quantile(sizes, 0.995))


@pytest.mark.parametrize("state", ["rnn.l0.h", "gate", "free"])
def test_an_svg_has_a_cell_for_every_character_in_the_colour_of_its_value(
    state: str, tmp_path: Path
) -> None:
    trace = make_trace()
    values = trace.unit(state, 0)
    svg = Svg(rnnviz.plot_text(trace, state, 0), tmp_path / "a.svg")
    painted = svg.colours("cells")[RAMP:]
    expected = expected_colours(values, RED_BLUE, limit_of(values) if state == "free" else 1)
    assert len(painted) == len(trace)
    assert max(differences(painted, expected)) <= 1  # halves round to either side


@pytest.mark.parametrize(("state", "low"), [("rnn.l0.h", -1), ("gate", 0)])
def test_the_legend_shows_the_scale_from_end_to_end(state: str, low: int, tmp_path: Path) -> None:
    svg = Svg(rnnviz.plot_text(make_trace(), state, 0), tmp_path / "a.svg")
    expected = expected_colours(np.linspace(low, 1, RAMP), RED_BLUE, 1)
    assert max(differences(svg.colours("cells")[:RAMP], expected)) <= 1
    head = "".join(svg.letters()).removesuffix("".join(signs(TEXT)))
    assert head == (f"{state}[0]\N{MINUS SIGN}10+1 high" if low else "gate[0]01 high")


def test_the_legend_says_what_lies_beyond_the_scale(tmp_path: Path) -> None:
    trace = make_trace()
    limit = limit_of(trace.unit("free", 0))
    written = "".join(Svg(rnnviz.plot_text(trace, "free", 0), tmp_path / "a.svg").letters())
    assert f"+{limit:.3g} high" in written
    assert "values up to 50 in size have the end colours" in written
    within = Svg(rnnviz.plot_text(trace, "gate", 0), tmp_path / "b.svg").letters()
    assert "end colours" not in "".join(within)


def test_the_letters_are_the_text_with_signs_for_newline_and_tab(tmp_path: Path) -> None:
    svg = Svg(rnnviz.plot_text(make_trace(), "gate", 0, legend=False), tmp_path / "a.svg")
    assert svg.letters() == signs(TEXT)


def test_a_missing_value_is_hatched_and_has_no_colour(tmp_path: Path) -> None:
    trace = make_trace()
    svg = Svg(rnnviz.plot_text(trace, "free", 1), tmp_path / "a.svg")
    known = np.isfinite(trace.unit("free", 1))
    assert len(svg.colours("cells")) - RAMP == known.sum() == len(trace) - 3
    assert len(svg.paths("missing")) == 3 * (3 + 2)  # lines per cell; two cells in the legend
    assert "missing value" in "".join(svg.letters())
    assert svg.letters()[-len(TEXT) :] == signs(TEXT)


def test_several_units_are_blocks_each_with_a_scale_of_its_own(tmp_path: Path) -> None:
    trace = make_trace()
    ax = rnnviz.plot_text(trace, ["free", "gate"], [2, 3], 18, 40)
    svg = Svg(ax, tmp_path / "a.svg")
    first, second = (trace.unit(state, unit) for state, unit in [("free", 2), ("gate", 3)])
    expected = expected_colours(first[18:40], RED_BLUE, limit_of(first))
    painted = svg.colours("cells")
    assert max(differences(painted[RAMP : RAMP + 22], expected)) <= 1
    expected = expected_colours(second[18:40], RED_BLUE, 1)
    assert max(differences(painted[2 * RAMP + 22 :], expected)) <= 1


def test_a_label_is_a_bar_below_the_characters_it_is_true_of(tmp_path: Path) -> None:
    trace = make_trace()
    svg = Svg(rnnviz.plot_text(trace, "gate", 0, label=labels.inside_quotes), tmp_path / "a.svg")
    assert len(svg.paths("marks")) - 1 == int(labels.inside_quotes(TEXT).sum())  # 1: the legend
    assert "inside quotes" in "".join(svg.letters())
    number = Svg(
        rnnviz.plot_text(trace, "gate", 0, label=labels.line_position, legend=False),
        tmp_path / "b.svg",
    )
    points = [re.findall(r"[\d.]+", path.attrib["d"]) for path in number.paths("marks")]
    heights = np.array([abs(float(p[5]) - float(p[1])) for p in points])
    counts = np.asarray(labels.line_position(TEXT))
    np.testing.assert_allclose(
        heights / heights.max(), counts[counts > 0] / counts.max(), atol=0.01
    )


def test_the_sign_can_be_read_without_colour(tmp_path: Path) -> None:
    trace = make_trace()
    ax = rnnviz.plot_text(trace, "rnn.l0.h", 0, signs=True, legend=False, palette="grey")
    svg = Svg(ax, tmp_path / "a.svg")

    def tops(name: str) -> list[tuple[float, float]]:
        points = [re.findall(r"[\d.]+", path.attrib["d"]) for path in svg.paths(name)]
        return [(float(p[0]), float(p[1])) for p in points]

    cells = dict(zip(tops("cells"), trace.unit("rnn.l0.h", 0), strict=True))
    strong = {at: value for at, value in cells.items() if abs(value) >= 0.25}
    marks = tops("marks")
    assert len(marks) == len(strong)
    raised = [mark for mark in marks if mark in cells]  # at the very top of a cell
    assert {cells[mark] for mark in raised} == {v for v in strong.values() if v > 0}


def test_a_png_has_the_colours_of_the_values(tmp_path: Path) -> None:
    trace = make_trace()
    ax = rnnviz.plot_text(trace, "rnn.l0.h", 1, 0, 17, legend=False)
    ax.figure.savefig(tmp_path / "a.png", dpi=200)
    image = Image.open(tmp_path / "a.png").convert("RGB")
    ax.figure.set_dpi(200)
    corners = ax.transData.transform([(t + 0.12, 0.06) for t in range(17)])  # beside the letter
    painted = [image.getpixel((int(x), image.height - int(y))) for x, y in corners]
    expected = expected_colours(trace.unit("rnn.l0.h", 1)[:17], RED_BLUE, 1)
    assert max(differences(painted, expected)) <= 1


def test_a_pdf_holds_the_text_and_its_truetype_fonts(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    ax = rnnviz.plot_text(make_trace(), "rnn.l0.h", 0)
    ax.figure.savefig(tmp_path / "a.pdf")
    assert dict(mpl.rcParams) == before
    (page,) = pypdf.PdfReader(tmp_path / "a.pdf").pages
    written = page.extract_text().replace("→ ", "→")
    assert written.endswith("".join(signs(TEXT)).replace("↵", "↵\n").strip())
    for font in page["/Resources"]["/Font"].values():
        (descendant,) = font["/DescendantFonts"]
        assert descendant.get_object()["/Subtype"] == "/CIDFontType2"
        assert "/FontFile2" in descendant.get_object()["/FontDescriptor"]


@pytest.mark.parametrize("tex", [False, True])
def test_a_hostile_text_is_shown_as_text(tex: bool, tmp_path: Path) -> None:
    name = "$\\rnn$ <script>&.h"
    trace = make_trace(HOSTILE, name)
    label = labels.matches(HOSTILE, "-->")
    with mpl.rc_context({"text.usetex": tex}):
        ax = rnnviz.plot_text(trace, name, 0, label=label)
        svg = Svg(ax, tmp_path / "a.svg")
        ax.figure.savefig(tmp_path / "a.pdf")
        ax.figure.savefig(tmp_path / "a.png")
    assert svg.letters()[-len(HOSTILE) :] == signs(HOSTILE)
    assert "".join(svg.letters()).startswith(f"{name}[0]")
    assert not list(svg.root.iter(f"{SVG}script"))
    (page,) = pypdf.PdfReader(tmp_path / "a.pdf").pages
    assert "a<b</svg> $x^2$ $\\frac{1}$ \\end{document} --> &amp;" in page.extract_text()


def test_nothing_is_read_as_mathematics_beside_the_axes(tmp_path: Path) -> None:
    name = "$\\frac$.h"
    trace = make_trace(HOSTILE, name)
    label = labels.Label(np.ones(len(HOSTILE), bool), "$\\nonsense{$")
    words = Trace.from_arrays(["$\\a$", "$b_"], {name: np.ones((2, 1))})
    for ax in (
        rnnviz.plot_unit(trace, name, 0, label=label),
        rnnviz.plot_heatmap(trace, name, label=label),
        rnnviz.plot_unit(words, name, 0),
    ):
        ax.figure.savefig(tmp_path / "a.svg")


def test_a_wide_character_takes_two_columns_and_a_lacking_one_is_named(tmp_path: Path) -> None:
    lacking = "\U0001f9ff"  # from 2018, in none of matplotlib's fonts
    trace = Trace.from_arrays(f"a{lacking}b", {"h": np.zeros((3, 1))})
    with pytest.warns(UserWarning, match=r"no installed font has U\+1F9FF"):
        ax = rnnviz.plot_text(trace, "h", 0, legend=False)
    svg = Svg(ax, tmp_path / "a.svg")
    edges = [re.findall(r"[\d.]+", path.attrib["d"]) for path in svg.paths("cells")]
    widths = [float(edge[2]) - float(edge[0]) for edge in edges]
    assert widths[1] == pytest.approx(2 * widths[0], rel=1e-3)
    assert svg.letters() == ["a", "□", "b"]


def test_given_axes_are_filled_and_returned(tmp_path: Path) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
    trace = make_trace()
    assert rnnviz.plot_text(trace, "gate", 0, ax=left, columns=20) is left
    assert rnnviz.plot_unit(trace, "gate", 0, ax=right) is right
    figure.savefig(tmp_path / "a.svg")
    box = left.get_position()
    corner = left.transData.transform((21, 0)) / (600, 300)
    assert corner[0] <= box.x1 + 1e-6  # the text ends where its axes do


def test_a_new_figure_is_as_large_as_its_text_and_its_letters_as_asked(tmp_path: Path) -> None:
    ax = rnnviz.plot_text(make_trace(), "gate", 0, font_size=12)
    svg = Svg(ax, tmp_path / "a.svg")
    transforms = [node.attrib.get("transform", "") for node in svg.group("letters_1").iter()]
    found = [re.search(r"\) scale\((\S+) -", transform) for transform in transforms]
    scales = np.array([float(match[1]) for match in found if match])
    assert len(scales) == len(svg.letters())
    np.testing.assert_allclose(scales, 0.12, rtol=0.01)  # outlines are of 100 points


def test_a_line_passes_through_the_values_and_stops_where_one_is_missing(tmp_path: Path) -> None:
    trace = make_trace()
    ax = rnnviz.plot_unit(trace, "free", 1, 0, 40, label=labels.inside_quotes)
    (line,) = [line for line in ax.lines if line.get_gid() == "unit"]
    np.testing.assert_array_equal(line.get_xdata(), np.arange(40))
    values = trace.unit("free", 1)[:40]
    known = np.isfinite(values)
    np.testing.assert_array_equal(np.isnan(line.get_ydata()), ~known)
    np.testing.assert_array_equal(np.asarray(line.get_ydata())[known], values[known])
    svg = Svg(ax, tmp_path / "a.svg")
    assert len(svg.paths("label")) == int(labels.inside_quotes(TEXT)[:40].sum())
    assert svg.letters() == signs(TEXT[:40])
    expected = expected_colours(values[known], RED_BLUE, limit_of(trace.unit("free", 1)))
    painted = np.array(svg.colours("cells"))[known]
    assert max(differences([tuple(c) for c in painted.tolist()], expected)) <= 1


def test_long_spans_are_numbered_and_words_are_turned(tmp_path: Path) -> None:
    long = Trace.from_arrays("x" * 500, {"h": np.zeros((500, 1))})
    ax = rnnviz.plot_unit(long, "h", 0, 100, 400)
    assert ax.get_xlabel() == "token"
    words = Trace.from_arrays(["The", " lamp", "\n"], {"h": np.zeros((3, 1))})
    ax = rnnviz.plot_unit(words, "h", 0)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["The", " lamp", "↵"]
    ax.figure.savefig(tmp_path / "a.png")


def test_a_heatmap_has_units_as_rows_on_one_scale(tmp_path: Path) -> None:
    trace = make_trace()
    ax = rnnviz.plot_heatmap(trace, "free", [3, 1], 0, 30)
    svg = Svg(ax, tmp_path / "a.svg")
    values = np.stack([trace.unit("free", 3), trace.unit("free", 1)])
    known = np.isfinite(values[:, :30])
    styles = [path.attrib["style"] for path in svg.paths("cells")]
    assert len(styles) == 60
    assert ["fill: none" not in style for style in styles] == known.ravel().tolist()
    expected = expected_colours(values[:, :30][known], RED_BLUE, limit_of(values))
    assert max(differences(svg.colours("cells"), expected)) <= 1
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["3", "1"]
    assert "hatched: missing" in ax.get_title("right")


def test_a_large_heatmap_is_drawn_as_pixels(tmp_path: Path) -> None:
    trace = Trace.from_arrays("x" * 600, {"h": np.zeros((600, 50))})
    rnnviz.plot_heatmap(trace, "h").figure.savefig(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size < 100_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unit": 5}, r"unit must be in \[0, 5\)"),
        ({"unit": []}, "got 0 units"),
        ({"unit": [1, 2], "state": ["gate"]}, "got 2 units and 1 states"),
        ({"start": 5, "stop": 5}, "0 <= start < stop"),
        ({"stop": 1000}, "got start=0, stop=1000"),
        ({"columns": 1}, "columns must be at least 8"),
        ({"palette": "rainbow"}, "palette must be one of"),
        ({"label": np.ones(3)}, r"label must have shape \(\d+,\), one value per token, got"),
        (
            {"label": np.full(len(TEXT), "a")},
            "booleans or real numbers, got",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rnnviz.plot_text(make_trace(), **{"state": "gate", "unit": 0} | arguments)
    assert not plt.get_fignums()


def test_an_unknown_state_is_refused_with_the_names() -> None:
    with pytest.raises(KeyError, match=r"the trace has rnn\.l0\.h, free, gate"):
        rnnviz.plot_text(make_trace(), "rnn.h", 0)


def test_a_text_too_long_for_a_figure_is_refused() -> None:
    trace = Trace.from_arrays("x\n" * 1001, {"h": np.zeros((2002, 1))})
    with pytest.raises(ValueError, match=r"at most 1,000 rows in a figure, got 1,001"):
        rnnviz.plot_text(trace, "h", 0)


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("import rnnviz_widget, sys; print('matplotlib' in sys.modules)", "False"),
        (
            """import sys; sys.modules["torch"] = None
import rnnviz_widget as r
print(r.plot_text(r.Trace.from_arrays("ab", {"h": [[0.0], [1.0]]}), "h", 0).name)""",
            "rectilinear",
        ),
        (
            """import sys; sys.modules["matplotlib"] = None
import rnnviz_widget as r
try: r.plot_text
except ImportError as error: print(error)""",
            'figures need matplotlib, which is not installed: pip install "rnnviz-widget[plot]"',
        ),
    ],
    ids=["not imported", "without torch", "without matplotlib"],
)
def test_matplotlib_is_asked_for_when_it_is_needed(program: str, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == printed
