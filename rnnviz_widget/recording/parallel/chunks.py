"""Running one layer in parallel over time: many chunks as one batch, until they fit together.

The chunks start from guessed states; then each is run again from the final state of the one before
it, only as long as it has not rejoined its own earlier trajectory, until no seam moves. A network
that forgets is then where the run step after step would have been. One that does not is found out:

- Rounding differs between batch sizes and never settles below about 1e-6 of max|state|. A network
  that amplifies it beyond the tolerance, as a chaotic one does at once, has no parallel answer: its
  first steps come out otherwise in a batch than alone.
- Guesses are wrong on purpose: the state after those first steps, where a latch set by the first
  token is set already, shifted by 1 % of its size in every unit. A unit that never forgets (a
  counter with forget gate 1) keeps that shift and never rejoins; that a chunk rejoined shows it to
  forget, so the error left decays from chunk to chunk instead of adding up.
- A slow leak moves little while it is still far away. Rejoining compares with the earlier run
  itself, not with the last round's movement; where a chunk ends before that, its contraction
  rho = |change of final state| / |change of initial state| must be below 1/2, or the method stops.
- Spans around seams are run once more by torch's fused call, step after step, and must agree.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from rnnviz_widget.recording.parallel.pace import SMALL, Pace, available
from rnnviz_widget.recording.parallel.threads import abreast, with_threads
from rnnviz_widget.recurrent.cell import Block

if TYPE_CHECKING:
    from collections.abc import Callable

    from rnnviz_widget.recording.parallel.cost import StepCost
    from rnnviz_widget.recording.parallel.kernels import Kernel
    from rnnviz_widget.recording.parallel.threads import Map
    from rnnviz_widget.recurrent.cell import Call, State

BLOCK = 32
"""Steps that are run at once, and the window over which a chunk must rejoin."""

_SHIFT = 1e-2
_PILOT = 256  # steps of the first piece that are run alone first; a 64th of it if that is more
_FEW = 4  # rows of a product that are rounded as those of more rows are
_ROWS = 16  # of a product that are enough for one core
_NEARLY = 10  # times the tolerance: what should be left of a guess by the end of a chunk
_TOGETHER = 8  # blocks
_SPAN = 128  # steps on each side of a seam that are run again
_SPANS = 8
_LOSING_AFTER = 32  # blocks after which a rerun that has gained nothing is given up
_CONTRACTING = 0.5


class Room(Protocol):
    """Memory for a kind of some steps."""

    def __call__(self, kind: str, first: int, shape: tuple[int, ...], like: Tensor, /) -> Tensor:
        """Return an uninitialised tensor for the steps from `first` on, one sequence."""


class Stretch(NamedTuple):
    """Some steps of a layer.

    Attributes
    ----------
    first
        The first of its T steps.
    x
        What is read, `(T, B, I)`.
    state
        Before the first step.
    h
        To be filled, `(T, B, P)`.
    """

    first: int
    x: Tensor
    state: State
    h: Tensor


class LayerDirection(NamedTuple):
    """One layer and direction.

    Attributes
    ----------
    name
        For the plan.
    call
        torch's fused call of it.
    kernel
        What chunks are run with; None for the fused call.
    kinds
        Which of the kinds that the kernel gives are kept.
    room
        Memory for them.
    in_place
        Whether that is where they stay, so that long pieces cost no more of it than short ones.
    alike
        Whether the fused call rounds alike in batches of any size, see `Cell.rounds_alike`.
    pace
        Of the fused call.
    cost
        Of a step, in either way.
    """

    name: str
    call: Call
    kernel: Kernel | None
    kinds: frozenset[str]
    room: Room
    in_place: bool
    alike: bool
    pace: Pace
    cost: StepCost

    def groups(self, chunks: int) -> int:
        """Return into how many groups so many chunks are parted, each run in one thread."""
        if self.kernel is None or self.pace.multiplications < SMALL:
            return 1
        return max(1, min(torch.get_num_threads(), available(), chunks // _ROWS))

    def fused(self) -> LayerDirection:
        """Return the same, its chunks run by the fused call, which gives no other kinds."""
        cost = self.cost._replace(loop=self.cost.fused, kinds=False)
        return self._replace(kernel=None, kinds=frozenset(), cost=cost)

    def run(self, x: Tensor, state: State) -> Block:
        """Run some steps of chunks; `x` may be ids of one-hot rows where there is a kernel."""
        return Block(*self.call(x, state), {}) if self.kernel is None else self.kernel(x, state)


class Chunks:
    """C chunks of L steps of one sequence.

    Parameters
    ----------
    layer
        What is run.
    stretch
        Of C * L steps and one sequence; L is a multiple of `BLOCK`.
    chunks
        C.
    tolerance
        How close is the same, relative to max|h|.

    Attributes
    ----------
    kinds
        The kinds that are kept, `(C, L, U)`.
    c
        Of an LSTM before each block, `(C, L / BLOCK, U)`; else None.
    final
        The last state of each chunk.
    reruns
        How many steps were run again.
    """

    def __init__(
        self, layer: LayerDirection, stretch: Stretch, chunks: int, tolerance: float
    ) -> None:
        self.first, x, state, h = stretch
        self.layer, self.state, self.chunks, self.tolerance = layer, state, chunks, tolerance
        self.x = x.reshape(chunks, -1, x.shape[-1])
        self.length = self.x.shape[1]
        self.blocks = self.length // BLOCK
        ids = None if layer.kernel is None else ids_of_one_hot(self.x)
        self._read = self.x if ids is None else ids
        self.h = h.view(chunks, self.length, -1)
        self.c = x.new_empty(chunks, self.blocks, state[1].shape[-1]) if len(state) > 1 else None
        units = 0 if layer.kernel is None else layer.kernel.num_units
        self.kinds = {
            kind: layer.room(kind, self.first, (chunks, self.length, units), h)
            for kind in layer.kinds
        }
        self._guess: State = ()
        self.initial: State = ()
        self.final: State = ()
        self.scale = 0.0
        self.reruns = 0

    def is_promising(self, *, known: bool, forgetful: bool) -> bool:
        """Whether the first steps come out the same alone and in a batch; makes the guess of it.

        A block will do for a layer that is `known` to, by an earlier piece. What a step takes
        alone is timed. With `forgetful`, what begins from a guess must also come so close to them
        that by the end of a chunk it should be there: what is run in vain else costs most of all.
        """
        many = BLOCK if known else max(_PILOT, self.chunks * self.length // 64)
        steps = min(self.length, many)
        alone = self.state
        batch = tuple(torch.cat([p, _shifted(p, least=1).expand(_FEW - 1, -1)]) for p in self.state)
        apart, astray = 0.0, [_spread(part) for part in batch]
        for first in range(0, steps, _PILOT):
            rows = slice(first, min(first + _PILOT, steps))
            x = self.x[0, rows].unsqueeze(1)
            call = partial(self.layer.call, x, alone)
            # More threads are tried on fewer steps: beside busy others these might take seconds.
            h, alone = self.layer.pace.run(len(x), call, trying=False)
            read = self._read[0, rows].unsqueeze(1)
            few = read.expand(-1, _FEW, *read.shape[2:])
            ran = with_threads(self.layer.pace.number, partial(self.layer.run, few, batch))
            batch = ran.final
            apart = max(apart, float((ran.h[:, :1] - h).abs().max()))
            self.scale = max(self.scale, float(h.abs().max()))
        self._guess = alone
        if apart > self.tolerance * self.scale:
            return False
        for part, before in zip(batch, astray, strict=True) if forgetful and not known else ():
            # What a guess is wrong by at first is about as large as the state.
            left = min(1.0, _spread(part) / before) ** (self.length / steps)
            if not left <= _NEARLY * self.tolerance:
                return False
        return True

    def run_all(self, advance: Callable[[int], object]) -> None:
        """Run every chunk, the first from the true state, the others from a guess."""
        state = tuple(
            torch.cat([true, _shifted(part).expand(self.chunks - 1, -1)])
            for true, part in zip(self.state, self._guess, strict=True)
        )
        self.initial = state
        groups = self._groups()
        states = [tuple(part[rows] for part in state) for rows, _ in groups]

        def run(blocks: range, number: int) -> None:
            rows, layer = groups[number]
            for block in blocks:
                ran = self._run(layer, rows, block, states[number])
                self._keep(rows, block, ran, states[number])
                states[number] = ran.final

        def run_blocks(side_by_side: Map) -> None:
            for first in range(0, self.blocks, together):
                blocks = range(first, min(first + together, self.blocks))
                pace.run(BLOCK * len(blocks), partial(side_by_side, partial(run, blocks), numbers))
                advance(BLOCK * len(blocks) * self.chunks)

        numbers = range(len(groups))
        # Beside others, who may be slower, it is waited for each other now and then only.
        together = 1 if len(groups) == 1 else _TOGETHER
        pace = Pace(self.layer.pace.multiplications * self.chunks if len(groups) == 1 else 0)
        abreast(len(groups), run_blocks)
        self.final = tuple(torch.cat(parts) for parts in zip(*states, strict=True))
        low, high = torch.aminmax(self.h)
        self.scale = max(float(high), -float(low))

    def settle(self, budget: float) -> bool:
        """Rerun chunks whose incoming state moved until none is left; False if it does not pay."""
        moved = list(range(1, self.chunks))
        while moved:
            index = torch.tensor(moved, device=self.x.device)
            incoming = tuple(part[index - 1] for part in self.final)
            apart = self._rerun(index, incoming, budget)
            if apart is None:
                return False
            moved = [k + 1 for k in apart if k + 1 < self.chunks]
        return True

    def starts(self) -> Tensor | None:
        """Return what `c` an LSTM reached before each block, `(C * L / BLOCK, 1, U)`."""
        if self.c is None:
            return None
        self.c[1:, 0] = self.final[1][:-1]
        return self.c.view(-1, 1, self.c.shape[-1])

    def agree_with_sequential(self) -> bool:
        """Whether spans that start before a seam come out the same when run by torch."""
        ahead = min(_SPAN // BLOCK, self.blocks - 1) * BLOCK
        row = self.length - ahead
        choice = torch.Generator().manual_seed(self.length)
        seams = 1 + torch.randperm(self.chunks - 1, generator=choice)[:_SPANS]
        seams = seams.to(self.x.device)

        def around(values: Tensor) -> Tensor:
            return torch.cat([values[seams - 1, row:], values[seams, :_SPAN]], dim=1)

        state: State = (self.h[seams - 1, row - 1],)
        if self.c is not None:
            state += (self.c[seams - 1, row // BLOCK],)
        read = around(self.x).transpose(0, 1).contiguous()
        h, _ = with_threads(self.layer.pace.number, partial(self.layer.call, read, state))
        apart = float((h.transpose(0, 1) - around(self.h)).abs().max())
        return apart <= 2 * self.tolerance * self.scale

    def _rerun(self, index: Tensor, state: State, budget: float) -> list[int] | None:
        """Rerun some chunks until they rejoin; return those that did not, None to give up."""
        before = tuple(part[index] for part in self.initial)
        for part, new in zip(self.initial, state, strict=True):
            part[index] = new
        alive, at_first = index, torch.zeros_like(index)
        for block in range(self.blocks):
            if self.reruns > budget:
                return None
            again = partial(self._run, self.layer, alive, block, state)
            ran = with_threads(self.layer.pace.number, again)
            self.reruns += BLOCK * len(alive)
            difference, apart = self._compare(alive, block, ran)
            self._keep(alive, block, ran, state)
            if block == 0:
                at_first = difference
            if block == _LOSING_AFTER and len(alive) == len(index):
                gained = difference < _CONTRACTING * at_first
                if not bool(gained.any()):
                    return None
            alive, state = alive[apart], tuple(part[apart] for part in ran.final)
            if len(alive) == 0:
                return []
        still = torch.isin(index, alive)
        rho = self._contraction(before, index, alive, still, state)
        for part, new in zip(self.final, state, strict=True):
            part[alive] = new
        return alive.tolist() if bool((rho < _CONTRACTING).all()) else None

    def _compare(self, which: Tensor, block: int, ran: Block) -> tuple[Tensor, Tensor]:
        """Return how far chunks are from their earlier run in a block, and which are apart still.

        Of an LSTM, `c` after the block takes the place of the earlier one.
        """
        rows = slice(block * BLOCK, (block + 1) * BLOCK)
        difference = (ran.h.transpose(0, 1) - self.h[which, rows]).abs().amax(dim=(1, 2))
        apart = ~(difference <= self.tolerance * self.scale)
        if self.c is not None:
            ended = block + 1 == self.blocks
            later = self.final[1][which] if ended else self.c[which, block + 1]
            allowed = self.tolerance * (self.scale + later.abs())
            apart |= ~((ran.final[1] - later).abs() <= allowed).all(dim=1)
            if not ended:
                self.c[which, block + 1] = ran.final[1]
        return difference, apart

    def _contraction(
        self, before: State, index: Tensor, alive: Tensor, still: Tensor, after: State
    ) -> Tensor:
        """Return |change of final state| / |change of initial state| of the chunks in `alive`."""
        change_in = torch.stack(
            [
                (part[index] - old).abs().amax(dim=1)
                for part, old in zip(self.initial, before, strict=True)
            ]
        ).amax(dim=0)[still]
        change_out = torch.stack(
            [
                (new - part[alive]).abs().amax(dim=1)
                for part, new in zip(self.final, after, strict=True)
            ]
        ).amax(dim=0)
        return change_out / change_in

    def _groups(self) -> list[tuple[slice, LayerDirection]]:
        """Return chunks that are run beside each other, and the layer with a kernel for each."""
        kernel, count = self.layer.kernel, self.layer.groups(self.chunks)
        if kernel is None or count == 1:
            return [(slice(None), self.layer)]
        layers = [self.layer]
        layers += [self.layer._replace(kernel=kernel.twin()) for _ in range(1, count)]
        ends = [self.chunks * n // count for n in range(count + 1)]
        rows = itertools.starmap(slice, itertools.pairwise(ends))
        return list(zip(rows, layers, strict=True))

    def _run(self, layer: LayerDirection, which: Tensor | slice, block: int, state: State) -> Block:
        """Run one block of some chunks."""
        rows = slice(block * BLOCK, (block + 1) * BLOCK)
        return layer.run(self._read[which, rows].transpose(0, 1).contiguous(), state)

    def _keep(self, which: Tensor | slice, block: int, ran: Block, before: State) -> None:
        rows = slice(block * BLOCK, (block + 1) * BLOCK)
        self.h[which, rows] = ran.h.transpose(0, 1)
        if self.c is not None:
            self.c[which, block] = before[1]
        for kind, kept in self.kinds.items():
            kept[which, rows] = ran.kinds[kind].transpose(0, 1)


def ids_of_one_hot(x: Tensor) -> Tensor | None:
    """Return where the rows of `x (..., I)` hold their 1, None if they are not all one-hot."""
    if not bool((x[0].amax(dim=-1) == 1).all()):  # most inputs are out already
        return None
    top, ids = x.max(dim=-1)
    # Each row has a 1, and together they have no more than one number that is not 0 each.
    return ids if bool((top == 1).all()) and int(torch.count_nonzero(x)) == ids.numel() else None


def _spread(state: Tensor) -> float:
    """Return how far rows of a state are from the first."""
    return float((state[1:] - state[:1]).abs().max())


def _shifted(state: Tensor, least: float = 1e-3) -> Tensor:
    """Return `(1, U)` moved by a hundredth of its size, taken for `least` or more, up and down."""
    signs = 1 - 2 * (torch.arange(state.shape[1], device=state.device) % 2)
    size = state.abs().amax().clamp(min=least)
    return state + _SHIFT * size * signs.to(state.dtype)
