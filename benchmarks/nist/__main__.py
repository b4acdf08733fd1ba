"""The command: `python -m benchmarks.nist`."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import plaingrad as pg

from ..machine import describe
from .problems import MODELS, Curve, Problem, problem

RESULTS = Path(__file__).parent.parent / "results" / "nist.json"
Array = np.ndarray[Any, Any]
Solver = Callable[[Problem, Array], Any]
"""From a problem and a start to parameters, trained in units of their start by all."""


def ours(optimizer: pg.Optimizer, epochs: int) -> Solver:
    """Return plaingrad with an optimiser, as a function of problem and start."""

    def solve(of: Problem, start: Array) -> Array:
        net = Curve(of.function, start.tolist())
        loss = pg.MSE(reduction="sum")
        settings = {"optimizer": optimizer, "epochs": epochs, "dtype": "float64"}
        net.fit(of.X, of.y, loss=loss, verbose=False, **settings)
        return net.found

    return solve


def curve_fit(of: Problem, start: Array) -> Any:
    """Return what SciPy's curve_fit finds, as it comes: MINPACK's lmdif."""
    from scipy.optimize import curve_fit as fit

    def function(X: Array, *b: float) -> Array:
        return of.function(start * b, X).ravel()

    return start * fit(function, of.X, of.y.ravel(), np.ones_like(start))[0]


def least_squares(of: Problem, start: Array) -> Any:
    """Return what SciPy's least_squares finds with settings for many digits."""
    from scipy.optimize import least_squares as fit

    def residuals(b: Array) -> Array:
        return (of.function(start * b, of.X) - of.y).ravel()

    strict = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "max_nfev": 100_000}
    begin = np.ones_like(start)
    return start * fit(residuals, begin, jac="3-point", method="lm", **strict).x


SOLVERS: dict[str, Solver] = {
    "LevenbergMarquardt": ours(pg.LevenbergMarquardt(tolerance=0), 20_000),
    "LBFGS": ours(pg.LBFGS(tolerance=0), 20_000),
    "curve_fit": curve_fit,
    "least_squares": least_squares,
}


HEAD = """\
# Certified digits

By `python -m benchmarks.nist`: how many of the eleven certified digits of the worst
parameter are right, from NIST's first and second start, in NIST's order from easy to
hard. All train the parameters in units of their start.
"""


def measure(name: str, solvers: Sequence[str]) -> dict[str, list[dict[str, float]]]:
    """Return digits and seconds of each solver, from both starts of a problem."""
    of, found = problem(name), {}
    for solver in solvers:
        found[solver] = [_once(SOLVERS[solver], of, start) for start in of.starts]
    return found


def _once(solve: Solver, of: Problem, start: Array) -> dict[str, float]:
    began = time.perf_counter()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            digits = of.digits(solve(of, start))
        except (RuntimeError, ValueError, np.linalg.LinAlgError):
            digits = 0.0  # SciPy gives up so
    seconds = time.perf_counter() - began
    return {"digits": round(digits, 1), "seconds": round(seconds, 4)}


def markdown(results: dict[str, Any]) -> str:
    """Return the table of certified digits, from both starts."""
    rows = [
        ["problem", *(f"`{solver}`" for solver in SOLVERS)],
        ["---", *["---:"] * len(SOLVERS)],
    ]
    for name, found in results["problems"].items():
        cells = [
            " / ".join(f"{one['digits']:.1f}" for one in found[solver])
            for solver in SOLVERS
        ]
        rows.append([name, *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def summary(results: dict[str, Any]) -> str:
    """Return how many problems each solver solved to ten and to six digits.

    From the first and the second start.
    """
    rows = [
        ["solver", "ten digits", "six digits", "median"],
        ["---", "---:", "---:", "---:"],
    ]
    for solver in SOLVERS:
        found = [
            [each[solver][start]["digits"] for each in results["problems"].values()]
            for start in (0, 1)
        ]
        cells = [
            " / ".join(str(sum(digits >= least for digits in one)) for one in found)
            for least in (10, 6)
        ]
        rows.append([f"`{solver}`", *cells, f"{np.median(found):.1f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Solve the problems, print the table, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nist")
    add = parser.add_argument
    add("--only", nargs="+", choices=MODELS, metavar="PROBLEM", help="some problems")
    add("--out", type=Path, default=RESULTS, help="where the results go")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"machine": describe(), "problems": {}}
    for name in chosen.only or MODELS:
        found = results["problems"][name] = measure(name, list(SOLVERS))
        told = {s: " / ".join(f"{o['digits']}" for o in v) for s, v in found.items()}
        print(f"{name:10}", told, flush=True)
    print(summary(results))
    if not chosen.only:
        chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        page = f"{HEAD}\n{summary(results)}\n\n{markdown(results)}\n"
        chosen.out.with_suffix(".md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
