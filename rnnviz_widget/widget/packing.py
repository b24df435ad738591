"""What a page carries: what it opens with, and behind that, in pieces, what is asked for later.

A page is drawn while the rest of its file is still being read, so its opening must not grow with
the number of units. It has the text, the labels and the units that are shown. Behind it come, each
as JSON of its own,

    facts    of each checkpoint: near-exact values of some units, next tokens, losses (where they
             are few and a cursor is set, the readout speaks of them: then they come first)
    values   of `each` units of a checkpoint, the checkpoint that is shown first

or, where a network lives in the page, that network alone. A page whose values all fit in one piece
has none: it opens with all it has. The reader is ``js/src/saved``.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from rnnviz_widget.export import Budget, json_for_script, pack, pack_plain
from rnnviz_widget.quantise import colour_limit
from rnnviz_widget.widget import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rnnviz_widget.trace.excerpt import Excerpt
    from rnnviz_widget.widget.data import WidgetData
    from rnnviz_widget.widget.live import LiveNetwork

PIECE = 2**18
"""Bytes of values that a piece has at most, unless one unit has more: decoded within a frame."""

FACTS = ("pinned", "loss", "vocabulary", "top_ids", "top_probs", "top_k")
"""What a checkpoint has beside its values, and what is read last."""


@dataclass(frozen=True)
class Snapshot:
    """An excerpt of a trace as a widget now shows it.

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


@dataclass(frozen=True)
class PageData:
    """What a widget's page carries, as JSON texts.

    Attributes
    ----------
    opening
        What it opens with.
    pieces
        What may come later, in order.
    key
        Names the pieces of this opening in a page that has those of several.
    """

    opening: str
    pieces: tuple[str, ...] = ()
    key: str = ""


def pack_page(
    data: WidgetData,
    excerpt: Excerpt,
    shown: Snapshot,
    limit: float,
    living: LiveNetwork | None = None,
) -> PageData:
    """Return an excerpt of what is shown, with all values, or with a network that computes them.

    Raises
    ------
    TooLargeError
        If that is more than `limit` bytes.
    """
    size = excerpt.size(data.trace) * len(data.traces)
    budget = Budget(limit, expected=size)
    checkpoints = [dict(checkpoint) for checkpoint in shown.content["checkpoints"]]
    # The title is the page's, as a heading.
    content = {**shown.content, "title": "", "checkpoints": checkpoints}
    traits = shown.traits
    network = living.network if living else None
    if network is None and size <= PIECE:
        limits = data.limits(excerpt)
        for trace, checkpoint in zip(data.traces, checkpoints, strict=True):
            checkpoint |= wire.encode_values(trace, excerpt, limits)  # noqa: PLW2901  (in its list)
        return PageData(json_for_script(pack({"traits": traits, "content": content}, budget)))

    moment = traits["checkpoint"]
    checkpoints[moment]["rows"] = opening_rows(data, excerpt, traits)
    later: dict[str, Any]
    texts: Iterable[dict[str, Any]]
    if living is not None and network is not None:
        later, texts = (
            {"network": True},
            [{"network": network.bytes, "initial": living.initial}],
        )
    else:
        facts = _facts_behind(checkpoints, traits)
        each = max(1, PIECE // (excerpt.stop - excerpt.start))
        order = [moment, *(i for i in range(len(facts)) if i != moment)]
        later = {"each": each, "order": order}
        texts = chain([{"checkpoints": facts}], _values(data, excerpt, each, order))
    pieces = tuple(json_for_script(pack(text, budget)) for text in texts)
    key = blake2b("\n".join(pieces).encode(), digest_size=8).hexdigest()
    opening = {"traits": traits, "content": content, "later": later | {"key": key}}
    return PageData(json_for_script(pack_plain(opening, budget)), pieces, key)


def _facts_behind(
    checkpoints: list[dict[str, Any]], traits: dict[str, Any]
) -> list[dict[str, Any]]:
    """Take out of each checkpoint what can come later, and return it."""
    facts = [{name: one[name] for name in FACTS if name in one} for one in checkpoints]
    # A readout that has a token to speak of would grow when it hears what comes next.
    if traits["cursor"] >= 0 and bytes_of(facts) <= PIECE:
        return [{} for _ in facts]
    for checkpoint, fact in zip(checkpoints, facts, strict=True):
        for name in fact:
            del checkpoint[name]
    return facts


def opening_rows(
    data: WidgetData, excerpt: Excerpt, traits: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the units that a page opens on."""
    trace = data.traces[traits["checkpoint"]]
    rows = []
    for state, unit in dict.fromkeys([(traits["state"], traits["unit"]), *traits["units"]]):
        columns = [each.unit(state, unit) for each in data.traces]
        limit = colour_limit(columns, trace.bounds(state))
        rows.append(wire.encode_row(trace, state, unit, limit, excerpt.span))
    return rows


def bytes_of(value: Any) -> int:  # noqa: ANN401  (any JSON value)
    """Return how many bytes are in a JSON value."""
    match value:
        case bytes():
            return len(value)
        case dict():
            return sum(map(bytes_of, value.values()))
        case list():
            return sum(map(bytes_of, value))
    return 0


def _values(
    data: WidgetData, excerpt: Excerpt, each: int, order: list[int]
) -> Iterator[dict[str, bytes]]:
    """Yield the values of all units, `each` at a time, checkpoint after checkpoint."""
    limits = data.limits(excerpt)
    for i in order:
        units = wire.quantised_units(data.traces[i], excerpt, limits)
        while group := list(islice(units, each)):
            values = b"".join(unit.values.tobytes() for unit in group)
            yield {"values": values, **wire.encode_scales(group)}
