"""Telling of every update while machine code works: one call does many of them.

The code calls a function of C, which goes on with a generator of Python. That is all
the time inside of its `try`, so that no Ctrl-C is raised where nobody would catch it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..train.stretch import Watch

Tell = ctypes.CFUNCTYPE(None)
"""What machine code calls; it has no arguments, and what it returns is not read."""


class Telling:
    """A block with the address of a function that tells of an update.

    It is 0 when nobody listens. What is raised there, Ctrl-C too, cannot pass through
    machine code. So it asks for an end after the present update, and is raised when the
    block has ended.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch, self._failed = watch, list[BaseException]()

    def __enter__(self) -> int:
        """Return the address."""
        watch = self._watch
        if watch.told is None:
            return 0
        teller = _teller(watch.told, watch.stop, self._failed)
        next(teller)
        self._function = Tell(teller.__next__)
        return ctypes.cast(self._function, ctypes.c_void_p).value or 0

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        """Raise what was raised on the way, if the block itself raises nothing."""
        # no generator does this: it could not raise StopIteration
        if self._failed and kind is None:
            raise self._failed[0]


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
