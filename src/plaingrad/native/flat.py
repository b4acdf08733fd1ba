"""Arrays that stand one behind the other in memory, each on cache lines of its own."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn, Self

import numpy as np

from ..errors import SettingError, ShapeError, unknown_name
from ..shapes import show

Array = np.ndarray[Any, Any]
LINE = 64
"""The bytes of a cache line; every array and every buffer begins on one."""
PAGE = 2 << 20
"""The bytes of a large page of memory."""
SLACK = 256
"""The bytes behind the last array: machine code may read past an end, in vectors."""


def room(size: int) -> Array:
    """Return so many bytes, all zero, that begin on a cache line.

    Much memory is asked for in large pages, where the system has them: in small ones,
    scattered as they are, even what fits into a cache may displace itself.
    """
    large = size >= PAGE // 8 and hasattr(mmap, "MADV_HUGEPAGE")
    edge = PAGE if large else LINE
    if large:
        # shared pages would stay common with a forked process, and small
        kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        pages = mmap.mmap(-1, size + edge, flags=kind)
        # a system may have been built without large pages
        with suppress(OSError):
            pages.madvise(mmap.MADV_HUGEPAGE)
        held = np.frombuffer(pages, dtype=np.uint8)
    else:
        held = np.zeros(size + edge, dtype=np.uint8)
    start = -held.ctypes.data % edge
    return held[start : start + size]


class Views(dict[str, Array]):
    """Arrays by name that stay where they are: to set one is to copy into it."""

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self:
            raise unknown_name("array", name, self)
        values, view = np.asarray(value), self[name]
        if values.shape != view.shape:
            raise ShapeError(
                f"{name} has the shape {show(view.shape)}, which cannot become "
                f"{show(values.shape)}."
            )
        view[...] = values

    def update(self, *others: Any, **more: Any) -> None:
        """Copy some values, by name."""
        for name, value in dict(*others, **more).items():
            self[name] = value

    def __ior__(self, other: Any) -> Self:  # type: ignore[override,misc]
        self.update(other)
        return self

    def _keep(self, *_: Any) -> NoReturn:
        """Refuse: the network is made of these arrays."""
        raise SettingError(
            "arrays of a network cannot be added or removed, only set: "
            'net.params["W1"] = array.'
        )

    __delitem__ = pop = popitem = clear = setdefault = _keep

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as arrays with a room of their own."""
        return flat, (dict(self),)


def flat(arrays: Mapping[str, Array]) -> Views:
    """Return copies of arrays that stand one behind the other."""
    return in_one([arrays])[0]


def in_one(groups: Sequence[Mapping[str, Array]]) -> list[Views]:
    """Return copies of some groups of arrays, all one behind the other."""
    sizes = [-(-value.nbytes // LINE) * LINE for g in groups for value in g.values()]
    held, start = room(sum(sizes) + SLACK), 0
    made = []
    for group in groups:
        views = {}
        for name, value in group.items():
            part = held[start : start + value.nbytes]
            view = part.view(value.dtype).reshape(value.shape)
            view[...] = value
            views[name] = view
            start += -(-value.nbytes // LINE) * LINE
        made.append(Views(views))
    return made
