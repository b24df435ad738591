"""A model card in Markdown: what a model is, and what was and was not found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rnnviz_widget
from rnnviz_widget.escaping import as_code, for_markdown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rnnviz_widget.charlm import CharLM, ModelCard
    from rnnviz_widget.evaluation.evaluate import Evaluation, Question
    from rnnviz_widget.ranking import Ranking
    from rnnviz_widget.ranking.probe import Probe

BY_HAND = "<!-- Written by hand from here on; `rnnviz evaluate --card` keeps it. -->"
"""The line of a card below which nothing is overwritten."""

_HEAD = (
    "follows",
    "unit",
    "on validation",
    "on test (95 %)",
    "chance",
    "current token",
    "last 3 tokens",
    "untrained",
    "probe (95 %)",
    "probe: last 20 tokens, untrained",
    "spans",
)

_METHOD = (
    "Of all units of the ranked states the best one on the validation blocks, with its sign, is "
    "reported on the test blocks. AUC for what is true or false, Spearman's correlation for "
    "numbers. *Chance* is the level that 5 % of 199 shifted labels exceed, the whole choice "
    "repeated for each; *untrained* the best unit of networks of the same shape with random "
    "weights (five seeds). The probe reads all units: readable is not the same as used."
)
_LIMITS = (
    "A unit that follows a label on this corpus need not follow it on other texts, need not be "
    "the only one, and need not be what the network uses. Another seed has other unit numbers."
)


def model_card(name: str, model: CharLM, card: ModelCard, evaluation: Evaluation) -> str:
    """Return the card of a model: its making from the checkpoint, its findings as measured."""
    found = [pair for pair in evaluation.rankings if pair[1].claimed]
    missed = [pair for pair in evaluation.rankings if not pair[1].claimed]
    parts = [
        f"# {for_markdown(name)}",
        _making(model, card),
        _command(name, card, evaluation),
        "## Loss",
        _losses(evaluation),
        "## Which unit follows what",
        _METHOD,
        _table(evaluation.rankings),
        "## Found",
        _sentences(found) or "Nothing.",
        "## Not found",
        _sentences(missed) or "Every question above was answered by a unit.",
        *_random_spans(evaluation),
        "## What must not be concluded",
        _LIMITS,
    ]
    return "\n\n".join(parts) + "\n"


def notes_by_hand(path: Path) -> str:
    """Return what is written by hand at the end of a card, with the line it starts with.

    Raises
    ------
    ValueError
        If there is a file that has no such line: it may be no card, and would be lost.

    """
    if not path.exists():
        return f"{BY_HAND}\n"
    _, mark, notes = path.read_text(encoding="utf-8").partition(BY_HAND)
    if not mark:
        msg = f"card must be a new file or one with the line {BY_HAND!r}, got {path} without it"
        raise ValueError(msg)
    return mark + notes


def report(name: str, evaluation: Evaluation) -> str:
    """Return the same measurements for a terminal, every ranking with all its controls."""
    parts = [f"{name}: {_losses(evaluation)}"]
    for question, ranking in evaluation.rankings:
        parts += [f"--- {_title(question)}", str(ranking)]
    return "\n\n".join([*parts, *_random_spans(evaluation)])


def _making(model: CharLM, card: ModelCard) -> str:
    config, training = model.config, card.training
    reads = "one-hot characters"
    if config.embedding_size:
        reads = f"characters embedded in {config.embedding_size} dimensions"
    layers = "layer" if config.num_layers == 1 else "layers"
    weights = sum(parameter.numel() for parameter in model.parameters())
    shape = (
        f"{config.cell.upper()}, {config.num_layers} {layers} of {config.hidden_size} units, "
        f"{reads} ({len(model.vocabulary)} of them), {weights:,} weights."
    )
    corpus = (
        f"Corpus: {for_markdown(card.corpus['name'])}, {card.corpus['characters']:,} characters, "
        f"SHA-256 {as_code(card.corpus['sha256'])}; not part of this project. Of every 20 blocks "
        "of 20,000 characters the 10th is for validation, the 20th for testing, the others for "
        "training."
    )
    told_apart = ("characters", "characters_seen", "seconds", "machine")
    settings = [
        for_markdown(f"{key.replace('_', ' ')} {value}")
        for key, value in training.items()
        if key not in told_apart
    ]
    if "characters_seen" in training:
        settings.insert(0, f"{training['characters_seen']:,} characters read")
    made = f"Training: {', '.join(settings)}."
    if "seconds" in training:
        minutes = round(training["seconds"] / 60)
        machine = for_markdown(training.get("machine", "an unknown machine"))
        made += f" It took {minutes:,} minutes on {machine}."
    return f"{shape}\n\n{corpus}\n\n{made}"


def _command(name: str, card: ModelCard, evaluation: Evaluation) -> str:
    corpus = card.corpus["name"]
    spans = f" --random-spans {len(evaluation.span_claims)}" if evaluation.span_claims else ""
    return (
        f"Measured by rnnviz-widget {rnnviz_widget.__version__}: "
        f"{as_code(f'rnnviz evaluate {name} {corpus}{spans} --card {name}.md')}."
    )


def _losses(evaluation: Evaluation) -> str:
    losses = ", ".join(f"{part} {loss:.3f}" for part, loss in evaluation.losses.items())
    return (
        f"Nats per character: {losses}. The model's own p(newline) against whether a newline "
        f"follows: AUC {evaluation.newline_auc:.4f} on test."
    )


def _title(question: Question) -> str:
    extras = [f"within each {question.within}"] if question.within else []
    extras += [question.text] if question.text != "as it is" else []
    return ", ".join([question.name, *extras])


def _table(rankings: Sequence[tuple[Question, Ranking]]) -> str:
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(*pair) for pair in rankings)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(question: Question, ranking: Ranking) -> tuple[str, ...]:
    best, probe = ranking[0], ranking.probe
    interval = best.detail.interval if best.detail else (float("nan"),) * 2
    return (
        _title(question),
        as_code(best.name),
        f"{best.metric} {best.score:.3f}",
        f"**{best.held_out:.3f}** ({interval[0]:.3f} to {interval[1]:.3f})",
        f"{ranking.chance.level:.3f}" if ranking.chance else "-",
        *(f"{score:.3f}" for score in ranking.baselines.values()),
        _range(ranking.control),
        *(_probe_cells(probe) if probe else ("-", "-")),
        f"{ranking.chosen_on.spans:,}, {ranking.reported_on.spans:,}",
    )


def _probe_cells(probe: Probe) -> tuple[str, str]:
    low, high = probe.interval
    return (
        f"{probe.held_out:.3f} ({low:.3f} to {high:.3f})",
        f"{probe.tokens:.3f}, {_range(probe.control)}",
    )


def _range(scores: Sequence[float]) -> str:
    return f"{min(scores):.3f} to {max(scores):.3f}" if scores else "-"


def _sentences(rankings: Sequence[tuple[Question, Ranking]]) -> str:
    return "\n".join(
        f"- {'' if question.text == 'as it is' else question.text + ': '}{ranking.verdict}"
        for question, ranking in rankings
    )


def _random_spans(evaluation: Evaluation) -> list[str]:
    if not evaluation.span_claims:
        return []
    claimed, tried = sum(evaluation.span_claims), len(evaluation.span_claims)
    question = next(
        question for question, ranking in evaluation.rankings if ranking.metric == "AUC"
    )
    said = (
        f"Of {tried} labels of random spans, with the lengths of those of {question.name!r}, "
        f"{claimed} {'was' if claimed == 1 else 'were'} claimed."
    )
    return [said]
