"""Random numbers that are a pure function of (seed, step, place).

Shuffles come from NumPy's generator, seeded by (seed, epoch), and by the place of the
blocks, too, where the rows of a few blocks are mixed at a time. For dropout and
augmentation, whose numbers are drawn in every step, each key has a sequence of its own,
with a start and an odd distance that are hashes of it, and each number is the hash of
one of its entries (Steele, Lea and Flood, Fast splittable pseudorandom number
generators, 2014). The hash is two multiplications and three xorshifts of 32 bits
(Wellons' "lowbias32"). The same lines stand in the printed script, so any step can be
replayed alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Node, apply, function
from ..op import define
from ..shapes import Shape, Type, size_of

UNIFORM = """def uniform(count, *key):  # {comment}
    def mix(x):
        x = (x ^ x >> 16) * 0x7FEB352D
        x = (x ^ x >> 15) * 0x846CA68B
        return x ^ x >> 16

    start = np.array([0x9E3779B9], np.uint32)
    for word in key:
        start = mix(start ^ word)
    x = mix(start + np.arange(count, dtype=np.uint32) * (mix(start) | 1))
    return (x >> 8).astype(np.float32) / 2**24"""
"""The generator, as the script prints it and the reference runs it."""

_namespace: dict[str, Any] = {"np": np}
exec(compile(UNIFORM.format(comment=""), "<uniform>", "exec"), _namespace)  # noqa: S102


def uniform(count: int, *key: int) -> np.ndarray[Any, Any]:
    """Return `count` numbers in [0, 1), float32, that depend on the key alone."""
    return _namespace["uniform"](count, *key)  # type: ignore[no-any-return]


def shuffled(count: int, seed: int, epoch: int) -> np.ndarray[Any, Any]:
    """Return the order in which an epoch visits `count` samples."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def mixed(count: int, seed: int, epoch: int, place: int) -> np.ndarray[Any, Any]:
    """Return the order of `count` rows, those of a few blocks that are mixed.

    The first of these blocks is number `place` (from 0) among those of the epoch, which
    are `shuffled`.
    """
    return np.random.default_rng((seed, epoch, place + 1)).permutation(count)


def _text(node: Node) -> str:
    count = str(size_of(node.shape))
    shape = ", ".join(map(str, node.shape)) or "()"
    call = f"uniform({count}, {{0}}, {{1}}, {node.attrs['place']})"
    return call if len(node.shape) == 1 else f"{call}.reshape({shape})"


define(
    "uniform",
    rule=lambda types, attrs: Type(attrs["shape"], "float"),
    text=_text,
    maths=lambda node: f"\\operatorname{{uniform}}(#0, #1, {node.attrs['place']})",
    grad=lambda y, g: (None, None),
    hint="u",
)


@function()
def noise(shape: Shape, place: int, seed: Any, step: Any) -> Node:
    """Return uniform numbers in [0, 1) for one place of the program at one step."""
    return apply("uniform", seed, step, shape=shape, place=place)
