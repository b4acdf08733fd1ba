"""What must be computed before parameters are renewed, which happens in place."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from ..graph import Node
from .loops import Buffer


def early(
    outputs: Sequence[tuple[Node, Buffer]],
    leaves: Mapping[Node, Buffer],
    kept: Container[Node],
    structure: Container[str],
) -> set[Node]:
    """Return the outputs that read what would be overwritten by then.

    That is a parameter which an output before them renews, or other entries of the one
    that they renew themselves.

    Parameters
    ----------
    outputs
        The nodes, in the order in which they are stored, and where.
    leaves
        The buffer of every leaf.
    kept
        The nodes that are computed before all outputs.
    structure
        The operations that do more than to work entry by entry.
    """
    found: set[Node] = set()
    renewed: set[Buffer] = set()
    stored: set[Node] = set()
    for node, buffer in outputs:
        for read, same in _reads(node, leaves, kept, stored, structure):
            if read in renewed or (read is buffer and not same):
                found.add(node)
        stored.add(node)
        if buffer.space == "stored":
            renewed.add(buffer)
    return found


def _reads(
    root: Node,
    leaves: Mapping[Node, Buffer],
    kept: Container[Node],
    stored: Container[Node],
    structure: Container[str],
) -> Iterator[tuple[Buffer, bool]]:
    """Yield the buffers that are read when a node is stored, and whether at its entry.

    What is kept, and what was stored before, is read from there.
    """
    seen: set[tuple[Node, bool]] = set()
    stack = [(root, True)]
    while stack:
        node, same = stack.pop()
        if (node, same) in seen or node in kept or node in stored:
            continue
        seen.add((node, same))
        if node in leaves:
            yield leaves[node], same
        alone = same and node.op.name not in structure
        stack += [(x, alone and x.shape == node.shape) for x in node.inputs]
