"""One run of a module with its recurrent layers recorded."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from rnnviz_widget.recording import readings, steps
from rnnviz_widget.recording.guard import undisturbed
from rnnviz_widget.recording.intervened import Intervened
from rnnviz_widget.recording.layers import LayerRecorder
from rnnviz_widget.recording.readings import Readings
from rnnviz_widget.recording.runs import Recording
from rnnviz_widget.recording.steps import CellRecorder
from rnnviz_widget.trace import Extras, checked_tokens, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rnnviz_widget.recording.runs import Sink
    from rnnviz_widget.recording.unroll import Unroll

SEGMENT = 2**17
"""Tokens of one text that a model reads in one call; longer texts carry the state on, so that
inputs, logits and `h` of all of it are never in memory at once."""

_FORWARDS = {nn.RNN.forward, nn.GRU.forward, nn.LSTM.forward}


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
    unroll
        How to run through time.
    progress
        Whether to show a bar.
    """

    def __init__(
        self,
        module: nn.Module,
        inputs: Sequence[Any],
        vocabulary: Sequence[str] | None,
        patterns: str | Sequence[str] | None,
        unroll: Unroll,
        *,
        progress: bool,
    ) -> None:
        if unroll not in ("auto", "chunked", "sequential"):
            raise ValueError(f'unroll must be "auto", "chunked" or "sequential", got {unroll!r}')
        self.module, self.inputs, self.unroll = module, tuple(inputs), unroll
        self.patterns = [patterns] if isinstance(patterns, str) else patterns
        self.layers = recurrent_layers(module)
        refuse_broken_weights(module)
        own = getattr(module, "vocabulary", None)
        self.asked = vocabulary is not None
        found = vocabulary if vocabulary is not None else own
        self.vocabulary = None if found is None else tuple(found)
        self._progress = progress
        self._layers: list[LayerRecorder | CellRecorder] = []
        self.readings: list[Readings] = []

    def tokens_of_ids(self) -> list[tuple[str, ...]]:
        """Return each sequence's tokens, from integer inputs and the vocabulary.

        Raises
        ------
        TypeError
            If there is no vocabulary or no integer input.
        """
        ids = next(
            (x for x in self.inputs if isinstance(x, Tensor) and x.dtype in readings.INTEGERS), None
        )
        if self.vocabulary is None or ids is None:
            raise TypeError(
                "tokens must say what each time step read: pass tokens=, text=, or integer ids "
                "and vocabulary="
            )
        readings.check_ids(ids, len(self.vocabulary))
        rows = ids.reshape(1, -1) if ids.dim() < 2 else ids  # noqa: PLR2004
        return [checked_tokens([self.vocabulary[i] for i in row]) for row in rows.tolist()]

    def run(self, sinks: Sequence[Sink], tokens: Sequence[tuple[str, ...]]) -> list[Extras]:
        """Run the module, its states into `sinks`; return predictions and loss of each sequence."""
        lengths = [len(each) for each in tokens]
        parts = sum(
            m.num_layers * (1 + m.bidirectional) if isinstance(m, nn.RNNBase) else 1
            for m in self.layers.values()
        )
        bar = tqdm(total=max(lengths), unit=" tokens", unit_scale=True, disable=not self._progress)
        recording = Recording(lengths, sinks, self.patterns, lambda n: bar.update(n / parts))
        self._layers = [
            self._recorder(module, path, recording) for path, module in self.layers.items()
        ]
        self._refuse_unknown_patterns()
        with bar, _explained_memory(), undisturbed(self.module):
            for recorder in self._layers:
                recorder.module.forward = recorder
            self._call(lengths)
            for recorder in self._layers:
                if isinstance(recorder, CellRecorder):
                    recorder.flush()
        recording.check()
        return self.extras()

    def extras(self) -> list[Extras]:
        """Return predictions and loss of each sequence, as far as they have been read."""
        return [each.result() for each in self.readings]

    def source(self) -> dict[str, Any]:
        """Return where the values come from, for `Trace.source`."""
        methods: dict[str, str] = {}
        residual = 0.0
        interventions: list[str] = []
        for layer in self._layers:
            if isinstance(layer, LayerRecorder):
                methods |= layer.methods
                residual = max(residual, layer.residual)
                if layer.intervened is not None:
                    interventions += layer.intervened.said()
        return {
            "module": type(self.module).__name__,
            "torch": str(torch.__version__),
            "unroll": methods,
            "largest_one_step_residual": residual,
            **({"interventions": interventions} if interventions else {}),
        }

    def _refuse_unknown_patterns(self) -> None:
        """Refuse a pattern that no state will match; of second calls one cannot tell yet."""
        names = [f"{r.path}.{name}" for r in self._layers for name in r.names()]
        if certain := [p for p in self.patterns or () if "@" not in p]:
            select(names, certain)

    def _recorder(
        self, module: nn.Module, path: str, recording: Recording
    ) -> LayerRecorder | CellRecorder:
        if isinstance(module, nn.RNNBase):
            forward = module.forward
            intervened = forward if isinstance(forward, Intervened) else None
            return LayerRecorder(module, forward, path, recording, self.unroll, intervened)
        reader = steps.reader(module)
        if reader is None:
            raise TypeError(f"{path} is no cell")
        return CellRecorder(module, module.forward, path, recording, reader)

    def _call(self, lengths: Sequence[int]) -> None:
        """Call the module, a long text in segments; read what it predicts."""
        longest, batch = max(lengths), len(lengths)
        ids = None
        if self.vocabulary is not None:
            ids = readings.ids_of(self.inputs, longest, batch)
            self.readings = [
                Readings(self.vocabulary, None if ids is None else ids[b, :length])
                for b, length in enumerate(lengths)
            ]
        else:
            self.readings = [Readings((), None) for _ in lengths]
        state: tuple[Any, ...] = ()
        for inputs, rows in self._segments(longest):
            output = self.module(*inputs, *state)
            if rows < longest:
                state = (output[1],)
            self._read(output, rows, lengths)

    def _segments(self, longest: int) -> Iterator[tuple[tuple[Any, ...], int]]:
        """Yield the arguments of each call and how many steps it has."""
        if longest <= SEGMENT or not _carries_state(self.module, self.inputs):
            yield self.inputs, longest
            return
        for piece in self.inputs[0].split(SEGMENT):
            yield (piece,), len(piece)

    def _read(self, output: Any, rows: int, lengths: Sequence[int]) -> None:  # noqa: ANN401
        if self.vocabulary is None:
            return
        size = len(self.vocabulary)
        logits = readings.logits_of(output, rows, len(lengths), size)
        if logits is None:
            if self.asked:
                raise ValueError(
                    f"vocabulary has {size} entries, but the module does not return one logit for "
                    f"each at every step: it returns {shape_in_words(output)}"
                )
            return
        for reading, sequence, length in zip(self.readings, logits, lengths, strict=True):
            reading.add(sequence[:length])


