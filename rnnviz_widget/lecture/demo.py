"""What a page of the kit is, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.export import Fragment
    from rnnviz_widget.lecture.film import Moment
    from rnnviz_widget.lecture.materials import Materials
    from rnnviz_widget.lecture.opening import ChosenUnit
    from rnnviz_widget.trace import Trace


@dataclass(frozen=True)
class DemoContent:
    """What a demo came to.

    Attributes
    ----------
    fragments
        The widgets of its page.
    opened
        The units that it opens on, with what was measured of them.
    model
        Name of the model.
    trace, state, unit, sign
        What the index shows a strip of, from `start` on.
    facts
        Further numbers, as (name, value), under the sentence that comes first.
    film
        The moments of a training.
    """

    fragments: tuple[Fragment, ...]
    opened: tuple[ChosenUnit, ...]
    model: str
    trace: Trace
    state: str
    unit: int
    sign: int = 1
    start: int = 0
    facts: tuple[str, tuple[tuple[str, str], ...]] = ("", ())
    film: tuple[Moment, ...] = ()


@dataclass(frozen=True)
class Demo:
    """A page of the kit.

    Attributes
    ----------
    name
        Its file, less ``.html``.
    title
        Its heading.
    about
        What is to be seen: nothing that only a measurement can say.
    ask
        What to ask a class before anything is revealed.
    do
        What to do then.
    build
        Makes it.
    spoiled
        Whether its scores would give away what the class is to find out: the index has none then.
    """

    name: str
    title: str
    about: str
    ask: str
    do: str
    build: Callable[[Materials], DemoContent]
    spoiled: bool = False
