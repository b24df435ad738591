"""A unit at the moments of a training, each beside what the network wrote then: a film on paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rnnviz_widget.export.still import escape, opening_picture
from rnnviz_widget.stats.auc import area_under_curve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

    from rnnviz_widget.lecture.opening import ChosenUnit
    from rnnviz_widget.trace import Trace

_READ = 280  # characters of the text that each picture has: about four lines

_FILM = """\
<h2>The film: what it reads, and what it writes</h2>
<p>To the left the beginning of the text, to the right what the network wrote by itself at that
moment, from an opening quotation mark on; both in the colours of {unit}.</p>
<div class="film">
{frames}
</div>"""

_FRAME = '<section><h3>{name}<span class="measured"> AUC {area:.3f} on the text</span></h3>{stills}'


@dataclass(frozen=True)
class Moment:
    """A moment of a training.

    Attributes
    ----------
    name
        How much the network had read.
    area
        How well the unit then told inside from outside on the text: AUC.
    read, written
        The beginning of the text, and what the network wrote, as pictures in HTML.
    """

    name: str
    area: float
    read: str
    written: str


def moments(
    one: ChosenUnit,
    read: Mapping[str, Trace],
    written: Mapping[str, Trace],
    label: Callable[[Trace], ArrayLike],
) -> tuple[Moment, ...]:
    """Return the moments of a training, by the traces of a text and of what was written then."""
    return tuple(
        Moment(
            name,
            area_under_curve(one.values(trace), np.asarray(label(trace))),
            _still(one, trace, _READ),
            _still(one, written[name], len(written[name])),
        )
        for name, trace in read.items()
    )


def film(unit: str, frames: tuple[Moment, ...]) -> str:
    """Return the moments as HTML, one below the other."""
    shown = (
        _FRAME.format(name=escape(f.name), area=f.area, stills=f"{f.read}{f.written}</section>")
        for f in frames
    )
    return _FILM.format(unit=escape(unit), frames="\n".join(shown))


def _still(one: ChosenUnit, trace: Trace, length: int) -> str:
    """Return the first tokens of a trace in the colours of a unit, whose values are in [-1, 1]."""
    return opening_picture(trace.tokens[:length], one.values(trace)[:length], "red-blue")
