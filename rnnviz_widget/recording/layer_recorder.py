"""What stands in for the `forward` of an `nn.RNN`, `nn.GRU` or `nn.LSTM` while it is recorded.

It returns what the module's own `forward` returns. Each layer and direction runs on its own, by
torch's fused call on the module's own weights or in parallel over time (`unroll`), so that `h` of
every layer is there; `kinds` writes the others. Each direction is handled in *reading order*, see
`stack`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnnviz_widget.recording.parallel.chunks import LayerDirection, Stretch
from rnnviz_widget.recording.parallel.cost import StepCost
from rnnviz_widget.recording.parallel.kernels import Kernel
from rnnviz_widget.recording.parallel.pace import Pace
from rnnviz_widget.recording.parallel.plan import Plan, Segment, unroll
from rnnviz_widget.recording.writer import Writer
from rnnviz_widget.recurrent import stepwise
from rnnviz_widget.recurrent.stack import Stack, in_reading_order, spelling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rnnviz_widget.recording.run import Run
    from rnnviz_widget.recording.runs import Runs
    from rnnviz_widget.recurrent.cell import State, Weights
    from rnnviz_widget.recurrent.intervention import Intervention
    from rnnviz_widget.recurrent.stack import Inputs
    from rnnviz_widget.recurrent.stepwise import Edit


@dataclass
class Tally:
    """How many steps of a layer and direction were run in which way."""

    steps: int = 0
    parallel: int = 0
    reruns: int = 0
    changed: bool = False

    def count(self, piece: Segment) -> None:
        """Add a piece."""
        self.steps += len(piece.h)
        if piece.reruns is not None:
            self.parallel += len(piece.h)
            self.reruns += piece.reruns

    def __str__(self) -> str:
        """Say it, for a trace's `source`."""
        if self.changed:
            return "one step at a time, changed"
        if not self.parallel:
            return "sequential"
        rerun = self.reruns / self.parallel
        return f"{self.parallel:,} of {self.steps:,} steps in chunks, {rerun:.2f} of them rerun"


