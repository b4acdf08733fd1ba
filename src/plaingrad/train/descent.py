"""The engine of full-batch optimisers: each update is a step that is searched for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Self, cast

import numpy as np

from ..errors import SettingError
from ..full_batch import LBFGS, LevenbergMarquardt
from ..graph import walk
from ..losses import Loss
from ..program import Program
from ..shapes import size_of
from ..trace import Traced
from .free import Free
from .keeper import copies
from .lbfgs import QuasiNewton
from .marquardt import DampedNewton
from .residuals import SumOfSquares, residual_of
from .stretch import Array, Arrays, Engine, Stretch, Watch
from .training import Training

Method = QuasiNewton | DampedNewton
CONVERGED = "converged"
"""What says, among what is remembered, that there is no way further."""
MOST = 2**28
"""The most derivatives of residuals: two gigabytes, of which some copies are made."""


def check_full_batch(network: Traced, training: Training, program: Program) -> None:
    """Refuse a training that the full-batch optimiser of its settings cannot do.

    Raises
    ------
    SettingError
        When it has mini-batches, dropout, clipping, or, for Levenberg-Marquardt, a loss
        that is no sum of squares, or too many parameters.
    """
    settings, name = training.settings, type(training.settings.optimizer).__name__
    if program.loop.batch_size is not None:
        raise SettingError(
            f"{name} needs the loss of all {training.count} samples at once, got "
            f"batch_size={settings.batch_size}. Use batch_size=None, or pg.Adam() for "
            f"mini-batches."
        )
    nodes = walk([step.node for step in program.update.steps])
    if any(node.op.name == "uniform" for node in nodes):
        raise SettingError(
            f"{name} compares losses of different steps, and this network draws "
            f"anew for each. Leave dropout and augmentation out, or use pg.Adam()."
        )
    for word in ("clip_value", "clip_norm"):
        if getattr(settings, word) is not None:
            raise SettingError(
                f"{name} finds the length of its steps by itself, so {word} would "
                f"mislead it. Leave {word} out."
            )
    if isinstance(settings.optimizer, LevenbergMarquardt):
        _check_squares(network, training, program)


def _check_squares(network: Traced, training: Training, program: Program) -> None:
    """Refuse what has no residuals, or a Jacobian that is too large."""
    residual, leaves = residual_of(network, training)
    if training.settings.l1:
        raise SettingError(
            "LevenbergMarquardt needs a sum of squares, and l1 adds absolute "
            "values. Use l2, or optimizer=pg.LBFGS()."
        )
    rows = training.count * cast(int, size_of(residual.shape[1:]))
    columns = sum(cast(int, size_of(leaves[n].shape)) for n in program.states.values())
    if rows * columns > MOST:
        raise SettingError(
            f"LevenbergMarquardt needs the derivatives of all {rows:,} residuals by "
            f"all {columns:,} parameters, {8e-9 * rows * columns:.3g} GB of them, and "
            f"is for networks of some hundreds. Use optimizer=pg.LBFGS()."
        )


class Descent:
    """Trains by a full-batch optimiser, on top of an engine that computes gradients.

    Parameters
    ----------
    inner
        The engine of the training program, which only notes the gradients.
    program, given
        What is trained, and the arrays that it reads beside the data.
    network, training
        Where the program came from.
    threads
        How many machine code uses.

    Attributes
    ----------
    parameters
        The present values by name.
    converged
        Whether the last update was the last one that makes sense.
    """

    blocking = False

    def __init__(
        self,
        inner: Engine,
        program: Program,
        given: Mapping[str, Array],
        network: Traced,
        training: Training,
        threads: int | None,
    ) -> None:
        self.inner, self.program = inner, program
        self.name, self.parameters = inner.name, inner.parameters
        self.converged = False
        self._network, self._training, self._threads = network, training, threads
        learnt = dict.fromkeys(program.states.values())
        masks = {n: given[f"free_{n}"] for n in learnt if f"free_{n}" in given}
        self._free = Free.of({n: self.parameters[n] for n in learnt}, masks)
        self._zeros = {n: np.zeros_like(v) for n, v in inner.states.items()}
        self._data: Mapping[str, Array] = {}
        self._method: Method | None = None
        self._memory: Arrays = {}

    @property
    def states(self) -> Arrays:
        """What the method remembers, by name; `bind` ends it, but for what was put."""
        if self._method is None:
            return self._memory
        return {**self._method.memory(), CONVERGED: np.array([self.converged])}

    def bind(self, data: Mapping[str, Array]) -> None:
        """Take the arrays to train on, by name."""
        self._data, self._method = data, None
        self.inner.bind(data)

    def run(self, stretch: Stretch, watch: Watch) -> int:
        """Do the updates of a stretch and return how many were done.

        It ends early when it has converged, too.
        """
        for _ in range(stretch.batches):
            # what is tried on the way may be far off
            with np.errstate(all="ignore"):
                method = self._going(stretch)
                loss = method.loss
                try:
                    if np.isfinite(loss):
                        method.step()
                finally:
                    # a search may have been interrupted at any place
                    self._free.scatter(method.point, self.parameters)
            self.converged = method.converged
            if not watch.enter(loss) or self.converged:
                break
        return watch.done

    def _going(self, stretch: Stretch) -> Method:
        """Return the descent from where the parameters are now."""
        point = self._free.gathered(self.parameters)
        if self._method is None or not np.array_equal(point, self._method.point):
            self._method = self._begun(point, stretch)
            if self._memory:
                self._method.recall(self._memory)
                self._memory = {}
        return self._method

    def _begun(self, point: Array, stretch: Stretch) -> Method:
        """Return a descent that begins at a point."""
        chosen, dtype = self._training.settings.optimizer, self.program.dtype
        if isinstance(chosen, LBFGS):
            return QuasiNewton(
                lambda at: self._value(at, stretch), point, chosen, dtype
            )
        squares = SumOfSquares(
            self._network,
            self._training,
            self.parameters,
            self._free,
            self._data,
            native=self.name == "native",
            threads=self._threads,
        )
        made = DampedNewton(squares, point, cast(LevenbergMarquardt, chosen), dtype)
        _check_sum(self._training.loss, made.loss, self._value(point, stretch)[0])
        return made

    def _value(self, point: Array, stretch: Stretch) -> tuple[float, Array]:
        """Return the loss and its gradient at a point: one call of the engine."""
        self._free.scatter(point, self.parameters)
        self.inner.put({}, self._zeros)
        fixed = stretch.fixed
        once = Stretch.once(stretch.count, stretch.step, stretch.epoch, fixed)
        watch = Watch(np.empty(1))
        self.inner.run(once, watch)
        owners = self.program.states.items()
        found = {owner: self.inner.states[state] for state, owner in owners}
        return float(watch.losses[0]), self._free.gathered(found)

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return the loss and the score on data."""
        return self.inner.evaluate(X, y)

    def put(self, parameters: Mapping[str, Array], states: Mapping[str, Array]) -> None:
        """Take on copies of some parameters, by name, and what to go on with."""
        for name, value in parameters.items():
            self.parameters[name][...] = value
        if states:
            self._method, self._memory = None, copies(states)
            self.converged = bool(states[CONVERGED][0])

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an engine with values of its own, which begins its descent anew."""
        made = copy.copy(self)
        made.inner = copy.deepcopy(self.inner, memo)
        made.parameters = made.inner.parameters
        made._method, made._memory = None, {}
        return made


def _check_sum(loss: Loss, squares: float, value: float) -> None:
    """Refuse residuals whose squares do not add up to the loss."""
    both = np.isfinite([squares, value]).all()
    if both and not np.isclose(squares, value, rtol=1e-3, atol=1e-30):
        raise SettingError(
            f"the residuals of {loss!r} do not belong to it: the sum of their squares "
            f"is {squares:.4g}, and the loss {value:.4g}. Let its method residuals "
            f"return that whose square `each` returns, or use optimizer=pg.LBFGS()."
        )
