"""Finding out what the steps of recurrent layers read, by runs in which some inputs are changed.

In these runs each layer only looks at its input and returns something made of each row by itself:
rows that were made of a token change with it, and no others. Runs that change the tokens whose
number has a certain bit, and those where it is not set, tell for each row which token it was made
of, if it was one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from rnnviz_widget.recurrent import registry
from rnnviz_widget.recurrent.cell_intervention import CellSite, rows_of
from rnnviz_widget.recurrent.module import recurrent_layers
from rnnviz_widget.recurrent.patching import undisturbed
from rnnviz_widget.recurrent.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rnnviz_widget.recording.sources import Source
    from rnnviz_widget.recurrent.stack import Inputs

_ROWS = 8192  # that are looked at at once


class Stop(Exception):  # noqa: N818  (no error: enough has been seen)
    """Ends a run of a module."""


@dataclass
class Seen:
    """What one run showed.

    Attributes
    ----------
    calls
        By layer, a number for each row that each call read, `(steps, B)`: equal rows, equal
        numbers.
    output
        What the module returned, None if it was stopped.
    """

    calls: dict[str, list[Tensor]] = field(default_factory=dict)
    output: Any = None

    def see(self, path: str, x: Tensor) -> Tensor:
        """Note the rows of a call, `(steps, B, I)`; return a number for each."""
        found = numbers(x)
        self.calls.setdefault(path, []).append(found)
        return found

    def count(self) -> int:
        """How many calls there were."""
        return sum(map(len, self.calls.values()))

    def of(self, path: str) -> Tensor | None:
        """Return all calls of a layer in a row, `(S, B)`; None if there are none that fit."""
        calls = self.calls.get(path, [])
        if not calls or len({each.shape[1] for each in calls}) > 1:
            return None
        return torch.cat(calls)


NONE, SEVERAL, UNCLEAR = -1, -2, -3
"""In place of the number of a token: a row was made of none, of several, or it cannot be told."""


class Probe:
    """A module that is run with inputs some of which are changed.

    Parameters
    ----------
    module, inputs
        What is run.
    sources
        Which inputs are changed, and how they hold the tokens.
    lengths
        Of the sequences.
    inner
        Leave the last token of each sequence as it is: it may be a mark that the module looks for.

    Attributes
    ----------
    movable
        `(T, B)` which tokens can be changed.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Sequence[Any],
        sources: Sequence[Source],
        lengths: Sequence[int],
        *,
        inner: bool = False,
    ) -> None:
        self.module, self.inputs, self.sources = module, inputs, sources
        self.lengths = torch.tensor(lengths)
        self.steps, self.batch = max(lengths), len(lengths)
        self.movable = torch.arange(self.steps)[:, None] < self.lengths  # (T, B)
        if inner:
            self.movable &= torch.arange(self.steps)[:, None] < self.lengths - 1
        tables = [m.num_embeddings for m in module.modules() if isinstance(m, nn.Embedding)]
        self._names = min(tables, default=2)
        self._runs: dict[tuple[Any, ...], tuple[Seen, bool]] = {}

    def base(self) -> Seen:
        """Return what is seen where nothing is changed."""
        return self.run(torch.zeros_like(self.movable), whole=True)

    def run(self, where: Tensor, *, whole: bool, only: int | None = None) -> Seen:
        """Return what is seen where some tokens `(T, B)` are changed.

        Unless the `whole` is asked for, the module is stopped after the last call of a layer; and
        with `only`, one input alone is changed.
        """
        key = (where.numpy().tobytes(), only)
        if key in self._runs and (self._runs[key][1] or not whole):
            return self._runs[key][0]
        inputs = list(self.inputs)
        for source in self.sources:
            if only is None or only == source.argument:
                inputs[source.argument] = source.changed(
                    where & self.movable, self.movable, self._names
                )
        most = None if whole or not self._runs else self.base().count()
        seen = watch(self.module, inputs, most)
        self._runs[key] = (seen, whole)
        return seen

    def decode(
        self,
        rows: Callable[[Seen], Tensor | None],
        *,
        whole: bool = False,
        only: int | None = None,
        sequences: bool = False,
    ) -> Tensor | None:
        """Return which token each row was made of, or which sequence.

        Parameters
        ----------
        rows
            Gives the numbers of the rows asked about, `(S, B)`.
        whole, only
            See `run`.
        sequences
            Change whole sequences; `token` is then the number of a sequence.

        Returns
        -------
        `(S, B)` int64, the number ``t * B + b`` of a token, that of a sequence, or `NONE`,
        `SEVERAL`, `UNCLEAR`; None if a run shows other rows than the one in which nothing is
        changed.
        """
        before = rows(self.base())
        if before is None or before.shape[1] != self.batch:
            return None
        count = self.batch if sequences else self.steps * self.batch
        number = torch.arange(count)
        number = number.expand(self.steps, -1) if sequences else number.view(self.steps, -1)
        token = torch.zeros(before.shape, dtype=torch.int64)
        several, unclear = torch.zeros_like(before, dtype=torch.bool), torch.zeros_like(token) > 0
        none = torch.ones_like(several)
        for bit in range(max(1, (count - 1).bit_length())):
            is_set = (number >> bit) % 2 == 1
            changed = []
            for where in (is_set, ~is_set):
                after = rows(self.run(where, whole=whole, only=only))
                if after is None or after.shape != before.shape:
                    return None
                changed.append(after != before)
            one, zero = changed
            several |= one & zero
            none &= ~one & ~zero
            unclear |= ~one & ~zero
            token += one.long() << bit
        token[unclear] = UNCLEAR
        token[none] = NONE
        token[several] = SEVERAL
        return token

    def in_order(self, rows: Callable[[Seen], Tensor | None], *, whole: bool = False) -> bool:
        """Whether row s was made of token s of its own sequence, again and again from the start."""
        before = rows(self.base())
        fits = before is not None and len(before) and len(before) % self.steps == 0
        if not fits or before is None or before.shape[1] != self.batch:
            return False
        draw = torch.Generator().manual_seed(1)
        # A wrong row is overlooked once in 2 ** tries, and rows are seldom wrong one by one.
        for _ in range(1 if self.steps >= 64 else 4):  # noqa: PLR2004
            half = torch.rand(self.movable.shape, generator=draw) < 0.5  # noqa: PLR2004
            for where in (half, ~half):
                after = rows(self.run(where, whole=whole))
                if after is None or after.shape != before.shape:
                    return False
                changed = (after != before).view(-1, self.steps, self.batch)
                if bool(((changed != where) & self.movable).any()):
                    return False
        return True


