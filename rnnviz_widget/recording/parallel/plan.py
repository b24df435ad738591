"""Running one layer, in one direction, over all time: step after step, or in parallel and exact.

A recurrence is slow at batch size 1, because each step reads all weights for one row. `chunks`
runs many parts of the sequence at once and notices where the network does not allow it. Here it is
decided where that is tried, and a long sequence is run in pieces, each recorded before the next.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch
from torch import Tensor

from rnnviz_widget.recording.parallel.chunks import BLOCK, Chunks, LayerDirection, Stretch
from rnnviz_widget.recording.parallel.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rnnviz_widget.recurrent.cell import Call, State

Unroll = Literal["auto", "chunked", "sequential"]

SEQUENTIAL_BLOCK = 256
"""Steps in one fused call of the sequential run: small enough to bound memory and to be interrupted
soon, and the same bits as one call for all (measured, torch 2.13)."""

TOLERANCE = 1e-5
"""How far values in parallel may be from the sequential run, relative to max|state|."""

_REJOINED = 0.3  # of the tolerance: how close a chunk must come to its earlier run
_SHORTEST = 2**12  # steps that are worth cutting, unless it is asked for
_PILOT = 2**11  # of them that are cut first
_FEW = 4  # chunks of a pilot at least
_PIECE = 2**12  # steps of a piece at least
_KEPT_BYTES = 700 * 2**20  # what kinds of one piece may take
_LONGEST = 2**18  # steps of a piece where no memory is taken for kinds
_PROBE = 2**15  # steps of the first piece: a shard on disk
_TRIAL = 16  # steps that show how quick a number of threads is
_MOST = 128  # chunks of a piece: products of more rows are no quicker


class Expansion(Exception):  # noqa: N818  (no error: it asks for another run)
    """A layer does not forget, though something has been run in parallel already."""


class Cut(NamedTuple):
    """How a piece is cut.

    Attributes
    ----------
    steps
        Of a chunk, about.
    least
        How many chunks there are at least.
    patience
        How much may be run again before it is given up, as a share of all steps.
    """

    steps: int
    least: int
    patience: float

    def chunks(self, length: int, least: int | None = None) -> int:
        """Return how many chunks a piece of `length` steps is cut into."""
        many = max(self.least if least is None else least, length // self.steps)
        return min(_MOST, many, length // (2 * BLOCK))


_PILOT_SHARE = 8
"""A layer that may not allow it is run in parallel for no more than one part in so many, first."""

_CUTS = (Cut(1024, 16, 0.5), Cut(4096, 8, 1.25))
"""What is tried, in this order: first for layers that forget soon, as most do."""


@dataclass
class Plan:
    """How one recording runs through time.

    Attributes
    ----------
    mode
        ``"sequential"`` runs step after step. ``"chunked"`` runs in parallel over time and falls
        back where the network does not forget; ``"auto"`` does so only where it pays: one long
        sequence, float32 or wider, and gives up sooner.
    tolerance
        See `TOLERANCE`.
    settled
        Layers that have been run in parallel.
    failed
        How many of the cuts have failed for a layer.
    """

    mode: Unroll
    tolerance: float = TOLERANCE
    settled: set[str] = field(default_factory=set)
    failed: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is not known."""
        if self.mode not in get_args(Unroll):
            raise ValueError(f'unroll must be "auto", "chunked" or "sequential", got {self.mode!r}')
        known = isinstance(self.tolerance, float) and 1e-5 <= self.tolerance <= 1e-3  # noqa: PLR2004
        if not known:
            raise ValueError(f"tolerance must be in [1e-5, 1e-3], got {self.tolerance!r}")

    def cut(self, layer: LayerDirection, x: Tensor, length: int) -> Cut | None:
        """Return how `x (T, B, I)`, of all the `length` steps of a layer, is to be cut, or None.

        Where chunks cost more than they gain, not at all. A layer that reads what has been run in
        parallel is tried all the same: it may be one that expands, see `fail`.
        """
        exact = x.dtype in (torch.float32, torch.float64)
        if self.mode == "sequential" or x.shape[1] > 1 or not exact:
            return None
        shortest = _PILOT if self.mode == "auto" else 4 * BLOCK
        failed = self.failed.get(layer.name, 0)
        if failed == len(_CUTS) or len(x) < shortest:
            return None
        cut = _CUTS[failed]
        if failed and len(x) < cut.steps * cut.least:
            return None
        if self.mode != "auto":
            return cut._replace(patience=float("inf"))
        way, chunks = self.way(layer), cut.chunks(length)
        pays = bool(self.settled) or way.cost.pays(chunks, way.groups(chunks))
        return cut if pays else None

    def way(self, layer: LayerDirection) -> LayerDirection:
        """Return the layer as its chunks are run: where a cut has failed, as exactly as may be."""
        return layer.fused() if self.failed.get(layer.name) and layer.alike else layer

    def pilot(self, failed: int, length: int) -> int:
        """Return how many steps a layer of `length` steps is first run in parallel for."""
        if self.mode != "auto":
            return _LONGEST if failed else _PROBE
        if length < _SHORTEST:
            return 0
        if failed:
            return _PROBE
        share = max(_PILOT, length // _PILOT_SHARE)
        return 1 << (min(_PROBE, share).bit_length() - 1)  # fills shards on disk, see `_longest`

    def fail(self, layer: LayerDirection, x: Tensor, length: int) -> None:
        """Note that a cut was no success for a layer, of which `x` remains to be read.

        Raises
        ------
        Expansion
            If none is left, and something was run in parallel before: an expanding layer that
            reads what is not bit for bit the sequential run is soon far from its own.
        """
        self.failed[layer.name] = self.failed.get(layer.name, 0) + 1
        if self.settled and self.cut(layer, x, length) is None:
            raise Expansion(layer.name)


class Segment(NamedTuple):
    """A piece of a layer's run.

    Attributes
    ----------
    first
        The first of its n steps.
    h
        `(n, B, P)`.
    final
        The state after the last step.
    starts
        `(N, B, U)` of an LSTM: `c` before step `n * stride` of the piece; of other cells None.
    stride
        Steps between two entries of `starts`; the last block has up to `2 * stride - 1`.
    kinds
        What other kinds are known already, `(n, B, U)`.
    reruns
        Steps that were run again; None if nothing was run in parallel.
    """

    first: int
    h: Tensor
    final: State
    starts: Tensor | None
    stride: int
    kinds: dict[str, Tensor]
    reruns: int | None = None

    def starting(self, first: int, blocks: int, carried: Tensor | None) -> Tensor | None:
        """Return an LSTM's `c` before each of some blocks from step `first` on, `(K, B, U)`.

        Within a block it is the `c` that was `carried` there, `(1, B, U)`.
        """
        if self.starts is None:
            return None
        n = first // self.stride
        known = first % self.stride == 0 and n < len(self.starts)
        return self.starts[n : n + blocks] if known else carried


def unroll(
    layer: LayerDirection, stretch: Stretch, plan: Plan, advance: Callable[[int], object]
) -> Iterator[Segment]:
    """Yield the run of a layer piece after piece, of each whatever the plan allows.

    Parameters
    ----------
    advance
        Is told of every number of steps that is done.

    Raises
    ------
    Expansion
        See `Plan.fail`.
    """
    _, x, state, h = stretch
    first, pace = 0, layer.pace
    while first < len(x):
        failed = plan.failed.get(layer.name, 0)
        way = plan.way(layer)
        longest = _longest(way, stretch)
        last = (first // longest + 1) * longest
        if len(x) - last < SEQUENTIAL_BLOCK:  # see `sequential`
            last = len(x)
        pilot = last
        if layer.name not in plan.settled:
            pilot = min(last, first + plan.pilot(failed, len(x)))
        piece = Stretch(first, x[first:pilot], state, h[first:pilot])
        cut = plan.cut(layer, piece.x, min(longest, len(x)))
        if cut is None:
            piece = Stretch(first, x[first:last], state, h[first:last])
            result = sequential(layer.call, piece, advance, pace)
        else:
            ran = _chunked(way, piece, cut, plan, advance)
            if ran is None:
                plan.fail(layer, x[first:], min(longest, len(x)))
                continue
            plan.settled.add(layer.name)
            result = ran
        yield result._replace(first=first)
        first, state = first + len(result.h), result.final


def sequential(
    call: Call,
    stretch: Stretch,
    advance: Callable[[int], object] = lambda _: None,
    pace: Pace | None = None,
) -> Segment:
    """Return the run step after step, the same bits as one fused call for all steps."""
    _, x, state, h = stretch
    pace = pace or Pace(0)
    # c is known between calls only. Where it is rounded to half precision at every step, its
    # recurrence in float32 would drift away, so it is read off at every step.
    half = x.dtype in (torch.float16, torch.bfloat16) and len(state) > 1
    stride, length = 1 if half else SEQUENTIAL_BLOCK, len(x)
    # The remainder joins the last block: products of one to three rows round differently.
    blocks = max(1, length // stride)
    starts = x.new_empty(blocks, *state[-1].shape) if len(state) > 1 else None
    for n in range(blocks):
        if starts is not None:
            starts[n] = state[-1]
        first, end = n * stride, length if n == blocks - 1 else (n + 1) * stride
        # Another number of threads is tried on a few steps.
        cuts = [first, first + _TRIAL, end] if pace.trial() and end > 2 * _TRIAL else [first, end]
        for start, stop in itertools.pairwise(cuts):
            work = partial(_filled, call, x[start:stop], state, h[start:stop])
            state = pace.run(stop - start, work, trying=stop - start == _TRIAL)
        advance(end - first)
    return Segment(0, h, state, starts, stride, {})


def _filled(call: Call, x: Tensor, state: State, h: Tensor) -> State:
    """Run some steps into `h`, copying with as few threads; return the state after them."""
    h[:], after = call(x, state)
    return after


def _chunked(
    layer: LayerDirection,
    stretch: Stretch,
    cut: Cut,
    plan: Plan,
    advance: Callable[[int], object],
) -> Segment | None:
    """Return the run of whole blocks in parallel over time, None if chunks do not fit together."""
    length = len(stretch.x)
    pilot = plan.mode == "auto" and layer.name not in plan.settled
    chunks = cut.chunks(length, _FEW if pilot else None)  # few, long: most must forget within one
    length = length // (chunks * BLOCK) * chunks * BLOCK
    whole = stretch._replace(x=stretch.x[:length], h=stretch.h[:length])
    ran = Chunks(layer, whole, chunks, _REJOINED * plan.tolerance)
    if not ran.is_promising(known=layer.name in plan.settled, forgetful=plan.mode == "auto"):
        return None
    ran.run_all(advance)
    if not ran.settle(cut.patience * length) or not ran.agree_with_sequential():
        advance(-length)
        return None
    return Segment(
        0,
        whole.h,
        tuple(part[-1:] for part in ran.final),
        ran.starts(),
        BLOCK,
        {kind: values.view(length, 1, -1) for kind, values in ran.kinds.items()},
        ran.reruns,
    )


def _longest(layer: LayerDirection, stretch: Stretch) -> int:
    """Return how many steps make a piece: a power of two, so that it fills shards on disk."""
    _, x, state, _ = stretch
    if x.shape[1] > 1:
        return len(x)
    held = 0 if layer.in_place else len(layer.kinds)
    row = held * state[-1].shape[-1] * x.element_size()
    steps = min(_LONGEST, _KEPT_BYTES // row) if row else _LONGEST
    return max(_PIECE, 1 << (steps.bit_length() - 1))
