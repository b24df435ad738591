"""What a checkpoint says of its model: how it was made, and which units were found in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class FoundUnit:
    """A unit that follows a label on text held out from training and from its choice.

    Attributes
    ----------
    state, unit
        The column: ``trace.unit(state, unit)``.
    sign
        1 if it is high where the label is, -1 if it is low there.
    metric
        ``"AUC"`` (of a label that is true or false) or ``"Spearman"`` (of a number).
    score
        On the test blocks; the unit and its sign were chosen on the validation blocks.
    interval
        95 % interval of the score.
    text
        On which text it was measured, in words.
    """

    state: str
    unit: int
    sign: int
    metric: str
    score: float
    interval: tuple[float, float]
    text: str

    @property
    def painted(self) -> str:
        """The state to look at: ``tanh_c`` in place of an LSTM's ``c`` where the label is a bool.

        It has the order of `c` on a fixed scale. What counts goes on where tanh is flat: there it
        is `c` itself.
        """
        if self.metric == "AUC" and self.state.endswith(".c"):
            return f"{self.state[:-1]}tanh_c"
        return self.state

    @classmethod
    def from_json(cls, found: Any) -> FoundUnit:  # noqa: ANN401  (from a file)
        """Return what `to_json` gave.

        Parameters
        ----------
        found : object
            A JSON object, as `to_json` returns it.

        Raises
        ------
        ValueError
            If it is something else.
        """
        match found:
            case {
                "state": str(),
                "unit": int() as unit,
                "sign": 1 | -1,
                "metric": "AUC" | "Spearman",
                "score": int() | float(),
                "interval": [int() | float() as low, int() | float() as high],
                "text": str(),
            } if unit >= 0 and len(found) == len(fields(cls)):
                return cls(**found | {"interval": (low, high)})
            case _:
                msg = f"a found unit must have {', '.join(f.name for f in fields(cls))}"
                raise ValueError(f"{msg}, got {found!r:.200}")

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)


@dataclass(frozen=True)
class ModelCard:
    """What a checkpoint says of its own making.

    Attributes
    ----------
    corpus
        ``name``, ``sha256`` and number of ``characters`` of the training corpus.
    training
        The settings of the run and the ``characters_seen``.
    losses
        Cross-entropy in nats per character, by part: ``train`` (running mean), ``validation``.
    units
        The units that were measured to follow something, by the name of the label, such as
        ``"inside quotes"``; see `FoundUnit`. Written by ``rnnviz evaluate --write``.
    """

    corpus: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)
    units: Mapping[str, FoundUnit] = field(default_factory=dict)

    def metadata(self) -> dict[str, str]:
        """Return it as a checkpoint's metadata holds it: JSON, by name."""
        units = {name: found.to_json() for name, found in self.units.items()}
        parts = {"corpus": self.corpus, "training": self.training, "losses": self.losses}
        return {key: json.dumps(value) for key, value in {**parts, "units": units}.items()}
