"""`survey`: every unit of a network over a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnviz_widget.counters import unit_kind
from rnnviz_widget.progress import Bar
from rnnviz_widget.quantise import colour_limit
from rnnviz_widget.ranking import rank_units
from rnnviz_widget.ranking.splits import ConstantLabelError
from rnnviz_widget.surveys.bins import BINS, edges_of, levels_of
from rnnviz_widget.surveys.corpus import BlockedTexts
from rnnviz_widget.surveys.engine import results
from rnnviz_widget.surveys.folder import TaskFolder
from rnnviz_widget.surveys.report import LabelReport
from rnnviz_widget.surveys.result import Survey
from rnnviz_widget.surveys.rows import binned_scores, exact_scores, rows_of
from rnnviz_widget.surveys.sample import BlockSample
from rnnviz_widget.surveys.summary import Scheme, Summary, saturation_of
from rnnviz_widget.surveys.task import PART, Job, columns, labels_of, loaded, packed, read, tasks_of
from rnnviz_widget.trace.blocks import as_recording

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    from rnnviz_widget.charlm import CharLM
    from rnnviz_widget.surveys.corpus import TextBlock, Texts
    from rnnviz_widget.surveys.rows import Scores
    from rnnviz_widget.surveys.task import Labels, Task
    from rnnviz_widget.trace import Trace

_BLOCK = 1 << 16
_BLOCK_VALUES = 1 << 25  # of all columns of a block
_SAMPLE_VALUES = 1 << 26  # of all columns of the sample: 256 MB
_SAMPLE = 1 << 20  # characters, which take memory of their own
_PILOT = 4  # blocks that cut columns into bins
_STRIP = 2000  # characters of the text that units are shown over


def survey(
    model: CharLM,
    texts: Texts,
    *,
    labels: Mapping[str, Callable[[Trace], ArrayLike]],
    scheduler: str | int | None = None,
    states: str | Sequence[str] | None = None,
    control: CharLM | Sequence[CharLM] = (),
    block: int | None = None,
    task: int = PART,
    warm_up: int = 1000,
    skip: int = 100,
    sample: int | None = None,
    out: str | os.PathLike[str] | None = None,
    title: str = "",
    details: int = 10,
    kinds: bool = True,
    shifts: int = 199,
    resamples: int = 1000,
    probe: bool = True,
    seed: int = 0,
    progress: bool | None = None,
) -> Survey:
    """Return what every unit of a network does over a corpus: which label it follows, if any.

    The corpus is read in blocks, whose traces are used and thrown away, so that memory does not
    grow with it. What is kept of a block are counts, which add up to the same whatever machine
    counted which block when; sums of values add up in the order of the blocks.

    Parameters
    ----------
    model : CharLM
        The network. It travels as safetensors, never as code.
    texts : str, Path, or iterable of them
        A string is a text itself; a `pathlib.Path` is a UTF-8 file or a pattern of files such as
        ``Path("corpus/**/*.txt")``. An iterator is read once.
    labels : dict of str to callable
        Functions of a trace, such as ``labels.inside_quotes``. Each block is labelled on its own,
        with the characters that warm it up before it.
    scheduler : str or int, optional
        The address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``, or how many worker
        processes to start on this machine: both need the extra ``survey``. By default this
        process does all.
    states : str or sequence of str, optional
        Shell patterns of the states; default all.
    control : CharLM or sequence of them, optional
        Networks to compare with, such as `untrained` ones, as in `rank_units`.
    block : int, optional
        Characters of a block; by default 65,536, fewer where there are many columns.
    task : int
        Blocks whose counts are added up before they are sent back; a run that was killed goes on
        after the last whole one. Many workers need more of them, see the page on surveys.
    warm_up : int
        Characters read before each block but the first of a text, to bring the state to what it
        would be. They do not count.
    skip : int
        Characters at the start of each text that do not count.
    sample : int, optional
        Characters of the blocks that are measured exactly; by default as many as 256 MB hold, at
        most 1,048,576.
    out : str or path-like, optional
        A folder for the finished tasks. If a run is killed, the same call goes on from there.
        It may be removed afterwards.
    title : str
        What is surveyed.
    details, shifts, resamples, seed : int
        As in `rank_units`.
    probe : bool
        As in `rank_units`.
    kinds : bool
        Whether to find out what kind of memory the claimed units are, see `unit_kind`.
    progress : bool, optional
        Whether to show a progress bar; by default where it takes long.

    Returns
    -------
    Survey
        With ``units``, a row for each unit of each layer; `Survey.to_pandas`, `Survey.save` and
        `Survey.to_site`.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit; if no text could be read.
    ImportError
        If ``scheduler`` is given and Dask is not installed.

    Notes
    -----
    *Where the corpus fits* into ``sample``, everything is exact, and each label is ranked by
    `rank_units` over all blocks. *Else* scores come from counts by 1,024 bins of each unit (64 by
    128 for a numeric label), blocks of even number being part A and the others part B. What they
    may be off by is bounded by the counts and stated with them. Blocks spread evenly over the
    corpus, every 2nd, 4th, 8th ..., are then ranked exactly by `rank_units`, with all of its
    controls, and what is claimed is claimed from there. See the documentation of surveys for how
    large a corpus can be.

    Examples
    --------
    >>> texts = Path("corpus/*.txt")
    >>> survey(model, texts, labels={"quotes": labels.inside_quotes})  # doctest: +SKIP

    """
    _check(block=block, task=task, warm_up=warm_up, sample=sample, skip=skip)
    plan = _plan(model, labels, states, block, sample)
    corpus = BlockedTexts(texts, plan.block, warm_up, skip)
    size = corpus.size()
    chosen = BlockSample(plan.sample)
    blocks = iter(corpus)
    pilot = list(islice(blocks, _PILOT))
    if not any(len(each.text) > each.skip for each in pilot):
        read_ = "; ".join(f"{name}: {why}" for name, why in corpus.unread)
        msg = f"texts must hold more than skip={skip} characters, got fewer" + (
            f"; not read: {read_}" if read_ else ""
        )
        raise ValueError(msg)
    job = Job(plan.model, plan.states, dict(labels), plan.scheme(pilot))
    folder = None if out is None else TaskFolder(Path(out))
    long = size is None or size > plan.block * PART
    with Bar(
        total=size,
        unit="character",
        unit_scale=True,
        desc="survey",
        disable=not (long if progress is None else progress),
    ) as bar:
        merging = _Merger(job, chosen, folder, bar)
        merging.run(tasks_of(chain(pilot, blocks), task), scheduler)
    return _concluded(
        merging,
        plan,
        corpus,
        control=list(control) if isinstance(control, Sequence) else [control],
        title=title,
        kinds=kinds,
        options={
            "details": details,
            "shifts": shifts,
            "resamples": resamples,
            "probe": probe,
            "seed": seed,
            "progress": progress,
        },
    )


@dataclass(frozen=True)
class _Plan:
    """What is known before the first block."""

    model: bytes
    labels: Labels
    states: tuple[str, ...]
    columns: list[tuple[str, int]]
    saturation: NDArray[np.float32]
    bounds: list[tuple[float, float] | None]
    block: int
    sample: int

    def scheme(self, pilot: Sequence[TextBlock]) -> Scheme:
        """Return how to count, as the first blocks suggest."""
        values, said = [], []
        for block in pilot:
            trace = read(loaded(self.model), block.text, self.states)
            values.append(columns(trace, self.states)[:, block.skip :])
            said.append(labels_of(trace, self.labels))
        levels: dict[str, NDArray[np.float64] | None] = {}
        for name in self.labels:
            known = np.concatenate([each[name].values[each[name].known] for each in said])
            levels[name] = None if known.dtype == np.bool_ else levels_of(known.astype(np.float64))
        return Scheme(edges_of(np.concatenate(values, axis=1), BINS), levels, self.saturation)


def _plan(
    model: CharLM,
    labels: Labels,
    states: str | Sequence[str] | None,
    block: int | None,
    sample: int | None,
) -> _Plan:
    data = packed(model)
    for name, label in labels.items():
        if not callable(label):
            msg = f"labels[{name!r}] must be a function of a trace, got {type(label).__name__}"
            raise TypeError(msg)
    trace = read(loaded(data), model.vocabulary[0], states)
    found = [(state, unit) for state in trace.states for unit in range(trace.num_units(state))]
    recording = as_recording(trace)
    bounds = [trace.bounds(state) for state, _ in found]
    saturation = [
        saturation_of(recording.layer_and_kind(state)[1], bound)
        for (state, _), bound in zip(found, bounds, strict=True)
    ]
    return _Plan(
        data,
        labels,
        trace.states,
        found,
        np.array(saturation, np.float32),
        bounds,
        block or max(1000, min(_BLOCK, _BLOCK_VALUES // len(found))),
        sample or max(1, min(_SAMPLE, _SAMPLE_VALUES // len(found))),
    )


@dataclass
class _Merger:
    """Adds up the results of tasks in their order, whatever order they come in."""

    job: Job
    sample: BlockSample
    folder: TaskFolder | None
    bar: Any
    blocks: int = 0
    waiting: dict[int, bytes] = field(default_factory=dict)
    merged: int = 0

    def __post_init__(self) -> None:
        self.summary = Summary.empty(self.job.scheme)
        self.digest = self.job.digest if self.folder else ""

    def run(self, tasks: Iterator[Task], scheduler: str | int | None) -> None:
        for task, result in results(self.job, self._unfinished(tasks), scheduler):
            if self.folder:
                self.folder.keep(task.index, task.digest(self.digest), result)
            self._take(task, result)
        assert not self.waiting  # noqa: S101 - each task is done once

    def _unfinished(self, tasks: Iterator[Task]) -> Iterator[Task]:
        """Yield the tasks whose results are not in the folder."""
        for task in tasks:
            self.blocks += len(task.blocks)
            for block in task.blocks:
                self.sample.offer(block)
            found = self.folder and self.folder.find(task.index, task.digest(self.digest))
            if found:
                self._take(task, found)
            else:
                yield task

    def _take(self, task: Task, result: bytes) -> None:
        self.bar.update(sum(len(block.text) - block.skip for block in task.blocks))
        self.waiting[task.index] = result
        while self.merged in self.waiting:
            data = self.waiting.pop(self.merged)
            self.summary.merge(Summary.from_bytes(data, tuple(self.job.labels)))
            self.merged += 1


def _concluded(
    merging: _Merger,
    plan: _Plan,
    corpus: BlockedTexts,
    *,
    control: list[CharLM],
    title: str,
    kinds: bool,
    options: dict[str, Any],
) -> Survey:
    """Measure the sample exactly, and say what was found."""
    job, sample, summary = merging.job, merging.sample, merging.summary
    traces = sample.record(loaded(job.model), job.states)
    rivals = [sample.record(each, job.states) for each in control]
    recording = as_recording(traces)
    scores: dict[str, Scores] = {}
    reports = []
    spread = "the whole corpus" if sample.whole else "blocks spread evenly over the corpus"
    for name, values in sample.labels(traces, job.labels).items():
        try:
            ranking = rank_units(
                traces if len(traces) > 1 else traces[0],
                values if len(traces) > 1 else values[0],
                name=name,
                caption=f"halves of {spread}",
                control=[each if len(each) > 1 else each[0] for each in rivals] or None,
                skip=0,
                **options,
            )
        except ConstantLabelError as error:
            reports.append(LabelReport.none(name, str(error)))
            continue
        reports.append(LabelReport.of(name, ranking))
        scores[name] = (
            exact_scores(ranking)
            if sample.whole
            else binned_scores(summary, name, ranking, plan.columns, recording)
        )
    rows = rows_of(summary, scores, plan.columns, recording, {})
    if kinds:
        claimed = [(row.state, row.unit) for row in rows if row.claimed]
        found = {column: unit_kind(traces, *column).kind for column in claimed}
        rows = rows_of(summary, scores, plan.columns, recording, found)
    shown = traces[0]
    strips = columns(shown, job.states)
    limits = [colour_limit([c], bound) for c, bound in zip(strips, plan.bounds, strict=True)]
    return Survey(
        units=tuple(rows),
        labels=tuple(reports),
        tokens=int(summary.tokens.sum()),
        blocks=merging.blocks,
        measured=sum(len(each.text) - each.skip for each in sample.blocks),
        exact=sample.whole,
        texts=tuple(corpus.names),
        unread=tuple(corpus.unread),
        columns=tuple(plan.columns),
        edges=job.scheme.edges,
        counts=summary.counts,
        snippets=summary.snippets,
        limits=np.array(limits, np.float32),
        sample=shown.text[:_STRIP],
        strips=strips[:, :_STRIP].astype(np.float16),
        title=title,
        rankings={name: each.ranking for name, each in scores.items()},
    )


def _check(*, block: int | None, task: int, warm_up: int, sample: int | None, skip: int) -> None:
    for argument, value, least in (
        ("block", 1 if block is None else block, 1),
        ("task", task, 1),
        ("warm_up", warm_up, 1),
        ("sample", 1 if sample is None else sample, 1),
        ("skip", skip, 0),
    ):
        if value < least:
            msg = f"{argument} must be at least {least}, got {value}"
            raise ValueError(msg)
