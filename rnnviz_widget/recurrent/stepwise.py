"""The recurrence one step at a time, with values replaced on the way: what an intervention runs.

`cells` evaluates the same equations for many steps at once, from an `h` that is known. Here nothing
is known beforehand: a value that is replaced changes all that follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnviz_widget.recurrent import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from rnnviz_widget.recording.parallel.chunks import State
    from rnnviz_widget.recurrent.cells import Mode, Weights

    Change = Callable[[str, Tensor], Tensor]
    Kinds = dict[str, Tensor]

Where = Literal["recurrence", "readout"]
WHERES: tuple[Where, ...] = get_args(Where)

READOUT: dict[Mode, tuple[str, ...]] = {
    "RNN_TANH": ("h", "pre"),
    "RNN_RELU": ("h", "pre"),
    "GRU": ("h",),
    "LSTM": ("h", "c", "tanh_c", "o"),
}
"""The kinds that `h` of the same step is computed from. What is computed from `h[t - 1]` and goes
into the memory instead (an LSTM's `i f g`, a GRU's `r z n`) has no readout of its own."""

BLOCK = 256
"""Steps whose products with the input are held at a time."""


class Edit(NamedTuple):
    """Values that replace those of some units of one kind.

    Attributes
    ----------
    kind
        Such as ``"h"``.
    where
        ``"recurrence"``: what is computed next, and every later step, follows from the new values.
        ``"readout"``: only what leaves the layer does.
    mask
        `(1, U)` or, where each sequence of a batch is changed in its own way, `(B, U)`: which
        units are replaced.
    values
        `(1, 1, U)`, `(1, B, U)` or, for each step, in reading order, `(T, 1, U)`: by what.
    said
        The same in words.
    """

    kind: str
    where: Where
    mask: Tensor
    values: Tensor
    said: str

    def stays_in(self, bounds: tuple[float, float] | None) -> bool:
        """Whether no new value lies outside an interval; what has no bound cannot leave it."""
        if bounds is None:
            return True
        new = self.values[self.mask.expand_as(self.values)]
        return bool(((new >= bounds[0]) & (new <= bounds[1])).all())


class Piece(NamedTuple):
    """Some steps of a run.

    Attributes
    ----------
    first
        The first of them.
    kinds
        `(n, B, ·)` each, as they leave the layer.
    state
        After the last of them, as the next step reads it.
    """

    first: int
    kinds: Kinds
    state: State


def run(
    mode: Mode,
    w: Weights,
    x: Tensor,
    state: State,
    *,
    edits: Sequence[Edit],
    keep: Collection[str],
) -> Iterator[Piece]:
    """Run one layer and direction over `x (T, B, I)`, in reading order, and keep some kinds."""
    edits = [e._replace(mask=e.mask.to(x.device), values=e.values.to(x)) for e in edits]
    inside = [edit for edit in edits if edit.where == "recurrence"]
    outside = inside + [edit for edit in edits if edit.where == "readout"]
    update, emit = _CELLS[mode]
    for first in range(0, len(x), BLOCK):
        from_x = linear(x[first : first + BLOCK], w.w_ih, w.b_ih)  # (n, B, G)
        rows: dict[str, list[Tensor]] = {kind: [] for kind in keep}
        for t, row in enumerate(from_x, first):
            change = _change(inside, t)
            made = update(w, row, state, change)
            kinds = emit(w, made, change)
            state = (kinds["h"], kinds["c"]) if mode == "LSTM" else (kinds["h"],)
            if len(outside) > len(inside):
                kinds = emit(w, made, _change(outside, t))
            for kind, kept in rows.items():
                kept.append(kinds[kind])
        yield Piece(first, {kind: torch.stack(kept) for kind, kept in rows.items()}, state)


def bounds(
    mode: Mode, kind: str, edits: Sequence[Edit], *, projected: bool, start: Tensor
) -> tuple[float, float] | None:
    """Return what `cells.bounds` does, None where new values lie outside bounds of their kinds."""
    inside = torch.zeros_like(start)
    for edit in edits:
        limits = cells.bounds(mode, edit.kind, projected=projected, start=inside)
        if not edit.stays_in(limits):
            return None
    return cells.bounds(mode, kind, projected=projected, start=start)


def _change(edits: Sequence[Edit], t: int) -> Change:
    """Return what replaces values at step `t`."""

    def change(kind: str, values: Tensor) -> Tensor:
        for edit in edits:
            if edit.kind == kind:
                new = edit.values[t if len(edit.values) > 1 else 0]
                values = torch.where(edit.mask, new, values)
        return values

    return change


# Each cell has two parts. `update` makes of the input's share of the sums (B, G) and the state all
# that the memory needs; `emit` makes `h` of it, once as the recurrence goes on and, where the
# readout is changed, once more as it leaves the layer.


def _update_rnn(w: Weights, from_x: Tensor, state: State, _: Change) -> Kinds:
    return {"pre": linear(state[0], w.w_hh, w.b_hh) + from_x}


def _emit_tanh(_: Weights, made: Kinds, change: Change) -> Kinds:
    pre = change("pre", made["pre"])
    return {"pre": pre, "h": change("h", pre.tanh())}


def _emit_relu(_: Weights, made: Kinds, change: Change) -> Kinds:
    pre = change("pre", made["pre"])
    return {"pre": pre, "h": change("h", pre.relu())}


def _update_gru(w: Weights, from_x: Tensor, state: State, change: Change) -> Kinds:
    (h,) = state
    from_h = linear(h, w.w_hh, w.b_hh)  # (B, 3U)
    rz = 2 * w.units
    r, z = (from_h[..., :rz] + from_x[..., :rz]).sigmoid().chunk(2, -1)
    r, z = change("r", r), change("z", z)
    n = change("n", (from_x[..., rz:] + from_h[..., rz:] * r).tanh())
    return {"r": r, "z": z, "n": n, "h": (h - n) * z + n}  # (1 - z) n + z h


def _emit_gru(_: Weights, made: Kinds, change: Change) -> Kinds:
    return {**made, "h": change("h", made["h"])}


def _update_lstm(w: Weights, from_x: Tensor, state: State, change: Change) -> Kinds:
    h, c = state
    i, f, g, o = (linear(h, w.w_hh, w.b_hh) + from_x).chunk(4, -1)
    i, f, g = change("i", i.sigmoid()), change("f", f.sigmoid()), change("g", g.tanh())
    return {"i": i, "f": f, "g": g, "o": o.sigmoid(), "c": f * c + i * g}


def _emit_lstm(w: Weights, made: Kinds, change: Change) -> Kinds:
    o, c = change("o", made["o"]), change("c", made["c"])
    tanh_c = change("tanh_c", c.tanh())
    h = o * tanh_c
    h = h if w.w_hr is None else h @ w.w_hr.T
    return {**made, "o": o, "c": c, "tanh_c": tanh_c, "h": change("h", h)}


_CELLS: dict[
    Mode,
    tuple[
        Callable[[Weights, Tensor, State, Change], Kinds], Callable[[Weights, Kinds, Change], Kinds]
    ],
] = {
    "RNN_TANH": (_update_rnn, _emit_tanh),
    "RNN_RELU": (_update_rnn, _emit_relu),
    "GRU": (_update_gru, _emit_gru),
    "LSTM": (_update_lstm, _emit_lstm),
}
