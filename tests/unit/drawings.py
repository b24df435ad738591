"""Texts with their labels drawn under them.

Under each line of code stand its labels: ``#`` inside, ``.`` outside, or the depth as a digit.
``¶`` shows a newline, ``→`` a tab, ``←`` a carriage return and ``·`` a space.
"""

from collections.abc import Callable

import pytest

from rnnviz_widget import labels


def by_hand(drawing: str) -> tuple[str, str]:
    """Read a drawing of text lines, each followed by its line of expected labels."""
    drawn = [line.strip() for line in drawing.strip().split("\n") if line.strip()]
    text, marks = "".join(drawn[::2]), "".join(drawn[1::2])
    assert len(text) == len(marks), "the drawing itself is not aligned"
    return text.translate(str.maketrans("¶→←·", "\n\t\r ")), marks


def drawn(label: labels.Label) -> str:
    """Write a label as a drawing does."""
    return "".join((".#"[value] if label.dtype == bool else str(value)) for value in label.tolist())


def agrees(
    label: Callable[..., labels.Label], drawings: dict[str, tuple[str, str]]
) -> Callable[[str, str], None]:
    """Return a test that a label is as it is drawn, for each drawing by its name."""

    @pytest.mark.parametrize(("language", "drawing"), drawings.values(), ids=drawings.keys())
    def test(language: str, drawing: str) -> None:
        text, expected = by_hand(drawing)
        assert drawn(label(text, language=language)) == expected

    return test