@dataclass
class LayerRecorder(Stack):
    """Runs one recurrent module and records it; calls that are not recorded take its own forward.

    Attributes
    ----------
    recording
        Where values go.
    plan
        How time is run through.
    intervention
        The intervention that is in force, if there is one.
    tallies
        What was done for each layer and direction.
    residual
        The largest difference between `h` as run and `h` by the equations, relative to max(1, |h|).
    """

    recording: Runs
    plan: Plan
    intervention: Intervention | None
    tallies: dict[str, Tally] = field(default_factory=dict, init=False)
    residual: float = field(default=0.0, init=False)

    def __call__(self, input: Tensor | PackedSequence, hx: Any = None) -> Any:  # noqa: A002, ANN401
        """Do what the module's own forward does, and record it."""
        given = self.read(input, hx)
        device = (input.data if isinstance(input, PackedSequence) else input).device.type
        if torch.is_autocast_enabled(device):
            raise TypeError(
                f"{self.path} was called under torch.autocast, where parts of a step are rounded "
                "and others not; record outside of it, or the module in another dtype"
            )
        if given is None:
            return self.forward(input, hx)  # which says what is wrong with them
        run = self.recording.begin(
            self.path,
            self.names(),
            given.x,
            given.lengths,
            given.start,
        )
        if run is None:
            return self.forward(input, hx)
        if self.intervention is not None:
            self.intervention.check(given)
        self._declare(run, given.start[0])
        x, data = given.x, None if given.packed is None else given.packed.data
        finals: list[State] = []
        for layer in range(self.module.num_layers):
            outputs, data = self._run_layer(run, layer, x, data, given)
            finals += [final for _, final in outputs]
            in_time = [in_reading_order(h, d, given.lengths) for d, (h, _) in enumerate(outputs)]
            x = in_time[0] if len(in_time) == 1 else torch.cat(in_time, dim=-1)
        final = tuple(torch.stack(parts) for parts in zip(*finals, strict=True))
        self.recording.end(run, len(x), final, x)
        return self.output(x, data, final, given)

    def _run_layer(
        self, run: Run, layer: int, x: Tensor, data: Tensor | None, given: Inputs
    ) -> tuple[list[tuple[Tensor, State]], Tensor | None]:
        """Run and record a layer.

        Returns
        -------
        outputs, data
            `h` and the last state of each direction, in reading order; and packed output.
        """
        starts = [
            tuple(part[layer * self.directions + d] for part in given.start)
            for d in range(self.directions)
        ]
        packed: list[Segment] = []
        if given.packed is not None and data is not None:
            data, packed = self._run_packed(layer, data, given, starts)
        outputs = []
        for d, start in enumerate(starts):
            prefix, weights = spelling(layer, d), self.weights(layer, d)
            reading = in_reading_order(x, d, given.lengths)
            edits = () if self.intervention is None else self.intervention.of(layer, d)
            if edits:
                output = self._record_changed(
                    run, prefix, weights, x=reading, start=start, edits=edits
                )
                outputs.append(output)
                continue
            h = packed[d].h if packed else x.new_empty(*x.shape[:2], start[0].shape[-1])
            writer = Writer(
                run,
                prefix,
                cell=self.cell,
                weights=weights,
                wanted=self._wanted(run, prefix),
                x=reading,
                h=h,
                start=start[0],
                lengths=given.lengths,
            )
            final = start
            for piece in [packed[d]] if packed else self._unroll(layer, d, writer, start):
                writer.write(piece)
                final = piece.final
            self.residual = max(self.residual, writer.residual.relative)
            outputs.append((h, final))
        return outputs, data

    def _unroll(
        self, number: int, direction: int, writer: Writer, start: State
    ) -> Iterable[Segment]:
        """Run one layer and direction over all time, into the writer's `h`."""
        name = f"{self.path}.{writer.prefix}"
        tally = self.tallies.setdefault(name, Tally())
        kernel, kept = Kernel(self.cell, writer.weights), frozenset(writer.wanted - {"h"})
        alike = self.cell.rounds_alike and not self.module.proj_size
        products = writer.weights.w_ih.numel() + writer.weights.w_hh.numel()
        pace = Pace(products * writer.x.shape[1])
        layer = LayerDirection(
            name,
            self.fused(number, direction),
            kernel,
            kept,
            writer.room,
            writer.in_place,
            alike,
            pace,
            StepCost(self.cell.fused_overhead, self.cell.loop_overhead, products, bool(kept)),
        )
        if writer.x.device.type != "cpu":
            # There, launching a loop's kernels takes longer than computing the gates afterwards.
            layer = layer.fused()
        stretch = Stretch(0, writer.x, start, writer.h)
        for piece in unroll(layer, stretch, self.plan, self.recording.advance):
            tally.count(piece)
            yield piece

    def _run_packed(
        self, layer: int, data: Tensor, given: Inputs, states: list[State]
    ) -> tuple[Tensor, list[Segment]]:
        """Run packed sequences, both directions in one fused call; `data` is `(sum of T, I)`."""
        _, batch_sizes, order, back = given.packed  # type: ignore[misc]
        parts = [torch.stack(p) for p in zip(*states, strict=True)]  # (D, B, ·)
        parts = parts if order is None else [part.index_select(1, order) for part in parts]
        weights = [w for d in range(len(states)) for w in self.weights(layer, d) if w is not None]
        data, *final = self.cell.fused(
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
            Segment(
                0,
                in_reading_order(part, d, lengths),
                tuple(f[d] for f in final),
                state[1].unsqueeze(0) if len(state) > 1 else None,
                len(h),
                {},
            )
            for d, (part, state) in enumerate(zip(h.chunk(len(states), -1), states, strict=True))
        ]

    def _record_changed(
        self,
        run: Run,
        prefix: str,
        weights: Weights,
        *,
        x: Tensor,
        start: State,
        edits: tuple[Edit, ...],
    ) -> tuple[Tensor, State]:
        """Run one layer and direction under an intervention, and write every wanted kind."""
        wanted, h, state = self._wanted(run, prefix), [], start
        keep = wanted | {"h"}
        for piece in stepwise.run(self.cell, weights, x, start, edits=edits, keep=keep):
            h.append(piece.kinds["h"])
            state = piece.state
            for kind in wanted:
                reverse = prefix.endswith("_reverse")
                run.write(f"{prefix}.{kind}", piece.first, piece.kinds[kind], None, reverse=reverse)
            self.recording.advance(len(h[-1]))
        self.tallies[f"{self.path}.{prefix}"] = Tally(changed=True)
        return torch.cat(h), state

    def _declare(self, run: Run, start: Tensor) -> None:
        """Announce all wanted states; `start` is the `h` before the first step, `(L * D, B, P)`."""
        for layer in range(self.module.num_layers):
            for d in range(self.directions):
                edits = () if self.intervention is None else self.intervention.of(layer, d)
                prefix = spelling(layer, d)
                for kind in self.cell.kinds:
                    if run.wants(f"{prefix}.{kind}"):
                        limits = stepwise.bounds(
                            self.cell,
                            kind,
                            edits,
                            projected=bool(self.module.proj_size),
                            start=start[layer * self.directions + d],
                        )
                        run.declare(f"{prefix}.{kind}", limits)

    def _wanted(self, run: Run, prefix: str) -> set[str]:
        """Return the kinds of a layer and direction that are to be kept."""
        return {kind for kind in self.cell.kinds if run.wants(f"{prefix}.{kind}")}
