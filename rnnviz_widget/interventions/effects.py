"""`effect`: what a model predicts worse while some of its units are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from rnnviz_widget.charlm import CharLM
from rnnviz_widget.interventions.clamping import level
from rnnviz_widget.interventions.questions import questions
from rnnviz_widget.interventions.report import Change, Effect
from rnnviz_widget.interventions.targets import LayerTarget, find_layer
from rnnviz_widget.progress import Bar
from rnnviz_widget.ranking.intervals import draw_blocks
from rnnviz_widget.recording import logits as readings
from rnnviz_widget.recording import record
from rnnviz_widget.recording.recorder import TextModel, encoded
from rnnviz_widget.recording.session import shape_in_words, takes_state
from rnnviz_widget.recurrent.intervention import install
from rnnviz_widget.recurrent.patching import undisturbed
from rnnviz_widget.recurrent.stepwise import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from rnnviz_widget.interventions.clamping import To
    from rnnviz_widget.interventions.questions import Labelling, Question
    from rnnviz_widget.interventions.targets import Units
    from rnnviz_widget.recurrent.stepwise import Where
    from rnnviz_widget.trace import Trace

_WINDOW = 1024  # characters read at a time, which bounds memory
_LONG = 1 << 18  # characters times variants from which on a progress bar is worth its line


def effect(
    model: nn.Module,
    text: str | Sequence[str],
    state: str,
    units: Units,
    *,
    to: To | float = "mean",
    where: Where = "recurrence",
    trace: Trace | Sequence[Trace] | None = None,
    labels: Mapping[str, Labelling] | None = None,
    random: int = 20,
    resamples: int = 1000,
    seed: int = 0,
    progress: bool | None = None,
) -> Effect:
    """Return what holding units costs a model, by what comes next, beside random units held alike.

    The model reads the text as it is, with the units held, and with as many randomly drawn units of
    the same state held in their place, each at its own level. What the units tell is needed where
    the loss grows, and grows more than with random units.

    Parameters
    ----------
    model
        A `CharLM`, or another module with `encode` and `vocabulary` that returns logits `(B, T, V)`
        for ids `(B, T)`, alone or first in a tuple.
    text
        What it reads; or several texts, each read from the model's initial state.
    state, units, where
        As in `clamp`.
    to
        ``"mean"``, ``"zero"``, or a value to hold the units at.
    trace
        What means are taken over; by default the text itself.
    labels
        Further parts of the text to look at apart: names, and boolean arrays `(T,)` or functions
        of a trace that holds the text's characters and no states, such as
        ``{"inside quotes": rnnviz.labels.inside_quotes}``. A label at `t` sorts what is
        predicted after reading character `t`, in those where it is true and the others. For several
        texts, arrays come as one list for each name.
    random
        How many random draws to compare with; 0 for none.
    resamples
        How many resampled texts an interval comes from: whole lines are drawn.
    seed
        Of the random units.
    progress
        Whether to show a progress bar; by default where it takes long.

    Returns
    -------
    Effect
        For each class of the next character and each label a `Change`; a table when printed.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what came and what is allowed.

    Examples
    --------
    >>> effect(model, text, "rnn.l0.h", 152)["newline"].change  # doctest: +SKIP
    """
    target = find_layer(model, state, where)
    held = target.units(units)
    texts = _texts(text)
    for name, count in (("random", random), ("resamples", resamples)):
        if count < 0:
            raise ValueError(f"{name} must be at least 0, got {count}")
    asked = questions(texts, labels or {})
    sets = [held, *_random_sets(target.size, held, random, seed)]
    if to == "mean" and trace is None:
        trace = [record(model, each, states=state) for each in texts]
    levels = _levels(state, sets, to, trace)
    losses = _losses(model, texts, target, _rows(target, sets, levels, where), progress=progress)
    return Effect(
        changes=tuple(_change(question, losses, asked.lines, resamples) for question in asked.all),
        state=state,
        units=held,
        levels=tuple(levels[unit] for unit in held),
        to=to if isinstance(to, str) else "value",
        where=where,
        characters=losses.shape[1],
        lines=int(asked.lines[-1]) + 1,
        random=len(sets) - 1,
    )


def _texts(text: str | Sequence[str]) -> tuple[str, ...]:
    texts = (text,) if isinstance(text, str) else tuple(text)
    if not texts or min(map(len, texts)) < 2:  # noqa: PLR2004  (the first predicts the second)
        raise ValueError("text must be one or more texts of at least 2 characters each")
    return texts


def _random_sets(size: int, held: tuple[int, ...], count: int, seed: int) -> list[tuple[int, ...]]:
    """Draw sets of as many other units; all single ones where there are not more."""
    others = np.setdiff1d(np.arange(size), held)
    rng = np.random.default_rng(seed)
    if len(held) == 1:
        return [(int(unit),) for unit in rng.permutation(others)[:count]]
    if len(others) < len(held):
        return []
    return [tuple(map(int, rng.choice(others, len(held), replace=False))) for _ in range(count)]


def _levels(
    state: str,
    sets: Sequence[tuple[int, ...]],
    to: To | float,
    trace: Trace | Sequence[Trace] | None,
) -> dict[int, float]:
    """Return what each unit is held at."""
    units = sorted({unit for each in sets for unit in each})
    if isinstance(to, str):
        values = level(state, units, to, trace).tolist()
    elif np.isfinite(to):
        values = [float(to)] * len(units)
    else:
        raise ValueError(f"to must be 'mean', 'zero' or a finite number, got {to!r}")
    return dict(zip(units, values, strict=True))


def _rows(
    target: LayerTarget, sets: Sequence[tuple[int, ...]], levels: Mapping[int, float], where: Where
) -> Edit:
    """Return an edit of a batch: the first sequence as it is, then one for each set."""
    mask = torch.zeros(1 + len(sets), target.size, dtype=torch.bool)
    values = torch.zeros(1, target.size, dtype=torch.float64)
    for row, units in enumerate(sets, 1):
        mask[row, list(units)] = True
    values[0, list(levels)] = torch.tensor(list(levels.values()), dtype=torch.float64)
    return Edit(target.kind, where, mask, values.expand(mask.shape)[None], "a batch of variants")


def _losses(
    model: nn.Module,
    texts: Sequence[str],
    target: LayerTarget,
    edit: Edit,
    *,
    progress: bool | None,
) -> NDArray[np.float64]:
    """Return the loss of each variant at each prediction, `(R, N)`, in nats."""
    variants, characters = len(edit.mask), sum(map(len, texts))
    # A readout of the last layer branches off one recurrence, which then is run only once.
    last = target.layer == target.site.module.num_layers - 1
    once = edit.where == "readout" and last and isinstance(model, CharLM)
    long = variants * characters > _LONG
    bar = Bar(
        total=characters,
        unit=" characters",
        unit_scale=True,
        desc="effect",
        disable=not (long if progress is None else progress),
    )

    def read(replica: nn.Module) -> list[NDArray[np.float64]]:
        own = find_layer(replica, target.state, edit.where)
        install(own.site, own.hold(edit))
        return [
            _read(replica, encoded(model, text), variants, 1 if once else variants, bar.update)
            for text in texts
        ]

    with bar:
        return np.concatenate(undisturbed(model, read), axis=1)


def _read(
    model: nn.Module, ids: Tensor, variants: int, batch: int, advance: Callable[[int], object]
) -> NDArray[np.float64]:
    """Return the loss of each variant at each prediction of one text, `(R, T - 1)`."""
    vocabulary = cast("TextModel", model).vocabulary
    carries = takes_state(model)
    state: tuple[Any, ...] = ()
    found: list[Tensor] = []
    for piece in torch.split(ids, _WINDOW if carries else len(ids)):
        output = model(piece.expand(batch, -1), *state)
        logits = readings.logits_of(output, len(piece), variants, len(vocabulary))
        if logits is None:
            raise TypeError(
                "model must return logits (B, T, V) for ids (B, T), alone or first in a tuple; "
                f"{type(model).__name__} returns {shape_in_words(output)} for ids "
                f"({batch}, {len(piece)}) of {len(vocabulary)} characters"
            )
        state = (output[1],) if carries else ()
        start = sum(part.shape[1] for part in found)
        following = ids[start + 1 : start + 1 + len(piece)]
        log_p = readings.log_probabilities(logits.flatten(0, 1)).view(logits.shape)
        index = following.expand(variants, -1)[..., None]
        found.append(-log_p[:, : len(following)].gather(2, index)[..., 0].cpu())
        advance(len(piece))
    return torch.cat(found, dim=1).double().numpy()


def _change(
    question: Question, losses: NDArray[np.float64], lines: NDArray[np.intp], resamples: int
) -> Change:
    """Return how the mean loss of some predictions changes, with what random units do to it."""
    inside = question.inside
    before, after, *others = losses[:, inside].mean(axis=1)
    block, draws = draw_blocks(lines, resamples)
    blocks = draws.shape[1]
    count = np.bincount(block[inside], minlength=blocks)
    grown = np.bincount(block[inside], losses[1, inside] - losses[0, inside], minlength=blocks)
    total = draws @ count
    means = (draws @ grown)[total > 0] / total[total > 0]
    low, high = np.quantile(means, [0.025, 0.975]) if len(means) else (np.nan, np.nan)
    return Change(
        question.name,
        question.words,
        int(inside.sum()),
        float(before),
        float(after - before),
        (float(low), float(high)),
        tuple(float(other - before) for other in others),
    )
