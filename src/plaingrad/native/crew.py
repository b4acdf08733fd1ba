"""Threads that go through one native function together."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from queue import SimpleQueue

Run = Callable[[int, int, int], int]
Job = tuple[Run, int, bool]
QUOTA = Path("/sys/fs/cgroup/cpu.max")
LOAD = Path("/proc/loadavg")


@cache
def cores() -> int:
    """Return how many processors this process may use at once."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        count = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        # a container may have many processors, and the time of a few
        share, period = QUOTA.read_text().split()
        count = min(count, max(1, int(share) // int(period)))
    return count


def idle() -> int:
    """Return how many processors nobody else uses at this moment, at least one.

    Where threads wait for each other, one that has to share its processor holds up all.
    """
    try:
        running = int(LOAD.read_text().split()[3].split("/")[0])
    except (OSError, ValueError, IndexError):
        return cores()
    # this thread is one of those that run
    return max(1, cores() - (running - 1))


class Crew:
    """Threads that sleep until there is a function to run, and end with this object.

    Parameters
    ----------
    size
        How many threads. The one that asks for work is none of them: it waits, so that
        Ctrl-C finds it between two steps and never leaves the others behind.

    Raises
    ------
    RuntimeError
        When the system has no room for more threads.
    """

    def __init__(self, size: int) -> None:
        self._post = _Post(size)
        self._process = os.getpid()
        weakref.finalize(self, self._post.dismiss)
        for me in range(size):
            threading.Thread(
                target=_work, args=(self._post, me), name="plaingrad", daemon=True
            ).start()

    def suits(self, size: int) -> bool:
        """Tell whether these are so many threads, and of this process."""
        return len(self._post.queues) == size and self._process == os.getpid()

    def run(self, function: Run, table: int, here: bool = False) -> int:
        """Run a function in all threads, each with its number, and wait for the end.

        Parameters
        ----------
        function, table
            What to run.
        here
            Whether the thread that asks takes the place of the first one, because the
            function calls something that must be called there, and that ends it soon
            after Ctrl-C.

        Returns
        -------
        int
            What it returned in the first thread.
        """
        post = self._post
        size = len(post.queues)
        post.ended.clear()
        post.left = size - here
        try:
            # the first thread wakes the others: nothing can come between here
            post.queues[0].put((function, table, here))
        finally:
            try:
                if here:
                    # the others wait for it, and in any other call Ctrl-C may come
                    post.done = function(table, 0, size)
            finally:
                post.outwait()
        return post.done


class _Post:
    """Where the threads of a crew find work and say that it is done."""

    def __init__(self, size: int) -> None:
        self.queues: list[SimpleQueue[Job | None]] = [
            SimpleQueue() for _ in range(size)
        ]
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.left = self.done = 0

    def outwait(self) -> None:
        """Wait until all threads are done, and only then hear Ctrl-C."""
        interrupt = None
        while True:
            try:
                self.ended.wait()
                break
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def dismiss(self) -> None:
        """Let all threads end."""
        for queue in self.queues:
            queue.put(None)


def _work(post: _Post, me: int) -> None:
    """Be one of a crew."""
    size = len(post.queues)
    while (job := post.queues[me].get()) is not None:
        if me == 0:
            for queue in post.queues[1:]:
                queue.put(job)
        function, table, here = job
        if here and me == 0:
            continue
        done = function(table, me, size)
        with post.lock:
            post.left -= 1
            if me == 0:
                post.done = done
            if post.left == 0:
                post.ended.set()
