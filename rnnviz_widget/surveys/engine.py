"""Where the tasks of a survey are done: here, or by the workers of a Dask cluster."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from rnnviz_widget.surveys.task import merge_parts, run_part, run_task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rnnviz_widget.surveys.task import Job, Task

_AHEAD = 3  # parts for each thread of a worker that are on their way
_ATTEMPTS = 3  # connections to a scheduler


def results(job: Job, tasks: Iterator[Task], scheduler: str | int | None) -> Iterator[Any]:
    """Yield (task, its result as bytes), in the order in which they are done.

    Parameters
    ----------
    job, tasks
        What is to be done.
    scheduler
        None for this process, a number of worker processes on this machine, or the address of a
        Dask scheduler.

    """
    if scheduler is None:
        for task in tasks:
            yield task, run_task(job, task)
        return
    with ExitStack() as stack:
        distributed = _distributed()
        address = scheduler
        if isinstance(address, int):
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=address,
                    threads_per_worker=1,
                    dashboard_address=None,
                    processes=True,
                )
            )
            address = str(cluster.scheduler_address)
        yield from _by_dask(distributed, job, tasks, address)


def _distributed() -> Any:  # noqa: ANN401 - a module without types of its own
    try:
        import distributed  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = 'scheduler= needs Dask: pip install "rnnviz-widget[survey]"'
        raise ImportError(msg) from error
    return distributed


def _by_dask(distributed: Any, job: Job, tasks: Iterator[Task], address: str) -> Iterator[Any]:  # noqa: ANN401
    pending: dict[int, Task] = {}
    for attempt in range(_ATTEMPTS):
        try:
            with distributed.Client(address, set_as_default=False) as client:
                yield from _with_client(distributed, client, job, tasks, pending)
                return
        except (OSError, distributed.client.FutureCancelledError, TimeoutError):
            # The scheduler went away: what it has not answered is asked of the next one there.
            if attempt == _ATTEMPTS - 1:
                raise


def _with_client(
    distributed: Any,  # noqa: ANN401
    client: Any,  # noqa: ANN401
    job: Job,
    tasks: Iterator[Task],
    pending: dict[int, Task],
) -> Iterator[Any]:
    # A task of its own, not scattered data: Dask makes it anew where the worker that has it dies.
    common = client.submit(_same, job, pure=False)
    threads = sum(client.nthreads().values())

    def submit(task: Task) -> Any:  # noqa: ANN401
        pending[task.index] = task
        parts = [client.submit(run_part, common, part, pure=False) for part in task.parts]
        # Where there are several, their counts are added up by the workers, among themselves.
        merged = client.submit(merge_parts, tuple(job.labels), *parts, pure=False)
        merged.task = task
        return merged

    again = [submit(task) for task in list(pending.values())]
    waiting = distributed.as_completed(again, loop=client.loop)
    for task in tasks:
        waiting.add(submit(task))
        while sum(len(each.parts) for each in pending.values()) >= _AHEAD * max(1, threads):
            yield _taken(next(waiting), pending)
    for future in waiting:
        yield _taken(future, pending)


def _taken(future: Any, pending: dict[int, Task]) -> tuple[Task, bytes]:  # noqa: ANN401
    result = future.result()
    task = pending.pop(future.task.index)
    future.release()
    return task, result


def _same(job: Job) -> Job:
    return job
