"""From the graph of a procedure to kernels: what gets a buffer, and who computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

from ..graph import Node, walk
from ..shapes import Size, broadcast, size_of
from .axes import Digit, Digits, Index, Keep, Sizes, Split, axes_of, regroup, value
from .early import early
from .errors import Unsupported
from .loops import (
    Buffer,
    Call,
    Chosen,
    Counter,
    Expr,
    Folded,
    How,
    Kernel,
    Load,
    N,
    Number,
    Place,
    Places,
    Position,
    Space,
    Store,
)

VIEWS = ("reshape", "transpose", "slice", "patches", "broadcast_to")
FOLDS: dict[str, How] = {"sum": "sum", "max": "max", "argmax": "argmax"}
SCATTERED = ("pad", "unslice", "concatenate", "fold")
STRUCTURE = (
    *VIEWS,
    *FOLDS,
    *SCATTERED,
    *("leaf", "constant", "size", "literal", "arange"),
    *("matmul", "take", "put", "one_hot"),
)
DEEP = ("matmul", "sum", "max")
"""What ends in one number for each entry, to which more may be done at once."""
DEAR = {"uniform": 20, "exp": 8, "log": 8, "tanh": 12, "pow": 2, "div": 3, "sqrt": 3}
"""What entry-by-entry operations cost, in additions; those with functions cost 10."""
CHEAP = 6
"""Up to what cost a value is computed again rather than kept."""


class Lowering:
    """The kernels of a procedure.

    Parameters
    ----------
    outputs
        The nodes to be computed and the buffer of each: results, renewed parameters.
    leaves
        The buffer of every leaf.
    names
        What people call some nodes, for the names of their buffers.
    """

    def __init__(
        self,
        outputs: Sequence[tuple[Node, Buffer]],
        leaves: Mapping[Node, Buffer],
        names: Mapping[Node, str] = MappingProxyType({}),
    ) -> None:
        self.outputs, self.names = list(outputs), names
        self.buffers: dict[Node, Buffer] = dict(leaves)
        self.inside: dict[Node, Node] = {}
        self.axes: dict[Node, tuple[Sizes, ...]] = {}
        self.order = walk([node for node, _ in outputs])
        self.ends = {node for node, _ in outputs}
        self.kept = self._kept()
        self.kept |= early(self.outputs, leaves, self.kept, STRUCTURE)
        self.kernels: list[Kernel] = []
        for node in self.order:
            if node.op.name == "literal":
                self.buffers[node] = self._buffer(node, "stored")
            elif node in self.kept and node not in self.buffers:
                self._compute(node)
        copies: list[Kernel] = []
        for node, buffer in self.outputs:
            make = partial(Making.entries, node=node, buffer=buffer, again=True)
            copies.append(self._made(make))
            # later kernels read what was renewed from where it now stands
            self.buffers.setdefault(node, buffer)
        self.kernels += copies

    # What gets a buffer.

    def _kept(self) -> set[Node]:
        """Return the nodes that are kept in memory, not computed where read."""
        uses: dict[Node, int] = dict.fromkeys(self.order, 0)
        arrays: set[Node] = set()
        for node in self.order:
            for x in node.inputs:
                uses[x] += 1
                if _spread(x, node):
                    # would be computed anew for each entry of the larger array
                    uses[viewed(x)] += 1
                if node.kind != "number":
                    arrays.add(x)
        kept: set[Node] = set()
        cost: dict[Node, int] = {}
        for node in self.order:
            name = node.op.name
            below = sum(cost.get(x, 0) for x in node.inputs if x not in kept)
            cost[node] = below + _cost(node)
            if name in FOLDS or name in SCATTERED or name in ("matmul", "put"):
                kept.add(node)
            elif node.kind == "number":
                if node in arrays and node.inputs and cost[node] > 1:
                    kept.add(node)
            elif name not in STRUCTURE and uses[node] > 1 and cost[node] > CHEAP:
                kept.add(node)
            if name == "matmul":
                kept |= {base for x in node.inputs if (base := viewed(x)).inputs}
            elif name == "take" and node.inputs[0].inputs:
                kept.add(node.inputs[0])
        return kept | {self._end(node, uses) for node in kept if node.op.name in DEEP}

    def _end(self, node: Node, uses: Mapping[Node, int]) -> Node:
        """Return the last of what is done to each entry of a fold and nothing else.

        That is kept in place of the fold itself: what comes between stays in registers.
        """
        users: dict[Node, Node] = {x: user for user in self.order for x in user.inputs}
        end = node
        summed = N not in _flat(self._axes(node)) and any(
            N in _flat(self._axes(x)) for x in node.inputs
        )
        while uses[node] == 1 and not summed and node not in self.ends:
            user = users[node]
            name = user.op.name
            entries = size_of(user.shape) == size_of(node.shape)
            if not entries or (name in STRUCTURE and name != "reshape"):
                break
            node = user
            if name != "reshape":
                end = node
        return end

    # Buffers and their places.

    def _buffer(self, node: Node, space: Space | None = None) -> Buffer:
        sizes = tuple(size for axis in self._axes(node) for size in axis)
        where = space or ("tile" if N in sizes else "step")
        name = self.names.get(node, node.op.name)
        buffers = [*self.buffers.values(), *(buffer for _, buffer in self.outputs)]
        if node not in self.names or any(b.name == name for b in buffers):
            # nothing that has a name in the program is called like this
            name = f"{name}.{len(self.buffers)}"
        return Buffer(name, node.kind, sizes, where, node)

    def _axes(self, node: Node) -> tuple[Sizes, ...]:
        return axes_of(node, self.axes)

    def _places(self, node: Node, index: Index) -> Places:
        """Return where an entry of a node stands in its buffer."""
        found: list[Place] = []
        for digits, sizes in zip(index, self._axes(node), strict=True):
            found += [value(group) for group in regroup(digits, sizes)]
        return tuple(found)

    # Kernels.

    def _compute(self, node: Node) -> None:
        """Add the kernels that fill the buffer of a node."""
        buffer = self.buffers[node] = self._buffer(node)
        name = node.op.name
        if name in SCATTERED:
            self._scatter(node, buffer)
        elif name == "matmul":
            self._add(lambda make: make.product(node, buffer))
        elif name in FOLDS:
            self._add(lambda make: make.fold(node, buffer))
        elif name == "put":
            self._add(lambda make: make.put(node, buffer))
        else:
            self._add(lambda make: make.entries(node, buffer))

    def _scatter(self, node: Node, buffer: Buffer) -> None:
        """Add the kernels that fill an array and then write into parts of it."""
        if node.op.name == "pad":
            self._surround(node, buffer)
        elif node.op.name != "concatenate":
            self._add(lambda make: make.filled(node, buffer, 0))
        start = 0
        for x in node.inputs:
            offset = start

            def write(make: Making, x: Node = x, offset: int = offset) -> Kernel:
                return make.part(node, buffer, x, offset)

            self._add(write)
            if node.op.name == "concatenate":
                size = x.shape[node.attrs["axis"]]
                assert isinstance(size, int)
                start += size
            if node.op.name == "pad" and x in self.buffers and x.inputs:
                # from now on x is read where it stands in there
                self.inside.setdefault(x, node)

    def _surround(self, node: Node, buffer: Buffer) -> None:
        """Add the kernels that fill what a pad puts around its input."""
        for axis, (before, after) in enumerate(node.attrs["pads"]):
            for start, count, twice in _sides(node.shape[axis], before, after):
                side = partial(Making.border, axis=axis, start=start, count=count)
                self._add(partial(side, node=node, buffer=buffer, twice=twice))

    def _add(self, make: Callable[[Making], Kernel]) -> None:
        """Add a kernel."""
        self.kernels.append(self._made(make))

    def _made(self, make: Callable[[Making], Kernel]) -> Kernel:
        """Return a kernel, its counters split as reshapes demand."""
        splits: dict[Key, tuple[Size, Size]] = {}
        while True:
            making = Making(self, splits)
            try:
                made = make(making)
                break
            except Split as asked:
                splits[making.keys[asked.counter]] = (asked.outer, asked.inner)
            except Keep as asked:
                self._compute(asked.node)
        if sum(counter.size == N for counter in made.counters) > 1:
            raise Unsupported("what is computed for pairs of samples")
        return made


Key = tuple[object, ...]


class Making:
    """The making of one kernel."""

    def __init__(
        self, whole: Lowering, splits: Mapping[Key, tuple[Size, Size]]
    ) -> None:
        self.whole, self.splits = whole, splits
        self.keys: dict[Counter, Key] = {}
        self.memo: dict[tuple[Node, Index], Expr] = {}
        self.root: Node | None = None

    # Counters.

    def _digits(self, key: Key, size: Size) -> Digits:
        if key in self.splits:
            outer, inner = self.splits[key]
            return (
                *self._digits((*key, 0), outer),
                *self._digits((*key, 1), inner),
            )
        counter = Counter(size)
        self.keys[counter] = key
        return (Digit(Place.of(counter), size),)

    def _axis(self, word: str, axis: int, sizes: Sizes) -> Digits:
        return tuple(
            digit
            for i, size in enumerate(sizes)
            for digit in self._digits((word, axis, i), size)
        )

    def _index(self, node: Node, word: str = "free") -> Index:
        axes = self.whole._axes(node)
        return tuple(self._axis(word, i, sizes) for i, sizes in enumerate(axes))

    def _counters(self, *indices: Index) -> tuple[Counter, ...]:
        return tuple(
            counter
            for index in indices
            for digits in index
            for digit in digits
            if (counter := digit.place.counter) is not None
        )

    # Kinds of kernels.

    def entries(self, node: Node, buffer: Buffer, again: bool = False) -> Kernel:
        """Return the kernel that computes every entry by itself."""
        self.root = None if again else node
        index = self._index(node)
        made = self.expr(node, index)
        store = Store(buffer, self.whole._places(node, index), made)
        return Kernel(self._counters(index), [store])

    def filled(self, node: Node, buffer: Buffer, number: float) -> Kernel:
        """Return the kernel that writes one number everywhere."""
        index = self._index(node)
        places = self.whole._places(node, index)
        return Kernel(self._counters(index), [Store(buffer, places, Number(number))])

    def border(
        self, node: Node, buffer: Buffer, axis: int, start: int, count: int, twice: int
    ) -> Kernel:
        """Return the kernel that fills a side of what is padded, along an axis.

        Along the axes before this one it fills no more than what stands between their
        sides. `twice`: the other side begins so much further, and is filled, too.
        """
        inner = self.whole._axes(node.inputs[0])
        whole = self.whole._axes(node)
        index: list[Digits] = []
        for i, (first, _) in enumerate(node.attrs["pads"]):
            if i != axis:
                sizes = inner[i] if i < axis else whole[i]
                digits = self._axis("free", i, sizes)
                if i < axis:
                    digits = _shifted(digits, first, 1, node.shape[i])
            else:
                sides, along = Counter(2 if twice else 1), Counter(count)
                place = Place.of(sides) * twice + Place.of(along) + Place(start)
                digits = (Digit(place, node.shape[i]),)
            index.append(digits)
        places = self.whole._places(node, tuple(index))
        store = Store(buffer, places, Number(node.attrs["value"]))
        free = dict.fromkeys(c for place in places for c, _ in place.terms)
        return Kernel(tuple(free), [store])

    def part(self, node: Node, buffer: Buffer, x: Node, start: int) -> Kernel:
        """Return the kernel that writes x into a part of the buffer of `node`."""
        index = self._index(x)
        into = self._moved(node, index, start)
        places = self.whole._places(node, into)
        add = node.op.name == "fold"
        store = Store(buffer, places, self.expr(x, index), add)
        return Kernel(self._counters(index), [store])

    def _moved(self, node: Node, index: Index, start: int) -> Index:
        """Return where an entry of the input of a scattering operation goes."""
        attrs, shape = node.attrs, node.shape
        if node.op.name == "fold":
            return self._window(index, attrs, shape)
        if node.op.name == "pad":
            shifts = [(before, 1) for before, _ in attrs["pads"]]
        elif node.op.name == "unslice":
            shifts = [(p[0], p[2]) if p else (0, 1) for p in attrs["index"]]
        else:
            axis = attrs["axis"]
            shifts = [(start if i == axis else 0, 1) for i in range(len(shape))]
        return tuple(
            _shifted(digits, first, step, size)
            for digits, (first, step), size in zip(index, shifts, shape, strict=True)
        )

    def fold(self, node: Node, buffer: Buffer) -> Kernel:
        """Return the kernel that gathers axes: a sum, a maximum, where that is."""
        (x,) = node.inputs
        how = FOLDS[node.op.name]
        axes = [node.attrs["axis"]] if how == "argmax" else node.attrs["axes"]
        known = self.whole._axes(x)
        inner = {axis: self._axis("fold", axis, known[axis]) for axis in axes}
        free = {
            axis: self._axis("free", axis, sizes)
            for axis, sizes in enumerate(known)
            if axis not in axes
        }
        index = tuple((inner | free)[axis] for axis in range(x.ndim))
        keep = node.attrs.get("keepdims", False)
        outer = tuple(
            free.get(axis, ()) for axis in range(x.ndim) if keep or axis in free
        )
        if how != "sum" and any(N in known[axis] for axis in axes):
            raise Unsupported(f"the operation {node.op.name} over the samples")
        operand = self.expr(x, index)
        return Kernel(
            self._counters(tuple(free.values())),
            [Store(buffer, self.whole._places(node, outer), Folded(node.kind))],
            self._counters(tuple(inner.values())),
            how,
            (operand,),
        )

    def product(self, node: Node, buffer: Buffer) -> Kernel:
        """Return the kernel of a product of matrices."""
        a, b = node.inputs
        index = self._index(node)
        lead = node.ndim - (a.ndim > 1) - (b.ndim > 1)
        inner = self._axis("fold", 0, self.whole._axes(a)[-1])
        row = (index[lead],) if a.ndim > 1 else ()
        column = (index[-1],) if b.ndim > 1 else ()
        front = index[:lead]
        first = (*_narrowed(front, a.shape[:-2], node.shape[:lead]), *row, inner)
        middle = (inner, *column)
        second = (*_narrowed(front, b.shape[:-2], node.shape[:lead]), *middle)
        operands = (self.expr(a, first), self.expr(b, second))
        return Kernel(
            self._counters(index),
            [Store(buffer, self.whole._places(node, index), Folded())],
            self._counters((inner,)),
            "product",
            operands,
        )

    def put(self, node: Node, buffer: Buffer) -> Kernel:
        """Return the kernel that adds entries to those of an array that are chosen."""
        x, *numbers = node.inputs
        index = self._index(x)
        places, chosen = self._chosen(node, numbers, index)
        stored = {c for place in places for c, _ in place.terms}
        counters = self._counters(index)
        free = tuple(c for c in counters if c in stored)
        folds = tuple(c for c in counters if c not in stored)
        store = Store(buffer, places, Folded(), chosen=chosen)
        # what goes to one and the same entry is summed
        how: How = "put" if chosen else "sum"
        return Kernel(free, [store], folds, how, (self.expr(x, index),))

    def _chosen(
        self, table: Node, numbers: Sequence[Node], index: Index
    ) -> tuple[Places, Chosen]:
        """Return where the entries that arrays of numbers choose stand in a buffer.

        Numbers that count along with a loop are places, once for each loop; of others
        an axis is left to be chosen. The only entry along an axis needs no choice.
        """
        front = len(index) - (table.ndim - len(numbers))
        wide = broadcast(*(one.shape for one in numbers))
        axes = self.whole._axes(table)
        places: list[Place] = []
        chosen: list[tuple[int, Expr]] = []
        used: set[Counter] = set()
        for axis, one in enumerate(numbers):
            size, entry = table.shape[axis], _narrowed(index[:front], one.shape, wide)
            counters = set(self._counters(entry))
            if size == 1:
                continue
            counts = one.op.name == "arange" and one.attrs["count"] == size
            if counts and not used & counters:
                places += [value(group) for group in regroup(entry[0], axes[axis])]
                used |= counters
            elif isinstance(size, int):
                chosen.append((len(places), self.expr(one, entry)))
                places.append(Place())
            else:
                raise Unsupported("rows that are chosen among the samples")
        for digits, sizes in zip(index[front:], axes[len(numbers) :], strict=True):
            places += [value(group) for group in regroup(digits, sizes)]
        return tuple(places), tuple(chosen)

    # Expressions.

    def expr(self, node: Node, index: Index) -> Expr:
        """Return an entry of a node as an expression over counters."""
        key = (node, index)
        if key not in self.memo:
            if node in self.whole.inside and node is not self.root:
                outer = self.whole.inside[node]
                self.memo[key] = self.expr(outer, self._moved(outer, index, 0))
            elif node in self.whole.buffers and node is not self.root:
                places = self.whole._places(node, index)
                self.memo[key] = Load(self.whole.buffers[node], places)
            else:
                self.memo[key] = self._expr(node, index)
        return self.memo[key]

    def _expr(self, node: Node, index: Index) -> Expr:
        name, attrs = node.op.name, node.attrs
        if name == "constant":
            return Number(attrs["value"])
        if name == "size":
            return Call(node, ())
        if name in VIEWS:
            return self.expr(node.inputs[0], self._through(node, index))
        if name == "arange":
            return Position(value(index[0]), node.kind)
        if name == "one_hot":
            label = self.expr(node.inputs[0], index[:-1])
            return Call(node, (label, Position(value(index[-1]))))
        if name == "uniform":
            place = value([digit for digits in index for digit in digits])
            seeds = [self.expr(x, ()) for x in node.inputs]
            return Call(node, (*seeds, Position(place)))
        if name == "take":
            return self._taken(node, index)
        if name in STRUCTURE:
            raise Unsupported(f"the operation {name}")
        args = tuple(
            self.expr(x, _narrowed(index, x.shape, node.shape)) for x in node.inputs
        )
        return Call(node, args)

    def _taken(self, node: Node, index: Index) -> Expr:
        x, *numbers = node.inputs
        places, chosen = self._chosen(x, numbers, index)
        return Load(self.whole.buffers[x], places, chosen)

    def _through(self, node: Node, index: Index) -> Index:
        """Return which entry of its input an entry of a view is."""
        x, attrs = node.inputs[0], node.attrs
        match node.op.name:
            case "reshape":
                flat = [digit for digits in index for digit in digits]
                try:
                    return regroup(flat, x.shape)
                except Unsupported:
                    if node is self.root:
                        raise
                    raise Keep(node) from None
            case "transpose":
                back = {axis: i for i, axis in enumerate(attrs["axes"])}
                return tuple(index[back[axis]] for axis in range(x.ndim))
            case "broadcast_to":
                return _narrowed(index, x.shape, node.shape)
            case "slice":
                return tuple(
                    digits if part is None else _shifted(digits, part[0], part[2], size)
                    for digits, part, size in zip(
                        index, attrs["index"], x.shape, strict=True
                    )
                )
        return self._window(index, attrs, x.shape)

    def _window(
        self, index: Index, attrs: Mapping[str, tuple[int, int]], image: Sequence[Size]
    ) -> Index:
        """Return which pixel an entry (n, row, column, window entry, channel) sees."""
        window = regroup(index[3], attrs["window"])
        pixels = []
        for i in range(2):
            place = value(index[1 + i]) * attrs["stride"][i]
            place += value(window[i]) * attrs["dilation"][i]
            pixels.append((Digit(place, image[1 + i]),) if image[1 + i] != 1 else ())
        return (index[0], *pixels, index[4])


def _shifted(digits: Digits, start: int, step: int, size: Size) -> Digits:
    """Return `start + step * index`, as an axis of the given size."""
    if start == 0 and step == 1 and _size(digits) == size:
        return digits
    return (Digit(value(digits) * step + Place(start), size),) if size != 1 else ()


def _sides(size: Size, before: int, after: int) -> list[tuple[int, int, int]]:
    """Return what is padded along an axis: its start and length, and how far off again.

    Sides as long as each other are one: the other begins so much further.
    """
    if before == after == 0:
        return []
    assert isinstance(size, int)
    if before == after:
        return [(0, before, size - after)]
    return [(at, n, 0) for at, n in ((0, before), (size - after, after)) if n]


def _size(digits: Digits) -> Size:
    return size_of([digit.size for digit in digits])


def _narrowed(index: Index, shape: Sequence[Size], wide: Sequence[Size]) -> Index:
    """Return the index of a smaller array that was broadcast."""
    extra = len(wide) - len(shape)
    return tuple(
        () if size == 1 else index[extra + axis] for axis, size in enumerate(shape)
    )


def _flat(axes: Sequence[Sizes]) -> list[Size]:
    return [size for sizes in axes for size in sizes]


def viewed(node: Node) -> Node:
    """Return what a view shows."""
    while node.op.name in VIEWS:
        node = node.inputs[0]
    return node


def _spread(x: Node, node: Node) -> bool:
    """Tell whether an input is read several times for the entries of a larger array."""
    if node.op.name == "take":
        return x is not node.inputs[0] and x.shape != node.shape
    return node.op.name not in STRUCTURE and x.shape != node.shape


def _cost(node: Node) -> int:
    name = node.op.name
    if name in STRUCTURE:
        return 1 if name == "one_hot" else 0
    if name in DEAR:
        return DEAR[name]
    return 10 if "np." in node.op.template(node) and name not in _PLAIN else 1


_PLAIN = ("maximum", "minimum", "where", "abs", "sign", "clip")
