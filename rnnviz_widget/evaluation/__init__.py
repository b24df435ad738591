"""A model measured on its test blocks, and the card that says what was found."""

from rnnviz_widget.evaluation.evaluate import (
    QUESTIONS,
    SKIP,
    TRANSFORMS,
    Evaluation,
    Question,
    evaluate,
    found_units,
    newline_auc,
)

__all__ = [
    "QUESTIONS",
    "SKIP",
    "TRANSFORMS",
    "Evaluation",
    "Question",
    "evaluate",
    "found_units",
    "newline_auc",
]
