"""The derivation: a network's training as mathematics, step by step, with shapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..graph import Node, apply, walk
from ..program import Program, Section, Step
from .chain import Chain
from .latex import alike, latex, owned, partial, shapes, sizes, symbol, symbols_of
from .words import sentences

LONGEST = 110
"""The most characters of LaTeX of a formula with the gradients put in."""

_EXPLAINED = {
    "read_odot": r"\\odot|\\top",
    "read_sum": r"\\sum(?!_\{i)",
    "read_row": r"\\sum_\{i",
    "read_truth": r"\[[^\[\]]*(?:[<>=]|\\ge|\\le)",
    "read_sigma": r"\\sigma\b",
    "read_onehot": r"\{onehot\}",
    "read_reshape": r"\{reshape\}",
    "read_broadcast": r"\{broadcast\}",
    "read_transpose": r"\{transpose\}",
    "read_patches": r"\{patches\}",
    "read_fold": r"\{patches\}\^",
    "read_pad": r"\{pad\}",
    "read_place": r"\{place\}",
    "read_index": r"\\left\[.*\\right\]",
    "read_int": r"\{int\}",
    "read_put": r"\{put\}",
    "read_uniform": r"\{uniform\}",
    "read_fixed": r"\\left\.",
    "arrow": r"\\leftarrow",
}
"""The signs that are explained where they occur."""

_SETS = {
    "float": "\\mathbb{R}",
    "number": "\\mathbb{R}",
    "int": "\\mathbb{Z}",
    "bool": "\\{0, 1\\}",
}
"""What the entries of a value are."""


def derivation(program: Program, lang: str = "en") -> str:
    """Return the mathematics of a program: network, loss, gradients and update.

    Parameters
    ----------
    program
        What to derive.
    lang
        The language of its sentences: "en" or "zh".

    Returns
    -------
    str
        Markdown with LaTeX between dollar signs.

    Raises
    ------
    PlaingradError
        When the optimiser searches for its steps, which then have no formula.
    """
    program.check_whole()
    text = "\n\n".join(_Derivation(program, lang).parts()) + "\n"
    for word, other in sentences(lang).items():
        if word.startswith("\\text"):
            text = text.replace(word, other)
    return text


class _Derivation:
    """One derivation, as paragraphs of Markdown."""

    def __init__(self, program: Program, lang: str) -> None:
        self.program = program
        self.made = program.update
        self.words = sentences(lang)
        self.chain = Chain(self.made)
        names = self.made.names
        self.by = {names[d]: names[x] for d, x in self.chain.adjoints.items()}
        self.names = symbols_of(program, self.by)
        self.symbols = {node: self.names[name] for node, name in names.items()}
        self.loss = self.symbols[self.chain.loss]
        for node in [*self.made.inputs.values(), *self.chain.formulas]:
            self.symbols[self.chain.value(node)] = self.symbols[node]
            self.symbols[self.chain.gradient(node)] = self._by(node)
        for node in self.chain.formulas:
            self.symbols.setdefault(self.chain.written(node), self.symbols[node])
        self.short = self._short()

    def parts(self) -> Iterator[str]:
        """Yield the paragraphs."""
        body = [
            *self._forward(),
            *self._section("loss"),
            *self._gradients(),
            *self._update(),
        ]
        yield "# " + self.words["title"].format(title=self.program.title)
        yield self.words["intro"]
        yield self._explained("\n".join(body))
        yield from body
        yield from self._table()

    # Formulas.

    def _by(self, node: Node) -> str:
        """Return the derivative of the loss by a value."""
        return partial(self.symbols[self.chain.loss], self.symbols[node])

    def _formula(self, step: Step) -> Iterator[str]:
        """Yield the formula of a step, and what stands beneath it."""
        yield _display(self._line(step, self.names, self.symbols))
        if step.section != "update":
            yield from self._beneath(step.node, step.note)

    def _line(
        self, step: Step, names: Mapping[str, str], symbols: Mapping[Node, str]
    ) -> str:
        sign = "\\leftarrow" if step.name in self.made.inputs else "="
        return f"{names[step.name]} {sign} {latex(step.node, symbols)}"

    def _beneath(self, node: Node, note: str = "") -> Iterator[str]:
        text = shapes(node, self.symbols)
        key = "shape" if text == sizes(node) else "shapes"
        parts = []
        if note:
            parts.append(self.words["note"].format(note=self.words.get(note, note)))
        if text:
            parts.append(self.words[key].format(shapes=text))
        if parts:
            yield self.words["gap"].join(parts)

    def _section(self, section: Section) -> Iterator[str]:
        yield f"## {self.words[section]}"
        for step in self.made.steps:
            if step.section == section:
                yield from self._formula(step)

    def _forward(self) -> Iterator[str]:
        heading, *formulas = self._section("forward")
        yield heading
        learned = [p.name for p in self.program.parameters if p.trainable]
        frozen = [p.name for p in self.program.parameters if not p.trainable]
        inputs = self.made.inputs
        given = [name for name in inputs if inputs[name].attrs["role"] == "data"]
        yield self.words["given"].format(
            given=self._listed([*given, *frozen]), learned=self._listed(learned)
        )
        yield from formulas

    def _listed(self, names: Iterable[str]) -> str:
        """Return names with the sets that their values are from."""
        inputs = self.made.inputs
        return self.words["comma"].join(
            f"${self.names[name]} \\in {_space(inputs[name])}$"
            for name in names
            if name in inputs
        )

    # Gradients.

    def _gradients(self) -> Iterator[str]:
        yield f"## {self.words['gradients']}"
        yield self.words["chain"]
        by_x = partial(self.loss, "x")
        product = f"{partial('r', 'x')} \\, {partial(self.loss, 'r')}"
        yield _display(f"{by_x} = \\sum_r {product}")
        yield self.words["chain_end"]
        helpers: list[Step] = []
        told: set[Node] = set()
        for step in self.made.steps:
            if step.section != "backward":
                continue
            if step.name not in self.by:
                helpers.append(step)
                continue
            yield from self._gradient(step, helpers, told)
            helpers = []
        for helper in helpers:
            yield from self._formula(helper)

    def _gradient(
        self, step: Step, helpers: Sequence[Step], told: set[Node]
    ) -> Iterator[str]:
        """Yield one gradient: the chain rule, what it becomes, and the printed line."""
        x = self.chain.adjoints[step.node]
        head = self.names[step.name]
        yield f"### ${head}$ · `{step.name}`"
        printed = latex(step.node, self.symbols)
        last, together = self.words["hence"], None
        for node in self.chain.between(x):
            if node not in told:
                told.add(node)
                yield from self._unprinted(node)
        yield from self._rule(x)
        flow = self.chain.flow(x)
        if alike(flow, self.symbols) != alike(step.node, self.symbols):
            yield last
            yield _display(f"{head} = {latex(flow, self.symbols)}")
            yield from self._beneath(flow)
            together = self._together(x)
            last = together or self.words["joined"]
        if helpers:
            yield self.words["helpers"]
            for helper in helpers:
                yield from self._formula(helper)
        yield last
        written = self._written_out(step.node)
        short = written not in ("", printed)
        same = f" = {written}" if short and together else ""
        yield _display(f"{head} = {printed}{same}")
        yield from self._beneath(step.node)
        if short and not together:
            yield self.words["inserted"]
            yield _display(f"{head} = {written}")

    def _unprinted(self, x: Node) -> Iterator[str]:
        """Yield a gradient on the way, which stands inside a line of the script."""
        flow = self.chain.flow(x)
        yield self.words["way"].format(x=self._by(x))
        steps = [self._by(x), self._contributions(x), latex(flow, self.symbols)]
        yield _display(" = ".join(dict.fromkeys(steps)))
        yield self.words["gap"].join([self._since(x), *self._beneath(flow)])

    def _rule(self, x: Node) -> Iterator[str]:
        """Yield the chain rule for a value, and the formulas that it comes from."""
        if self.chain.readers[x] == [self.chain.loss]:
            formula = self._whole(self.chain.loss)
            yield self.words["direct"].format(x=self.symbols[x], formula=formula)
            return
        if self.chain.readers[x]:
            yield _display(f"{self._by(x)} = {self._contributions(x)}")
        yield self._since(x)

    def _since(self, x: Node) -> str:
        """Return the formulas that read a value."""
        readers = self.chain.readers[x]
        if not readers:
            return self.words["unread"].format(x=self.symbols[x], loss=self.loss)
        formulas = self.words["and"].join(f"${self._whole(r)}$" for r in readers)
        since = self.words["since"].format(formulas=formulas)
        if len(readers) == 1:
            return since
        many = self.words["many"].format(x=self.symbols[x], count=len(readers))
        return since + self.words["gap"] + many

    def _contributions(self, x: Node) -> str:
        """Return the sum of what the readers of a value hand on to it."""
        loss, parts = self.chain.loss, []
        others = [r for r in self.chain.readers[x] if r is not loss]
        for reader in self.chain.readers[x]:
            if reader is loss and not others:
                parts.append(self._by(x))
            elif reader is loss:
                fixed = ", ".join(self.symbols[r] for r in others)
                parts.append(f"\\left.{self._by(x)}\\right|_{{{fixed}}}")
            else:
                step = partial(self.symbols[reader], self.symbols[x])
                parts.append(f"{step} \\, {self._by(reader)}")
        return " + ".join(parts)

    def _whole(self, node: Node) -> str:
        formula = latex(self.chain.formulas[node], self.symbols)
        return f"{self.symbols[node]} = {formula}"

    # Softmax and cross-entropy.

    def _logarithm(self) -> Node | None:
        """Return the logarithm of a softmax whose exponential the gradients read."""
        for node, formula in self.chain.formulas.items():
            if formula.op.name == "log_softmax" and node in self.chain.readers:
                return node
        return None

    def _short(self) -> dict[Node, str]:
        """Return symbols without those of gradients: formulas with these written out.

        What the loss computes from two values of the network is written out too.
        """
        gone = {s.node for s in self.made.steps if s.section == "backward"}
        outer = {s.node for s in self.made.steps if s.section == "forward"}
        outer |= set(self.made.inputs.values())
        for step in self.made.steps:
            simple = step.node.op.name in ("add", "sub", "mul", "div")
            if step.section == "loss" and simple and outer.issuperset(step.node.inputs):
                gone.add(step.node)
        short = {node: text for node, text in self.symbols.items() if node not in gone}
        logarithm = self._logarithm()
        if logarithm is not None and "p" not in self.names.values():
            short.setdefault(apply("exp", logarithm), "p")
        return short

    def _written_out(self, node: Node) -> str:
        """Return a formula with the gradients in it written out, when it is short."""
        waiting = [node]
        for _ in range(LONGEST):
            if not waiting:
                text = latex(node, self.short)
                return text if len(text) <= LONGEST else ""
            inputs = waiting.pop().inputs
            waiting += [x for x in inputs if x not in self.short]
        return ""

    def _together(self, x: Node) -> str | None:
        """Explain what softmax and cross-entropy become together, if `x` is before."""
        node = self._logarithm()
        if node is None or self.chain.readers[x] != [node]:
            return None
        formula = self.chain.formulas[node]
        axis = formula.attrs["axis"]
        total = self.chain.total(node, axis)
        known = all(n.op.name != "sum" for n in walk([total]) if n not in self.symbols)
        sum_ = f"\\sum_{{\\text{{axis }} {axis}}} {self._by(node)}"
        told = f"{sum_} = {latex(total, self.symbols)}"
        exp = apply("exp", node)
        return self.words["together"].format(
            softmax=f"\\operatorname{{softmax}}({self.symbols[x]})",
            exp=latex(exp, self.symbols),
            short=" = p" if self.short.get(exp) == "p" else "",
            total=self.words["total"].format(total=told) if known else "",
        )

    # The update.

    def _update(self) -> Iterator[str]:
        yield f"## {self.words['update']}"
        comma, settings = self.words["comma"], self._settings()
        values = [f"${self.names[n]} = {_number(settings[n])}$" for n in settings]
        if values:
            yield self.words["settings"].format(settings=comma.join(values))
        mine = owned(self.program)
        steps = [step for step in self.made.steps if step.section == "update"]
        general = self._alike(steps)
        if self.program.states:
            states = {
                self.names[name] if general is None else _slot(mine[name][0])
                for name in self.program.states
            }
            memory = comma.join(f"${state}$" for state in sorted(states))
            yield self.words["memory"].format(states=memory)
        trained = [p.name for p in self.program.parameters if p.trainable]
        for step in steps:
            if general is None or (step.name not in mine and step.name not in trained):
                yield from self._formula(step)
        if general is not None:
            parameters = comma.join(f"${self.names[name]}$" for name in trained)
            yield self.words["each"].format(parameters=parameters)
            yield from map(_display, general)

    def _settings(self) -> dict[str, float]:
        """Return the values of the settings that the update reads."""
        settings = {**self.program.settings, "seed": self.program.loop.seed}
        used = {n: settings[n] for n in settings if n in self.made.inputs}
        return {n: used[n] for n in used if self.names[n] != _number(used[n])}

    def _alike(self, steps: Sequence[Step]) -> list[str] | None:
        """Return the formulas of a parameter, when those of all others are the same."""
        mine = owned(self.program)
        trained = [p.name for p in self.program.parameters if p.trainable]
        found: list[list[str]] = []
        for parameter in trained:
            names = self._general(parameter, mine)
            symbols = {n: names[name] for n, name in self.made.names.items()}
            found.append(
                [
                    self._line(step, names, symbols)
                    for step in steps
                    if step.name == parameter
                    or mine.get(step.name, ("", ""))[1] == parameter
                ]
            )
        same = all(formulas == found[0] for formulas in found)
        return found[0] if same and len(found) > 1 else None

    def _general(
        self, parameter: str, mine: Mapping[str, tuple[str, str]]
    ) -> dict[str, str]:
        """Return all symbols, those of one parameter in terms of theta."""
        names = dict(self.names)
        names[parameter] = "\\theta"
        for gradient, value in self.by.items():
            if value == parameter:
                names[gradient] = partial(self.loss, "\\theta")
        for name, (slot, owner) in mine.items():
            if owner == parameter:
                names[name] = _slot(slot)
        return names

    # The table of symbols, and the legend.

    def _table(self) -> Iterator[str]:
        yield f"## {self.words['symbols']}"
        rows = [self.words["columns"]]
        rows.append(f"$n$ | `n` | {self.words['number']} | {self.words['batch']}")
        for name, node in self.made.inputs.items():
            rows.append(self._row(name, node, self._meaning(name, node)))
        rows += [
            self._row(step.name, step.node, self._sense(step))
            for step in self.made.steps
            if step.name not in self.made.inputs
        ]
        lines = [f"| {row} |" for row in rows]
        lines.insert(1, "|---|---|---|---|")
        yield "\n".join(lines)

    def _row(self, name: str, node: Node, meaning: str) -> str:
        shape = f"${sizes(node)}$" if node.shape else self.words["number"]
        return f"${self.names[name]}$ | `{name}` | {shape} | {meaning}"

    def _meaning(self, name: str, node: Node) -> str:
        """Return what an input is."""
        role = str(node.attrs["role"])
        known = self.words.get(f"value_{name}", self.words[role])
        if role != "setting":
            return known
        value = _number(self.program.settings.get(name, self.program.loop.seed))
        return self.words["setting_value"].format(setting=known, value=value)

    def _sense(self, step: Step) -> str:
        """Return what a value is."""
        if step.name in self.by:
            return self.words["adjoint"]
        known = self.words.get(f"value_{step.name}")
        note = self.words.get(step.note, step.note)
        return known or note or self.words[f"in_{step.section}"]

    def _explained(self, body: str) -> str:
        """Return a list that explains the signs that occur."""
        found = [key for key, sign in _EXPLAINED.items() if re.search(sign, body)]
        return "\n".join(f"- {self.words[key]}" for key in ["read_entries", *found])


def _space(node: Node) -> str:
    """Return the set that a value is from."""
    return f"{_SETS[node.kind]}^{{{sizes(node)}}}"


def _slot(name: str) -> str:
    """Return the symbol of what belongs to a parameter theta."""
    return f"{symbol(name)}_{{\\theta}}"


def _display(formula: str) -> str:
    return f"$$\n{formula}\n$$"


def _number(value: float) -> str:
    """Return the value of a setting as LaTeX."""
    return latex(apply("constant", value=value), {})
