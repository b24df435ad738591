"""One task of a survey: some blocks, read by the network and counted."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.labels.reading import read_label
from rnnviz_widget.surveys.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.labels.reading import LabelValues
    from rnnviz_widget.surveys.corpus import TextBlock
    from rnnviz_widget.surveys.summary import Scheme
    from rnnviz_widget.trace import Trace

    Labels = Mapping[str, Callable[[Trace], ArrayLike]]


@dataclass(frozen=True)
class Job:
    """What every task needs to know.

    Attributes
    ----------
    model : bytes
        A checkpoint, safetensors.
    states : tuple of str
        Which states.
    labels : dict of str to callable
        Functions of a trace.
    scheme : Scheme
        How to count.

    """

    model: bytes
    states: tuple[str, ...]
    labels: Labels
    scheme: Scheme

    @property
    def digest(self) -> str:
        """What tells this job from others, as far as can be known: not the code of a label."""
        found = hashlib.sha256()
        model = loaded(self.model)
        # The file itself has its metadata in an order of its own each time.
        for part in (model.vocabulary, model.config):
            found.update(repr(part).encode())
        for name, tensor in sorted(model.state_dict().items()):
            found.update(name.encode() + tensor.numpy().tobytes())
        for name, label in self.labels.items():
            found.update(f"{name}\0{getattr(label, '__qualname__', label)!s}\0".encode())
            cut = self.scheme.levels[name]
            found.update(b"" if cut is None else cut.tobytes())
        found.update("\0".join(self.states).encode())
        found.update(self.scheme.edges.tobytes())
        return found.hexdigest()


PART = 16
"""Blocks that one worker reads without a break."""


@dataclass(frozen=True)
class Task:
    """Some neighbouring blocks, whose counts are added up before anybody sees them."""

    index: int
    blocks: tuple[TextBlock, ...]

    @property
    def parts(self) -> list[tuple[TextBlock, ...]]:
        """The blocks that are read by one worker each."""
        starts = range(0, len(self.blocks), PART)
        return [self.blocks[start : start + PART] for start in starts]

    def digest(self, job: str) -> str:
        """Return what tells this task of a job from others."""
        said = json.dumps([job, self.index, [asdict(block) for block in self.blocks]])
        return hashlib.sha256(said.encode()).hexdigest()


def tasks_of(blocks: Iterator[TextBlock], size: int) -> Iterator[Task]:
    """Yield so many blocks at a time."""
    index, some = 0, []
    for block in blocks:
        some.append(block)
        if len(some) == size:
            yield Task(index, tuple(some))
            index, some = index + 1, []
    if some:
        yield Task(index, tuple(some))


def run_task(job: Job, task: Task) -> bytes:
    """Return the summary of a task, as bytes."""
    return merge_parts(tuple(job.labels), *(run_part(job, part) for part in task.parts))


def run_part(job: Job, blocks: tuple[TextBlock, ...]) -> bytes:
    """Return the summary of some blocks, as bytes."""
    model = loaded(job.model)
    summary = Summary.empty(job.scheme)
    for block in blocks:
        trace = read(model, block.text, job.states)
        values = columns(trace, job.states)
        summary.add(block, values, labels_of(trace, job.labels), job.scheme)
    return summary.to_bytes()


def merge_parts(labels: tuple[str, ...], *parts: bytes) -> bytes:
    """Return the summary of neighbouring parts, as bytes."""
    if len(parts) == 1:
        return parts[0]
    summary = Summary.from_bytes(parts[0], labels)
    for part in parts[1:]:
        summary.merge(Summary.from_bytes(part, labels))
    return summary.to_bytes()


def read(model: CharLM, text: str, states: Sequence[str] | None) -> Trace:
    """Record a text; a character that the model does not know is read as a space."""
    from rnnviz_widget.recording import record  # noqa: PLC0415 - torch takes seconds

    ids = model.encode(text, unknown="replace")
    return record(model, ids, tokens=text, states=states, progress=False)


def columns(trace: Trace, states: Sequence[str]) -> NDArray[np.float32]:
    """Return all units of some states, one after the other, shape (C, T)."""
    return np.concatenate([np.ascontiguousarray(np.asarray(trace[s]).T) for s in states])


def labels_of(trace: Trace, labels: Labels) -> dict[str, LabelValues]:
    """Return all labels of a trace."""
    return {name: read_label(label, trace, f"labels[{name!r}]") for name, label in labels.items()}


def packed(model: Any) -> bytes:  # noqa: ANN401 - checked here
    """Return a model as safetensors.

    Raises
    ------
    TypeError
        If it is no `CharLM`.

    """
    import torch  # noqa: PLC0415

    from rnnviz_widget.charlm import CharLM  # noqa: PLC0415
    from rnnviz_widget.charlm.checkpoint import save_model  # noqa: PLC0415

    if not isinstance(model, CharLM):
        msg = (
            "model must be a CharLM, which travels as weights alone and never as code, got "
            f"{type(model).__name__}"
        )
        raise TypeError(msg)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_model(model, path, model.card, torch.float32)
        return path.read_bytes()


@lru_cache(maxsize=2)
def loaded(model: bytes) -> CharLM:
    """Return the model that was `packed`."""
    from rnnviz_widget.charlm import load_model  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(model)
        return load_model(path)
