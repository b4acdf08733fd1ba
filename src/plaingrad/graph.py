"""Nodes and graphs: immutable, built once, equal only when they are the same object.

A node is interned: asking twice for the same operation on the same inputs gives the
same node, so common subexpressions are found by construction.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from .errors import PlaingradError, VerifyError
from .op import OPS, Op
from .shapes import Dim, Kind, Shape, Type, show

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Functions of nodes by name, entered by the files of `ops/`."""

NUMPY: dict[Any, Callable[..., Any]] = {}
"""The same, by the NumPy function that they stand for."""


_F = TypeVar("_F", bound=Callable[..., Any])


def function(*numpy_functions: Any) -> Callable[[_F], _F]:
    """Enter a function of nodes under its own name and those of NumPy."""

    def enter(implementation: _F) -> _F:
        FUNCTIONS[implementation.__name__] = implementation
        NUMPY.update(dict.fromkeys(numpy_functions, implementation))
        return implementation

    return enter


class Node:
    """One value of a program: an operation, its inputs, its attributes, its type.

    It takes Python's operators, NumPy's functions (`np.exp(x)`, `np.sum(x, axis=0)`)
    and an array's usual methods, and answers each with a new node.
    """

    __slots__ = ("__weakref__", "attrs", "inputs", "op", "type")

    op: Op
    inputs: tuple[Node, ...]
    attrs: Mapping[str, Any]
    type: Type

    def __init__(self, op: Op, inputs: tuple[Node, ...], attrs: dict[str, Any]) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = MappingProxyType(attrs)
        self.type = op.rule([node.type for node in inputs], self.attrs)

    @property
    def shape(self) -> Shape:
        """The sizes of the axes; the batch may be the symbol `n`."""
        return self.type.shape

    @property
    def kind(self) -> Kind:
        """What the value holds: float, int, bool, or one Python number."""
        return self.type.kind

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def T(self) -> Node:
        """The array with its axes reversed."""
        return self.transpose()

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """Tell whether two nodes are the same; refuse numbers, never the same."""
        if isinstance(other, (bool, int, float, np.generic, np.ndarray)):
            raise PlaingradError(
                "`==` asks whether two traced values are the same one and cannot "
                "compare entries. Write np.equal(a, b)."
            )
        return self is other

    def __repr__(self) -> str:
        """Show the operation and its type, for debugging."""
        label = self.attrs.get("name", self.attrs.get("value", ""))
        return f"<{self.op.name} {label} {self.kind}{show(self.shape)}>"

    def __bool__(self) -> NoReturn:
        """Refuse: the value is not known while the program is traced."""
        raise PlaingradError(
            "a traced value has no truth yet: `if`, `while`, `and`, `or` cannot look "
            "at it. Write the choice as an array: np.where(condition, a, b)."
        )

    def __len__(self) -> NoReturn:
        """Refuse: the batch has no length yet."""
        raise PlaingradError(
            "a traced array has no length yet. Use x.shape[0], which may be the "
            "symbol n, or a reduction such as x.mean(axis=0)."
        )

    def __iter__(self) -> NoReturn:
        """Refuse: there is nothing to walk over while tracing."""
        raise PlaingradError(
            "a traced array cannot be walked over. Write the loop as array "
            "operations, for example x.sum(axis=0)."
        )

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: there are no numbers yet."""
        raise PlaingradError(
            "a traced array holds no numbers yet, and this function asks for them. "
            "Use NumPy functions that plaingrad knows, or array operators."
        )

    def __array_ufunc__(
        self, ufunc: Any, method: str, *args: Any, **kwargs: Any
    ) -> Node:
        """Answer np.exp(x) and its like with a node."""
        if method != "__call__" or kwargs:
            raise PlaingradError(
                f"np.{ufunc.__name__} is traced only in its plain form, "
                f"without out=, where= or .{method}."
            )
        return self.__array_function__(ufunc, (), args, {})

    def __array_function__(
        self, func: Any, types: Any, args: Any, kwargs: dict[str, Any]
    ) -> Node:
        """Answer np.sum(x) and its like with a node."""
        if func not in NUMPY:
            name = getattr(func, "__name__", func)
            known = sorted({f.__name__ for f in NUMPY})
            raise PlaingradError(
                f"np.{name} is not an operation that plaingrad can trace. "
                f"It knows: {', '.join(known)}."
            )
        return cast(Node, NUMPY[func](*args, **kwargs))

    def __add__(self, other: Any) -> Node:
        return apply("add", self, other)

    def __radd__(self, other: Any) -> Node:
        return apply("add", other, self)

    def __sub__(self, other: Any) -> Node:
        return apply("sub", self, other)

    def __rsub__(self, other: Any) -> Node:
        return apply("sub", other, self)

    def __mul__(self, other: Any) -> Node:
        return apply("mul", self, other)

    def __rmul__(self, other: Any) -> Node:
        return apply("mul", other, self)

    def __truediv__(self, other: Any) -> Node:
        return apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return apply("div", other, self)

    def __floordiv__(self, other: Any) -> Node:
        return apply("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Node:
        return apply("floordiv", other, self)

    def __pow__(self, other: Any) -> Node:
        return apply("pow", self, other)

    def __rpow__(self, other: Any) -> Node:
        return apply("pow", other, self)

    def __neg__(self) -> Node:
        return apply("neg", self)

    def __abs__(self) -> Node:
        return apply("abs", self)

    def __matmul__(self, other: Any) -> Node:
        return apply("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return apply("matmul", other, self)

    def __gt__(self, other: Any) -> Node:
        return apply("gt", self, other)

    def __ge__(self, other: Any) -> Node:
        return apply("ge", self, other)

    def __lt__(self, other: Any) -> Node:
        return apply("lt", self, other)

    def __le__(self, other: Any) -> Node:
        return apply("le", self, other)

    def __getitem__(self, index: Any) -> Node:
        return cast(Node, FUNCTIONS["index"](self, index))

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Node:
        """Sum over axes."""
        return cast(Node, FUNCTIONS["sum"](self, axis, keepdims=keepdims))

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Node:
        """Average over axes."""
        return cast(Node, FUNCTIONS["mean"](self, axis, keepdims=keepdims))

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Node:
        """Return the largest entry along axes."""
        return cast(Node, FUNCTIONS["max"](self, axis, keepdims=keepdims))

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Node:
        """Return the smallest entry along axes."""
        return cast(Node, FUNCTIONS["min"](self, axis, keepdims=keepdims))

    def argmax(self, axis: int | None = None) -> Node:
        """Return the place of the largest entry along an axis, or among all."""
        return cast(Node, FUNCTIONS["argmax"](self, axis))

    def reshape(self, *shape: Any) -> Node:
        """Return the same entries in another shape; one size may be -1."""
        return cast(Node, FUNCTIONS["reshape"](self, *shape))

    def transpose(self, *axes: Any) -> Node:
        """Return the array with its axes in another order."""
        return cast(Node, FUNCTIONS["transpose"](self, *axes))

    def dot(self, other: Any) -> Node:
        """Return the matrix product."""
        return cast(Node, FUNCTIONS["dot"](self, other))


_interned: weakref.WeakValueDictionary[Any, Node] = weakref.WeakValueDictionary()


def apply(name: str, /, *inputs: Any, **attrs: Any) -> Node:
    """Return the node of operation `name` on `inputs`; plain numbers become constants.

    Integer and truth arrays that meet floats are cast first, because NumPy would
    silently widen float32 to float64.
    """
    op = OPS[name]
    nodes = [as_node(value) for value in inputs]
    if op.casts != "never":
        nodes = with_casts(nodes, op.casts == "always", op.keeps_truths)
    key = (name, tuple(map(id, nodes)), _freeze(attrs))
    found = _interned.get(key)
    if found is None:
        found = Node(op, tuple(nodes), attrs)
        _interned[key] = found
    return found


def with_casts(
    nodes: Sequence[Node], always: bool = False, keeps_truths: bool = False
) -> list[Node]:
    """Return nodes, whole numbers and truths cast to floats where floats are met.

    Parameters
    ----------
    nodes
        The values that an operation combines.
    always
        Cast even when there is no float among them.
    keeps_truths
        Do not cast the truths that meet a float array.
    """
    kinds = {node.kind for node in nodes}
    if not (always or kinds & {"float", "number"}):
        return list(nodes)
    loose = {"int"} if keeps_truths and "float" in kinds else {"int", "bool"}
    return [
        apply("cast", node) if node.kind in loose or _is_share(node) else node
        for node in nodes
    ]


def _is_share(node: Node) -> bool:
    """Tell whether a number is a mean of truths, which NumPy gives in float64."""
    return node.kind == "number" and node.op.name == "mean"


def _freeze(value: Any) -> Any:
    """Return a hashable key that keeps 1, 1.0 and True, 0.0 and -0.0 apart."""
    if isinstance(value, Mapping):
        return tuple((name, _freeze(value[name])) for name in sorted(value))
    if isinstance(value, tuple):
        return tuple(map(_freeze, value))
    if isinstance(value, (bool, int, float)):
        return (type(value).__name__, repr(value))
    return value


def as_node(value: Any) -> Node:
    """Return `value` as a node: nodes as they are, numbers as constants."""
    if isinstance(value, Node):
        return value
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        value = value.item()
    if isinstance(value, (bool, int, float)):
        return apply("constant", value=value)
    if isinstance(value, (np.ndarray, list, tuple)):
        return cast(Node, FUNCTIONS["literal"](np.asarray(value)))
    if isinstance(value, Dim):
        return cast(Node, FUNCTIONS["size"](value))
    raise PlaingradError(
        f"expected an array, a number or a traced value, got {type(value).__name__}. "
        f"Pass arrays as arguments of the function."
    )


def walk(outputs: Iterable[Node], known: Container[Node] = ()) -> list[Node]:
    """Return every node that the outputs need, inputs before users, in a fixed order.

    What only the `known` nodes need is left out.
    """
    done: dict[Node, None] = {}
    for output in outputs:
        stack: list[tuple[Node, bool]] = [(output, False)]
        while stack:
            node, ready = stack.pop()
            if node in done:
                continue
            if ready or node in known:
                done[node] = None
                continue
            stack.append((node, True))
            stack.extend((x, False) for x in reversed(node.inputs) if x not in done)
    return list(done)


def rebuild(node: Node, inputs: Sequence[Node]) -> Node:
    """Return `node` with other inputs."""
    if all(a is b for a, b in zip(node.inputs, inputs, strict=True)):
        return node
    return apply(node.op.name, *inputs, **node.attrs)


def verify(outputs: Iterable[Node]) -> None:
    """Check every node: a known op, a type that its rule gives again, unique leaves."""
    leaves: dict[str, Node] = {}
    for node in walk(outputs):
        if OPS.get(node.op.name) is not node.op:
            raise VerifyError(f"{node!r} is no operation of the table")
        given = node.op.rule([x.type for x in node.inputs], node.attrs)
        if given != node.type:
            raise VerifyError(f"{node!r} should have the type {given}")
        if node.kind == "number" and node.shape:
            raise VerifyError(f"{node!r} is one number and has axes")
        if node.op.name == "leaf":
            name = node.attrs["name"]
            if leaves.setdefault(name, node) is not node:
                raise VerifyError(f"two different leaves are called {name!r}")
