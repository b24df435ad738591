"""A direction in the space of a state's units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False, init=False)
class Direction:
    """A direction in the space of the U units of a state, such as what a linear probe reads.

    It may stand where units do in `ablate`, `clamp` and `effect`. What the units say along it is
    one number, their values times ``weights``.

    Parameters
    ----------
    weights : array_like, shape (U,)
        One for each unit, not all 0; only their proportions matter.

    Attributes
    ----------
    weights : ndarray, shape (U,)
        Of length 1.

    Raises
    ------
    TypeError, ValueError
        If they are not real, finite and one-dimensional, or all 0.

    """

    weights: NDArray[np.float64]

    def __init__(self, weights: ArrayLike) -> None:
        array = np.asarray(weights)
        if array.dtype.kind not in "biuf":
            msg = f"weights must be real numbers, got {array.dtype}"
            raise TypeError(msg)
        array = array.astype(np.float64)
        if array.ndim != 1 or not np.isfinite(array).all() or not array.any():
            msg = (
                "weights must be one finite number for each unit, shape (U,), not all 0, got shape "
                f"{array.shape}"
            )
            raise ValueError(msg)
        array /= np.abs(array).max()  # whose square does not overflow
        object.__setattr__(self, "weights", array / np.sqrt(array @ array))

    def shuffled(self, rng: np.random.Generator) -> Direction:
        """Return the same weights on other units, with random signs.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the order of the units and the signs.
        """
        weights = rng.permutation(self.weights)
        return Direction(weights * rng.choice([-1.0, 1.0], len(weights)))
