"""The shape of what a view gets: the trait `_content`, field by field.

`js/src/store/wire.ts` decodes it. `tests/fixtures/wire.py` writes one of every field, which both
languages' tests read.
"""

from __future__ import annotations

from typing import TypedDict


class Origin(TypedDict):
    """Where the text begins: its first token's number, from 0, and its line and column, from 1."""

    token: int
    line: int
    column: int


class StateFields(TypedDict):
    """One state.

    ``ids`` are the numbers of the ``units`` units that are here, None for all ``of`` them.
    ``kind`` is "signed" or "gate"; ``bound`` the proven bound of the size of a value, or None.
    """

    name: str
    units: int
    ids: list[int] | None
    of: int
    kind: str
    bound: float | None


class PinnedUnit(TypedDict):
    """A unit's values, for the readout of a page without a kernel.

    They are float16, or float32 where that cannot hold them.
    """

    state: str
    unit: int
    values: bytes


class RowFields(TypedDict):
    """One unit as int8, with its scale, limit and peak as float32."""

    state: str
    unit: int
    values: bytes
    scales: bytes


class CheckpointFields(TypedDict):
    """What is one checkpoint's own.

    ``values`` is int8, unit after unit, or None where units come by request and only some ``rows``
    are here; ``scales``, ``limits`` and ``peaks`` are float32, one per unit. ``loss`` is float32
    `(T,)`. ``top_ids`` is uint32 and ``top_probs`` float16, both `(T, top_k)`.
    """

    name: str
    values: bytes | None
    scales: bytes | None
    limits: bytes | None
    peaks: bytes | None
    pinned: list[PinnedUnit]
    rows: list[RowFields]
    loss: bytes | None
    vocabulary: list[str] | None
    top_ids: bytes | None
    top_probs: bytes | None
    top_k: int


class LabelRule(TypedDict):
    """The function of `labels` that a label is made by, and the characters that it is about."""

    kind: str
    of: str


class LabelFields(TypedDict):
    """A label: uint8 for ``kind`` "bool" (255: not known), float32 for "number" (NaN).

    With a ``rule``, if there is one, a page makes it anew for a text that was edited.
    """

    name: str
    kind: str
    values: bytes
    rule: LabelRule | None


class RankedUnit(TypedDict):
    """A row of a ranking; ``text`` is its score in words, ``sign`` 1 or -1."""

    state: str
    unit: int
    text: str
    sign: int


class RankingFields(TypedDict):
    """What was measured of units, best first, and on which text."""

    label: str
    note: str
    extent: str
    entries: list[RankedUnit]


class GateFields(TypedDict):
    """Of each unit of a gate (uint32) the shares of the time that it is closed, open (float32)."""

    state: str
    ids: bytes
    closed: bytes
    open: bytes


class SaturationFields(TypedDict):
    """How often gates are closed and open, over so many tokens."""

    tokens: int
    gates: list[GateFields]


class Content(TypedDict):
    """All that a view draws. ``text`` is UTF-16LE, ``offsets`` uint32 `(T + 1,)` or None."""

    version: int
    length: int
    text: bytes
    offsets: bytes | None
    origin: Origin
    states: list[StateFields]
    checkpoints: list[CheckpointFields]
    title: str
    labels: list[LabelFields]
    rankings: list[RankingFields]
    saturation: SaturationFields | None
