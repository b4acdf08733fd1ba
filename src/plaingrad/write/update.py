"""The update of all parameters: line by line, or as one loop where they are alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..program import Program
from .lines import batch_line, section_lines, step_text

LONGEST = 8
"""The most update lines that stand one by one; more are written as a loop."""


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
    lines = [
        *rolled.shared,
        f"grads = [{', '.join(rolled.lists['dp'])}]",
        rolled.head,
        *(f"    {line}" for line in rolled.body),
    ]
    return [" " * indent + line for line in lines]


def memory_rows(program: Program) -> Iterator[tuple[str, str]]:
    """Yield the lines that start the optimiser's memory at zero."""
    rolled = roll(program)
    if rolled is not None:
        yield f"params = [{', '.join(rolled.lists['p'])}]", ""
        for name in rolled.lists:
            if name not in ("p", "dp", "free"):
                yield f"{_all(name)} = [np.zeros_like(p) for p in params]", ""
        if "free" in rolled.lists:
            yield f"frees = [{', '.join(rolled.lists['free'])}]", ""
        return
    owned: dict[str, list[str]] = {}
    for state, parameter in program.states.items():
        owned.setdefault(parameter, []).append(state)
    for parameter, states in owned.items():
        zeros = ", ".join([f"np.zeros_like({parameter})"] * len(states))
        yield f"{', '.join(states)} = {zeros}", ""


def update_function(program: Program, arguments: list[str]) -> str:
    """Return the training step as a function of `arguments`.

    It returns the loss and then every renewed state and parameter.
    """
    made, rolled = program.update, roll(program)
    first = batch_line(made)
    lines = [
        f"def update({', '.join(arguments)}):",
        *([f"    {first}"] if first else []),
    ]
    if rolled is not None:
        lines += [
            f"    {_all(name)} = [{', '.join(names)}]"
            for name, names in rolled.lists.items()
            if name != "dp"
        ]
    lines += section_lines(made, ["forward", "loss", "backward"], program.dtype, 4)
    lines += update_lines(program, 4)
    returned = ", ".join(["loss", *renewed(program)])
    return "\n".join([*lines, f"    return {returned}"]) + "\n"


def renewed(program: Program) -> list[str]:
    """Return the names of the states and parameters that an update renews."""
    inputs = program.update.inputs
    return [step.name for step in program.update.steps if step.name in inputs]


def roll(program: Program) -> Rolled | None:
    """Return the update as a loop when it is long and alike for every parameter."""
    made = program.update
    lines = [
        (step.name, step_text(step, made, program.dtype))
        for step in made.steps
        if step.section == "update"
    ]
    owners = _owners(program)
    if len([name for name, _ in lines if name in owners]) <= LONGEST:
        return None
    shared = tuple(text for name, text in lines if name not in owners)
    bodies: dict[str, list[str]] = {}
    for name, text in lines:
        if name in owners:
            parameter = owners[name]
            general = _general(program, parameter)
            bodies.setdefault(parameter, []).append(_replaced(text, general))
    first = next(iter(bodies.values()))
    if any(body != first for body in bodies.values()):
        return None
    generals = [_general(program, parameter) for parameter in bodies]
    lists: dict[str, list[str]] = {}
    for general in generals:
        for name, entry in general.items():
            lists.setdefault(entry, []).append(name)
    used = "\n".join(first)
    return Rolled(
        shared,
        tuple(first),
        {
            entry: tuple(names)
            for entry, names in lists.items()
            if re.search(rf"\b{entry}\b", used)
        },
    )


def _owners(program: Program) -> dict[str, str]:
    """Return the parameter that each renewed name belongs to."""
    states = dict(program.states)
    return states | {p.name: p.name for p in program.parameters if p.trainable}


def _general(program: Program, parameter: str) -> dict[str, str]:
    """Return what the names of one parameter are called inside the loop."""
    general = {parameter: "p", f"d{parameter}": "dp"}
    for state, owner in program.states.items():
        if owner == parameter:
            general[state] = state.removesuffix(parameter)
    return general | {f"free_{parameter}": "free"}


def _replaced(text: str, general: Mapping[str, str]) -> str:
    """Return a line in the loop's names, writing into arrays and not renaming them."""
    words = "|".join(map(re.escape, sorted(general, key=len, reverse=True)))
    line = re.sub(rf"\b({words})\b", lambda match: general[match[0]], text)
    return re.sub(r"^(\w+) = ", r"\1[...] = ", line)


def _all(entry: str) -> str:
    return {"p": "params", "dp": "grads"}.get(entry, f"{entry}s")
