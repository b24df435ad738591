"""Colours in Python are those of the frontend's own table and rules."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget import palettes
from rnnviz_widget.widget import PALETTES
from tests.browser.pixels import RED_BLUE, expected_colours

TABLE = Path(__file__).parents[2] / "js" / "src" / "palettes.json"
colours = st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=20)


def test_the_table_is_the_frontends_own() -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    assert tuple(palettes.palettes()) == tuple(table) == PALETTES
    for name, themes in table.items():
        held = ["#" + bytes(colour).hex() for colour in palettes.anchors(name)]
        assert held == themes["light"]


def test_between_anchors_colours_are_linear_and_beyond_the_ends_constant() -> None:
    positions = np.linspace(-1.5, 1.5, 301)
    mixed = palettes.colours("red-blue", positions)
    expected = np.array(expected_colours(positions, RED_BLUE, limit=1))
    assert np.abs(mixed.astype(int) - expected).max() <= 1  # halves round to either side


def test_an_unknown_palette_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match=r"palette must be one of 'red-blue', .*, got 'rainbow'"):
        palettes.anchors("rainbow")


def test_the_grey_palette_becomes_steadily_darker_so_that_prints_without_colour_tell_the_sign() -> (
    None
):
    shades = palettes.luminance(palettes.colours("grey", np.linspace(-1, 1, 255)))
    assert (np.diff(shades) <= 0).all()
    assert shades[0] > 10 * shades[-1]


@pytest.mark.parametrize("name", ["red-blue", "purple-green", "green-blue"])
def test_the_two_ends_differ_for_those_who_confuse_red_and_green(name: str) -> None:
    """Deuteranopia as Vienot, Brettel and Mollon (1999) simulate it, in linear RGB."""
    simulated = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    low, high = palettes.colours(name, [-0.75, 0.75]) / 255.0
    seen = [simulated @ colour**2.2 for colour in (low, high)]
    assert np.abs(seen[0] - seen[1]).max() > 0.1


def relative_luminance(colour: tuple[int, int, int]) -> float:
    """WCAG 2's definition, one channel at a time."""
    total = 0.0
    for channel, weight in zip(colour, (0.2126, 0.7152, 0.0722), strict=True):
        c = channel / 255
        total += weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    return total


def ratio(a: tuple[int, int, int], b: tuple[int, int, int]) -> float:
    dark, light = sorted([relative_luminance(a), relative_luminance(b)])
    return (light + 0.05) / (dark + 0.05)


@given(colours)
def test_ink_can_be_read_on_any_ground(grounds: list[tuple[int, int, int]]) -> None:
    full, quiet = palettes.ink(grounds), palettes.quiet_ink(grounds)
    for i, ground in enumerate(grounds):
        assert ratio(tuple(full[i].tolist()), ground) >= 4.5
        quiet_ratio = ratio(tuple(quiet[i].tolist()), ground)
        assert 4.5 <= quiet_ratio <= ratio(tuple(full[i].tolist()), ground)
        if ratio((255, 255, 255), ground) >= 4.5:
            assert full[i].tolist() == [255, 255, 255]
