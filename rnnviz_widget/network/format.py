"""The bytes of a portable network: a header in JSON, weights, and what proves them.

The layout is written down once more in ``js/src/network/network.ts``, its only other reader:

====================  ==============================================================================
8 bytes               ``rnnviz-n``
uint32                bytes of the header
header                JSON, filled up with zeros to a multiple of 8 bytes from the beginning
weights               float16 or float32: the embedding `(V, E)` if there is one; of each layer
                      ``weight_ih (G, I)``, ``weight_hh (G, H)`` and, with biases, ``bias_ih (G,)``
                      and ``bias_hh (G,)``, as torch has them; of the head `(V, H)` and `(V,)`;
                      filled up to a multiple of 8
proof                 uint32 ids that were read; float32 rows: every state, then the logits
====================  ==============================================================================

All numbers are little-endian.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

MAGIC = b"rnnviz-n"
_ALIGNED = 8

Cell = Literal["RNN_TANH", "RNN_RELU", "GRU", "LSTM"]
"""As in `torch.nn.RNNBase.mode`."""

KINDS: dict[Cell, tuple[str, ...]] = {
    "RNN_TANH": ("h", "pre"),
    "RNN_RELU": ("h", "pre"),
    "GRU": ("h", "r", "z", "n"),
    "LSTM": ("h", "c", "tanh_c", "i", "f", "g", "o"),
}
"""What there is of each layer after a token, in the order in which a page keeps it."""

_PAGE_BYTES = 512e6  # for all rows of a text; `js/src/network/session.ts` has it too


@dataclass(frozen=True, eq=False)
class Layer:
    """A recurrent layer's weights, gates one below the other in torch's order.

    Attributes
    ----------
    w_ih
        `(G, I)`.
    w_hh
        `(G, H)`.
    b_ih, b_hh
        `(G,)` each, or None.
    """

    w_ih: Array
    w_hh: Array
    b_ih: Array | None
    b_hh: Array | None


@dataclass(frozen=True, eq=False)
class Proof:
    """What the module itself computed, for the page to compare its own values with.

    Attributes
    ----------
    ids
        `(T,)` uint32: what it read.
    tokens
        `(K,)`: after which of them the rows are.
    rows
        `(K, S + V)` float32: every state in the order of their names in `record`, then the logits.
    error
        The largest difference between module and portable form in any state or logit after any of
        the T tokens, relative to the largest of all values.
    """

    ids: NDArray[np.uint32]
    tokens: tuple[int, ...]
    rows: Array
    error: float


@dataclass(frozen=True, eq=False, repr=False)
class Portable:
    """A character network that runs without Python: in a page, by ``static/network.js``.

    Attributes
    ----------
    cell
        ``"RNN_TANH"``, ``"RNN_RELU"``, ``"GRU"`` or ``"LSTM"``.
    path
        What the names of its states begin with, as in `record`.
    vocabulary
        V characters; the place of each is its id.
    embedding
        `(V, E)`, or None where the first layer reads one-hot characters.
    layers
        The recurrent stack, lowest first.
    head, head_bias
        `(V, H)`, and `(V,)` or None.
    proof
        What the module computed.
    """

    cell: Cell
    path: str
    vocabulary: tuple[str, ...]
    embedding: Array | None
    layers: tuple[Layer, ...]
    head: Array
    head_bias: Array | None
    proof: Proof

    @property
    def hidden_size(self) -> int:
        """H, the units of each state."""
        return int(self.head.shape[1])

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states as in `record`, in the order in which a page keeps their values."""
        layers = range(len(self.layers))
        return tuple(f"{self.path}.l{n}.{kind}" for n in layers for kind in KINDS[self.cell])

    @property
    def longest(self) -> int:
        """How many characters a page can keep all values of."""
        predicted = len(self.vocabulary) + 1 + 2 * min(5, len(self.vocabulary))
        return int(_PAGE_BYTES / 4 // (len(self.states) * self.hidden_size + predicted))

    @property
    def dtype(self) -> Literal["float16", "float32"]:
        """What the weights travel as: float16 where that keeps every one of them as it is."""
        exact = all(_fits_float16(array) for array in self._weights())
        return "float16" if exact else "float32"

    @property
    def bytes(self) -> bytes:
        """All of it, as a page reads it."""
        dtype = "<f2" if self.dtype == "float16" else "<f4"
        header = json.dumps(self._header(), ensure_ascii=True).encode()
        start = MAGIC + np.uint32(len(header)).astype("<u4").tobytes() + header
        weights = b"".join(array.astype(dtype).tobytes() for array in self._weights())
        proof = self.proof.ids.astype("<u4").tobytes() + self.proof.rows.astype("<f4").tobytes()
        return _filled(_filled(start) + weights) + proof

    @property
    def hash(self) -> str:
        """SHA-256 of its bytes, in hexadecimal."""
        return hashlib.sha256(self.bytes).hexdigest()

    def __repr__(self) -> str:
        """Say what it is, how large, and how near to the module."""
        cell = self.cell.partition("_")[0]
        count = len(self.layers)
        return (
            f"Portable: {count} {cell} layer{'s' * (count > 1)} of {self.hidden_size} units, "
            f"{len(self.vocabulary)} characters, {len(self.bytes) / 1e6:.2f} MB ({self.dtype}); "
            f"differs from the module by {self.proof.error:.1g} of the largest value"
        )

    def _header(self) -> dict[str, Any]:
        return {
            "cell": self.cell,
            "path": self.path,
            "layers": len(self.layers),
            "hidden": self.hidden_size,
            "embedding": 0 if self.embedding is None else int(self.embedding.shape[1]),
            "bias": self.layers[0].b_ih is not None,
            "head_bias": self.head_bias is not None,
            "vocabulary": list(self.vocabulary),
            "weights": self.dtype,
            "proof": {"tokens": len(self.proof.ids), "rows": list(self.proof.tokens)},
        }

    def _weights(self) -> Iterator[Array]:
        arrays = [self.embedding]
        for layer in self.layers:
            arrays += [layer.w_ih, layer.w_hh, layer.b_ih, layer.b_hh]
        return (array for array in [*arrays, self.head, self.head_bias] if array is not None)


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % _ALIGNED)


def _fits_float16(array: Array) -> bool:
    with np.errstate(over="ignore"):
        return bool((array.astype(np.float16).astype(np.float32) == array).all())
