"""Texts to show models on, written for this project: no model has been trained on them."""

from __future__ import annotations

from pathlib import Path

_TEXTS = {"prose": "ferry.txt", "linux": "lantern.c"}


def sample_text(model: str = "prose") -> str:
    """Return a short text of the kind that the bundled model of this name reads.

    Raises
    ------
    ValueError
        If there is none for `model`; the message lists the names.
    """
    if model not in _TEXTS:
        msg = f"model must be one of {', '.join(map(repr, _TEXTS))}, got {model!r}"
        raise ValueError(msg)
    return (Path(__file__).parent / _TEXTS[model]).read_text(encoding="utf-8")
