"""What a character model has learned, and which units follow what: its model card.

Units are chosen on the validation blocks of the corpus and reported on the test blocks (see
`charlm.split`); every block is recorded from the zero state. Nothing was trained or chosen on test.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnnviz_widget import labels
from rnnviz_widget.charlm import FoundUnit, cross_entropy, untrained
from rnnviz_widget.charlm import split as split_corpus
from rnnviz_widget.charlm.corpus import without_indentation
from rnnviz_widget.former import former
from rnnviz_widget.progress import Bar
from rnnviz_widget.ranking import Ranking, rank_units
from rnnviz_widget.ranking.chance import shuffled_spans
from rnnviz_widget.ranking.controls import best_held_out
from rnnviz_widget.ranking.probe import readable
from rnnviz_widget.ranking.splits import labelled, split
from rnnviz_widget.recording import record_batch
from rnnviz_widget.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.charlm import CharLM, Corpus
    from rnnviz_widget.charlm.corpus import Split

SKIP = 100
"""Characters left out at the start of each block, where the state still comes from zero."""

_WINDOW = 25  # characters that a network reads at once: Ctrl-C is answered in between
_CONTROL_SEEDS = range(5)


@dataclass(frozen=True)
class Question:
    """Something a unit may follow.

    Attributes
    ----------
    label
        The label of a trace.
    name
        What it is called.
    within
        As in `rank_units`.
    text
        What is done to the text before the model reads it, by a key of `TRANSFORMS`.
    """

    label: Callable[[Trace], ArrayLike]
    name: str
    within: str | None = None
    text: str = "as it is"


TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "indentation stripped": without_indentation,
}


def _comment_or_string(trace: Trace) -> NDArray[np.bool_]:
    return np.logical_or(labels.inside_comment(trace), labels.inside_string(trace))


def _ends_line_here(trace: Trace) -> ArrayLike:
    r"""Return whether a newline follows, known only at ``)`` and ``;``."""
    follows = labels.next_is(trace, "\n")
    here = np.isin(np.array(trace.tokens), [")", ";"])
    return np.ma.masked_array(np.asarray(follows), mask=~here)


_NEXT_IS_NEWLINE = partial(labels.next_is, chars="\n")

_DEPTH_OF_BRACKETS = partial(labels.nesting_depth, brackets="()", language=None)

QUESTIONS: Mapping[str, tuple[Question, ...]] = {
    "prose": (
        Question(labels.inside_quotes, "inside quotes"),
        Question(labels.line_position, "line position"),
        Question(_NEXT_IS_NEWLINE, "next is newline"),
        Question(_NEXT_IS_NEWLINE, "next is newline", within="token"),
    ),
    "c": (
        Question(labels.inside_comment, "inside comment"),
        Question(labels.inside_string, "inside string"),
        Question(_comment_or_string, "inside comment or string"),
        Question(_ends_line_here, "next is newline, after ) or ;"),
        Question(_NEXT_IS_NEWLINE, "next is newline", within="token"),
        Question(labels.line_position, "line position"),
        Question(labels.indentation, "indentation"),
        Question(labels.nesting_depth, "nesting depth"),
        Question(labels.nesting_depth, "nesting depth", text="indentation stripped"),
        Question(labels.block_depth, "block depth"),
        Question(labels.expression_depth, "expression depth"),
        Question(labels.inside_condition, "inside the condition of an if"),
        Question(labels.inside_comment, "inside comment", text="indentation stripped"),
    ),
    "brackets": (
        Question(_DEPTH_OF_BRACKETS, "nesting depth"),
        Question(_NEXT_IS_NEWLINE, "next is newline"),
        Question(_NEXT_IS_NEWLINE, "next is newline", within="token"),
        Question(labels.line_position, "line position"),
    ),
}
"""What is asked of a model of each kind of text."""


@dataclass(frozen=True)
class Evaluation:
    """What was measured of a model.

    Attributes
    ----------
    losses
        Nats per character on ``train`` (as many pieces as there are test pieces), ``validation``
        and ``test``, each block or piece from the zero state.
    newline_auc
        AUC on test of the model's own probability of a newline against "the next is a newline".
    rankings
        What came out for each question.
    span_claims
        For each label of random spans whether some unit was said to follow it, which none should;
        empty if none were tried.
    """

    losses: dict[Split, float]
    newline_auc: float
    rankings: tuple[tuple[Question, Ranking], ...]
    span_claims: tuple[bool, ...] = ()

    random_spans = former("Evaluation", "random_spans", "span_claims")


def evaluate(
    model: CharLM,
    corpus: Corpus,
    questions: Sequence[Question],
    *,
    states: str | Sequence[str] | None = None,
    random_spans: int = 0,
    progress: bool | None = None,
) -> Evaluation:
    """Return losses and, for each question, the ranking of all units with its controls.

    Parameters
    ----------
    model : CharLM
        A character model.
    corpus : Corpus
        What it was trained on: its validation and test blocks are read.
    questions : sequence of Question
        For instance ``QUESTIONS["prose"]``.
    states : str or sequence of str, optional
        Shell patterns of the states to rank; by default `h`, and `c` of an LSTM. More kinds take
        more memory: T x U x 4 bytes of each, for one network at a time.
    random_spans : int
        How many labels of random spans, with the lengths of those of the first boolean question,
        to look for as well: a check of the ranking itself.
    progress : bool, optional
        Whether to show a bar over the questions and networks; by default it is shown.
    """
    if states is None:
        states = ["*.h", "*.c"] if model.config.cell == "lstm" else ["*.h"]
    pieces = split_corpus(corpus.text)
    if not pieces["test"]:
        msg = f"corpus must have a test block (400,000 characters), got {len(corpus.text):,}"
        raise ValueError(msg)
    # A training piece has nine blocks: its first is enough of it.
    samples = {**pieces, "train": [p[: len(pieces["test"][0])] for p in pieces["train"]]}
    losses = {part: cross_entropy(model, texts) for part, texts in samples.items()}
    found: dict[int, Ranking] = {}
    nothing: list[bool] = []
    total = len(questions) * (1 + len(_CONTROL_SEEDS)) + random_spans
    with Bar(total=total, desc="questions", disable=progress is False) as bar:
        for transform, change in TRANSFORMS.items():
            asked = [i for i, question in enumerate(questions) if question.text == transform]
            texts = [[change(text) for text in pieces[part]] for part in ("validation", "test")]
            for network in (model, *(untrained(model, seed) for seed in _CONTROL_SEEDS)):
                if not asked:
                    break
                # One network's states at a time: all six would take six times the memory.
                recorded = [_record_blocks(network, blocks, states) for blocks in texts]
                for i in asked:
                    if network is model:
                        name = f"validation and test blocks of {corpus.name}, {transform}"
                        found[i] = _answer(questions[i], recorded, name)
                    else:
                        found[i] = _beside(found[i], questions[i], recorded)
                    bar.update()
                    if network is model and found[i].metric == "AUC" and not nothing:
                        for seed in range(random_spans):
                            nothing.append(_claims_random_spans(questions[i], recorded, seed))
                            bar.update()
    rankings = tuple((question, found[i]) for i, question in enumerate(questions))
    return Evaluation(losses, newline_auc(model, pieces["test"]), rankings, tuple(nothing))


def found_units(found: Evaluation, corpus: Corpus) -> dict[str, FoundUnit]:
    """Return the units that may be claimed to follow something, by the name of the label.

    Of a question that was asked more than once, as it is and with the text changed, the first
    answer counts.

    Parameters
    ----------
    found : Evaluation
        What `evaluate` returned.
    corpus : Corpus
        The text it was measured on.
    """
    units: dict[str, FoundUnit] = {}
    for question, ranking in found.rankings:
        best = ranking[0]
        if ranking.claimed and best.detail is not None and question.within is None:
            where = f"test blocks of {corpus.name}"
            unit = FoundUnit(
                best.state,
                best.unit,
                best.sign,
                best.metric,
                best.held_out,
                best.detail.interval,
                where if question.text == "as it is" else f"{where}, {question.text}",
            )
            units.setdefault(question.name, unit)
    return units


def _answer(question: Question, recorded: Sequence[list[Trace]], texts: str) -> Ranking:
    """Rank the units of the traces of validation on those of test."""
    chosen_on, reported_on = recorded
    return rank_units(
        chosen_on,
        question.label,
        held_out=reported_on,
        within=question.within,
        name=question.name,
        caption=texts,
        skip=SKIP,
        progress=False,
    )


def _claims_random_spans(question: Question, recorded: Sequence[list[Trace]], seed: int) -> bool:
    rng = np.random.default_rng(seed)
    spans = [
        shuffled_spans(np.concatenate([np.asarray(question.label(t)) for t in traces]), rng)
        for traces in recorded
    ]
    chosen_on, reported_on = recorded
    return rank_units(
        chosen_on,
        spans[0],
        held_out=(reported_on, spans[1]),
        skip=SKIP,
        seed=seed,
        details=1,
        probe=False,
        progress=False,
    ).claimed


def _beside(ranking: Ranking, question: Question, recorded: Sequence[list[Trace]]) -> Ranking:
    """Return a ranking with one more control, recorded on the same texts."""
    parts = split(
        *(labelled(traces, question.label, "label") for traces in recorded),
        skip=SKIP,
        gap=0,
        within=question.within,
    )
    states = recorded[0][0].states
    return ranking.beside([best_held_out(*parts, states)], [readable(*parts, states)])


def _record_blocks(
    model: CharLM, texts: Sequence[str], states: str | Sequence[str] | None
) -> list[Trace]:
    """Record blocks of a text side by side, each from the zero state."""
    ids = [model.encode(text) for text in texts]
    padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)
    return record_batch(model, padded, tokens=list(texts), states=states)


def newline_auc(model: CharLM, texts: Sequence[str]) -> float:
    r"""Return the AUC of the model's p(newline) against whether the next character is one.

    Parameters
    ----------
    model : CharLM
        A character model.
    texts : sequence of str
        Each is read from the zero state.
    """
    newline = model.vocabulary.index("\n")
    scores, follows = [], []
    for text in texts:
        state, read = None, []
        for ids in torch.split(model.encode(text), _WINDOW):
            logits, state = model(ids, state)  # (T, V)
            read.append(logits.detach().log_softmax(-1)[:, newline])
        scores.append(torch.cat(read)[SKIP:-1].numpy())
        follows.append(np.asarray(labels.next_is(text, "\n"))[SKIP:-1])
    score, label = np.concatenate(scores), np.concatenate(follows)
    trace = Trace.from_arrays("x" * len(score), {"p": score[:, None]})
    # Either half's sign is the same; the whole is both parts at once.
    entry = rank_units(trace, label, held_out=(trace, label), skip=0, shifts=0, probe=False)[0]
    return entry.held_out
