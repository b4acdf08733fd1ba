"""Several trainings at once, each in a thread.

Machine code leaves Python's lock while it works, so threads are enough: they share the
data, and nothing has to be sent to them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import whole
from ..native.crew import cores
from .callbacks import Callback
from .history import History

PAUSE = 0.1
"""Seconds between two looks at the threads."""


class Watcher(Callback):
    """Tells how far a training in another thread is, and ends it when that is asked.

    Attributes
    ----------
    asked
        Whether all should end.
    share
        How much of the training is done, of its most epochs.
    """

    def __init__(self) -> None:
        self.asked, self.share = False, 0.0
        self._epochs = 1

    def begin(self, epochs: int) -> None:
        """Watch the next training, of so many epochs at most."""
        self._epochs, self.share = epochs, 0.0

    def on_tick(self, history: History) -> bool:
        """Note how far it is; return whether it should end."""
        self.share = history.epochs / self._epochs
        return self.asked


Work = Callable[[Watcher], bool]


def workers(parallel: int | None, jobs: int, native: bool) -> int:
    """Return how many threads to train in.

    Parameters
    ----------
    parallel
        How many are wanted; None for as many as there are cores.
    jobs
        How many trainings there are.
    native
        Whether machine code trains. The reference is Python, which gains nothing.
    """
    usual = cores() if native else 1
    return min(jobs, usual if parallel is None else whole("parallel", parallel))


def abreast(work: Work, count: int, tell: Callable[[float], None]) -> bool:
    """Do work in threads until there is none; return whether Ctrl-C ended it.

    An error in one thread ends all, and is raised when they have ended. So does Ctrl-C;
    a second one does not wait, and is raised.

    Parameters
    ----------
    work
        Does the next piece, and returns whether there was one. It gives its watcher to
        the training that it does.
    count
        How many threads.
    tell
        Called now and then, by how much of the present trainings is done, summed.
    """
    watchers = [Watcher() for _ in range(count)]
    failed: list[BaseException] = []
    begun: list[Watcher] = []
    over: list[Watcher] = []
    ended = threading.Event()

    def each(watcher: Watcher) -> None:
        begun.append(watcher)
        try:
            while not watcher.asked and work(watcher):
                watcher.share = 0.0
        except BaseException as error:
            failed.append(error)
            ask()
        over.append(watcher)
        if len(over) == count:
            ended.set()

    def ask() -> None:
        for watcher in watchers:
            watcher.asked = True

    interrupted, waiting = False, list(watchers)
    # no join: one that Ctrl-C ends may take its thread for dead
    while not ended.is_set() and not (interrupted and len(over) == len(begun)):
        try:
            while waiting and not interrupted:
                one = (waiting.pop(),)
                threading.Thread(target=each, args=one, daemon=True).start()
            ended.wait(PAUSE)
            if not interrupted:
                tell(sum(watcher.share for watcher in watchers))
        except KeyboardInterrupt:
            if interrupted:
                # the threads end with the step that they are at
                raise
            interrupted = True
            # a thread that begins later has nothing to do
            ask()
    if failed:
        raise failed[0]
    return interrupted
