"""`effect`: what a model predicts worse while some of its units are held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from rnnviz_widget.charlm import CharLM
from rnnviz_widget.interventions.groups import prediction_groups
from rnnviz_widget.interventions.report import Change, Effect
from rnnviz_widget.interventions.targets import find_layer
from rnnviz_widget.interventions.variants import Variants, variants
from rnnviz_widget.progress import Bar
from rnnviz_widget.recording import record
from rnnviz_widget.recording.logits import log_probabilities, logits_of
from rnnviz_widget.recording.recorder import TextModel, encoded
from rnnviz_widget.recording.session import shape_in_words, takes_state
from rnnviz_widget.recurrent.intervention import install, remove
from rnnviz_widget.recurrent.patching import undisturbed
from rnnviz_widget.stats import intervals
from rnnviz_widget.stats.maxima import family_p_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from rnnviz_widget.interventions.clamping import To
    from rnnviz_widget.interventions.groups import Labelling, PredictionGroup
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
    random: int = 99,
    resamples: int = 1000,
    seed: int = 0,
    progress: bool | None = None,
) -> Effect:
    """Return what holding units costs a model, by what comes next, beside random units held alike.

    The model reads the text as it is, with the units held, and with as many randomly drawn units of
    the same state held in their place, each at its own level. What the units tell is needed where
    the loss grows, and grows more than with random units. There is one verdict for all that is
    looked at: the largest change anywhere, against the largest change anywhere of each draw.

    Parameters
    ----------
    model : torch.nn.Module
        A `CharLM`, or another module with `encode` and `vocabulary` that returns logits `(B, T, V)`
        for ids `(B, T)`, alone or first in a tuple.
    text : str or sequence of str
        What it reads; or several texts, each read from the model's initial state.
    state, units, where
        As in `clamp`. Beside a `Direction` stand the same weights on other units, with random
        signs.
    to : {"mean", "zero", "resample"} or float
        ``"mean"``, ``"zero"``, ``"resample"`` (at each step the values of a random token of the
        trace, the same token for all variants), or a value to hold the units at.
    trace : Trace or sequence of Trace, optional
        What means are taken over or values drawn from; by default the text itself.
    labels : dict of str to array_like or callable, optional
        Further parts of the text to look at apart: names, and boolean arrays `(T,)` or functions
        of a trace that holds the text's characters and no states, such as
        ``{"inside quotes": rnnviz.labels.inside_quotes}``. A label at `t` sorts what is
        predicted after reading character `t`, in those where it is true and the others. For several
        texts, arrays come as one list for each name.
    random : int
        How many random draws to compare with, at least 19 for a verdict; 0 for none.
    resamples : int
        How many resampled texts an interval comes from: blocks of whole lines are drawn, as long as
        what a change depends on lasts (`rnnviz_widget.stats.intervals.block_length`).
    seed : int
        Of the random units.
    progress : bool, optional
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
    asked = prediction_groups(texts, labels or {})
    if to in ("mean", "resample") and trace is None:
        trace = [record(model, each, states=state) for each in texts]
    batch = variants(target, units, to=to, where=where, trace=trace, random=random, seed=seed)
    losses = _losses(model, texts, batch, progress=progress)
    changes = [_change(group, losses, asked.lines, resamples) for group in asked.all]
    family = family_p_values(np.array([(each.change, *each.random_changes) for each in changes]))
    return Effect(
        changes=tuple(
            replace(each, family_p=float(p)) for each, p in zip(changes, family, strict=True)
        ),
        state=state,
        units=held,
        levels=batch.levels,
        to=to if isinstance(to, str) else "value",
        where=where,
        characters=losses.shape[1],
        lines=int(asked.lines[-1]) + 1,
        random=len(batch) - 2,
    )


def _texts(text: str | Sequence[str]) -> tuple[str, ...]:
    texts = (text,) if isinstance(text, str) else tuple(text)
    if not texts or min(map(len, texts)) < 2:  # noqa: PLR2004  (the first predicts the second)
        raise ValueError("text must be one or more texts of at least 2 characters each")
    return texts


