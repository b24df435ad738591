"""What a network held likely to come next, and what came cost it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.trace.arrays import frozen, real, series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rnnviz_widget.trace.store import Store


@dataclass(frozen=True, eq=False)
class Predictions:
    """What the network held likely to come next, after each token.

    Attributes
    ----------
    ids
        `(T, K)` uint32: the K likeliest next tokens, likeliest first, as indices of `vocabulary`.
    probabilities
        `(T, K)` float32 in [0, 1], descending along K.
    vocabulary
        What each id stands for.
    entropy
        `(T,)` float32, in nats, of the whole distribution of the next token; None if not known.
    """

    ids: NDArray[np.uint32]
    probabilities: NDArray[np.float32]
    vocabulary: tuple[str, ...]
    entropy: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Refuse shapes, ids and probabilities that do not fit together."""
        ids = np.asarray(self.ids)
        probabilities = real("predictions.probabilities", self.probabilities)
        if ids.ndim != 2 or ids.shape[1] < 1 or ids.dtype.kind not in "iu":  # noqa: PLR2004
            msg = f"predictions.ids must be integers of shape (T, K), got {ids.dtype} {ids.shape}"
            raise ValueError(msg)
        if probabilities.shape != ids.shape:
            msg = (
                f"predictions.probabilities must have the shape of ids, {ids.shape}, got "
                f"{probabilities.shape}"
            )
            raise ValueError(msg)
        vocabulary = tuple(self.vocabulary)
        if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < len(vocabulary):
            msg = (
                f"predictions.ids must be in [0, {len(vocabulary)}), the size of the vocabulary, "
                f"got {int(ids.min())} to {int(ids.max())}"
            )
            raise ValueError(msg)
        known = probabilities[np.isfinite(probabilities)]
        if known.size and not 0 <= known.min() <= known.max() <= 1 + 1e-3:  # float16 rounds up
            msg = f"predictions.probabilities must be in [0, 1], got {known.min()} to {known.max()}"
            raise ValueError(msg)
        if np.any(probabilities[:, 1:] > probabilities[:, :-1]):
            row = int(np.argwhere(probabilities[:, 1:] > probabilities[:, :-1])[0, 0])
            msg = f"predictions.probabilities must descend along K; row {row} does not"
            raise ValueError(msg)
        object.__setattr__(self, "ids", frozen(ids.astype(np.uint32)))
        object.__setattr__(self, "probabilities", frozen(probabilities))
        object.__setattr__(self, "vocabulary", vocabulary)
        if self.entropy is not None:
            entropy = series("predictions.entropy", self.entropy, len(ids))
            object.__setattr__(self, "entropy", entropy)


@dataclass(frozen=True, eq=False)
class Extras:
    """What a trace may have beside its states."""

    predictions: Predictions | None = None
    loss: NDArray[np.float32] | None = None

    def first(self, length: int) -> Extras:
        """Return what concerns the first tokens, as far as there is something for all of them."""
        found, loss = self.predictions, self.loss
        if found is None or len(found.ids) < length:
            return Extras()
        entropy = None if found.entropy is None else found.entropy[:length]
        ids, probabilities = found.ids[:length], found.probabilities[:length]
        if loss is not None:
            loss = np.append(loss[: length - 1], np.float32(np.nan))
        return Extras(Predictions(ids, probabilities, found.vocabulary, entropy), loss)


@dataclass(frozen=True, eq=False)
class StoredExtras:
    """The same of `length` tokens, read from a trace's folder when it is asked for."""

    store: Store
    length: int

    @cached_property
    def predictions(self) -> Predictions | None:
        """What was held likely to come after each token."""
        ids = self.store.array("predictions/ids")
        if ids is None:
            return None
        probabilities = self.store.array("predictions/probabilities")
        entropy = self.store.array("predictions/entropy")
        vocabulary = self.store.strings("vocabulary", least=0)
        if probabilities is None or len(ids) != self.length:
            raise self.store.damage("its predictions are not one row for each token")
        try:
            return Predictions(ids, probabilities, vocabulary, entropy)
        except (TypeError, ValueError) as error:
            raise self.store.damage(str(error)) from error

    @cached_property
    def loss(self) -> NDArray[np.float32] | None:
        """What each next token cost, in nats."""
        loss = self.store.array("loss")
        if loss is None:
            return None
        if loss.shape != (self.length,) or loss.dtype != np.float32 or not np.isnan(loss[-1]):
            raise self.store.damage("its loss is not one number for each token, NaN at the end")
        return frozen(loss)
