"""The longhand script: a whole training, as a careful person would write it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from ..graph import walk
from ..ops.random import UNIFORM
from ..program import SECTIONS, Plateau, Program, Stopping, part
from ..shapes import show
from .lines import (
    LIMIT,
    aligned,
    batch_line,
    broken,
    function_lines,
    overflows,
    section_lines,
)
from .update import memory_rows, roll, update_lines
from .words import sentences, words


def script(program: Program, lang: str = "en", data: str = "data.npz") -> str:
    """Return the script of a program.

    Parameters
    ----------
    program
        What to print.
    lang
        The language of its comments: "en" or "zh".
    data
        The file that it reads: an npz with X, y, and what else the program needs.

    Raises
    ------
    PlaingradError
        When the optimiser searches for its steps, which are then no lines.
    """
    program.check_whole()
    return "\n".join(_Script(program, lang, data).lines()) + "\n"


class _Script:
    """One printing."""

    def __init__(self, program: Program, lang: str, data: str) -> None:
        self.program = program
        self.loop = program.loop
        self.lang = lang
        self.words = words(lang)
        self.data = data
        self.batched = self.loop.batch_size is not None
        self.mapped = self.loop.blocks is not None
        self.mixed = self.mapped and self.loop.shuffle
        inputs = program.update.inputs
        self.names = [name for name in ("X", "y", "w") if name in inputs]
        steps = (*program.update.steps, *program.evaluate.steps)
        self.random = any(n.op.name == "uniform" for n in walk([s.node for s in steps]))
        self.loss = program.update.results[0]
        self.score = program.evaluate.results[1]
        self.rolled = roll(program) is not None
        self.judged = self.loop.validated or self.loop.plateau is not None

    def lines(self) -> Iterator[str]:
        yield from [*self._title(), "", "import numpy as np", ""]
        yield from self._data()
        yield from self._settings()
        if self.random:
            comment = self.words["uniform"]
            yield from ["", "", *UNIFORM.format(comment=comment).splitlines()]
        if self.mixed:
            yield from ["", "", *self._visits()]
        if self.judged:
            yield from ["", "", *self._evaluate()]
        defined = self.random or self.mixed or self.judged
        yield from ["", ""] if defined else [""]
        yield from self._start()
        yield from self._training()
        yield from self._result()

    def _title(self) -> list[str]:
        title = re.sub(r" at 0x\w+", "", self.program.title).replace("\\", "\\\\")
        title = title.replace('"""', '\\"""')
        printed, comma = self.words["title"], self.words["comma"]
        if len(f"{title}{comma}{printed}") <= 82:
            return [f'"""{title}{comma}{printed}"""']
        first, *others = textwrap.wrap(title + comma.strip(), 85)
        return [f'"""{first}', *others, f'{printed}"""']

    def _data(self) -> list[str]:
        """Return the lines that load the arrays."""
        kept = any("data[" in p.start for p in self.program.parameters)
        lines = [f'data = np.load("{self.data}")']
        suffix = "_train" if self.batched else ""
        if not self.mapped:
            lines += self._load(self.names, suffix, "")
        elif not (self.loop.validated or self.program.data or kept):
            lines = []
        lines += self._map() if self.mapped else []
        if self.loop.validated:
            lines += self._load(["X", "y"], "_val", "_val")
        lines += [f'{name} = data["{name}"]' for name in self.program.data]
        return lines

    def _load(self, names: Sequence[str], suffix: str, key: str) -> list[str]:
        """Return the line that reads arrays, or a line for each when it is long."""
        leaves = [self.program.update.inputs[name] for name in names]
        cast = f".astype(np.{self.program.dtype})"
        values = [
            f'data["{name}{key}"]{cast if leaf.kind == "float" else ""}'
            for name, leaf in zip(names, leaves, strict=True)
        ]
        targets = [f"{name}{suffix}" for name in names]
        shapes = [show(("N", *leaf.shape[1:])) for leaf in leaves]
        whole = aligned([(_pairs(targets, values), ", ".join(shapes))])
        if len(whole[0]) <= LIMIT and "#" in whole[0]:
            return whole
        rows = zip(targets, values, shapes, strict=True)
        return aligned([(f"{name} = {value}", shape) for name, value, shape in rows])

    def _map(self) -> list[str]:
        """Return the lines that map the arrays, whose rows are read when needed."""
        rows = []
        for name in self.names:
            shape = show(("N", *self.program.update.inputs[name].shape[1:]))
            rows.append((f'{name}_train = np.load("{name}.npy", mmap_mode="r")', shape))
        return aligned(rows)

    def _visits(self) -> list[str]:
        """Return the function that gives the order of an epoch, row by row."""
        blocks = self.loop.blocks
        assert blocks is not None  # noqa: S101 - what the types cannot say
        comment = self.words["blocks"]
        return [
            f"def visits(epoch):  # {comment}",
            "    blocks = np.random.default_rng((seed, epoch)).permutation("
            "len(edges) - 1)",
            "    for place in range(0, len(blocks), mixed):",
            "        few = blocks[place : place + mixed]",
            "        rows = np.concatenate([np.arange(edges[b], edges[b + 1]) "
            "for b in few])",
            "        yield from np.random.default_rng((seed, epoch, place + 1))"
            ".permutation(rows)",
        ]

    def _settings(self) -> list[str]:
        """Return the numbers that the script calls by name, in few lines."""
        loop = self.loop
        values: dict[str, object] = {"epochs": loop.epochs}
        if self.batched:
            values["batch_size"] = loop.batch_size
        if self.random or self._drawn() or loop.shuffle:
            values["seed"] = loop.seed
        if self.mixed and loop.blocks is not None:
            if loop.blocks.size is not None:
                values["block"] = loop.blocks.size
            values["mixed"] = loop.blocks.mixed
        steps = dict(self.program.settings)
        if loop.plateau is not None:
            steps = {"lr": loop.plateau.lr, **steps}
        together = _assignments({**values, **steps})
        if len(together) > 1:
            together = [*_assignments(values), *_assignments(steps)]
        return [*together, *self._edges()]

    def _edges(self) -> list[str]:
        """Return the line that says where blocks of rows begin."""
        if not self.mixed or self.loop.blocks is None:
            return []
        if self.loop.blocks.size is None:
            return [f'edges = np.load("edges.npy")  # {self.words["edges"]}']
        return ["edges = [*range(0, len(X_train), block), len(X_train)]"]

    def _drawn(self) -> bool:
        return any("rng." in p.start for p in self.program.parameters)

    def _evaluate(self) -> list[str]:
        """Return the function that gives loss and score, as Python numbers."""
        made, dtype = self.program.evaluate, self.program.dtype
        results = [f"float({name})" for name in made.results]
        return function_lines(made, dtype, "evaluate", ["X", "y"], results, self.lang)

    def _start(self) -> list[str]:
        """Return the lines that start parameters and the optimiser's memory."""
        rows: list[tuple[str, str]] = []
        if self._drawn():
            rows.append(("rng = np.random.default_rng(seed)", self.words["start"]))
        told = sentences(self.lang)
        rows += [
            (f"{p.name} = {p.start}", told.get(p.note, p.note))
            for p in self.program.parameters
        ]
        return aligned([*rows, *memory_rows(self.program)])

    def _training(self) -> Iterator[str]:
        """Yield the loop over epochs and batches."""
        inputs = self.program.update.inputs
        counted = "step" in inputs
        if not self.batched and batch_line(self.program.update):
            yield batch_line(self.program.update)
        if counted:
            yield "step = 0"
        if "steps" in inputs:
            per_epoch = " * -(-len(X_train) // batch_size)" if self.batched else ""
            yield f"steps = epochs{per_epoch}"
        yield from self._watch_start()
        yield ""
        if overflows(self.program.update):
            yield f'np.seterr(over="ignore")  # {self.words["overflow"]}'
        yield "for epoch in range(epochs):"
        if self.batched:
            yield from self._batches()
        indent = 8 if self.batched else 4
        if counted:
            yield " " * indent + "step += 1"
        yield from self._update(indent)
        yield from self._watch()

    def _batches(self) -> list[str]:
        order = "np.arange(len(X_train))"
        batch, size = "order[start : start + batch_size]", "len(batch)"
        if self.mixed:
            order = "visits(epoch)"
            batch = "np.fromiter(order, int, min(batch_size, len(X_train) - start))"
        elif self.mapped:
            order, batch = "", "slice(start, start + batch_size)"
            size = "min(batch_size, len(X_train) - start)"
        elif self.loop.shuffle:
            order = "np.random.default_rng((seed, epoch)).permutation(len(X_train))"
        names = [*self.names, *(["n"] if batch_line(self.program.update) else [])]
        values = [f"{name}_train[batch]{self._cast(name)}" for name in self.names]
        return [
            *([f"    order = {order}"] if order else []),
            "    for start in range(0, len(X_train), batch_size):",
            f"        batch = {batch}",
            *_in_lines(names, [*values, size][: len(names)]),
        ]

    def _cast(self, name: str) -> str:
        """Return what makes mapped numbers those of the program."""
        if not self.mapped:
            return ""
        # truths are labels, too, but as an index they would choose rows
        floats = self.program.update.inputs[name].kind == "float"
        return f".astype({f'np.{self.program.dtype}' if floats else 'int'})"

    def _update(self, indent: int) -> Iterator[str]:
        """Yield one training step, section by section."""
        space, program = " " * indent, self.program
        for section in SECTIONS[:3]:
            lines = section_lines(
                program.update, [section], program.dtype, indent, self.lang
            )
            if lines:
                yield f"{space}# {self.words[section]}"
                yield from lines
        yield f"{space}# {self.words['update']}"
        yield from update_lines(program, indent)

    def _watch_start(self) -> Iterator[str]:
        """Yield what early stopping and plateaus remember."""
        stopping, plateau = self.loop.stopping, self.loop.plateau
        if stopping is not None:
            worst = "np.inf" if stopping.monitor == "val_loss" else "-np.inf"
            yield f"best_{_short(stopping.monitor)}, waited = {worst}, 0"
            yield from broken(self._keep(), LIMIT)
        if plateau is not None:
            yield "lowest, bad = np.inf, 0"

    def _watch(self) -> Iterator[str]:
        """Yield what happens at the end of an epoch."""
        loop = self.loop
        if loop.validated:
            yield f"    val_loss, val_{self.score} = evaluate(X_val, y_val)"
        elif loop.plateau is not None:
            yield f"    train_loss, train_{self.score} = evaluate({self._trained()})"
        yield from self._report()
        if loop.stopping is not None:
            yield from self._stop(loop.stopping)
        if loop.plateau is not None:
            yield from self._plateau(loop.plateau)

    def _report(self) -> list[str]:
        """Return the line that says how training goes, about ten times in all."""
        every = max(1, self.loop.epochs // 10)
        told = [f"loss {{{self.loss}:.4f}}"]
        if self.loop.validated:
            told += [
                "val_loss {val_loss:.4f}",
                f"val_{self.score} {{val_{self.score}:.4f}}",
            ]
        told[0] = f"epoch {{epoch + 1}}: {told[0]}"
        space = "    " if every == 1 else "        "
        lines = [f'{space}print(f"{", ".join(told)}")']
        if len(lines[0]) > 84:
            head, tail = f'f"{told[0]}, "', f'f"{", ".join(told[1:])}"'
            lines = [f"{space}print(", *(f"{space}    {s}" for s in (head, tail))]
            lines.append(f"{space})")
        return lines if every == 1 else [f"    if (epoch + 1) % {every} == 0:", *lines]

    def _stop(self, stopping: Stopping) -> list[str]:
        value = stopping.monitor.replace("accuracy", self.score)
        short = _short(stopping.monitor)
        sign, margin = ("<", "-") if stopping.monitor == "val_loss" else (">", "+")
        least = f" {margin} {stopping.min_delta}" if stopping.min_delta else ""
        return [
            f"    # {self.words['stopping']}",
            f"    if {value} {sign} best_{short}{least}:",
            f"        best_{short}, waited = {value}, 0",
            *broken(f"        {self._keep()}", LIMIT),
            "    else:",
            "        waited += 1",
            f"        if waited == {stopping.patience}:",
            "            break",
        ]

    def _plateau(self, plateau: Plateau) -> list[str]:
        value = "val_loss" if self.loop.validated else "train_loss"
        least = f" - {plateau.min_delta}" if plateau.min_delta else ""
        return [
            f"    # {self.words['plateau']}",
            f"    if {value} < lowest{least}:",
            f"        lowest, bad = {value}, 0",
            "    else:",
            "        bad += 1",
            f"        if bad > {plateau.patience}:",
            f"            lr, bad = max(lr * {plateau.factor}, {plateau.min_lr}), 0",
        ]

    def _result(self) -> Iterator[str]:
        """Yield the last lines: the best weights again, and how good they are."""
        if self.loop.stopping is not None:
            yield from self._restore()
        if self.mapped and not self.loop.validated:
            return
        yield from ["", f"# {self.words['evaluation']}"]
        if self.judged:
            yield f"loss, {self.score} = evaluate({self._trained()})"
        else:
            made = part(self.program.evaluate, [self.score])
            if self.batched:
                yield f"X, y = {self._trained()}"
                yield from filter(None, [batch_line(made)])
            yield from section_lines(made, SECTIONS, self.program.dtype, 0, self.lang)
        yield f'print(f"{self.score} {{{self.score}:.4f}}")'

    def _trained(self) -> str:
        if self.mapped:
            return "X_val, y_val"
        return "X_train, y_train" if self.batched else "X, y"

    def _keep(self) -> str:
        """Return the line that keeps the best weights."""
        every = "params" if self.rolled else f"({self._all()})"
        return f"best = [p.copy() for p in {every}]"

    def _restore(self) -> list[str]:
        """Return the lines that take the best weights again."""
        if self.rolled:
            return ["for p, kept in zip(params, best):", "    p[...] = kept"]
        line = f"{self._all()} = best"
        return [line] if len(line) <= LIMIT else broken(f"({self._all()}) = best", 0)

    def _all(self) -> str:
        """Return all trained parameters as the text of a tuple."""
        names = ", ".join(p.name for p in self.program.parameters if p.trainable)
        return names if "," in names else f"{names},"


def _short(monitor: str) -> str:
    return monitor.removeprefix("val_")


def _pairs(names: Sequence[str], values: Sequence[str]) -> str:
    return f"{', '.join(names)} = {', '.join(values)}"


def _in_lines(names: Sequence[str], values: Sequence[str]) -> list[str]:
    """Return `a, b = 1, 2` inside two loops, or a line for each when it is long."""
    space = " " * 8
    line = space + _pairs(names, values)
    if len(line) <= LIMIT:
        return [line]
    return [f"{space}{n} = {v}" for n, v in zip(names, values, strict=True)]


def _assignments(values: dict[str, object]) -> list[str]:
    """Return `a, b = 1, 2`, in as many lines as it needs."""
    lines: list[str] = []
    names: list[str] = []
    for name in values:
        shown = [repr(values[one]) for one in [*names, name]]
        if len(_pairs([*names, name], shown)) > 76:
            lines.append(_pairs(names, shown[:-1]))
            names = []
        names.append(name)
    return [*lines, _pairs(names, [repr(values[name]) for name in names])]