def _losses(
    model: nn.Module, texts: Sequence[str], batch: Variants, *, progress: bool | None
) -> NDArray[np.float64]:
    """Return the loss of each variant at each prediction, `(B, N)`, in nats."""
    characters = sum(map(len, texts))
    # A readout of the last layer branches off one recurrence, which then is run only once.
    last = batch.target.layer == batch.target.site.module.num_layers - 1
    once = batch.where == "readout" and last and isinstance(model, CharLM)
    long = len(batch) * characters > _LONG
    bar = Bar(
        total=characters,
        unit=" characters",
        unit_scale=True,
        desc="effect",
        disable=not (long if progress is None else progress),
    )

    def read(replica: nn.Module) -> list[NDArray[np.float64]]:
        found = []
        for text in texts:
            ids = encoded(model, text)
            found.append(_read(replica, ids, batch, 1 if once else len(batch), bar.update))
        return found

    with bar:
        return np.concatenate(undisturbed(model, read), axis=1)


def _read(
    model: nn.Module, ids: Tensor, batch: Variants, read: int, advance: Callable[[int], object]
) -> NDArray[np.float64]:
    """Return the loss of each variant at each prediction of one text, `(B, T - 1)`.

    ``read`` sequences are read: one for each variant, or one that they all branch off.
    """
    own = find_layer(model, batch.target.state, batch.where)
    vocabulary = cast("TextModel", model).vocabulary
    carries = takes_state(model)
    state: tuple[Any, ...] = ()
    found: list[Tensor] = []
    for piece in torch.split(ids, _WINDOW if carries else len(ids)):
        hold = own.hold(batch.edit(len(piece)))
        install(own.site, hold)
        output = model(piece.expand(read, -1), *state)
        remove(own.site.module, hold)
        logits = logits_of(output, len(piece), len(batch), len(vocabulary))
        if logits is None:
            raise TypeError(
                "model must return logits (B, T, V) for ids (B, T), alone or first in a tuple; "
                f"{type(model).__name__} returns {shape_in_words(output)} for ids "
                f"({read}, {len(piece)}) of {len(vocabulary)} characters"
            )
        state = (output[1],) if carries else ()
        start = sum(part.shape[1] for part in found)
        following = ids[start + 1 : start + 1 + len(piece)]
        log_p = log_probabilities(logits.flatten(0, 1)).view(logits.shape)
        index = following.expand(len(batch), -1)[..., None]
        found.append(-log_p[:, : len(following)].gather(2, index)[..., 0].cpu())
        advance(len(piece))
    return torch.cat(found, dim=1).double().numpy()


def _change(
    group: PredictionGroup, losses: NDArray[np.float64], lines: NDArray[np.intp], resamples: int
) -> Change:
    """Return how the mean loss of some predictions changes, with what random units do to it."""
    inside = group.inside
    before, after, *others = losses[:, inside].mean(axis=1)
    low, high = _interval(losses[1, inside] - losses[0, inside], lines[inside], resamples)
    return Change(
        group.name,
        group.words,
        int(inside.sum()),
        float(before),
        float(after - before),
        (float(low), float(high)),
        tuple(float(other - before) for other in others),
    )


def _interval(
    grown: NDArray[np.float64], lines: NDArray[np.intp], resamples: int
) -> tuple[float, float]:
    """Return the 95 % interval of a mean over blocks of whole lines; NaN where it is not known."""
    _, lines = np.unique(lines, return_inverse=True)
    block = intervals.joined(lines, intervals.block_length(grown))
    count, total = np.bincount(block), np.bincount(block, grown)
    if len(count) < intervals.LEAST_BLOCKS or not resamples:
        return float("nan"), float("nan")
    draws = intervals.draw(len(count), resamples)
    low, high = np.quantile(draws @ total / (draws @ count), intervals.tails(len(count)))
    return float(low), float(high)
