"""A little network that is in a page in no time, and reads 10,000 characters in a second there."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import torch

import rnnviz_widget as rnnviz
from rnnviz_widget.charlm.model import CharLMConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STATE, UNIT = "rnn.l0.h", 3

TEXT = '"Three," she said.\nHe said nothing.\nThe rain went on.\n' * 3
"""What is edited: no line is wrapped where a phone has room for 24 columns."""


def model() -> rnnviz.CharLM:
    """Return the network: a GRU of 24 units that knows what stands on a keyboard."""
    torch.manual_seed(3)
    made = rnnviz.CharLM(string.printable[:95] + "\n", CharLMConfig(hidden_size=24)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(3)  # untrained it would hardly have a colour
    return made


def widget(**arguments: Any) -> rnnviz.HiddenStateWidget:
    """Return a widget whose text can be edited."""
    return rnnviz.HiddenStateWidget(
        model=model(), text=TEXT, state=STATE, unit=UNIT, title="To be edited", **arguments
    )


def values(text: str) -> NDArray[np.float32]:
    """Return what its unit has of a text, `(T,)`."""
    return rnnviz.record(model(), text).unit(STATE, UNIT)
