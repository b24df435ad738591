"""Threads of a ranking: how long they and their memory last, and what happens within one."""

import os
import threading

import numpy as np
import pytest

from rnnviz_widget.stats.memory import lent
from rnnviz_widget.stats.threads import in_threads, kept_threads


def thread(_: object = None) -> threading.Thread:
    return threading.current_thread()


def memory(_: object = None) -> int:
    return int(lent("aside", 9, np.int32).ctypes.data)


def test_results_come_in_the_order_of_the_items() -> None:
    assert in_threads(lambda i: i * i, range(50)) == [i * i for i in range(50)]
    assert in_threads(thread, []) == []


def test_memory_of_a_name_is_the_same_for_any_type_and_grows() -> None:
    def again(_: int) -> list[bool]:
        first = lent("aside", 9, np.int32)
        smaller, larger = lent("aside", 3, np.int64), lent("aside", 99, np.int64)
        assert len(larger) == 99
        others = (smaller, lent("other", 9, np.int32), larger)
        return [np.shares_memory(first, other) for other in others]

    assert in_threads(again, range(3))[0] == [True, False, False]


def test_threads_and_memory_are_kept_within_and_not_beyond() -> None:
    cores = os.cpu_count() or 1
    together = threading.Barrier(cores, timeout=60)

    def here(_: int) -> tuple[threading.Thread, int]:
        together.wait()  # so that every thread takes one
        return thread(), memory()

    with kept_threads():
        with kept_threads():
            first = in_threads(here, range(cores))
        assert len(set(first)) == cores
        assert set(in_threads(here, range(cores))) == set(first)
        assert all(worker.is_alive() for worker, _ in first)
    assert not any(worker.is_alive() for worker, _ in first)


def test_the_callers_own_thread_keeps_nothing() -> None:
    in_threads(memory, range(3))
    first = lent("aside", 9, np.int32)
    assert not np.shares_memory(first, lent("aside", 9, np.int32))


def test_within_a_thread_the_work_is_done_there() -> None:
    def nested(_: int) -> bool:
        return set(in_threads(thread, range(20))) == {thread()}

    with kept_threads():  # many more than there are threads: none waits for another
        assert all(in_threads(nested, range(50)))


def test_an_error_leaves_no_threads() -> None:
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), kept_threads():
        in_threads(lambda i: 1 / i, range(3))
    assert set(threading.enumerate()) <= before
    assert in_threads(str, [1]) == ["1"]
