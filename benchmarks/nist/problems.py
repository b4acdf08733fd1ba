"""The nonlinear regression problems of NIST: models, data, certified parameters.

The data are those of the Statistical Reference Datasets, NIST, 1998 (works of the
United States government), in the files that the source archive of lmfit 1.0.2 (PyPI)
holds in its folder NIST_STRD, unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import plaingrad as pg

Array = np.ndarray[Any, Any]
Function = Callable[[Sequence[Any], Any], Any]
DATA = Path(__file__).parent / "data"
DIGITS = 11
"""How many digits of a parameter are certified."""


def arctan(z: Any) -> Any:
    """Return the arc tangent of an array, or of what stands for one.

    arctan(z) = 2 arctan(z / (1 + sqrt(1 + z^2))), four times; then the series.
    """
    if isinstance(z, np.ndarray):
        return np.arctan(z)
    for _ in range(4):
        z = z / (1 + np.sqrt(1 + z * z))
    square = z * z
    series: Any = 1 / 17
    for power in range(15, 0, -2):
        series = 1 / power - square * series
    return 16 * z * series


def polynomial(b: Sequence[Any], x: Any) -> Any:
    """Return b[0] + b[1] x + b[2] x^2 + ..."""
    return sum((c * x**i for i, c in enumerate(b[1:], 1)), b[0] + 0 * x)


def enso(b: Sequence[Any], x: Any) -> Any:
    def wave(period: Any, cosine: Any, sine: Any) -> Any:
        angle = 2 * math.pi * x / period
        return cosine * np.cos(angle) + sine * np.sin(angle)

    cycles = wave(b[3], b[4], b[5]) + wave(b[6], b[7], b[8])
    return b[0] + wave(12, b[1], b[2]) + cycles


def chwirut(b: Sequence[Any], x: Any) -> Any:
    return np.exp(-b[0] * x) / (b[1] + b[2] * x)


def gauss(b: Sequence[Any], x: Any) -> Any:
    def peak(height: Any, place: Any, width: Any) -> Any:
        return height * np.exp(-((x - place) ** 2) / width**2)

    return b[0] * np.exp(-b[1] * x) + peak(*b[2:5]) + peak(*b[5:8])


def lanczos(b: Sequence[Any], x: Any) -> Any:
    return sum(b[i] * np.exp(-b[i + 1] * x) for i in (0, 2, 4))


def cubic(b: Sequence[Any], x: Any) -> Any:
    return polynomial(b[:4], x) / polynomial([1, *b[4:]], x)


MODELS: dict[str, Function] = {
    "Misra1a": lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
    "Chwirut2": chwirut,
    "Chwirut1": chwirut,
    "Lanczos3": lanczos,
    "Gauss1": gauss,
    "Gauss2": gauss,
    "DanWood": lambda b, x: b[0] * x ** b[1],
    "Misra1b": lambda b, x: b[0] * (1 - (1 + b[1] * x / 2) ** -2),
    "Kirby2": lambda b, x: polynomial(b[:3], x) / polynomial([1, *b[3:]], x),
    "Hahn1": cubic,
    "Nelson": lambda b, x: b[0] - b[1] * x[:, :1] * np.exp(-b[2] * x[:, 1:]),
    "MGH17": lambda b, x: b[0] + b[1] * np.exp(-x * b[3]) + b[2] * np.exp(-x * b[4]),
    "Lanczos1": lanczos,
    "Lanczos2": lanczos,
    "Gauss3": gauss,
    "Misra1c": lambda b, x: b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5),
    "Misra1d": lambda b, x: b[0] * b[1] * x / (1 + b[1] * x),
    "Roszman1": lambda b, x: b[0] - b[1] * x - arctan(b[2] / (x - b[3])) / math.pi,
    "ENSO": enso,
    "MGH09": lambda b, x: b[0] * (x**2 + b[1] * x) / (x**2 + b[2] * x + b[3]),
    "Thurber": cubic,
    "BoxBOD": lambda b, x: b[0] * (1 - np.exp(-b[1] * x)),
    "Rat42": lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)),
    "MGH10": lambda b, x: b[0] * np.exp(b[1] / (x + b[2])),
    "Eckerle4": lambda b, x: b[0] / b[1] * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2),
    "Rat43": lambda b, x: b[0] / (1 + np.exp(b[1] - b[2] * x)) ** (1 / b[3]),
    "Bennett5": lambda b, x: b[0] * (b[1] + x) ** (-1 / b[2]),
}
"""The models, in NIST's order: from the easy ones to the hard ones."""


@dataclass(frozen=True)
class Problem:
    """A problem: data, two places to start from, and where the minimum is.

    Attributes
    ----------
    X, y
        Samples (n, predictors) and targets (n, 1).
    starts
        The two starting values of the parameters.
    certified
        The parameters to eleven digits.
    """

    name: str
    X: Array
    y: Array
    starts: tuple[Array, Array]
    certified: Array

    @property
    def function(self) -> Function:
        return MODELS[self.name]

    def digits(self, found: Any) -> float:
        """Return how many digits of the worst parameter are right, from 0 to 11.

        This is the LRE, the logarithm of the relative error: McCullough, Assessing the
        reliability of statistical software, 1998.
        """
        error = np.abs(np.asarray(found) - self.certified) / np.abs(self.certified)
        worst = float(np.max(error))
        if not worst < 1:
            return 0.0
        return DIGITS if worst == 0 else min(DIGITS, -math.log10(worst))


def problem(name: str) -> Problem:
    """Return a problem of NIST from its file."""
    lines = (DATA / f"{name}.dat").read_text(encoding="ascii").splitlines()
    rows = [line.split("=")[1].split() for line in lines if line[:4].strip()[:1] == "b"]
    table = np.array(rows, dtype=float)
    (head,) = (i for i, line in enumerate(lines[50:], 50) if line.startswith("Data:"))
    data = np.array([line.split() for line in lines[head + 1 :] if line], dtype=float)
    y = np.log(data[:, :1]) if name == "Nelson" else data[:, :1]
    return Problem(name, data[:, 1:], y, (table[:, 0], table[:, 1]), table[:, 2])


class Curve(pg.Network):
    """A function of (parameters, samples) as a network.

    What is trained is each parameter in units of its start, so that all begin at 1.

    Parameters
    ----------
    function
        The function.
    start
        Where its parameters begin.
    """

    def __init__(self, function: Function, start: Sequence[float]) -> None:
        self.function, self.start = function, start

    def forward(self, x: Any, /) -> Any:
        b = [
            value * self.param(f"b{i}_", (1,), pg.Constant(1.0))
            for i, value in enumerate(self.start)
        ]
        return self.function(b, x)

    @property
    def found(self) -> Array:
        """The parameters, after training."""
        return np.array(self.start) * np.concatenate(list(self.params.values()))
