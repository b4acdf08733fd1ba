"""The engine of streams: each window of batches is read while another is trained on."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from ..streams.feed import Ahead, Feed
from .stretch import Array, Arrays, Engine, Stretch, Watch


class Streamed:
    """Trains on a stream, by an engine that trains on arrays.

    Parameters
    ----------
    inner
        The engine.
    feed
        What gives the windows.

    Attributes
    ----------
    parameters, states
        The present values by name, those of the inner engine.
    """

    converged = False

    def __init__(self, inner: Engine, feed: Feed) -> None:
        self.inner, self._ahead = inner, Ahead(feed)
        self.name, self.blocking = inner.name, inner.blocking
        self.parameters = inner.parameters
        self._sample: Mapping[str, Array] = {}

    @property
    def states(self) -> Arrays:
        """The optimiser's memory by name."""
        return self.inner.states

    def bind(self, data: Mapping[str, Array]) -> None:
        """Take a sample of what is to be trained on; the stream gives the rest."""
        self._sample = data
        self.close()

    def run(self, stretch: Stretch, watch: Watch) -> int:
        """Do the updates of a stretch and return how many were done."""
        while watch.done < stretch.batches and not watch.stopping:
            epoch, batch = divmod(stretch.first + watch.done, stretch.per_epoch)
            epoch += stretch.epoch
            window = self._ahead.window(epoch, batch, lambda: watch.stopping)
            if window is None:
                break
            self.inner.bind(window.rows)
            skipped, done = batch - window.first, watch.done
            batches = min(window.batches - skipped, stretch.batches - done)
            part = replace(
                stretch,
                order=window.order,
                count=window.count,
                epochs=1,
                first=skipped,
                batches=batches,
                step=stretch.step + done,
                epoch=epoch,
            )
            self.inner.run(part, watch.part(batches))
            if watch.diverged:
                break
        return watch.done

    def close(self) -> None:
        """End the reading, and let go of what was read."""
        self._ahead.close()
        self.inner.bind(self._sample)

    def evaluate(self, X: Array, y: Array) -> tuple[float, float]:
        """Return the loss and the score on data."""
        return self.inner.evaluate(X, y)

    def put(self, parameters: Mapping[str, Array], states: Mapping[str, Array]) -> None:
        """Take on copies of some values, by name."""
        self.inner.put(parameters, states)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an engine with values of its own; it reads for itself."""
        made = copy.copy(self)
        made.inner = copy.deepcopy(self.inner, memo)
        made.parameters = made.inner.parameters
        made._ahead = Ahead(self._ahead.feed)
        return made
