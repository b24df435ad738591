"""One run of a module with its recurrent layers recorded."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rnnviz_widget.progress import Bar
from rnnviz_widget.recording.axes import time_axis
from rnnviz_widget.recording.cell_recorder import CellRecorder
from rnnviz_widget.recording.layer_recorder import LayerRecorder
from rnnviz_widget.recording.logits import (
    PredictionCollector,
    check_ids,
    in_order_of_tokens,
    views_of,
)
from rnnviz_widget.recording.parallel.plan import Expansion, Plan
from rnnviz_widget.recording.read_order import OrderConflict, ReadOrder
from rnnviz_widget.recording.runs import Runs
from rnnviz_widget.recording.sources import INTEGERS
from rnnviz_widget.recording.vocabulary import VocabularyLike, as_vocabulary, own_vocabulary
from rnnviz_widget.recurrent import registry
from rnnviz_widget.recurrent.cell_intervention import CellIntervention
from rnnviz_widget.recurrent.intervention import Intervention
from rnnviz_widget.recurrent.module import recurrent_layers, refuse_broken_weights
from rnnviz_widget.recurrent.patching import undisturbed
from rnnviz_widget.trace import Extras, checked_patterns, checked_tokens, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rnnviz_widget.recording.run import Sink

SEGMENT = 2**16
"""Tokens of one text that a model reads in one call; longer texts carry the state on, so that
inputs, logits and `h` of all of it are never in memory at once."""

SEGMENT_IN_MEMORY = 2**18
"""The same where states are kept in memory anyway: long ones are run in fewer, longer chunks."""


LONG = 200_000
"""Tokens from which on a bar is shown where nobody said whether to show one."""


class Session:
    """A module, what to call it with, and what to keep of it.

    Parameters
    ----------
    module, inputs
        Run as ``module(*inputs)``.
    vocabulary
        What the module's ids and logits stand for; by default its own, if it has one.
    patterns
        Shell patterns of the states to keep; None keeps all.
    plan
        How to run through time.
    progress
        Whether to show a bar; by default where there are many tokens.
    by_steps
        Take row t to be step t of a layer, whatever it read.

    Attributes
    ----------
    kept
        How many tokens of each sequence a layer read, once it has run.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Sequence[Any],
        vocabulary: VocabularyLike | None,
        patterns: str | Sequence[str] | None,
        plan: Plan,
        *,
        progress: bool | None,
        by_steps: bool = False,
    ) -> None:
        self.module, self.inputs, self.plan = module, tuple(inputs), plan
        self.patterns = checked_patterns(patterns)
        self._layer_modules = list(recurrent_layers(module).values())
        refuse_broken_weights(module)
        self.asked = vocabulary is not None
        self.vocabulary = (
            own_vocabulary(module) if vocabulary is None else as_vocabulary(vocabulary)
        )
        self._progress, self._by_steps = progress, by_steps
        self._doubted: set[str] = set()  # layers that must not be taken to read in order
        self._named = False  # tokens were named by ids and the vocabulary
        self._notes: list[str] = []
        self._told: set[str] = set()
        self._resets: list[list[int]] = []
        self.kept: list[int] = []
        self._layers: list[LayerRecorder | CellRecorder] = []
        self.collectors: list[PredictionCollector] = []

    def tokens_of_ids(self) -> list[tuple[str, ...]]:
        """Return each sequence's tokens, from integer inputs and the vocabulary.

        Raises
        ------
        TypeError
            If there is no vocabulary or no integer input.
        """
        ids = next((x for x in self.inputs if isinstance(x, Tensor) and x.dtype in INTEGERS), None)
        if self.vocabulary is None or ids is None:
            raise TypeError(
                "tokens must say what each time step read: pass tokens=, text=, or integer ids "
                "and vocabulary="
            )
        check_ids(ids, len(self.vocabulary))
        self._named = True
        if ids.dim() > 2:  # noqa: PLR2004
            raise ValueError(
                f"ids of shape {tuple(ids.shape)} do not name one token at each step: say with "
                "tokens= what each sequence read"
            )
        rows = ids.reshape(1, -1)
        if ids.dim() == 2:  # noqa: PLR2004
            axis = time_axis(self.module, self.inputs, ids)
            if axis is None:
                raise ValueError(
                    f"ids of shape {tuple(ids.shape)} may have their sequences in rows or in "
                    "columns: say with tokens= what each sequence read"
                )
            rows = ids if axis else ids.T
        return [checked_tokens([self.vocabulary[i] for i in row]) for row in rows.tolist()]

    def run(self, sinks: Sequence[Sink], tokens: Sequence[tuple[str, ...]]) -> list[Extras]:
        """Run the module, its states into `sinks`; return predictions and loss of each sequence."""
        lengths = [len(each) for each in tokens]
        parts = sum(
            m.num_layers * (1 + m.bidirectional) if isinstance(m, nn.RNNBase) else 1
            for m in self._layer_modules
        )
        long = max(lengths) >= LONG
        bar = Bar(
            total=max(lengths),
            unit=" tokens",
            unit_scale=True,
            disable=not (long if self._progress is None else self._progress),
        )
        recording = Runs(lengths, sinks, self.patterns, lambda n: bar.update(n / parts))
        with bar, _explained_memory():
            while True:
                self._notes = []
                try:
                    self._record(recording)
                    break
                except Expansion:
                    self.plan = Plan("sequential")
                except OrderConflict as found:
                    self._doubted.add(str(found))
                for sink in sinks:
                    sink.clear()
                bar.reset()
                recording = replace(recording, runs={})
        for note in dict.fromkeys(self._notes):
            if note not in self._told:
                warnings.warn(note, RuntimeWarning, stacklevel=3)
        self._told.update(self._notes)
        return [extra.first(n) for extra, n in zip(self.extras(), self.kept, strict=True)]

    def _record(self, recording: Runs) -> None:
        """Run the module once, everything into `recording`."""
        undisturbed(self.module, partial(self._record_replica, recording))
        recording.check()
        self.kept, notes = recording.finish()
        self._notes += notes
        self._resets = [recording.resets(b) for b in range(len(recording.lengths))]

    def _record_replica(self, recording: Runs, module: nn.Module) -> None:
        """Run a replica of the module, its recurrent layers replaced by what records them."""
        self._layers = [
            self._recorder(layer, path, recording)
            for path, layer in recurrent_layers(module).items()
        ]
        self._refuse_unknown_patterns()
        for recorder in self._layers:
            recorder.module.forward = recorder
        with _explained_ids(module, self.inputs):
            self._call(module, recording)
        for recorder in self._layers:
            if isinstance(recorder, CellRecorder):
                recorder.flush()

    def extras(self) -> list[Extras]:
        """Return predictions and loss of each sequence, as far as they have been read."""
        return [each.result() for each in self.collectors]

    def source(self, sequence: int = 0) -> dict[str, Any]:
        """Return where the values of a sequence come from, for `Trace.source`."""
        methods: dict[str, str] = {}
        residual = 0.0
        interventions: list[str] = []
        for layer in self._layers:
            if isinstance(layer, LayerRecorder):
                methods |= {name: str(tally) for name, tally in layer.tallies.items()}
                residual = max(residual, layer.residual)
            if layer.intervention is not None:
                interventions += layer.intervention.said()
        seen = getattr(self.module, "characters_seen", None)
        names = [name for layer in self._layers for name in layer.names()]
        resets = self._resets[sequence] if self._resets else []
        return {
            "module": type(self.module).__name__,
            "kinds": list(dict.fromkeys(name.rpartition(".")[2] for name in names)),
            **({"characters_seen": seen} if isinstance(seen, int) else {}),
            "torch": str(torch.__version__),
            "unroll": methods,
            "largest_one_step_residual": residual,
            **({"interventions": interventions} if interventions else {}),
            **({"resets": resets} if resets else {}),
        }

    def _refuse_unknown_patterns(self) -> None:
        """Refuse a pattern that no state will match; of second calls one cannot tell yet."""
        names = [f"{r.path}.{name}" for r in self._layers for name in r.names()]
        if certain := [p for p in self.patterns or () if "@" not in p]:
            select(names, certain)

    def _recorder(
        self, module: nn.Module, path: str, recording: Runs
    ) -> LayerRecorder | CellRecorder:
        forward = module.forward
        reader = registry.reader(module)
        if isinstance(module, nn.RNNBase) and reader is None:
            edited = forward if isinstance(forward, Intervention) else None
            return LayerRecorder(module, forward, path, recording, self.plan, edited)
        if reader is None:
            raise TypeError(f"{path} is no cell")
        intervention = forward if isinstance(forward, CellIntervention) else None
        return CellRecorder(module, forward, path, reader, recording, intervention)

    def _call(self, module: nn.Module, recording: Runs) -> None:
        """Call the module, a long text in segments; read what it predicts."""
        lengths, longest = recording.lengths, max(recording.lengths)
        self.collectors = []
        state: tuple[Any, ...] = ()
        in_memory = all(sink.in_place for sink in recording.sinks)
        first = 0
        for inputs, rows in self._segments(longest, SEGMENT_IN_MEMORY if in_memory else SEGMENT):
            reading = ReadOrder(
                self.module,
                (*inputs, *state),
                lengths if rows == longest else [rows],
                first=first,
                doubted=self._doubted,
                by_steps=self._by_steps,
            )
            recording.reading = reading
            if not self.collectors:
                self._expect(lengths, reading.ids if rows == longest else self._ids_of_all())
            output = module(*inputs, *state)
            if rows < longest:
                state = (output[1],)
            self._read(output, reading)
            self._notes += reading.notes
            first += rows

    def _expect(self, lengths: Sequence[int], ids: Tensor | None) -> None:
        """Make ready for predictions of the module, which reads `ids (B, T)`."""
        if self.vocabulary is None:
            self.collectors = [PredictionCollector((), 0, None) for _ in lengths]
            return
        if ids is not None and self.asked:
            check_ids(ids, len(self.vocabulary))
        self.collectors = [
            PredictionCollector(self.vocabulary, length, None if ids is None else ids[b, :length])
            for b, length in enumerate(lengths)
        ]

    def _ids_of_all(self) -> Tensor | None:
        """Return the ids `(1, T)` of a long text that is read in segments."""
        (given,) = self.inputs
        return given.long()[None] if given.dtype in INTEGERS else None

    def _segments(self, longest: int, most: int) -> Iterator[tuple[tuple[Any, ...], int]]:
        """Yield the arguments of each call and how many steps it has, `most` or fewer."""
        if longest <= most or not _carries_state(self.module, self.inputs):
            yield self.inputs, longest
            return
        for piece in self.inputs[0].split(most):
            yield (piece,), len(piece)

    def _read(self, output: Any, reading: ReadOrder) -> None:  # noqa: ANN401
        if self.vocabulary is None:
            return
        size, steps, batch = len(self.vocabulary), reading.steps, reading.batch
        views = views_of(output, steps, batch, size)
        if not views:
            if self.asked and not self._named:
                raise ValueError(
                    f"vocabulary has {size} entries, but the module does not return one logit for "
                    f"each at every step: it returns {shape_in_words(output)}"
                )
            return
        found = reading.of_output(views)
        if found is None:
            self._notes.append(
                "predictions are left out: it cannot be told which token each row of the logits "
                "follows"
            )
            return
        number, where = found
        logits = views[number](output)
        if logits is None:  # not of what has just been looked at
            return
        if where is not None:
            logits = in_order_of_tokens(logits, where, reading.lengths)
            if logits is None:  # of a module that reads backwards they are not about what follows
                return
        rows = zip(self.collectors, logits.transpose(0, 1), reading.lengths, strict=True)
        for each, sequence, length in rows:
            each.add(sequence[:length])


