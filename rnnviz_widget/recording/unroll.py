"""Running one layer, in one direction, over all time: step after step, or in parallel and exact.

A recurrence is slow at batch size 1, because each step reads all weights for one row. Run in
parallel over time, the sequence is cut into C chunks that form one batch. They start from guessed
states; then each chunk is run again from the final state of the one before it, only as long as
it has not rejoined its own earlier trajectory, until no seam moves. A network that forgets is then
where the sequential run would have been. One that does not is found out, and left to `sequential`:

- Guesses are wrong on purpose: the state after a few steps from the start, where a latch set by the
  first token is set already, shifted by 1 % of its size in every unit. A unit that never forgets
  (a counter with forget gate 1) keeps that shift and never rejoins; that a chunk rejoined shows it
  to forget, so the error left (`TOLERANCE`) decays from chunk to chunk instead of adding up.
- A slow leak moves little while it is still far away. Rejoining compares with the earlier run
  itself, not with the last round's movement; where a chunk ends before that, its contraction
  rho = |change of final state| / |change of initial state| must be below 1/2, or the method stops.
- Below about 1e-6 of max|state|, rounding differs between batch sizes and never settles: hence
  `TOLERANCE`.
- Spans that start before a seam are run once more, sequentially, and must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

Unroll = Literal["auto", "chunked", "sequential"]

State = tuple[Tensor, ...]
"""`(h,)`, or of an LSTM `(h, c)`; each `(B, ·)`."""

SEQUENTIAL_BLOCK = 256
"""Steps in one fused call of the sequential run: small enough to bound memory and to be interrupted
soon, and the same bits as one call for all (measured, torch 2.13)."""

BLOCK = 32
"""Steps in one fused call of the parallel run, and the window over which a chunk must rejoin."""

TOLERANCE = 3e-6
"""How close is the same, relative to max|h|."""

_SHIFT = 1e-2
_SHORTEST = 4096
_PILOT = 256  # steps that the guess has read, and length of the spans on each side of a seam
_LONG = 65_536
_LOSING_AFTER = 32  # blocks after which a rerun that has gained nothing is given up
_CONTRACTING = 0.5


class Call(Protocol):
    """One layer and direction, as a fused call on a piece of the sequence."""

    def __call__(self, x: Tensor, state: State, /) -> tuple[Tensor, State]:
        """Return `h (S, B, P)` and the final state for `x (S, B, I)`."""


class Unrolled(NamedTuple):
    """A layer's run over all time.

    Attributes
    ----------
    h
        `(T, B, P)`.
    final
        The state after the last step.
    starts
        `(N, B, U)` of an LSTM: `c` before step `n * stride`; of other cells None.
    stride
        Steps between two entries of `starts`; the last block has up to `2 * stride - 1`.
    method
        What was done, in words, for the trace's `source`.
    """

    h: Tensor
    final: State
    starts: Tensor | None
    stride: int
    method: str

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
    call: Call, x: Tensor, state: State, mode: Unroll, advance: Callable[[int], object]
) -> Unrolled:
    """Return the run of `call` over `x`, `(T, B, I)`, from `state`.

    Parameters
    ----------
    mode
        ``"sequential"`` runs step after step. ``"chunked"`` runs in parallel over time and falls
        back where the network does not forget; ``"auto"`` does so only where it pays: one long
        sequence, float32 or wider, and gives up sooner.
    advance
        Is told of every number of steps that is done.
    """
    exact = x.dtype in (torch.float32, torch.float64)
    worthwhile = len(x) >= _SHORTEST and x.shape[1] == 1 and exact
    if (mode == "chunked" and x.shape[1] == 1 and exact) or (mode == "auto" and worthwhile):
        chunks = 16 if len(x) < _LONG else 32
        if x.device.type != "cpu":
            chunks = 128
        done = 0

        def count(steps: int) -> None:
            nonlocal done
            done += steps
            advance(steps)

        patience = 1 if mode == "auto" else chunks
        result = chunked(call, x, state, chunks, patience=patience, advance=count)
        if result is not None:
            return result
        advance(-done)
    return sequential(call, x, state, advance)


def sequential(
    call: Call, x: Tensor, state: State, advance: Callable[[int], object] = lambda _: None
) -> Unrolled:
    """Return the run step after step, the same bits as one fused call for all steps."""
    # c is known between calls only. Where it is rounded to half precision at every step, its
    # recurrence in float32 would drift away, so it is read off at every step.
    half = x.dtype in (torch.float16, torch.bfloat16) and len(state) > 1
    return _in_blocks(call, x, state, 1 if half else SEQUENTIAL_BLOCK, advance)


def _in_blocks(
    call: Call, x: Tensor, state: State, stride: int, advance: Callable[[int], object]
) -> Unrolled:
    length = len(x)
    # The remainder joins the last block: products of one to three rows round differently.
    blocks = max(1, length // stride)
    h = x.new_empty(length, *state[0].shape)
    starts = x.new_empty(blocks, *state[-1].shape) if len(state) > 1 else None
    for n in range(blocks):
        if starts is not None:
            starts[n] = state[-1]
        end = length if n == blocks - 1 else (n + 1) * stride
        h[n * stride : end], state = call(x[n * stride : end], state)
        advance(end - n * stride)
    return Unrolled(h, state, starts, stride, "sequential")


def chunked(
    call: Call,
    x: Tensor,
    state: State,
    chunks: int,
    *,
    patience: float,
    advance: Callable[[int], object] = lambda _: None,
) -> Unrolled | None:
    """Return the run in parallel over time, or None where the network does not forget.

    Parameters
    ----------
    x, state
        One sequence, `(T, 1, I)`, and the state before it.
    chunks
        How many pieces run as one batch.
    patience
        Steps that may be run again, as a multiple of T, before the method stops.
    """
    length = len(x) // chunks // BLOCK * BLOCK
    if length < 2 * BLOCK or chunks < 2:  # noqa: PLR2004  (there must be a seam, and a way to it)
        return None
    pieces = _Pieces(call, x[: chunks * length], state, chunks)
    pieces.run_all(advance)
    if not pieces.settle(patience * len(x)) or not pieces.agree_with_sequential():
        return None
    body = chunks * length
    h = x.new_empty(len(x), 1, state[0].shape[-1])
    h[:body] = pieces.h.view(body, 1, -1)
    final = tuple(part[-1:] for part in pieces.final)
    starts = None
    if pieces.c is not None:
        starts = pieces.c.view(-1, 1, pieces.c.shape[-1])
    if body < len(x):  # what does not fill a block in every chunk is run at the end
        rest = _in_blocks(call, x[body:], final, BLOCK, advance)
        h[body:], final = rest.h, rest.final
        if starts is not None and rest.starts is not None:
            starts = torch.cat([starts, rest.starts])
    method = f"{chunks} chunks of {length} steps, {pieces.reruns / len(x):.2f} of all steps rerun"
    return Unrolled(h, final, starts, BLOCK, method)


class _Pieces:
    """C chunks of L steps: `h (C, L, P)`, `c (C, L / BLOCK, U)` before each block, final states."""

    def __init__(self, call: Call, x: Tensor, state: State, chunks: int) -> None:
        self.call, self.state, self.chunks = call, state, chunks
        self.x = x.view(chunks, -1, x.shape[-1])
        self.length = self.x.shape[1]
        self.blocks = self.length // BLOCK
        self.h = x.new_empty(chunks, self.length, state[0].shape[-1])
        self.c = x.new_empty(chunks, self.blocks, state[1].shape[-1]) if len(state) > 1 else None
        self.initial: State = ()
        self.final: State = ()
        self.scale = 0.0
        self.reruns = 0

    def run_all(self, advance: Callable[[int], object]) -> None:
        """Run every chunk, the first from the true state, the others from a guess."""
        _, guess = self.call(self.x[0, :_PILOT].unsqueeze(1), self.state)
        state = tuple(
            torch.cat([true, _shifted(part).expand(self.chunks - 1, -1)])
            for true, part in zip(self.state, guess, strict=True)
        )
        self.initial = state
        for block in range(self.blocks):
            h, after = self._step(slice(None), block, state)
            self._keep(slice(None), block, h, state)
            state = after
            advance(BLOCK * self.chunks)
        self.final = tuple(part.clone() for part in state)
        self.scale = float(self.h.abs().max())

    def settle(self, budget: float) -> bool:
        """Rerun chunks whose incoming state moved until none is left; False if it does not pay."""
        moved = list(range(1, self.chunks))
        while moved:
            index = torch.tensor(moved, device=self.x.device)
            incoming = tuple(part[index - 1] for part in self.final)
            apart = self._rerun(index, incoming)
            if apart is None or self.reruns > budget:
                return False
            moved = [k + 1 for k in apart if k + 1 < self.chunks]
        return True

    def agree_with_sequential(self) -> bool:
        """Whether spans that start before a seam come out the same when run step after step."""
        seams = sorted({1, self.chunks // 2, self.chunks - 1})
        for seam in seams:
            before = min(_PILOT // BLOCK, self.blocks - 1)
            block = self.blocks - before
            row = block * BLOCK
            state: State = (self.h[seam - 1, row - 1 : row],)
            if self.c is not None:
                state += (self.c[seam - 1, block : block + 1],)
            span = torch.cat([self.x[seam - 1, row:], self.x[seam, :_PILOT]])
            h, _ = self.call(span.unsqueeze(1), state)
            there = torch.cat([self.h[seam - 1, row:], self.h[seam, :_PILOT]])
            if not float((h[:, 0] - there).abs().max()) <= 2 * TOLERANCE * self.scale:
                return False
        return True

    def _rerun(self, index: Tensor, state: State) -> list[int] | None:
        """Rerun some chunks until they rejoin; return those that did not, None to give up."""
        first_difference = None
        before = tuple(part[index] for part in self.initial)
        for part, new in zip(self.initial, state, strict=True):
            part[index] = new
        alive = index
        for block in range(self.blocks):
            h, after = self._step(alive, block, state)
            self.reruns += BLOCK * len(alive)
            rows = slice(block * BLOCK, (block + 1) * BLOCK)
            difference = (h.transpose(0, 1) - self.h[alive, rows]).abs().amax(dim=(1, 2))
            apart = ~(difference <= TOLERANCE * self.scale)
            if self.c is not None:
                later = (
                    self.c[alive, block + 1] if block + 1 < self.blocks else self.final[1][alive]
                )
                allowed = TOLERANCE * (self.scale + later.abs())
                apart |= ~((after[1] - later).abs() <= allowed).all(dim=1)
            self._keep(alive, block, h, state)
            if block == 0:
                first_difference = difference
            alive, state = alive[apart], tuple(part[apart] for part in after)
            if len(alive) == 0:
                return []
            if block == _LOSING_AFTER and len(alive) == len(index) and first_difference is not None:
                gained = difference < _CONTRACTING * first_difference
                if not bool(gained.any()):
                    return None
        still = torch.isin(index, alive)
        rho = self._contraction(before, index, alive, still, state)
        for part, new in zip(self.final, state, strict=True):
            part[alive] = new
        return alive.tolist() if bool((rho < _CONTRACTING).all()) else None

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

    def _step(self, which: Tensor | slice, block: int, state: State) -> tuple[Tensor, State]:
        """Run one block of some chunks; `h` is `(BLOCK, n, P)`."""
        rows = slice(block * BLOCK, (block + 1) * BLOCK)
        return self.call(self.x[which, rows].transpose(0, 1).contiguous(), state)

    def _keep(self, which: Tensor | slice, block: int, h: Tensor, state: State) -> None:
        self.h[which, block * BLOCK : (block + 1) * BLOCK] = h.transpose(0, 1)
        if self.c is not None:
            self.c[which, block] = state[1]


def _shifted(state: Tensor) -> Tensor:
    """Return `(1, U)` moved by a hundredth of its size, up and down in turn."""
    signs = 1 - 2 * (torch.arange(state.shape[1], device=state.device) % 2)
    size = state.abs().amax().clamp(min=1e-3)
    return state + _SHIFT * size * signs.to(state.dtype)