def recurrent_layers(module: nn.Module) -> dict[str, nn.Module]:
    """Return the layers and cells that can be recorded, by their paths.

    Raises
    ------
    TypeError
        If `module` is no module, or compiled or scripted, or a layer cannot be seen into.
    ValueError
        If there is no recurrent layer; the message names what was found.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    layers: dict[str, nn.Module] = {}
    for path, m in module.named_modules():
        name = path or type(m).__name__.lower()
        if isinstance(m, torch.jit.ScriptModule):
            raise TypeError(
                f"{name} is scripted, and its layers cannot be seen into; record the module it was "
                "made from"
            )
        if hasattr(m, "_orig_mod"):
            raise TypeError(
                f"{name} is compiled, and its layers cannot be seen into; record the module it was "
                "made from (._orig_mod)"
            )
        if steps.reader(m) is not None:
            layers[name] = m
        elif isinstance(m, (nn.RNNBase, nn.RNNCellBase)):
            replaced = not isinstance(vars(m).get("forward"), Intervened | None)
            own = replaced or type(m).forward not in _FORWARDS
            if own:
                raise TypeError(
                    f"{name} is a {type(m).__name__} with a forward of its own, which may compute "
                    "anything; tell how it is read with register_cell, or use Trace.from_arrays"
                )
            layers[name] = m
    if not layers:
        found = sorted({type(m).__name__ for m in module.modules()})
        raise ValueError(
            "module has no recurrent layer that can be recorded (nn.RNN, nn.GRU, nn.LSTM, their "
            f"cells, or a registered cell); it is made of {', '.join(found)}"
        )
    return layers


def refuse_broken_weights(module: nn.Module) -> None:
    """Raise a ValueError that names the first parameter with NaN or infinity in it."""
    for name, parameter in module.named_parameters():
        if parameter.is_floating_point() and not bool(torch.isfinite(parameter).all()):
            raise ValueError(f"parameter {name} has values that are NaN or infinite")


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
