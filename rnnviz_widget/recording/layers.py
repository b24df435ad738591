"""What stands in for the `forward` of an `nn.RNN`, `nn.GRU` or `nn.LSTM` while it is recorded.

It returns what the module's own `forward` returns. Each layer and direction is a single-layer fused
call on the module's own weights, so that `h` of every layer is there; gates and `c` follow from it
by the equations of `cells`. Each direction is handled in *reading order*, see `stack`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnnviz_widget.recording import cells, stepwise
from rnnviz_widget.recording.stack import FUSED, Stack, in_reading_order, spelling
from rnnviz_widget.recording.unroll import Unroll, Unrolled, unroll

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnnviz_widget.recording.intervened import Intervened
    from rnnviz_widget.recording.runs import Recording, Run
    from rnnviz_widget.recording.stack import Given
    from rnnviz_widget.recording.stepwise import Edit
    from rnnviz_widget.recording.unroll import State

_ELEMENTS = 2**20
"""How many values of `h` one pass of the gate equations takes, so that its memory is bounded."""

_RESIDUAL = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 2e-2, torch.bfloat16: 1e-1}
"""How far the equations may be from the `h` that was run, relative to max(1, max|h|)."""


@dataclass
class Residual:
    """The largest difference between `h` as run and `h` by the equations, over all steps.

    Attributes
    ----------
    allowed
        How large `relative` may be.
    lengths
        Of packed sequences, whose padding is left out.
    difference, scale
        The largest absolute difference so far, and max(1, max|h|).
    """

    allowed: float
    lengths: Tensor | None
    difference: float = 0.0
    scale: float = 1.0

    def compare(self, computed: Tensor, run: Tensor, first: int) -> None:
        """Take the steps from `first` on into account, `(n, B, P)`; `computed` is overwritten."""
        apart = computed.sub_(run).abs_()  # in memory that the next pass overwrites
        if self.lengths is not None:
            inside = torch.arange(first, first + len(run))[:, None] < self.lengths
            apart = apart[inside.to(apart.device)]
        if apart.numel():
            # Infinite and NaN inputs give infinite and NaN states, on both sides.
            self.difference = max(self.difference, float(apart.nan_to_num_(posinf=0).max()))
            low, high = torch.aminmax(run.nan_to_num(0, 1, 1))
            self.scale = max(self.scale, float(high), -float(low))

    @property
    def relative(self) -> float:
        """The difference, relative to the scale."""
        return self.difference / self.scale


@dataclass
class LayerRecorder(Stack):
    """Runs one recurrent module and records it; calls that are not recorded take its own forward.

    Attributes
    ----------
    recording
        Where values go.
    unrolling
        How time is run through.
    intervened
        The intervention that is in force, if there is one.
    methods
        After a call, what was done for each layer and direction.
    residual
        The largest difference between `h` as run and `h` by the equations, relative to max(1, |h|).
    """

    recording: Recording
    unrolling: Unroll
    intervened: Intervened | None
    methods: dict[str, str] = field(default_factory=dict, init=False)
    residual: float = field(default=0.0, init=False)

    def __call__(self, input: Tensor | PackedSequence, hx: Any = None) -> Any:  # noqa: A002, ANN401
        """Do what the module's own forward does, and record it."""
        given = self.read(input, hx)
        if given is None:
            return self.forward(input, hx)  # which says what is wrong with them
        run = self.recording.begin(
            self.path,
            self.names(),
            given.x.shape[:2],
            given.lengths,
            given.start,
        )
        if run is None:
            return self.forward(input, hx)
        if self.intervened is not None:
            self.intervened.check(given)
        self._declare(run, given.start[0])
        x, data = given.x, None if given.packed is None else given.packed.data
        finals: list[State] = []
        for layer in range(self.module.num_layers):
            directions, data = self._run_layer(run, layer, x, data, given)
            finals += [unrolled.final for unrolled in directions]
            in_time = [
                in_reading_order(unrolled.h, d, given.lengths)
                for d, unrolled in enumerate(directions)
            ]
            x = in_time[0] if len(in_time) == 1 else torch.cat(in_time, dim=-1)
        final = tuple(torch.stack(parts) for parts in zip(*finals, strict=True))
        self.recording.end(run, len(x), final)
        return self.output(x, data, final, given)

    def _run_layer(
        self, run: Run, layer: int, x: Tensor, data: Tensor | None, given: Given
    ) -> tuple[list[Unrolled], Tensor | None]:
        """Run and record a layer; return each direction, in reading order, and packed output."""
        states = [
            tuple(part[layer * self.directions + d] for part in given.start)
            for d in range(self.directions)
        ]
        runs: list[Unrolled] = []
        if given.packed is not None and data is not None:
            data, runs = self._run_packed(layer, data, given, states)
        for d, start in enumerate(states):
            reading, prefix = in_reading_order(x, d, given.lengths), spelling(layer, d)
            edits = () if self.intervened is None else self.intervened.of(layer, d)
            if edits:
                weights = self.weights(layer, d)
                changed = self._record_changed(
                    run, prefix, weights, x=reading, start=start, edits=edits
                )
                runs.append(changed)
            else:
                if given.packed is None:
                    call = self.fused(layer, d)
                    advance = self.recording.advance
                    runs.append(unroll(call, reading, start, self.unrolling, advance))
                self._record(
                    run, layer, d, x=reading, start=start, unrolled=runs[d], lengths=given.lengths
                )
            if given.packed is None:
                self.methods[f"{self.path}.{prefix}"] = runs[d].method
        return runs, data

    def _run_packed(
        self, layer: int, data: Tensor, given: Given, states: list[State]
    ) -> tuple[Tensor, list[Unrolled]]:
        """Run packed sequences, both directions in one fused call; `data` is `(sum of T, I)`."""
        _, batch_sizes, order, back = given.packed  # type: ignore[misc]
        parts = [torch.stack(p) for p in zip(*states, strict=True)]  # (D, B, ·)
        parts = parts if order is None else [part.index_select(1, order) for part in parts]
        weights = [w for d in range(len(states)) for w in self.weights(layer, d) if w is not None]
        data, *final = FUSED[self.module.mode](
            data,
            batch_sizes,
            parts if len(parts) > 1 else parts[0],
            weights,
            self.module.bias,
            1,
            0.0,
            False,  # noqa: FBT003  (torch's own signature)
            len(states) > 1,
        )
        final = final if back is None else [part.index_select(1, back) for part in final]
        h, lengths = pad_packed_sequence(PackedSequence(data, batch_sizes, order, back))
        self.recording.advance(len(h) * len(states))
        return data, [
            Unrolled(
                in_reading_order(part, d, lengths),
                tuple(f[d] for f in final),
                state[1].unsqueeze(0) if len(state) > 1 else None,
                len(h),
                "sequential",
            )
            for d, (part, state) in enumerate(zip(h.chunk(len(states), -1), states, strict=True))
        ]

    def _record(
        self,
        run: Run,
        layer: int,
        direction: int,
        *,
        x: Tensor,
        start: State,
        unrolled: Unrolled,
        lengths: Tensor | None,
    ) -> None:
        """Write every wanted kind of one layer and direction."""
        prefix, reverse, h = spelling(layer, direction), bool(direction), unrolled.h
        wanted = self._wanted(run, prefix)
        if not wanted:
            return
        half = x.dtype in (torch.float16, torch.bfloat16)
        dtype = torch.float32 if half else x.dtype
        weights = self.weights(layer, direction).to(dtype)
        rows = max(1, _ELEMENTS // (h.shape[1] * self.module.hidden_size))
        worst = Residual(_RESIDUAL[x.dtype], lengths)
        c, space = None, cells.Space()
        for first, last, blocks in _passes(len(x), unrolled.stride, rows):
            if "h" in wanted:
                run.write(f"{prefix}.h", first, h[first:last], lengths, reverse=reverse)
            if wanted == {"h"}:
                continue
            c = unrolled.starting(first, blocks, c)
            shape = (blocks, (last - first) // blocks, h.shape[1], -1)
            did = cells.steps(
                self.mode,
                weights,
                x[first:last].to(dtype).reshape(shape),
                _before(h, start[0], first, last).to(dtype).reshape(shape),
                None if c is None else c.to(dtype),
                space=space,
            )
            c = did.c
            for kind, values in did.kinds.items():
                if kind in wanted:
                    flat = values.reshape(last - first, h.shape[1], -1)
                    run.write(f"{prefix}.{kind}", first, flat, lengths, reverse=reverse)
            worst.compare(did.h.reshape(h[first:last].shape), h[first:last], first)
        self.residual = max(self.residual, worst.relative)
        if worst.relative > worst.allowed:
            raise RuntimeError(
                f"{self.path}.{prefix}: the gate equations give an h that differs by "
                f"{worst.relative:.2g} of the largest from the one that was run, so nothing is "
                f"recorded; does this {type(self.module).__name__} compute what torch documents?"
            )

    def _record_changed(
        self,
        run: Run,
        prefix: str,
        weights: cells.Weights,
        *,
        x: Tensor,
        start: State,
        edits: tuple[Edit, ...],
    ) -> Unrolled:
        """Run one layer and direction under an intervention, and write every wanted kind."""
        wanted, h, state = self._wanted(run, prefix), [], start
        keep = wanted | {"h"}
        for piece in stepwise.run(self.mode, weights, x, start, edits=edits, keep=keep):
            h.append(piece.kinds["h"])
            state = piece.state
            for kind in wanted:
                reverse = prefix.endswith("_reverse")
                run.write(f"{prefix}.{kind}", piece.first, piece.kinds[kind], None, reverse=reverse)
            self.recording.advance(len(h[-1]))
        return Unrolled(torch.cat(h), state, None, len(x), "one step at a time, changed")

    def _declare(self, run: Run, start: Tensor) -> None:
        """Announce all wanted states; `start` is the `h` before the first step, `(L * D, B, P)`."""
        for layer in range(self.module.num_layers):
            for d in range(self.directions):
                edits = () if self.intervened is None else self.intervened.of(layer, d)
                prefix = spelling(layer, d)
                for kind in cells.KINDS[self.mode]:
                    if run.wants(f"{prefix}.{kind}"):
                        limits = stepwise.bounds(
                            self.mode,
                            kind,
                            edits,
                            projected=bool(self.module.proj_size),
                            start=start[layer * self.directions + d],
                        )
                        run.declare(f"{prefix}.{kind}", limits)

    def _wanted(self, run: Run, prefix: str) -> set[str]:
        """Return the kinds of a layer and direction that are to be kept."""
        return {kind for kind in cells.KINDS[self.mode] if run.wants(f"{prefix}.{kind}")}


def _before(h: Tensor, start: Tensor, first: int, last: int) -> Tensor:
    """Return the `h` that the steps `first` to `last` read, `(n, B, P)`."""
    if first:
        return h[first - 1 : last - 1]
    return torch.cat([start[None], h[: last - 1]])


def _passes(length: int, stride: int, rows: int) -> Iterator[tuple[int, int, int]]:
    """Yield `(first, last, blocks)` over all rows, about `rows` at a time.

    Whole blocks of `stride` rows go together; the last block, which may be longer, and blocks
    longer than `rows` go piece by piece.
    """
    together = max(1, rows // stride)
    body = (max(1, length // stride) - 1) * stride
    first = 0
    while first < length:
        if first < body and stride <= rows:
            last = min(first + together * stride, body)
            yield first, last, (last - first) // stride
        else:
            end = first - first % stride + stride if first < body else length
            last = min(first + rows, end)
            yield first, last, 1
        first = last
