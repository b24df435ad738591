"""The character language model: characters in, a recurrent stack, a linear head."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (the field's own name for it)

from rnnviz_widget.charlm.card import ModelCard
from rnnviz_widget.recurrent.patching import keeping_gradients, keeping_random

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Cell = Literal["rnn", "gru", "lstm"]
State = Tensor | tuple[Tensor, Tensor]
"""`h`, or for an LSTM `(h, c)`; each `(L, B, H)`, or `(L, H)` for an unbatched call."""

_CELLS: dict[Cell, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@dataclass(frozen=True)
class CharLMConfig:
    """Sizes of a `CharLM`.

    Attributes
    ----------
    cell
        ``"rnn"`` (tanh), ``"gru"`` or ``"lstm"``.
    hidden_size
        Units in each layer.
    num_layers
        Stacked recurrent layers.
    embedding_size
        Width of a learned embedding; 0 gives the recurrent layer one-hot characters.
    dropout
        Probability, while training, of dropping an input of an inner layer or of the head.
    """

    cell: Cell = "gru"
    hidden_size: int = 256
    num_layers: int = 1
    embedding_size: int = 0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuse sizes that make no network."""
        if self.cell not in _CELLS:
            msg = f"cell must be one of {sorted(_CELLS)}, got {self.cell!r}"
            raise ValueError(msg)
        for name, least in (("hidden_size", 1), ("num_layers", 1), ("embedding_size", 0)):
            if getattr(self, name) < least:
                msg = f"{name} must be at least {least}, got {getattr(self, name)}"
                raise ValueError(msg)
        if not 0 <= self.dropout < 1:
            msg = f"dropout must be in [0, 1), got {self.dropout}"
            raise ValueError(msg)


class CharLM(nn.Module):
    """A recurrent network that predicts the next character.

    Parameters
    ----------
    vocabulary : sequence of str
        The characters it knows, each one code point; a character's index is its id.
    config : CharLMConfig, optional
        Cell and sizes.

    Attributes
    ----------
    rnn
        The recurrent stack (`torch.nn.RNN`, `GRU` or `LSTM`, batch first).
    head
        Linear map from the last layer's `h` to one logit per character.
    card
        What its checkpoint says of its making and of the units found in it, such as
        ``model.card.units["inside quotes"]``; empty for a model that comes from none.
    characters_seen
        On how many characters it was trained, where it comes from a checkpoint; else None.
    """

    characters_seen: int | None = None

    def __init__(self, vocabulary: Sequence[str], config: CharLMConfig | None = None) -> None:
        super().__init__()
        self.vocabulary = tuple(vocabulary)
        self.config = config or CharLMConfig()
        self.card = ModelCard()
        if not self.vocabulary:
            msg = "vocabulary must not be empty"
            raise ValueError(msg)
        if bad := [item for item in self.vocabulary if len(item) != 1]:
            msg = f"vocabulary must hold single characters, got {bad[0]!r}"
            raise ValueError(msg)
        self._ids = {character: i for i, character in enumerate(self.vocabulary)}
        if len(self._ids) != len(self.vocabulary):
            msg = "vocabulary must not hold a character twice"
            raise ValueError(msg)
        size = len(self.vocabulary)
        config = self.config
        self.embedding = (
            nn.Embedding(size, config.embedding_size) if config.embedding_size else None
        )
        self.rnn = _CELLS[config.cell](
            input_size=config.embedding_size or size,
            hidden_size=config.hidden_size,
            num_layers=config.num_layers,
            dropout=config.dropout if config.num_layers > 1 else 0.0,
            batch_first=True,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden_size, size)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the logits of the next character and the state after the last one.

        Parameters
        ----------
        ids : Tensor
            `(T,)` or `(B, T)` integers in ``[0, len(vocabulary))``.
        state : Tensor or (Tensor, Tensor), optional
            Where to start from, as returned by an earlier call; zeros if None.

        Returns
        -------
        logits, state
            `(T, V)` or `(B, T, V)`, where row `t` predicts character `t + 1`; and the `State`.
        """
        if self.embedding is None:
            x = F.one_hot(ids, len(self.vocabulary)).to(self.head.weight.dtype)
        else:
            x = self.embedding(ids)
        h, state = self.rnn(x, state)
        return self.head(self.dropout(h)), cast("State", state)

    def encode(self, text: str, unknown: Literal["error", "replace"] = "error") -> Tensor:
        """Return the ids `(T,)` (int64) of the characters of `text`.

        Parameters
        ----------
        text : str
            Any string, also an empty one.
        unknown : {"error", "replace"}
            What a character outside the vocabulary does: ``"error"`` raises; ``"replace"`` reads
            a space in its place, or the vocabulary's first character where it has no space.

        Raises
        ------
        ValueError
            Naming the first unknown character and its position (from 0).
        """
        if unknown not in ("error", "replace"):
            msg = f'unknown must be "error" or "replace", got {unknown!r}'
            raise ValueError(msg)
        if unknown == "error":
            for position, character in enumerate(text):
                if character not in self._ids:
                    msg = (
                        f"text has {character!r} (U+{ord(character):04X}) at position {position}, "
                        f"which is not among the {len(self.vocabulary)} characters of the model's "
                        'vocabulary; encode(text, unknown="replace") reads a space there'
                    )
                    raise ValueError(msg)
        stand_in = self._ids.get(" ", 0)
        return torch.tensor([self._ids.get(c, stand_in) for c in text], dtype=torch.int64)

    def decode(self, ids: Tensor) -> str:
        """Return the text of the ids `(T,)`.

        Parameters
        ----------
        ids : Tensor
            `(T,)` numbers of characters.
        """
        return "".join(self.vocabulary[i] for i in ids.tolist())

    def extra_repr(self) -> str:
        """Name the sizes in the module's printed form."""
        return ", ".join(f"{key}={value!r}" for key, value in asdict(self.config).items())


def untrained(model: CharLM, seed: int = 0) -> CharLM:
    """Return a model of the same vocabulary and sizes with fresh random weights, in eval mode.

    It is the control for a claim about a trained unit: what a random network of this shape already
    shows. torch's global random state is left as it was.

    Parameters
    ----------
    model : CharLM
        The trained model; it is not changed.
    seed : int
        Of the weights.
    """

    def drawn() -> CharLM:
        torch.manual_seed(seed)
        return CharLM(model.vocabulary, model.config).eval()

    return keeping_random(partial(keeping_gradients, drawn))
