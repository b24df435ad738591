"""Texts to show models on, written for this project: no model has been trained on them."""

from __future__ import annotations

from pathlib import Path

_TEXTS = {
    "prose": ("ferry.txt", "landing.txt"),
    "linux": ("lantern.c", "tide.c", "bell.c"),
    "brackets": ("brackets.txt",),
}


def sample_text(model: str = "prose", number: int = 1) -> str:
    """Return a short text of the kind that the bundled model of this name reads.

    Parameters
    ----------
    model : str
        Name of a bundled model.
    number : int
        Which of its texts, from 1: ``"prose"`` has two stories, ``"linux"`` three files of C, of
        which the second and third are full of comments and strings, ``"brackets"`` lines of its
        language, of 10 to 64 characters each. A unit chosen on one text can be reported on another.

    Raises
    ------
    ValueError
        If there is none for `model`, or of this number; the message says what there is.
    """
    if model not in _TEXTS:
        msg = f"model must be one of {', '.join(map(repr, _TEXTS))}, got {model!r}"
        raise ValueError(msg)
    files = _TEXTS[model]
    if number not in range(1, len(files) + 1):
        msg = f"number must be in [1, {len(files)}], the texts for {model!r}, got {number!r}"
        raise ValueError(msg)
    return (Path(__file__).parent / files[number - 1]).read_text(encoding="utf-8")
