"""A model as it is, with something held, and with as much held at random: one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from rnnviz_widget.interventions.clamping import level, needed
from rnnviz_widget.recurrent.stepwise import Edit
from rnnviz_widget.stats.direction import Direction
from rnnviz_widget.trace.blocks import as_recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from rnnviz_widget.interventions.clamping import To
    from rnnviz_widget.interventions.targets import LayerTarget, Units
    from rnnviz_widget.recurrent.stepwise import Where
    from rnnviz_widget.trace import Trace

    Sets = Sequence[tuple[int, ...]] | Sequence[Direction]

POOL = 4096  # tokens whose values are resampled


@dataclass(frozen=True)
class Variants:
    """What is replaced in each of B sequences that read the same; nothing in the first.

    Attributes
    ----------
    target, where
        Which state, and for whom.
    mask
        `(B, U)`, or `(B, 1)` for directions: what is replaced.
    along
        `(B, U)` directions, or None for units.
    values
        `(1, B, ·)` to hold them at, or a pool `(N, B or 1, ·)` to draw from at each step.
    levels
        What the units that are asked about are held at; none where values are drawn.
    places
        Draws from the pool; None where nothing is drawn.
    """

    target: LayerTarget
    where: Where
    mask: Tensor
    along: Tensor | None
    values: Tensor
    levels: tuple[float, ...]
    places: np.random.Generator | None

    def __len__(self) -> int:
        """Return B."""
        return len(self.mask)

    def edit(self, steps: int) -> Edit:
        """Return what is replaced in the next so many steps."""
        values = self.values
        if self.places is not None:
            values = values[self.places.integers(len(values), size=steps)]
        kind, said = self.target.kind, "a batch of variants"
        return Edit(kind, self.where, self.mask, values, said, self.along)


def variants(
    target: LayerTarget,
    units: Units,
    *,
    to: To | float,
    where: Where,
    trace: Trace | Sequence[Trace] | None,
    random: int,
    seed: int,
) -> Variants:
    """Return a batch: the model as it is, with units held, and with random ones held.

    Random draws are other single units, or as many other units; of a direction, the same weights on
    other units with random signs.

    Raises
    ------
    TypeError, ValueError
        If there is nothing that they can be held at.
    """
    rng = np.random.default_rng(seed)
    along = None
    if isinstance(units, Direction):
        directions = [units, *(units.shuffled(rng) for _ in range(random))]
        along = torch.zeros(1 + len(directions), target.size, dtype=torch.float64)
        along[1:] = torch.from_numpy(np.stack([each.weights for each in directions]))
        mask = torch.arange(len(along))[:, None] > 0
    else:
        held = target.units(units)
        sets = [held, *_random_sets(target.size, held, random, rng)]
        mask = torch.zeros(1 + len(sets), target.size, dtype=torch.bool)
        for row, each in enumerate(sets, 1):
            mask[row, list(each)] = True
    places = np.random.default_rng(seed) if to == "resample" else None
    vectors = _vectors(target, to, trace, rng)  # (1 or N, U)
    values = vectors[:, None]
    if along is not None:
        values = (vectors @ along.T)[..., None]  # (1 or N, B, 1)
        if not isinstance(to, str):
            values = torch.full_like(values, float(to))
    elif places is None:
        values = values.expand(1, *mask.shape)
    levels = () if places else tuple(values[0, 1][mask[1]].tolist())
    return Variants(target, where, mask, along, values, levels, places)


def _vectors(
    target: LayerTarget,
    to: To | float,
    trace: Trace | Sequence[Trace] | None,
    rng: np.random.Generator,
) -> Tensor:
    """Return what all units of a state are held at, `(1, U)`, or values to draw, `(N, U)`."""
    every = range(target.size)
    if to == "resample":
        recording = as_recording(needed(trace, "resample"))
        count = min(POOL, recording.length)
        rows = np.sort(rng.choice(recording.length, count, replace=False))
        found = [recording.rows([target.state], row, row + 1) for row in rows.tolist()]
        vectors: NDArray[np.float64] = np.concatenate(found).astype(np.float64)
    elif isinstance(to, str):
        vectors = level(target.state, every, to, trace)[None]
    elif np.isfinite(to):
        vectors = np.full((1, target.size), float(to))
    else:
        raise ValueError(f"to must be 'mean', 'zero', 'resample' or a finite number, got {to!r}")
    return torch.from_numpy(vectors)


def _random_sets(
    size: int, held: tuple[int, ...], count: int, rng: np.random.Generator
) -> list[tuple[int, ...]]:
    """Draw sets of as many other units; all single ones where there are not more."""
    others = np.setdiff1d(np.arange(size), held)
    if len(held) == 1:
        return [(int(unit),) for unit in rng.permutation(others)[:count]]
    if len(others) < len(held):
        return []
    return [tuple(map(int, rng.choice(others, len(held), replace=False))) for _ in range(count)]
