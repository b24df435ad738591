"""Where a unit is highest, lowest and changes most, against a search that is spelled out."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest

from rnnviz_widget import Trace, contexts, palettes
from tests.fixtures.contexts import FILE, cases


def make(text: str, values: object, **more: object) -> Trace:
    return Trace.from_arrays(text, {"h": np.asarray(values, np.float32)[:, None]}, **more)


def spelled_out(values: np.ndarray, text: str, count: int, before: int, after: int) -> list[int]:
    """Take the highest place, strike out all whose stretch meets its stretch, and so on."""
    places, texts = [], set()
    left = [t for t in range(len(values)) if np.isfinite(values[t])]
    while left and len(places) < count:
        best = max(left, key=lambda t: (values[t], -t))
        left = [t for t in left if abs(t - best) > before + after]
        if (said := text[max(0, best - before) : best + 1]) not in texts:
            texts.add(said)
            places.append(best)
    return places


@pytest.mark.parametrize("seed", range(20))
def test_places_are_those_of_a_plain_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    text = "".join(rng.choice(list("ab \n"), 300))
    values = np.round(rng.normal(size=300), 1).astype(np.float32)  # with ties
    values[rng.choice(300, 9)] = (np.nan, np.inf, -np.inf) * 3
    before, after = int(rng.integers(0, 5)), int(rng.integers(0, 5))
    found = contexts(make(text, values), "h", 0, count=12, before=before, after=after)
    with np.errstate(invalid="ignore"):
        change = np.abs(np.diff(values, prepend=np.float32(np.nan)))
    as_given = values.copy()
    values[~np.isfinite(values)] = np.nan
    for some, scores in ((found.highest, values), (found.lowest, -values), (found.changes, change)):
        places = spelled_out(scores, text, 12, before, after)
        assert [each.token for each in some] == places
    for each in (*found.highest, *found.lowest, *found.changes):
        lines = text[: each.token].split("\n")
        assert (each.line, each.column) == (len(lines), len(lines[-1]) + 1)
        start = each.token - each.before
        assert each.text == text[start : each.token + after + 1]
        np.testing.assert_array_equal(each.values, as_given[start : each.token + after + 1])
        assert each.times == text.count(text[start : each.token + 1]) >= 1


def test_stretches_of_the_same_text_are_one_and_are_counted() -> None:
    text = "licence! " * 5 + "words of a story, and a sudden HALT here."
    values = [float(c == "!") + 0.5 * (c == "H") for c in text]
    found = contexts(make(text, values), "h", 0, before=6, after=2)
    assert [(each.token, each.times) for each in found.highest[:2]] == [
        (7, 5),
        (text.index("H"), 1),
    ]


def test_several_traces_are_searched_together_and_stretches_stay_in_their_trace() -> None:
    traces = [make("abc", [0, 0, 1]), make("xyz", [2, 0, 0]), make("no", [0.5, 0.5])]
    found = contexts(traces, "h", 0, before=5, after=5)
    assert [(each.trace, each.token, each.text) for each in found.highest] == [
        (1, 0, "xyz"), (0, 2, "abc"), (2, 0, "no"),
    ]  # fmt: skip
    # From one trace to the next nothing changes.
    assert [(each.trace, each.change) for each in found.changes] == [(1, -2), (0, 1), (2, 0)]
    assert "trace 2, 1:1" in str(found)


def test_the_start_of_each_trace_can_be_left_out() -> None:
    found = contexts([make("abcd", [9, 8, 1, 2]), make("efgh", [7, 6, 3, 1])], "h", 0, skip=2)
    assert [each.value for each in found.highest] == [3, 2]


def test_the_table_shows_text_as_text_in_the_colours_of_the_values() -> None:
    text = '<b>&"\n\t\x1b[31m\u202e\ud800</b><script>'
    values = np.linspace(-1, 1, len(text))
    made = contexts(make(text, values, bounds={"h": (-1, 1)}), "h", 0, before=40, after=40)
    table = made._repr_html_()
    allowed = {"div", "p", "strong", "table", "tbody", "tr", "th", "td", "span"}
    assert set(re.findall(r"</?(\w+)", table)) <= allowed
    line = html.unescape(re.sub(r"<[^>]*>", "", table))
    assert "<script>" in line
    assert "↵→␛[31m" in line
    assert not set("\x1b\u202e\ud800") & set(line)
    red = bytes(palettes.colours("red-blue", [1.0])[0]).hex()
    assert f"background:#{red}" in table
    assert "\x1b" not in str(made)
    assert table.isascii()


def test_a_row_of_the_data_frame_is_a_stretch() -> None:
    found = contexts(make("ab\ncd", [1, 0, 0, 0, 0]), "h", 0, before=1, after=0)
    frame = found.to_pandas()
    assert set(frame["sort"]) == {"highest", "lowest", "changes most"}
    assert frame.iloc[0][["token", "line", "column", "value", "text"]].tolist() == [0, 1, 1, 1, "a"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"before": -1}, "before must be at least 0"),
        ({"after": -1}, "after must be at least 0"),
        ({"skip": -1}, "skip must be at least 0"),
        ({"palette": "rainbow"}, "palette must be one of"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        contexts(make("abc", [0, 1, 2]), "h", 0, **wrong)


def test_units_and_states_that_are_none_are_refused() -> None:
    trace = make("abc", [0, 1, 2])
    with pytest.raises(ValueError, match="unit must be in"):
        contexts(trace, "h", 1)
    with pytest.raises(KeyError, match="no state is named"):
        contexts(trace, "c", 0)


def test_a_unit_that_is_missing_everywhere_has_no_stretches() -> None:
    found = contexts(make("abc", [np.nan, np.inf, np.nan]), "h", 0)
    assert (found.highest, found.lowest, found.changes) == ((), (), ())
    assert "highest" in str(found)


def test_both_languages_search_by_one_rule() -> None:
    """The page's own search is held to the same file by `js/tests/places.test.ts`."""
    assert cases() == json.loads(FILE.read_text(encoding="utf-8"))
