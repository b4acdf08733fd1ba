"""Running a stretch so that Ctrl-C is heard, and the display goes on, meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from .stretch import Engine, Stretch, Watch

BRIEF = 0.05
"""Seconds that a call may keep Ctrl-C waiting.

To give work to another thread takes about a millisecond until its caches are warm.
"""
PAUSE = 0.02
"""Seconds between two looks at an engine that works."""


def perform(
    engine: Engine,
    stretch: Stretch,
    watch: Watch,
    tick: Callable[[], None],
    seconds: float | None,
    watched: bool,
) -> None:
    """Run a stretch, in a thread of its own where that is needed.

    Python hears Ctrl-C in its main thread only, and between two of its own steps. So
    an engine that blocks works beside the main thread, which waits for either. What is
    raised here while it works is raised when it has ended. An engine that is to tell of
    each update does so in the thread that asks, and hears Ctrl-C then.

    Parameters
    ----------
    engine, stretch, watch
        What runs, and its watch.
    tick
        Called now and then while the engine works elsewhere.
    seconds
        How long it will likely take; None when nobody knows.
    watched
        Whether somebody waits for a tick, in whichever thread this is.
    """
    brief = seconds is not None and seconds < BRIEF
    here = threading.current_thread() is threading.main_thread()
    alone = brief or not (here or watched) or not engine.blocking
    if alone or watch.told is not None:
        engine.run(stretch, watch)
        return
    failed: list[BaseException] = []
    ended = threading.Event()

    def work() -> None:
        try:
            engine.run(stretch, watch)
        except BaseException as error:
            failed.append(error)
        finally:
            ended.set()

    worker = threading.Thread(target=work, name="plaingrad", daemon=True)
    try:
        worker.start()
        while not ended.wait(PAUSE):
            tick()
    finally:
        watch.stop()
        if worker.ident is not None:
            _outwait(worker, ended)
    if failed:
        raise failed[0]


def _outwait(worker: threading.Thread, ended: threading.Event) -> None:
    """Wait for a thread that writes into our arrays, however often Ctrl-C is hit."""
    while not ended.is_set():
        # not by a join: one that Ctrl-C ends may take its thread for dead
        with contextlib.suppress(KeyboardInterrupt):
            ended.wait()
    with contextlib.suppress(KeyboardInterrupt):
        worker.join()
