"""Work shared out among the cores of the machine by threads that let go of the interpreter's lock.

A system that has rested wakes a thread on the very core that called for it, though others are idle
(a virtual machine more than most: cores at rest look taken). The helper then waits for whom it
should help. So helpers are kept off the core that calls them until they have begun, and nobody
waits for one that has not. A forecast after a rest of 50 ms takes 13 ms by that instead of 15 to 19
on two cores; called again at once it takes 11 either way. Who is nice to others claims no core:
beside a server under load it would take a tenth of what that stores.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from itertools import pairwise
from typing import TypeVar

import numpy as np

Found = TypeVar("Found")

#: Fewer people than this are not worth a second thread.
WORTH_A_THREAD = 512


def threads() -> int:
    """How many threads share the work: as many as this process may use cores; one where this
    thread is itself one of those that share something.
    """
    return 1 if getattr(_inside, "task", False) else len(_cores())


def shared_out(people: int, work: Callable[[int, int], object]) -> None:
    """Call ``work(first, last)`` for all people, an equal part of them on each core."""
    if people < WORTH_A_THREAD or threads() == 1:
        work(0, people)
        return
    size = -(-people // threads())
    in_threads(
        [partial(work, first, min(people, first + size)) for first in range(0, people, size)]
    )


def blocks_shared_out(people: int, lanes: int, work: Callable[[int, int], object]) -> None:
    """Call ``work(first_block, last_block)`` so that all blocks of ``lanes`` people are done."""
    blocks = -(-people // lanes)
    if people < WORTH_A_THREAD or threads() == 1:
        work(0, blocks)
        return
    edges = np.linspace(0, blocks, min(blocks, threads() * 4) + 1).astype(int).tolist()
    in_threads([partial(work, first, last) for first, last in pairwise(edges)])


def in_threads(tasks: Sequence[Callable[[], object]]) -> None:
    """Do all tasks, as many at a time as there are cores; an error of one is raised here.

    The caller does its share. A task that asks for this itself has its own done by itself: the
    cores are taken.
    """
    if len(tasks) == 1 or threads() == 1:
        for task in tasks:
            task()
        return
    left = deque(tasks)
    count = min(threads(), len(tasks)) - 1
    helping = [_helpers().begin(partial(_take, left)) for _ in range(count)]
    try:
        _take(left)
    finally:
        left.clear()
        for one in [one for one in helping if not one.cancel()]:
            _helpers().wait(one)


def later(work: Callable[[], Found]) -> Callable[[], Found]:
    """Begin with something on another core; calling what comes back, once, gives its result.

    It is done by the caller then if nobody has begun with it.
    """
    if threads() == 1:
        return work
    begun = _helpers().begin(work)
    return lambda: work() if begun.cancel() else _helpers().wait(begun)


#: Whether this thread is busy with a task of ``in_threads``.
_inside = threading.local()


def _take(left: deque[Callable[[], object]]) -> None:
    """Do tasks until none is left."""
    _inside.task = True
    try:
        while left:
            try:
                task = left.popleft()
            except IndexError:
                return
            task()
    finally:
        _inside.task = False


def _cores() -> frozenset[int]:
    """Those that this thread may use."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


@cache
def _core_asked() -> Callable[[], int] | None:
    """What tells the core that a thread runs on, where the system can and threads can be sent."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    found: Callable[[], int] | None = getattr(ctypes.CDLL(None), "sched_getcpu", None)
    return found


class _Helpers:
    """The threads beside the one that asks, and which core they are kept off."""

    def __init__(self) -> None:
        self.cores = _cores()
        self.threads: list[int] = []
        self.kept_off: int | None = None
        self.pool = ThreadPoolExecutor(
            len(self.cores), "pharmacology", lambda: self.threads.append(threading.get_native_id())
        )

    def begin(self, work: Callable[[], Found]) -> Future[Found]:
        """Have somebody begin with it, on another core than this one."""
        asked = _core_asked()
        # On Linux the priority is this thread's own.
        nice = asked is not None and os.getpriority(os.PRIO_PROCESS, 0) > 0
        here = None if asked is None or nice else asked()
        if here != self.kept_off:
            self._keep_off(here)
        return self.pool.submit(work)

    def wait(self, one: Future[Found]) -> Found:
        """The result of what somebody has begun with, who may go on here while this one waits."""
        if not one.done() and self.kept_off is not None:
            self._keep_off(None)
        return one.result()

    def _keep_off(self, core: int | None) -> None:
        allowed = self.cores - {core} or self.cores
        self.kept_off = core
        for thread in tuple(self.threads):
            # A thread that is gone, or a system that lets nobody be sent: it works as well.
            with suppress(OSError):
                os.sched_setaffinity(thread, allowed)


@cache
def _helpers() -> _Helpers:
    return _Helpers()


if hasattr(os, "register_at_fork"):
    # Threads do not live on in a child process; it makes its own.
    os.register_at_fork(after_in_child=_helpers.cache_clear)
