"""What the README says to type, as far as it needs no notebook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm import bundled_card, read_card
from rnnviz_widget.evaluation.card import BY_HAND
from rnnviz_widget.lecture.demos import DEMOS
from tests.docs.gallery import LARGEST

if TYPE_CHECKING:
    import pytest

mpl.use("agg")
README = Path(__file__).parents[2] / "README.md"
TEXT = 'The lamp was out.\n"Who is there?" she asked,\nand nobody answered.\n"I am," said he.\n' * 8


def test_every_way_to_show_a_widget_works_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = re.search(
        r"## Where it works\n(.*?)\n## ", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert section
    snippets = re.findall(r"```python\n(.*?)```", section[1], re.DOTALL)
    assert len(snippets) == 4
    values = np.tanh(np.random.default_rng(1).standard_normal((len(TEXT), 3)))
    trace = rnnviz.Trace.from_arrays(TEXT, {"rnn.l0.h": values})
    ranking = rnnviz.rank_units(
        trace, rnnviz.labels.inside_quotes, shifts=3, resamples=3, probe=False, skip=0, gap=0
    )
    monkeypatch.chdir(tmp_path)
    exec("\n".join(snippets), {"rnnviz": rnnviz, "trace": trace, "ranking": ranking})  # noqa: S102
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "quote.html",
        "quote.pdf",
        "two.html",
    ]


def test_the_first_lines_run_as_they_stand() -> None:
    first = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert first
    assert len(first[1].splitlines()) == 3
    *statements, last = first[1].splitlines()
    names: dict[str, object] = {}
    exec("\n".join(statements), names)  # noqa: S102
    widget = eval(last, names)  # noqa: S307
    assert isinstance(widget, rnnviz.HiddenStateWidget)
    trace = names["trace"]
    assert isinstance(trace, rnnviz.Trace)
    inside = np.asarray(rnnviz.labels.inside_quotes(trace), bool)
    values = trace.unit(widget.state, widget.unit)
    assert np.median(values[inside]) > np.median(values[~inside])  # red is inside


def test_the_numbers_are_those_that_the_models_cards_say() -> None:
    """And so those of the kit, of `view` and of the notebooks, which read the cards."""
    table = README.read_text(encoding="utf-8").partition("What one unit was found to follow")[2]
    table = table.partition("\n## ")[0]
    rows = re.findall(
        r"^\| (\w+, [\d.]+ nats)? ?\| ([^|]+) \| `([^`]+)` \| ([\d.]+) \(([\d.]+) to ([\d.]+)\)",
        table,
        re.MULTILINE,
    )
    said = {}
    model = ""
    for title, label, unit, *numbers in rows:
        model = title.partition(",")[0] or model
        said[model, label] = (unit, *map(float, numbers))
    for name in ("prose", "linux", "brackets"):
        units = read_card(name).units
        assert units
        for label, found in units.items():
            if (name, label) in said:
                numbers = [round(number, 3) for number in (found.score, *found.interval)]
                assert said[name, label] == (f"{found.state}[{found.unit}]", *numbers)
    assert {"inside quotes", "line position", "inside comment", "inside string"} <= {
        label for _, label in said
    }


def test_each_row_of_the_readmes_table_is_that_of_the_models_card() -> None:
    """Unit, score, interval, chance, baselines and untrained networks."""
    table = README.read_text(encoding="utf-8").partition("What one unit was found to follow")[2]
    table = table.partition("\n\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (?:(\w+), ([\d.]+) nats)? ?\| (.+) \|$", table, re.MULTILINE)
    rows = [row for row in rows if "`" in row[2]]
    model, label, checked = "", "", 0
    for name, nats, cells in rows:
        if name:
            model = name
            assert f", test {nats}." in bundled_card(model)
        shown, *rest = cells.split(" | ")
        label = shown.replace("the same,", f"{label.partition(',')[0]},")
        card = re.findall(rf"^\| {re.escape(label)} \| (.+) \|$", bundled_card(model), re.MULTILINE)
        assert len(card) == 1, label
        unit, _, test, chance, current, last, untrained, *_ = card[0].split(" | ")
        assert rest == [unit, test.replace("*", ""), chance, f"{current}, {last}", untrained], label
        checked += 1
    assert checked >= 8


def test_depth_in_c_is_claimed_for_no_unit_as_the_readme_says() -> None:
    found, _, missed = bundled_card("linux").partition("## Not found")
    assert "follows nesting depth" not in found.partition("## Found")[2]
    assert missed.count("follows nesting depth here") == 2
    assert (
        len(re.findall(r"follows nesting depth here.*? a probe of the last 20 tokens \(", missed))
        == 2
    )
    assert "nesting depth" not in read_card("linux").units


def test_the_numbers_in_the_notes_of_the_card_of_c_stand_in_its_table() -> None:
    table, _, notes = bundled_card("linux").partition(BY_HAND)
    notes = notes.partition("- The remaining cells")[0]
    numbers = re.findall(r"\b0\.\d{3}\b", notes)
    assert len(numbers) >= 8
    assert [number for number in numbers if number not in table] == []


def test_each_picture_of_the_gallery_is_there_and_all_are_small() -> None:
    named = re.findall(r"!\[[^\]]+\]\((notebooks/gallery/[^)]+)\)", README.read_text("utf-8"))
    pictures = [README.parent / name for name in named]
    assert sorted(pictures) == sorted((README.parent / "notebooks" / "gallery").iterdir())
    assert sum(path.stat().st_size for path in pictures) <= LARGEST


def test_the_readme_counts_the_pages_of_the_kit_and_names_none_that_is_not_there() -> None:
    readme = README.read_text(encoding="utf-8")
    assert f"\n{len(DEMOS)} pages, each a single file" in readme
    named = set(re.findall(r"kit/(\w+)\.html", readme)) - {"index"}
    assert named
    assert named <= {demo.name for demo in DEMOS}