def watch(module: nn.Module, inputs: Sequence[Any], most: int | None = None) -> Seen:
    """Run a replica of a module whose recurrent layers only look; stop after `most` calls."""
    seen = Seen()

    def use(own: nn.Module) -> Any:  # noqa: ANN401
        for path, layer in recurrent_layers(own).items():
            reader = registry.reader(layer)
            watcher: Any
            if reader is None and isinstance(layer, nn.RNNBase):
                watcher = _LayerWatcher(layer, layer.forward, path, seen, most)
            elif reader is not None:
                watcher = _CellWatcher(layer, layer.forward, path, reader, seen, most)
            layer.forward = watcher
        try:
            return own(*inputs)
        except Stop:
            return None

    seen.output = undisturbed(module, use, apart=True)
    return seen


@dataclass
class _LayerWatcher(Stack):
    """Stands in for a layer: notes what it reads, and returns something made of each row alone."""

    seen: Seen
    most: int | None

    def __call__(self, input: Tensor | PackedSequence, hx: Any = None) -> Any:  # noqa: A002, ANN401
        """Look at the rows of a call."""
        given = self.read(input, hx)
        if given is None:
            return self.forward(input, hx)
        found = self.seen.see(self.path, given.x)
        _stop_after(self.seen, self.most)
        width = self.directions * self.size("h")
        h = _of_numbers(found, width, given.x)
        final = tuple(torch.zeros_like(part) for part in given.start)
        return self.output(h, _packed_like(h, given), final, given)


@dataclass
class _CellWatcher(CellSite):
    """Stands in for a cell; one that was registered does what it does."""

    seen: Seen
    most: int | None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Look at the row of a step."""
        given = list(self.arguments(args, kwargs).values())
        if not isinstance(self.module, nn.RNNCellBase) or _is_derived(self.module):
            output = self.forward(*args, **kwargs)
            batch = len(self.read(self.arguments(args, kwargs), output)[self.reader.kinds[0]])
            self.seen.see(self.path, torch.cat(rows_of(given, batch), dim=-1))
            _stop_after(self.seen, self.most)
            return output
        x = given[0]
        found = self.seen.see(self.path, x.reshape(1, -1, x.shape[-1]))
        _stop_after(self.seen, self.most)
        h = _of_numbers(found, self.module.hidden_size, x).reshape(*x.shape[:-1], -1)
        return (h, torch.zeros_like(h)) if isinstance(self.module, nn.LSTMCell) else h


def _is_derived(cell: nn.Module) -> bool:
    return type(cell) not in (nn.RNNCell, nn.GRUCell, nn.LSTMCell)


def _stop_after(seen: Seen, most: int | None) -> None:
    if most is not None and seen.count() >= most:
        raise Stop


def numbers(x: Tensor) -> Tensor:
    """Return a number for each row, float64 without the last axis; equal rows, equal numbers."""
    draw = torch.Generator().manual_seed(x.shape[-1])
    weights = torch.randn(x.shape[-1], generator=draw, dtype=torch.float64).to(x.device)
    rows = x.detach().reshape(-1, x.shape[-1])
    parts = [part.double().nan_to_num(0.5, 7, -7) @ weights for part in torch.split(rows, _ROWS)]
    return torch.cat(parts).view(x.shape[:-1]).cpu()


def _of_numbers(found: Tensor, width: int, like: Tensor) -> Tensor:
    """Return rows `(T, B, width)` in which each number shows."""
    draw = torch.Generator().manual_seed(width)
    signs = torch.randn(width, generator=draw)
    return (torch.sin(found)[..., None].float() * signs).to(like.device, like.dtype)


def _packed_like(h: Tensor, given: Inputs) -> Tensor | None:
    """Return `h (T, B, P)` in the order of packed sequences."""
    if given.packed is None or given.lengths is None:
        return None
    order = given.packed.sorted_indices
    lengths = given.lengths if order is None else given.lengths[order.cpu()]
    h = h if order is None else h.index_select(1, order)
    return pack_padded_sequence(h, lengths).data
