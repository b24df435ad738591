"""What a widget can do without a kernel: pages, pieces of pages, frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from rnnviz_widget import palettes
from rnnviz_widget.export import (
    LIMIT,
    Contents,
    Fragment,
    Frame,
    TooLargeError,
    framed,
    opening_picture,
    page,
)
from rnnviz_widget.export.site import SavedSite, replacing_site, size_of, write_site_page
from rnnviz_widget.limits import Limit, limits_of
from rnnviz_widget.pieces import readable
from rnnviz_widget.quantise import colour_limit
from rnnviz_widget.trace.excerpt import choose
from rnnviz_widget.widget import wire
from rnnviz_widget.widget.live import NO_MODEL
from rnnviz_widget.widget.packing import Snapshot, pack_page
from rnnviz_widget.widget.sites import write_values
from rnnviz_widget.widget.words import in_words

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from rnnviz_widget.export import Page
    from rnnviz_widget.trace import Trace
    from rnnviz_widget.trace.excerpt import Excerpt
    from rnnviz_widget.widget.data import WidgetData
    from rnnviz_widget.widget.live import LiveNetwork


_PINNED_UNITS = 16  # ranked units whose near-exact values a page without kernel carries


class SiteChoice(TypedDict, total=False):
    """The arguments of `HiddenStateWidget.save_site` that say what goes in."""

    title: str | None
    caption: str
    source: str
    states: str | Sequence[str] | None
    units: Iterable[int] | Mapping[str, Iterable[int]] | None
    start: int
    stop: int | None


class Choice(SiteChoice, total=False):
    """The arguments of `HiddenStateWidget.fragment`."""

    limit: float
    live: bool


@dataclass(frozen=True)
class Publisher:
    """Makes pages, pieces of pages and frames of what a widget now shows.

    Attributes
    ----------
    data
        What the widget shows.
    traits
        The widget's public traits by name.
    living
        The network that runs in the view, if there is one.
    """

    data: WidgetData
    traits: Mapping[str, Any]
    living: LiveNetwork | None = None

    @property
    def words(self) -> str:
        """What is shown, in a sentence."""
        whole = self.data.whole
        return self._words(whole, self.traits, self.data.ranked(whole))

    def snapshot(self, excerpt: Excerpt, *, others: bool = True) -> Snapshot:
        """Return what is shown, cut to a excerpt; near-exact values of `others` that are ranked."""
        traits = excerpt.traits(self.traits)
        content = self.data.excerpt_content(excerpt)
        shown = [(traits["state"], traits["unit"]), *traits["units"]]
        ranked = [
            (entry["state"], entry["unit"])
            for ranking in content["rankings"]
            for entry in ranking["entries"][:_PINNED_UNITS]
        ]
        for i, (trace, checkpoint) in enumerate(
            zip(self.data.traces, content["checkpoints"], strict=True)
        ):
            units = [*shown, *ranked] if others and i == traits["checkpoint"] else shown
            checkpoint["pinned"] = wire.pin(trace, excerpt, units)
        return Snapshot(content, traits, self._words(excerpt, traits, content["rankings"]))

    def _words(
        self, excerpt: Excerpt, traits: Mapping[str, Any], rankings: Sequence[dict[str, Any]]
    ) -> str:
        trace = self.data.traces[self.traits["checkpoint"]]
        words = in_words(
            trace,
            excerpt,
            (traits["state"], traits["unit"]),
            rankings,
            quoted=traits["guess"] != "text",
        )
        names = list(self.data.checkpoints)
        if len(names) == 1:
            return words
        return f"{words} Checkpoint {names[traits['checkpoint']]}, one of {len(names)}."

    def page(self, **choice: Unpack[Choice]) -> Page:
        """Return a page of its own."""
        return page(self.fragment(**choice), limit=choice.get("limit", LIMIT))

    def frame(self, height: int | None, **choice: Unpack[Choice]) -> Frame:
        """Return the page in an iframe, by default as high as the text needs."""
        fragment = self.fragment(**choice)
        shown = framed(fragment, choice.get("limit", LIMIT))
        return Frame(shown, fragment.height if height is None else height)

    def site(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool,
        progress: bool | None,
        title: str | None = None,
        caption: str = "",
        source: str = "",
        **choice: Any,  # noqa: ANN401  (the rest of `Choice`, less limit and live)
    ) -> SavedSite:
        """Write a folder of a page and the values that it asks for."""
        data = self.data
        excerpt = choose(data.trace, data.states, **choice)
        traits = excerpt.traits(self.traits)
        words = self._words(excerpt, traits, data.ranked(excerpt))
        heading = data.title if title is None else title
        target = Path(path)
        with replacing_site(target, overwrite=overwrite) as folder:
            opening = write_values(folder, data, excerpt, traits, progress=progress)
            still = self._still(excerpt, traits)
            write_site_page(folder, Fragment(heading, caption, source, words, opening, 0, still))
            size = size_of(folder)
        return SavedSite(target, size, words)

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
        live: bool = False,
    ) -> Fragment:
        """Return what the widget brings to a page, see `HiddenStateWidget.fragment`."""
        data = self.data
        trace = data.trace
        excerpt = choose(trace, data.states, states=states, units=units, start=start, stop=stop)
        if live:
            self._check_living(excerpt)
        shown = self.snapshot(excerpt, others=not live)
        heading = data.title if title is None else title
        try:
            living = self.living if live else None
            carried = pack_page(data, excerpt, shown, limit * 1e6, living)
        except TooLargeError as error:
            several = len(data.traces)
            fewer = f", fewer of the {several} checkpoints" if several > 1 else ""
            msg = (
                f"the page would be about {error.estimate / 1e6:,.0f} MB, over limit={limit:g} MB; "
                f"choose fewer units (units=), fewer of its {len(excerpt.units)} states (states=) "
                f"or fewer of its {excerpt.stop - excerpt.start:,} tokens (start=, stop=){fewer}, "
                "or raise limit="
            )
            raise ValueError(msg) from None
        height = _contents(trace, excerpt, shown, [caption, source], heading).height
        still = self._still(excerpt, shown.traits)
        return Fragment(
            heading,
            caption,
            source,
            shown.words,
            carried.opening,
            height,
            still,
            live=live,
            pieces=carried.pieces,
            key=carried.key,
        )

    def _still(self, excerpt: Excerpt, traits: Mapping[str, Any]) -> str:
        """Return the opening picture of the unit that is shown, as far as it may be seen."""
        trace = self.data.traces[traits["checkpoint"]]
        values, bounds = trace.unit(traits["state"], traits["unit"]), trace.bounds(traits["state"])
        columns = [each.unit(traits["state"], traits["unit"]) for each in self.data.traces]
        seen = excerpt.start + traits["cursor"] + 1 if traits["guess"] else excerpt.stop
        end = colour_limit(columns, bounds)
        limits = [Limit(*row) for row in traits["_limits"]]
        low, high = limits_of(limits, traits["state"], traits["unit"]) or (-end, end)
        positions = palettes.positions(values[excerpt.start : seen], low, high)
        tokens = readable(trace.tokens)[excerpt.start : seen]
        return opening_picture(tokens, positions, traits["palette"])

    def _check_living(self, excerpt: Excerpt) -> None:
        """Refuse a live page of what a network cannot go on from.

        Raises
        ------
        ValueError
            Saying what is in the way.
        """
        if self.living is None:
            raise ValueError(NO_MODEL)
        if excerpt != self.data.whole:
            msg = "a live page has the whole text and all units: leave out states, units and stop"
            raise ValueError(msg)
        self.living.check_page(self.data.trace)


def _contents(
    trace: Trace, excerpt: Excerpt, shown: Snapshot, notes: Sequence[str], heading: str
) -> Contents:
    """Return what of a snapshot takes room."""
    content, traits = shown.content, shown.traits
    return Contents(
        lines=[len(line) for line in "".join(readable(trace.tokens)[excerpt.span]).splitlines()],
        labels=len(content["labels"]),
        predictions=content["checkpoints"][0]["top_k"],
        copies=max(1, len(traits["units"])),
        checkpoints=len(content["checkpoints"]),
        beside=traits["arrange"] == "side by side",
        guess=bool(traits["guess"]),
        text_height=traits["height"],
        columns=traits["wrap"],
        controls=traits["controls"],
        present=traits["present"],
        gates=content["saturation"] is not None,
        beyond=trace.bounds(traits["state"]) is None or bool(traits["_limits"]),
        rankings=len(content["rankings"]),
        notes=[len(note) for note in notes],
        heading=bool(heading),
    )