def _carries_state(module: nn.Module, inputs: Sequence[Any]) -> bool:
    """Whether the module reads one text, and takes a state as its second argument."""
    return (
        len(inputs) == 1
        and isinstance(inputs[0], Tensor)
        and inputs[0].dim() == 1
        and takes_state(module)
    )


def takes_state(module: nn.Module) -> bool:
    """Whether a module that reads text takes the state it returned as its second argument."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    return hasattr(module, "encode") and len(parameters) > 1 and parameters[1].default is None


def shape_in_words(output: Any) -> str:  # noqa: ANN401
    """Say what a module returned, for an error."""
    if isinstance(output, Tensor):
        return f"a tensor {tuple(output.shape)}"
    if isinstance(output, (tuple, list)):
        return f"({', '.join(shape_in_words(each) for each in output)})"
    return type(output).__name__


@contextlib.contextmanager
def _explained_ids(module: nn.Module, inputs: Sequence[Any]) -> Iterator[None]:
    """Say which ids an embedding has no row for."""
    try:
        yield
    except IndexError as error:
        ids = [x for x in inputs if isinstance(x, Tensor) and x.dtype in INTEGERS]
        tables = [m.num_embeddings for m in module.modules() if isinstance(m, nn.Embedding)]
        if not ids or not tables or "out of range" not in str(error):
            raise
        low, high = min(int(x.min()) for x in ids), max(int(x.max()) for x in ids)
        raise IndexError(
            f"the inputs hold ids from {low} to {high}, but the module embeds ids in "
            f"{' and in '.join(f'[0, {n})' for n in tables)}"
        ) from error


@contextlib.contextmanager
def _explained_memory() -> Iterator[None]:
    """Say which arguments lower the need for memory where it runs out."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        lacking = isinstance(error, (MemoryError, torch.OutOfMemoryError))
        if not lacking and "not enough memory" not in str(error):
            raise
        raise MemoryError(
            "memory ran out while recording; out= writes to disk as it goes, states= keeps fewer "
            'states, dtype="float16" halves them, and a shorter text needs less'
        ) from error
