"""Telling of every update while machine code works: one call does many of them.

The code calls a function of C, which goes on with a generator of Python. That is all
the time inside of its `try`, so that no Ctrl-C is raised where nobody would catch it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..train.stretch import Watch

Tell = ctypes.CFUNCTYPE(None)
"""What machine code calls; it has no arguments, and what it returns is not read."""


@contextmanager
def telling(watch: Watch) -> Iterator[int]:
    """Have the address of a function that tells of an update, or 0 when nobody listens.

    What is raised there, Ctrl-C too, cannot pass through machine code. So it asks for
    an end after the present update, and is raised when the block has ended.
    """
    if watch.told is None:
        yield 0
        return
    failed: list[BaseException] = []
    teller = _teller(watch.told, watch.stop, failed)
    next(teller)
    function = Tell(teller.__next__)
    yield ctypes.cast(function, ctypes.c_void_p).value or 0
    if failed:
        raise failed[0]


def _teller(
    told: Callable[[], None], stop: Callable[[], None], failed: list[BaseException]
) -> Iterator[None]:
    try:
        while True:
            yield
            told()
    except GeneratorExit:
        raise
    except BaseException as error:
        failed.append(error)
        stop()
    yield
