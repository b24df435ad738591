"""What a widget can do without a kernel: pages, pieces of pages, frames."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from rnnviz_widget.export.frame import Contents, Frame
from rnnviz_widget.export.pack import Packer, TooLargeError, json_for_script
from rnnviz_widget.export.pages import LIMIT, Fragment, SavedPage, framed, page
from rnnviz_widget.trace.selection import choose
from rnnviz_widget.widget import wire

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from rnnviz_widget.trace import Trace
    from rnnviz_widget.trace.selection import Part
    from rnnviz_widget.widget.content import Exhibit


class Choice(TypedDict, total=False):
    """The arguments of `Publishing.fragment`."""

    title: str | None
    caption: str
    source: str
    states: str | Sequence[str] | None
    units: Iterable[int] | Mapping[str, Iterable[int]] | None
    start: int
    stop: int | None
    limit: float


@dataclass(frozen=True)
class Snapshot:
    """A part of a trace as a widget now shows it.

    Attributes
    ----------
    content
        What `wire` makes of it, less the values.
    traits
        The widget's public traits by name, as a page shall open.
    words
        What is shown, in a sentence.
    """

    content: dict[str, Any]
    traits: dict[str, Any]
    words: str


class Publishing:
    """Gives pages to a widget that can tell what it shows."""

    _exhibit: Exhibit

    @abstractmethod
    def _snapshot(self, part: Part) -> Snapshot:
        """Return what is shown, cut to a part."""

    def save_html(self, path: str | os.PathLike[str], **choice: Unpack[Choice]) -> SavedPage:
        """Write one self-contained HTML file; say how large it is.

        It needs neither network nor kernel: slider, hover, keyboard and chart work in any browser
        of 2023 or later (it uses `DecompressionStream`). It opens as the widget now is.

        Parameters
        ----------
        path
            The file; an older one is replaced once all is written.
        title, caption, source
            Plain text: the heading (by default the widget's title), a line under the widget, and
            where the text or the model comes from.
        states
            States that go in, as shell patterns such as ``"*.c"``; by default all that the widget
            offers.
        units
            Units that go in: numbers such as ``[152, 17]``, the same of every state, or numbers by
            state. The slider moves among them. By default all.
        start, stop
            Tokens that go in, `stop` not included. Tokens, lines and columns keep their numbers,
            values their colours.
        limit
            Most megabytes (10**6 bytes) that the page may have; 25 unless told otherwise.

        Returns
        -------
        SavedPage
            `path`, `size` in bytes, and in words what is shown; usable as a path.

        Raises
        ------
        ValueError
            If the page would be larger than `limit` (the message says how large, and what lowers
            it), or the choice is not one that the trace allows.
        """
        return page(self.fragment(**choice), limit=choice.get("limit", LIMIT)).save(path)

    def to_html(self, **choice: Unpack[Choice]) -> str:
        """Return the page that `save_html`, which explains the arguments, writes."""
        return page(self.fragment(**choice), limit=choice.get("limit", LIMIT)).html

    def to_iframe(self, *, height: int | None = None, **choice: Unpack[Choice]) -> Frame:
        """Return the page in an iframe, for notebooks that will be published.

        Where a notebook becomes a page (``nbconvert --to html``, ``--to slides``, MyST and Jupyter
        Book, Quarto, nbviewer), a live widget is blank or needs the network; this stays alive. It
        is sandboxed: it can do nothing to the page around it.

        Parameters
        ----------
        height
            In CSS pixels; by default what the text needs in a column of ordinary width.
        **choice
            As for `save_html`.
        """
        fragment = self.fragment(**choice)
        shown = framed(fragment, choice.get("limit", LIMIT))
        return Frame(shown, fragment.height if height is None else height)

    def fragment(
        self,
        *,
        title: str | None = None,
        caption: str = "",
        source: str = "",
        states: str | Sequence[str] | None = None,
        units: Iterable[int] | Mapping[str, Iterable[int]] | None = None,
        start: int = 0,
        stop: int | None = None,
        limit: float = LIMIT,
    ) -> Fragment:
        """Return what this widget brings to a page of several, see `export.page`.

        The arguments are those of `save_html`.
        """
        exhibit = self._exhibit
        trace = exhibit.trace
        part = choose(trace, exhibit.states, states=states, units=units, start=start, stop=stop)
        shown = self._snapshot(part)
        heading = exhibit.title if title is None else title
        try:
            data = _pack(exhibit, part, shown, limit * 1e6)
        except TooLargeError as error:
            several = len(exhibit.traces)
            fewer = f", fewer of the {several} checkpoints" if several > 1 else ""
            msg = (
                f"the page would be about {error.estimate / 1e6:,.0f} MB, over limit={limit:g} MB; "
                f"choose fewer units (units=), fewer of its {len(part.units)} states (states=) or "
                f"fewer of its {part.stop - part.start:,} tokens (start=, stop=){fewer}, or raise "
                "limit="
            )
            raise ValueError(msg) from None
        height = _contents(trace, part, shown, [caption, source], heading).height
        return Fragment(heading, caption, source, shown.words, data, height)


def _contents(
    trace: Trace, part: Part, shown: Snapshot, notes: Sequence[str], heading: str
) -> Contents:
    """Return what of a snapshot takes room."""
    content, traits = shown.content, shown.traits
    here = (traits["state"], traits["unit"])
    # The line over the text, see `js/src/panels/controls.ts`.
    ranked = [
        f"{ranking['label']}: AUC 0.999, high where it holds. {ranking['note']}"
        for ranking in content["rankings"]
        if any((e["state"], e["unit"]) == here for e in ranking["entries"])
    ]
    return Contents(
        lines=[len(line) for line in "".join(trace.tokens[part.span]).splitlines()],
        labels=len(content["labels"]),
        predictions=content["checkpoints"][0]["top_k"],
        copies=max(1, len(traits["units"])),
        checkpoints=len(content["checkpoints"]),
        beside=traits["arrange"] != "stacked",
        guess=traits["guess"],
        present=traits["present"],
        gates=content["saturation"] is not None,
        notes=[len(note) for note in [*ranked[:1], *notes]],
        heading=bool(heading),
    )


def _pack(exhibit: Exhibit, part: Part, shown: Snapshot, limit: float) -> str:
    """Return JSON of a snapshot with its values, at most `limit` bytes of them."""
    packer = Packer(limit, expected=part.size(exhibit.trace) * len(exhibit.traces))
    # The title is the page's, as a heading.
    content = packer.lift({**shown.content, "title": ""})
    limits = exhibit.limits(part)
    for trace, checkpoint in zip(exhibit.traces, content["checkpoints"], strict=True):
        units: list[wire.QuantisedUnit] = []
        checkpoint["values"] = packer.add(_rows(wire.quantised_units(trace, part, limits), units))
        checkpoint.update(packer.lift(wire.encode_scales(units)))
    return json_for_script({"traits": shown.traits, "content": content, **packer.finish()})


def _rows(units: Iterable[wire.QuantisedUnit], seen: list[wire.QuantisedUnit]) -> Iterable[bytes]:
    """Yield the bytes of units, and keep the units: their scales follow all values."""
    for unit in units:
        seen.append(unit)
        yield unit.values.tobytes()
