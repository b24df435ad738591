"""Let a character model write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rnnviz_widget.recurrent.patching import undisturbed

if TYPE_CHECKING:
    from torch import Tensor

    from rnnviz_widget.charlm.model import CharLM


def sample(
    model: CharLM,
    prefix: str = "\n",
    length: int = 500,
    *,
    temperature: float = 1.0,
    seed: int | None = None,
) -> str:
    """Return `length` characters drawn from `model` after it has read `prefix`.

    Parameters
    ----------
    model : CharLM
        A character model; its mode is left as it was.
    prefix : str
        What the model reads first, at least one character; not part of what is returned.
    length : int
        Characters to draw.
    temperature : float
        Logits are divided by it: below 1 the likely become likelier, near 0 only the likeliest
        character is taken.
    seed : int, optional
        Makes the draw repeatable. None draws anew each time.

    Raises
    ------
    ValueError
        If `prefix` is empty or unknown to the model, `length` is negative or `temperature` is not
        positive.
    """
    if not prefix:
        msg = "prefix must have at least one character, got ''"
        raise ValueError(msg)
    if length < 0:
        msg = f"length must be at least 0, got {length}"
        raise ValueError(msg)
    if not temperature > 0:
        msg = f"temperature must be positive, got {temperature}"
        raise ValueError(msg)
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    ids = model.encode(prefix).to(next(model.parameters()).device)

    def draw(replica: CharLM) -> list[Tensor]:
        read, state, drawn = ids, None, []
        for _ in range(length):
            logits, state = replica(read, state)
            scores = logits[-1].double()
            # The largest is taken off first, so that no temperature overflows.
            probabilities = ((scores - scores.max()) / temperature).softmax(-1)  # (V,)
            read = torch.multinomial(probabilities.cpu(), 1, generator=generator).to(ids.device)
            drawn.append(read)
        return drawn

    drawn = undisturbed(model, draw)
    return model.decode(torch.cat(drawn)) if drawn else ""
