"""A ranking in a notebook: the picture first, all numbers when somebody asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnnviz_widget.escaping import for_html
from rnnviz_widget.ranking.probe import CONTEXT
from rnnviz_widget.ranking.rows import networks, range_in_words
from rnnviz_widget.tables import html_bars, html_facts, html_folded, html_table

if TYPE_CHECKING:
    from rnnviz_widget.ranking.report import Ranking

_NAMES = (1,)  # the column that holds the unit's name
_ROWS, _COLUMNS = 3, 6  # that are seen at once
_ALL_ROWS = 10

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


def notebook_html(ranking: Ranking) -> str:
    """Return three rows, the best unit beside its controls, and the verdict; the rest folded."""
    few = [row[:_COLUMNS] for row in ranking.rows(_ROWS)]
    more = f"<p>... and {len(ranking) - _ALL_ROWS:,} more units</p>"
    everything = (
        html_table(ranking.rows(_ALL_ROWS), left=_NAMES)
        + (more if len(ranking) > _ALL_ROWS else "")
        + html_facts(ranking.controls())
        + html_facts([(ranking.metric, _WORDS[ranking.metric]), *_COMMON_WORDS])
    )
    return (
        f'<div class="rnnviz-ranking"><p><strong>{for_html(ranking.title)}</strong><br>'
        f"{for_html(ranking.note)}</p>{html_table(few, left=_NAMES)}{html_bars(_bars(ranking))}"
        f"<p>{for_html(ranking.verdict)}</p>{html_folded(everything)}</div>"
    )


def _bars(ranking: Ranking) -> list[tuple[str, tuple[float, float], str]]:
    """Return the best unit and what it is measured against, from what says nothing to 1."""
    best = ranking[0]
    scores: dict[str, tuple[float, ...]] = {best.name: (best.held_out,)}
    if ranking.chance is not None:
        scores["chance"] = (ranking.chance.level,)
    scores |= {name: (score,) for name, score in ranking.baselines.items()}
    if ranking.control:
        scores[f"{networks(ranking.control)}' best unit"] = ranking.control
    if ranking.probe is not None:
        scores[f"probe, all {ranking.probe.units:,} units"] = (ranking.probe.held_out,)
        scores[f"probe, last {CONTEXT} tokens"] = (ranking.probe.tokens,)
        if ranking.probe.control:
            scores[f"probe, {networks(ranking.probe.control)}"] = ranking.probe.control
    nothing = 0.5 if ranking.metric == "AUC" else 0.0
    return [
        (name, (0.0, (max(several) - nothing) / (1 - nothing)), range_in_words(several))
        for name, several in scores.items()
    ]
