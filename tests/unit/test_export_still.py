"""What stands in a page without its script, and what its script may do."""

from __future__ import annotations

import base64
import hashlib
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rnnviz_widget import HiddenStateWidget, Trace, export, page
from rnnviz_widget.export import content_policy, opening_picture
from rnnviz_widget.palettes import colours
from tests.unit.test_widget import TEXT, make_trace

_TAG = re.compile(r"<[^>]*>")


@given(st.lists(st.text(min_size=1, max_size=3), max_size=40), st.integers(0, 2**32 - 1))
def test_every_character_stands_in_it_and_nothing_else_is_an_element(
    tokens: list[str], seed: int
) -> None:
    positions = np.random.default_rng(seed).normal(size=len(tokens))
    positions[::7] = np.nan
    made = opening_picture(tokens, positions, "red-blue")
    tags = set(_TAG.findall(re.sub(r'(?<=<span) style="[^"]*"', "", made)))
    assert tags <= {'<pre class="rnnviz-still">', "</pre>", "<span>", "</span>"}
    characters = _TAG.sub("", made)
    references = re.sub(r"&#(x?[0-9a-f]+);", lambda m: chr(int(m[1].replace("x", "0x"), 0)),
                        characters)  # fmt: skip
    plain = references.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    assert plain.replace("&amp;", "&") == "".join(tokens)
    assert made.isascii()


def test_the_colours_are_those_of_the_palette() -> None:
    made = opening_picture(["a", "b", "c"], [-1, np.nan, 7], "purple-green")
    low, high = (bytes(c).hex() for c in colours("purple-green", [-1, 1]))
    assert re.findall(r"background:#(\w+);color:#\w+\">(.)", made) == [(low, "a"), (high, "c")]
    assert "</span>b<span" in made


def test_a_long_text_has_its_beginning_there() -> None:
    made = opening_picture("x" * 100_000, np.zeros(100_000), "grey")
    assert made.count("x") == export.still.OPENING
    assert "&#8230;</pre>" in made


def test_a_page_has_its_words_and_its_opening_picture() -> None:
    widget = HiddenStateWidget(make_trace(), unit=3)
    fragment = widget.fragment(start=5, stop=20)
    shown = fragment.html
    assert f'<p class="rnnviz-caption">{export.still.escape(fragment.words)}</p>' in shown
    still = re.search(r'<pre class="rnnviz-still">(.*?)</pre>', shown, re.DOTALL)
    assert still
    assert _TAG.sub("", still[1]).replace("&quot;", '"') == TEXT[5:20]


def test_what_is_to_be_guessed_is_not_in_the_picture() -> None:
    widget = HiddenStateWidget(make_trace(), guess=True)
    widget.cursor = 3
    assert _TAG.sub("", widget.fragment().still) == TEXT[:4]


def test_a_page_allows_its_own_code_by_hash_and_nothing_else() -> None:
    made = page(HiddenStateWidget(Trace.from_arrays("ab", {"h": np.zeros((2, 1))}))).html
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', made)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert made.index("Content-Security-Policy") < made.index("<style>") < made.index("<script")
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        (text,) = re.findall(rf"<{tag}(?: type=.module. async)?>(.*?)</{tag}>", made, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_a_live_page_may_have_its_worker_and_webassembly() -> None:
    rules = content_policy("<style>a{}</style>", live=True)
    assert "worker-src blob:" in rules
    assert "script-src 'none'" not in rules
    assert " 'wasm-unsafe-eval'" in rules
