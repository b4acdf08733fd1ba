"""Ways to break a correct step, each with the cause that a diagnosis should name.

They change text by patterns of the printed scripts and share nothing with the repairs
of `plaingrad.prove`; several of them have no repair there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .subjects import Subject


@dataclass(frozen=True)
class Mutant:
    """A broken subject.

    Attributes
    ----------
    subject
        What to check.
    operator
        Which way of breaking made it.
    causes
        The names that are right for the mistake: mostly one, more where words mean the
        same.
    apart
        Whether loss and gradients are two functions: then only the gradients changed.
    """

    subject: Subject
    operator: str
    causes: frozenset[str]
    apart: bool = False


Breaking = Callable[[Subject], Iterator[Subject]]
BREAKINGS: list[tuple[str, frozenset[str], Breaking]] = []
"""Name, right causes and function of each way of breaking."""


def breaks(name: str, *causes: str) -> Callable[[Breaking], Breaking]:
    """Enter a way of breaking into the table."""

    def enter(function: Breaking) -> Breaking:
        BREAKINGS.append((name, frozenset(causes), function))
        return function

    return enter


def edits(subject: Subject, part: str, pattern: str, new: str) -> Iterator[Subject]:
    """Yield the subject with one match of a pattern replaced in a part."""
    text = getattr(subject, part)
    for found in re.finditer(pattern, text, re.M):
        changed = text[: found.start()] + found.expand(new) + text[found.end() :]
        if changed != text:
            yield subject.swap(**{part: changed})


@breaks("sign of the output's gradient", "sign")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s,
        "backward",
        r"^(dscores|dz\d|dpred|da\d) = \((.*) - (\w+)\) / n",
        r"\1 = (\3 - (\2)) / n",
    )


@breaks("sign of one weight's gradient", "sign")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"^(d[Wb]\d) = ", r"\1 = -")


@breaks("sum for mean in the gradient", "batch")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r" / n\b", "")


@breaks("mean taken twice in the gradient", "batch")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"^(d[Wb]\d) = (\S.*?)(\s+#.*)?$", r"\1 = (\2) / n")


@breaks("sum for mean in the loss", "batch")
def _(s: Subject) -> Iterator[Subject]:
    if "l2" not in s.loss and "l1" not in s.loss:
        yield from edits(s, "loss", r"\.sum\(\) / n", ".sum()")
        yield from edits(s, "loss", r"\.mean\(\)", ".sum()")


@breaks("doubled gradient", "twice")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"^(d[Wb]\d) = (\S.*?)(\s+#.*)?$", r"\1 = 2 * (\2)")


@breaks("the 2 of a square left out everywhere", "convention")
def _(s: Subject) -> Iterator[Subject]:
    if "** 2).mean()" in s.loss and "l2" not in s.loss:
        yield from edits(s, "backward", r"= 2 \* ", "= ")


@breaks("learning rate in the gradient", "rate")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s, "backward", r"^(d[Wb]\d) = (\S.*?)(\s+#.*)?$", r"\1 = lr * (\2)"
    )


@breaks("dropout's 1 / keep missing on the way back", "keep")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"(mask\d) / [\d.]+", r"\1")


@breaks("dropout's 1 / keep missing on the way forward", "keep")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "forward", r"(\* mask\d) / [\d.]+", r"\1")


@breaks("dropout's mask missing on the way back", "keep")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r" \* mask\d / [\d.]+", "")


@breaks("product in the wrong order", "transposed")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"^dW(\d) = (\w+)\.T @ (\w+)", r"dW\1 = \3.T @ \2")


@breaks("square weights not transposed", "transposed")
def _(s: Subject) -> Iterator[Subject]:
    for name, array in s.arrays.items():
        if array.ndim == 2 and array.shape[0] == array.shape[1]:
            yield from edits(s, "backward", rf"@ {name}\.T", f"@ {name}")


@breaks("two gradients returned in each other's place", "swapped")
def _(s: Subject) -> Iterator[Subject]:
    for a, b in itertools.combinations(s.arrays, 2):
        if s.arrays[a].shape == s.arrays[b].shape:
            yield s.swap(returned={**s.returned, a: f"d{b}", b: f"d{a}"})


@breaks("the gradient of another parameter", "other", "layer")
def _(s: Subject) -> Iterator[Subject]:
    for a, b in itertools.permutations(s.arrays, 2):
        if s.arrays[a].shape == s.arrays[b].shape:
            yield s.swap(returned={**s.returned, a: f"d{b}"})


@breaks("one bias used in two layers", "other", "layer")
def _(s: Subject) -> Iterator[Subject]:
    for a, b in itertools.permutations(s.arrays, 2):
        if a[0] == b[0] == "b" and s.arrays[a].shape == s.arrays[b].shape:
            yield from edits(s, "forward", rf"\+ {a}\b", f"+ {b}")


@breaks("another layer's dz", "other", "layer")
def _(s: Subject) -> Iterator[Subject]:
    for a, b in itertools.permutations("123", 2):
        yield from edits(s, "backward", rf"^db{a} = dz{a}", f"db{a} = dz{b}")


@breaks("penalty missing in the gradient", "penalty")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r" \+ l2 \* W\d", "")
    yield from edits(s, "backward", r" \+ l1 \* np\.sign\(W\d\)", "")


@breaks("penalty twice in the gradient", "penalty")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"\+ l2 \* (W\d)", r"+ 2 * l2 * \1")


@breaks("penalty missing in the loss", "penalty")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "loss", r"^loss = data_loss \+ .*$", "loss = data_loss")


@breaks("bias not summed over the samples", "unsummed")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"^(db\d = \w+)\.sum\(axis=\S+?\)(?=\s)", r"\1")


@breaks("derivative of the activation missing", "no_derivative")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r" \* \(z\d > 0\)", "")
    yield from edits(s, "backward", r" \* \(1 - a\d \*\* 2\)", "")
    yield from edits(s, "backward", r" \* a\d \* \(1 - a\d\)", "")


@breaks("derivative taken of the input", "place")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"\(1 - a(\d) \*\* 2\)", r"(1 - z\1 ** 2)")
    yield from edits(s, "backward", r"a(\d) \* \(1 - a\d\)", r"z\1 * (1 - z\1)")


@breaks("derivative taken after dropout", "place")
def _(s: Subject) -> Iterator[Subject]:
    if "d1 = " in s.forward:
        yield from edits(s, "backward", r"\(1 - a(\d) \*\* 2\)", r"(1 - d\1 ** 2)")


@breaks("derivative of another activation", "activation")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"\(z(\d) > 0\)", r"(1 - a\1 ** 2)")
    yield from edits(s, "backward", r"\(1 - a(\d) \*\* 2\)", r"(a\1 * (1 - a\1))")
    yield from edits(s, "backward", r"\(1 - a(\d) \*\* 2\)", r"(z\1 > 0)")


@breaks("ReLU mask of the output with >=", "mask")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"\(z(\d) > 0\)", r"(a\1 >= 0)")


@breaks("ReLU mask the other way round", "mask")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"\(z(\d) > 0\)", r"(z\1 < 0)")


@breaks("softmax over the whole batch", "softmax_axis")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s, "loss", r"(exp\(shifted\))\.sum\(axis=1, keepdims=True\)", r"\1.sum()"
    )


@breaks("softmax over the samples", "softmax_axis")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "loss", r"(exp\(shifted\))\.sum\(axis=1,", r"\1.sum(axis=0,")


SOFTMAX = r"^dscores = \(np\.exp\(logprobs\) - onehot\) / n"


@breaks("the max-shift taken for a part of the gradient", "shift")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s,
        "backward",
        SOFTMAX,
        "dscores = (np.exp(logprobs) - onehot) / n * (shifted < 0)",
    )


@breaks("whole columns for one entry in each row", "onehot")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s,
        "backward",
        SOFTMAX,
        "dscores = np.exp(logprobs)\ndscores[:, y] -= 1\ndscores /= n",
    )


@breaks("the class before the right one", "onehot")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s,
        "backward",
        SOFTMAX,
        "dscores = np.exp(logprobs)\ndscores[np.arange(n), y - 1] -= 1\ndscores /= n",
    )


@breaks("the right class not subtracted", "onehot")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", SOFTMAX, "dscores = np.exp(logprobs) / n")


@breaks("weights renewed before the layer below", "early")
def _(s: Subject) -> Iterator[Subject]:
    for number in "23":
        yield from edits(
            s, "backward", rf"^(dW{number} = .*)$", rf"\1\nW{number} -= lr * dW{number}"
        )


@breaks("kernel turned round on the way back", "flipped")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s,
        "backward",
        r"@ (W\d)\.reshape\((\d+), (\d+)\)\.T",
        r"@ \1[::-1, ::-1].reshape(\2, \3).T",
    )


@breaks("gradient of a kernel turned round", "flipped")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s,
        "backward",
        r"^(dW\d = dkernels\d\.reshape\(\d, \d, \d, \d\))",
        r"\1[::-1, ::-1]",
    )


@breaks("one window too few", "window")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"for (\w) in range\(3\)", r"for \1 in range(2)")


@breaks("gradient of zeros", "zeros")
def _(s: Subject) -> Iterator[Subject]:
    for name in s.arrays:
        yield s.swap(returned={**s.returned, name: f"np.zeros_like({name})"})


@breaks("gradient not returned", "missing")
def _(s: Subject) -> Iterator[Subject]:
    for name in s.arrays:
        yield s.swap(returned={**s.returned, name: "None"})


@breaks("gradient of the last step", "stale")
def _(s: Subject) -> Iterator[Subject]:
    for name in s.arrays:
        rng = np.random.default_rng(len(name))
        old = rng.normal(size=s.arrays[name].shape)
        yield s.swap(
            data={**s.data, "last": old}, returned={**s.returned, name: "last"}
        )


@breaks("the square left out of tanh's derivative", "formula", "activation")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"\(1 - (a\d) \*\* 2\)", r"(1 - \1)")


@breaks("activation's input for its output in a weight's gradient", "variable")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"^(dW\d) = a(\d)\.T", r"\1 = z\2.T")


@breaks("two mistakes: sign, and a derivative missing", "sign", "no_derivative")
def _(s: Subject) -> Iterator[Subject]:
    for new in edits(s, "backward", r"^dW2 = ", "dW2 = -"):
        yield from edits(new, "backward", r" \* \(1 - a1 \*\* 2\)| \* \(z1 > 0\)", "")


@breaks("nothing usual: half of the samples left out", "unknown", "entries")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(
        s, "backward", r"^(dW1) = X\.T @ (\w+)", r"\1 = X[: n // 2].T @ \2[: n // 2]"
    )


@breaks("nothing usual: a gradient clipped", "unknown", "entries")
def _(s: Subject) -> Iterator[Subject]:
    for name in s.arrays:
        clipped = f"np.clip(d{name}, -0.05, 0.05)"
        yield s.swap(returned={**s.returned, name: clipped})


@breaks("nothing usual: the samples in another order", "unknown")
def _(s: Subject) -> Iterator[Subject]:
    yield from edits(s, "backward", r"= X\.T @", "= np.roll(X, 1, axis=0).T @")


def differs(one: Subject, other: Subject) -> bool:
    """Return whether a changed subject runs, and does anything else."""
    arrays = {n: a + 0.01 for n, a in one.arrays.items()}

    def results(subject: Subject) -> list[Any]:
        own = {n: a.copy() for n, a in arrays.items()}
        loss, gradients = subject.module().both(own)
        return [loss, *gradients.values()]

    try:
        changed = results(other)
    except (NameError, ValueError, IndexError):
        return False
    pairs = zip(changed, results(one), strict=True)
    return not all(np.array_equal(a, b) for a, b in pairs)


def mutants(subject: Subject) -> Iterator[Mutant]:
    """Yield the subject broken in every way that fits it."""
    for name, causes, function in BREAKINGS:
        for number, broken in enumerate(function(subject)):
            if not differs(subject, broken):
                continue
            inside = broken.forward == subject.forward and broken.loss == subject.loss
            yield Mutant(broken, name, causes, inside and number % 2 == 1)
