"""What a model writes while units are held, beside what it writes as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.charlm import sample
from rnnviz_widget.escaping import for_html, for_terminal
from rnnviz_widget.interventions.clamping import clamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.interventions.targets import Units
    from rnnviz_widget.recurrent.stepwise import Where

AS_IT_IS = "as it is"

_NEWLINE = '<span style="opacity: 0.5">\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}</span>'


@dataclass(frozen=True, repr=False)
class Samples(Mapping[str, str]):
    """Texts that a model wrote from one beginning; ``samples["as it is"]`` is one of them.

    A mapping from what was done to what was written. In a notebook the texts stand side by side.

    Attributes
    ----------
    title : str
        Which units were held.
    prefix : str
        What the model had read before.
    texts : dict of str to str
        What it wrote, without the prefix.

    """

    title: str
    prefix: str
    texts: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """Return what was written."""
        return self.texts[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over what was done."""
        return iter(self.texts)

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.texts)

    def __str__(self) -> str:
        """Return the texts one below the other."""
        parts = (f"--- {name} ---\n{self.prefix}{text}" for name, text in self.texts.items())
        return for_terminal("\n\n".join([self.title, *parts]))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        columns = "".join(
            f'<div style="flex: 1 1 18em; min-width: 0"><strong>{for_html(name)}</strong>'
            '<pre style="white-space: pre-wrap; overflow-wrap: normal; word-break: normal; '
            'font-size: 85%">'
            f'<span style="opacity: 0.6">{_with_newlines(self.prefix)}</span>'
            f"{_with_newlines(text)}</pre></div>"
            for name, text in self.texts.items()
        )
        return (
            f'<div class="rnnviz-samples"><p>{for_html(self.title)}; {_NEWLINE} is a newline that '
            "was written</p>"
            f'<div style="display: flex; flex-wrap: wrap; gap: 1em 2em">{columns}</div></div>'
        )


def _with_newlines(text: str) -> str:
    """Return HTML in which newlines are seen: a narrow column breaks lines of its own."""
    return for_html(text).replace("\n", f"{_NEWLINE}\n")


def sample_clamped(
    model: CharLM,
    state: str,
    units: Units,
    values: float | Sequence[float],
    *,
    prefix: str = "\n",
    length: int = 300,
    where: Where = "recurrence",
    temperature: float = 1.0,
    seed: int = 0,
) -> Samples:
    r"""Return what a model writes as it is, and with units held at each of some values.

    All texts are drawn with the same random numbers: what differs comes from the units.

    Parameters
    ----------
    model : CharLM
        A character model.
    state, units, where
        As in `clamp`. The units are held while the prefix is read, too.
    values : float or sequence of float
        What to hold the units at: a number, or several, one text for each.
    prefix, length, temperature
        As in `sample`.
    seed : int
        Of the draws.

    Raises
    ------
    TypeError, ValueError
        As `clamp` and `sample` do.

    Examples
    --------
    >>> sample_clamped(model, "rnn.l0.h", 152, [-1, 1], prefix="\"Well,\" ")  # doctest: +SKIP
    """
    levels = [float(value) for value in np.atleast_1d(np.asarray(values, dtype=np.float64))]
    texts = {AS_IT_IS: sample(model, prefix, length, temperature=temperature, seed=seed)}
    for value in levels:
        with clamp(model, state, units, value, where=where):
            texts[f"held at {value:.3g}"] = sample(
                model, prefix, length, temperature=temperature, seed=seed
            )
    return Samples(f"{state}, unit {units}, held in the {where}", prefix, texts)
