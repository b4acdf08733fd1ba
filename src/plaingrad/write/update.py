"""The update of all parameters: line by line, or as one loop where they are alike."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..program import Program
from .lines import LIMIT, batch_line, broken, section_lines, step_text

LONGEST = 8
"""The most update lines that stand one by one; more are written as a loop."""

MADE = ("g", "new")
"""What the loop computes itself: clipped gradients, values before they are masked."""


@dataclass(frozen=True)
class Rolled:
    """An update that is the same for every parameter.

    Attributes
    ----------
    shared
        Lines before the loop.
    body
        The lines of the loop, over `p`, `dp` and the optimiser's slots.
    lists
        What the loop walks over: the name of one entry to the names of all.
    """

    shared: tuple[str, ...]
    body: tuple[str, ...]
    lists: Mapping[str, tuple[str, ...]]

    @property
    def head(self) -> str:
        """The line that opens the loop."""
        return (
            f"for {', '.join(self.lists)} in zip({', '.join(map(_all, self.lists))}):"
        )


def update_lines(program: Program, indent: int) -> list[str]:
    """Return the lines that renew states and parameters."""
    rolled = roll(program)
    if rolled is None:
        return section_lines(program.update, ["update"], program.dtype, indent)
    grads = rolled.lists["dp"]
    every = f"[{', '.join(grads)}]"
    lines = [
        *listed("grads", grads),
        *(line.replace(every, "grads") for line in rolled.shared),
        rolled.head,
        *(f"    {line}" for line in rolled.body),
    ]
    room = LIMIT - indent
    return [" " * indent + part for line in lines for part in broken(line, room)]


def listed(name: str, entries: Sequence[str]) -> list[str]:
    """Return `name = [...]` in as many lines as it needs."""
    line = f"{name} = [{', '.join(entries)}]"
    if len(line) <= 78:
        return [line]
    inner = textwrap.wrap(", ".join(entries), 72)
    return [f"{name} = [", *(f"    {part}" for part in inner), "]"]


def memory_rows(program: Program) -> Iterator[tuple[str, str]]:
    """Yield the lines that start the optimiser's memory at zero."""
    rolled = roll(program)
    if rolled is not None:
        for line in listed("params", rolled.lists["p"]):
            yield line, ""
        for name in rolled.lists:
            if name not in ("p", "dp", "free"):
                yield f"{_all(name)} = [np.zeros_like(p) for p in params]", ""
        if "free" in rolled.lists:
            for line in listed("frees", rolled.lists["free"]):
                yield line, ""
        return
    owned: dict[str, list[str]] = {}
    for state, parameter in program.states.items():
        owned.setdefault(parameter, []).append(state)
    for parameter, states in owned.items():
        zeros = f"np.zeros_like({parameter})"
        line = f"{', '.join(states)} = {', '.join([zeros] * len(states))}"
        lines = [f"{state} = {zeros}" for state in states]
        for short in [line] if len(line) <= LIMIT else lines:
            yield short, ""


def update_function(program: Program, arguments: list[str]) -> str:
    """Return the training step as a function of `arguments`.

    It returns the loss and then every renewed state and parameter.
    """
    made, rolled = program.update, roll(program)
    first = batch_line(made)
    lines = [
        *broken(f"def update({', '.join(arguments)}):", LIMIT),
        *([f"    {first}"] if first else []),
    ]
    if rolled is not None:
        for name, names in rolled.lists.items():
            if name != "dp":
                lines += [f"    {line}" for line in listed(_all(name), names)]
    lines += section_lines(made, ["forward", "loss", "backward"], program.dtype, 4)
    lines += update_lines(program, 4)
    returned = ", ".join([made.results[0], *renewed(program)])
    return "\n".join([*lines, f"    return {returned}"]) + "\n"


def renewed(program: Program) -> list[str]:
    """Return the names of the states and parameters that an update renews."""
    inputs = program.update.inputs
    return [step.name for step in program.update.steps if step.name in inputs]


def roll(program: Program) -> Rolled | None:
    """Return the update as a loop when it is long and alike for every parameter."""
    names = {p.name for p in program.parameters}
    generals = {
        p.name: _general(program, p.name) for p in program.parameters if p.trainable
    }
    if any(len(names & general.keys()) > 1 for general in generals.values()):
        # a parameter that is called as the gradient of another
        return None
    parted = _by_parameter(program, generals)
    if parted is None:
        return None
    shared, bodies = parted
    if sum(map(len, bodies.values())) <= LONGEST:
        return None
    first, *others = bodies.values()
    if any(body != first for body in others):
        return None
    used = set(re.findall(r"\w+", "\n".join(first)))
    entries = dict.fromkeys(
        entry for general in generals.values() for entry in general.values()
    )
    lists: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        found = [name for g in generals.values() for name in g if g[name] == entry]
        if entry in used and entry not in MADE:
            lists[entry] = tuple(found)
    if not {"p", "dp"} <= lists.keys():
        return None
    return Rolled(tuple(shared), tuple(first), lists)


def _by_parameter(
    program: Program, generals: Mapping[str, Mapping[str, str]]
) -> tuple[list[str], dict[str, list[str]]] | None:
    """Return the lines that all parameters share, and those of each in its own names.

    None when a line that no parameter owns stands among those that one does.
    """
    made = program.update
    shared: list[str] = []
    bodies: dict[str, list[str]] = {name: [] for name in generals}
    for step in made.steps:
        if step.section != "update":
            continue
        text = step_text(step, made, program.dtype)
        owner = next((p for p, names in generals.items() if step.name in names), None)
        if owner is not None:
            renews = step.name in made.inputs
            bodies[owner].append(_replaced(text, generals[owner], renews))
        elif any(bodies.values()):
            return None
        else:
            shared.append(text)
    return shared, bodies


def _general(program: Program, parameter: str) -> dict[str, str]:
    """Return what the names of one parameter are called inside the loop."""
    general = {parameter: "p", f"d{parameter}": "dp", f"free_{parameter}": "free"}
    general |= {f"g{parameter}": "g", f"new_{parameter}": "new"}
    for state, owner in program.states.items():
        if owner == parameter:
            general[state] = state.removesuffix(parameter)
    return general


def _replaced(text: str, general: Mapping[str, str], renews: bool) -> str:
    """Return a line in the loop's names; what is renewed is written into."""
    words = "|".join(map(re.escape, sorted(general, key=len, reverse=True)))
    line = re.sub(rf"\b({words})\b", lambda match: general[match[0]], text)
    return re.sub(r"^(\w+) = ", r"\1[...] = ", line) if renews else line


def _all(entry: str) -> str:
    return {"p": "params", "dp": "grads"}.get(entry, f"{entry}s")
