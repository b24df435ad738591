"""A ranking at a glance: a bar for each of its controls, and what its words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnviz_widget.ranking.probe import CONTEXT
from rnnviz_widget.ranking.rows import networks, range_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rnnviz_widget.ranking.chance import Chance
    from rnnviz_widget.ranking.entry import Entry
    from rnnviz_widget.ranking.probe import Probe

_WORDS = {
    "AUC": "how often the unit is higher at a random token where the label holds than at a random "
    "one where it does not: 0.5 says nothing, 1 is perfect",
    "Spearman": "how well the order of the unit's values is that of the label's numbers: 0 not at "
    "all, 1 entirely, below 0 the other way round",
}
_COMMON_WORDS = (
    ("held out", "on text that the unit was not chosen on"),
    (
        "chance",
        "what the best of all units reaches on labels that have nothing to do with the text",
    ),
    ("control networks", "the same network with random weights: it has learned nothing"),
    ("probe", "a weighted sum of all units, fitted to the label on the text that was chosen on"),
    ("span", "a stretch of the text where the label holds"),
)


def words(metric: str) -> list[tuple[str, str]]:
    """Return what the words of a ranking mean, as (word, meaning)."""
    return [(metric, _WORDS[metric]), *_COMMON_WORDS]


def bars(
    best: Entry,
    chance: Chance | None,
    baselines: Mapping[str, float],
    control: Sequence[float],
    probe: Probe | None,
) -> list[tuple[str, tuple[float, float], str]]:
    """Return the best unit and what it is measured against, from what says nothing to 1."""
    scores: dict[str, Sequence[float]] = {best.name: (best.held_out,)}
    if chance is not None:
        scores["chance"] = (chance.level,)
    scores |= {name: (score,) for name, score in baselines.items()}
    if control:
        scores[f"{networks(control)}' best unit"] = control
    if probe is not None:
        scores[f"probe, all {probe.num_units:,} units"] = (probe.held_out,)
        scores[f"probe, last {CONTEXT} tokens"] = (probe.tokens,)
        if probe.control:
            scores[f"probe, {networks(probe.control)}"] = probe.control
    nothing = 0.5 if best.metric == "AUC" else 0.0
    return [
        (name, (0.0, (max(several) - nothing) / (1 - nothing)), range_in_words(several))
        for name, several in scores.items()
    ]
