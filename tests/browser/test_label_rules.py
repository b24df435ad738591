"""Labels that a page makes by itself for a text that was edited, beside Python's."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import rnnviz_widget as rnnviz
from rnnviz_widget import labels
from rnnviz_widget.export import STATIC
from rnnviz_widget.labels.reading import read_label
from rnnviz_widget.widget.label_rules import label_rule

if TYPE_CHECKING:
    from playwright.sync_api import Page

RULES = {
    "quotes": labels.inside_quotes,
    "line": labels.line_position,
    "brackets": partial(labels.nesting_depth, brackets="()[]", language=None),
    "newline next": partial(labels.next_is, chars="\n"),
    "mark next": partial(labels.next_is, chars='"\u00e9\U0001f642'),
}
ALPHABET = [
    *'"""\n\n\n()[]ab \t\r\x1c\x85\u00a0\ufeff\u2003',
    "\u201c",
    "\u201d",
    "\u00e9",
    "\U0001f642",
]

MAKE = """
async ({ code, rules, texts }) => {
  const bytes = Uint8Array.from(atob(code), (c) => c.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  const { relabel } = await import(url);
  return rules.map((rule) => texts.map((text) =>
    [...relabel({ rule, values: [], high: 1 }, "", text).values]
      .map((value) => Number.isNaN(value) ? null : value)));
}
"""


def test_a_page_makes_labels_as_python_does(page: Page) -> None:
    rng = np.random.default_rng(5)
    texts = ["".join(rng.choice(ALPHABET, rng.integers(1, 60))) for _ in range(300)]
    code = base64.b64encode((STATIC / "more.js").read_bytes()).decode()
    rules = [label_rule(label) for label in RULES.values()]
    made = page.evaluate(MAKE, {"code": code, "rules": rules, "texts": texts})
    for (name, label), values in zip(RULES.items(), made, strict=True):
        for text, own in zip(texts, values, strict=True):
            trace = rnnviz.Trace.from_arrays(text, {"h": np.zeros((len(text), 1))})
            expected = read_label(label, trace, name).numbers
            np.testing.assert_array_equal(np.array(own, float), expected, f"{name}: {text!r}")


@pytest.mark.parametrize(
    "label",
    [
        np.zeros(3),
        labels.inside_comment,
        labels.nesting_depth,
        partial(labels.nesting_depth, brackets="()"),
        partial(labels.inside_quotes, pairs=["\u00ab\u00bb"]),
        lambda trace: labels.next_is(trace, "a"),
    ],
)
def test_what_only_python_knows_has_no_rule(label: Any) -> None:
    assert label_rule(label) is None
