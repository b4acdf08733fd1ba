"""Random graphs, and another way to evaluate any graph: operation by operation."""

import ast
from functools import lru_cache

import numpy as np

from helpers import leaves
from plaingrad import ops
from plaingrad.errors import ShapeError
from plaingrad.graph import walk

SHAPES = [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (4, 2, 3)]


def _steady(x):
    """Return 1 + x**2, which no function minds."""
    return 1 + x**2


ONE = {
    "neg": lambda x, rng: -x,
    "twice": lambda x, rng: x * float(rng.integers(-2, 4)),
    "rest": lambda x, rng: 1 - x,
    "share": lambda x, rng: x / float(rng.integers(1, 4)),
    "square": lambda x, rng: x**2,
    "cube": lambda x, rng: x**3,
    "root": lambda x, rng: _steady(x) ** 0.5,
    "inverse": lambda x, rng: _steady(x) ** -1,
    "sqrt": lambda x, rng: np.sqrt(_steady(x)),
    "log": lambda x, rng: np.log(_steady(x)),
    "log1p": lambda x, rng: np.log1p(x**2),
    "exp": lambda x, rng: np.exp(np.tanh(x)),
    "exponential": lambda x, rng: 2 ** np.sin(x),
    "expm1": lambda x, rng: np.expm1(np.sin(x)),
    "cos": lambda x, rng: np.cos(x),
    "sigmoid": lambda x, rng: ops.sigmoid(x),
    "flat": lambda x, rng: x.reshape(-1),
    "turned": lambda x, rng: x.transpose(*rng.permutation(x.ndim).tolist()),
    "sum": lambda x, rng: x.sum(_axes(x, rng), keepdims=_coin(rng)),
    "mean": lambda x, rng: x.mean(_axes(x, rng), keepdims=_coin(rng)),
    "first": lambda x, rng: x[..., :1],
    "last": lambda x, rng: x[-1],
    "rows": lambda x, rng: x[np.array([0, -1, 0])],
    "column": lambda x, rng: x[..., None],
    "wide": lambda x, rng: ops.broadcast_to(x, (2, *x.shape)),
}
TWO = {
    "add": lambda x, y, rng: x + y,
    "sub": lambda x, y, rng: x - y,
    "mul": lambda x, y, rng: x * y,
    "div": lambda x, y, rng: x / _steady(y),
    "pow": lambda x, y, rng: _steady(x) ** np.tanh(y),
    "matmul": lambda x, y, rng: x @ y,
    "outer": lambda x, y, rng: x[..., None] @ y[..., None, :],
    "joined": lambda x, y, rng: np.concatenate([x, y], axis=0),
}
# What rules of algebra look for, so that they are tried where they must not apply, too.
ALGEBRA = {
    "masks": lambda x, y, rng: x * (y > 0) + x * (x > 0.5),
    "crossed": lambda x, y, rng: np.where(y > 0, x, 0) + np.where(y > 0, 0, 2 * y),
    "spread": lambda x, y, rng: ops.broadcast_to(-2.0, (2, *x.shape)) * (3 * (x * y)),
    "shares": lambda x, y, rng: x / (x.ndim + 2.0) - y / (x.ndim + 2.0),
    "factors": lambda x, y, rng: x * y - y * x.sum() + -y * 0.5,
    "signs": lambda x, y, rng: -(x - y) + -np.negative(x) * -y - -3 / (-_steady(x)),
    "nothing": lambda x, y, rng: x * 0 + y * 1 + x**0 - 0 + (x - x) / 3,
    "rows_by_hand": lambda x, y, rng: (
        np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True) * y
    ),
    "even": lambda x, y, rng: (-x) ** 2 + (y * y) / 0.5,
    "twisted": lambda x, y, rng: (
        x.reshape(-1).reshape(x.shape).T.T.sum(axis=0) - y.mean()
    ),
}
KINKED = {
    "abs": lambda x, rng: np.abs(x),
    "relu": lambda x, rng: np.maximum(x, 0),
    "capped": lambda x, rng: np.minimum(0.5, x),
    "leaky": lambda x, rng: np.where(x > 0, x, 0.1 * x),
    "cut": lambda x, rng: np.where(x > 0, 0, x),
    "truths": lambda x, rng: (x > 0) * x,
    "top": lambda x, rng: x.max(_axes(x, rng), keepdims=_coin(rng)),
    "softmax": lambda x, rng: ops.softmax(x, _axis(x, rng)),
    "log_softmax": lambda x, rng: ops.log_softmax(x, _axis(x, rng)),
    "softplus": lambda x, rng: ops.softplus(x),
}
KINKED_TWO = {
    "larger": lambda x, y, rng: np.maximum(x, y),
    "chosen": lambda x, y, rng: np.where(x > y, x, 2 * y),
    "logaddexp": lambda x, y, rng: np.logaddexp(x, y),
}


def _coin(rng):
    return bool(rng.random() < 0.5)


def _axis(x, rng):
    return int(rng.integers(0, x.ndim)) if x.ndim else 0


def _axes(x, rng):
    return tuple(axis for axis in range(x.ndim) if _coin(rng))


class RandomGraph:
    """A graph of a few inputs and many steps, each on what came before."""

    def __init__(self, seed, steps=10, kinks=True, inputs=3):
        rng = np.random.default_rng(seed)
        shapes = [SHAPES[i] for i in rng.integers(0, len(SHAPES), inputs)]
        self.arrays = [np.asarray(rng.normal(size=shape)) for shape in shapes]
        self.leaves = leaves(self.arrays)
        self.values = {f"x{i}": array for i, array in enumerate(self.arrays)}
        self.nodes = list(self.leaves)
        one = list((ONE | KINKED if kinks else ONE).values())
        two = list((TWO | KINKED_TWO | ALGEBRA if kinks else TWO).values())
        while len(self.nodes) < inputs + steps:
            # the latest more often, so that the graph grows deep
            late = self.nodes[-4:] if _coin(rng) else self.nodes
            x, y = (late[i] for i in rng.integers(0, len(late), 2))
            try:
                if _coin(rng):
                    made = one[rng.integers(0, len(one))](x, rng)
                else:
                    made = two[rng.integers(0, len(two))](x, y, rng)
            except ShapeError:
                continue
            if np.prod(made.shape, dtype=int) <= 100:
                self.nodes.append(made)

    def loss(self):
        """Return a number to which the last nodes contribute."""
        return sum(np.tanh(node).mean() for node in self.nodes[-3:])


@lru_cache
def _code(text, mode):
    return compile(ast.parse(text, mode=mode), "<op>", mode)


def op_by_op(outputs, values, dtype="float64"):
    """Return the values of nodes, each operation computed alone by its own text."""
    found = {}
    for node in walk(outputs):
        if node.op.name == "leaf":
            found[node] = values[node.attrs["name"]]
            continue
        names = [f"a{i}" for i in range(len(node.inputs))]
        scope = {"np": np} | {
            name: found[x] for name, x in zip(names, node.inputs, strict=True)
        }
        lowered = node.op.lower(node) if node.op.lower else node
        if lowered is not node:
            found[node] = op_by_op([lowered], values, dtype)[0]
            continue
        template = node.op.template(node)
        text = template.format(*names, float=f"np.{dtype}", out="out")
        if "{out}" in template:
            exec(_code(text, "exec"), scope)
            found[node] = scope["out"]
        else:
            value = eval(_code(text, "eval"), scope)
            # as the printed line of such a number says
            called = node.kind == "number" and "np." in template
            found[node] = float(value) if called and node.inputs else value
    return [found[node] for node in outputs]
