"""A network and how raw data reach it: trained, used and saved together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

import numpy as np

from ..columns.targets import ClassTarget
from ..data.parts import Parts
from ..errors import DataError, FileError, PlaingradError, SettingError
from ..model import Array
from ..network import Network, load
from ..streams.stream import Stream
from ..train.callbacks import Callback
from ..train.history import History
from .report import Report

D = TypeVar("D")


@dataclass(frozen=True, eq=False)
class RawModel(ABC, Generic[D]):
    """A network that predicts from raw data; see `TableModel` and `ImageModel`.

    Attributes
    ----------
    network
        Its `preparation` makes samples of raw data.
    parts
        The data of its training; None when it was loaded.
    """

    network: Network
    parts: Parts[D] | None = field(default=None, repr=False)

    kind: ClassVar[type]
    """What its preparation is."""
    _source: ClassVar[str]
    """What it is trained on, such as "a table"."""
    _samples: ClassVar[str]
    """What its samples are, such as "rows"."""
    _reading: ClassVar[str]
    """The code that reads them, with what they should be predicted as."""

    def __post_init__(self) -> None:
        if not isinstance(self.network.preparation, self.kind):
            raise PlaingradError(
                f"the network was not trained on {self._source}, so it cannot read "
                f"{self._samples}. Use {type(self).__name__}.fit({self._reading}), or "
                f"net.predict(X)."
            )

    @staticmethod
    @abstractmethod
    def _parted(data: D, seed: int) -> Parts[D]:
        """Return data in three parts."""

    @staticmethod
    @abstractmethod
    def _prepared(train: D) -> Any:
        """Return the preparation that is measured on the data to learn from."""

    @staticmethod
    @abstractmethod
    def _usual(train: D) -> tuple[Network, dict[str, Any]]:
        """Return the usual network for such data, and the usual settings of `fit`."""

    @classmethod
    def ready(cls, data: D, seed: int) -> tuple[Parts[D], Any, Network, dict[str, Any]]:
        """Return the parts of data, their preparation, and the usual way to train.

        That is the usual network for the part to learn from, and settings of `fit`.
        """
        if isinstance(data, (str, Path)):
            raise DataError(
                f"expected {cls._source} that was read, got {str(data)!r}. Read it "
                f"first: {cls.__name__}.fit({cls._reading})."
            )
        if isinstance(data, Stream):
            raise SettingError(
                f"{cls.__name__}.fit cuts {cls._source} into three parts, and a stream "
                f"is read as it is needed. Train on it by net.fit(stream); after one "
                f"of Parquet pg.TableModel(net) takes raw rows."
            )
        parts = cls._parted(data, seed)
        return parts, cls._prepared(parts.train), *cls._usual(parts.train)

    @classmethod
    def fit(
        cls, data: D, network: Network | None = None, *, seed: int = 0, **settings: Any
    ) -> Self:
        """Train on 60 % of the data, validate on 20 %, and keep 20 % for the report.

        Parameters
        ----------
        data
            What to learn from.
        network
            With as many outputs as the data need; by default the usual one for them.
        seed
            Of the parts, the weights, the shuffles and dropout.
        **settings
            Those of `Network.fit`, where they should differ from the usual ones: Adam,
            early stopping, and what goes with the network.

        Raises
        ------
        DataError, ShapeError, SettingError
            As `Network.fit`, before any work starts.
        """
        parts, preparation, usual, chosen = cls.ready(data, seed)
        network = usual if network is None else network
        chosen = {"validation": preparation(parts.validation), **chosen}
        if settings.get("validation", 1) == 0:
            chosen["early_stopping"] = None
        chosen |= settings
        keep = _Keep(network, preparation)
        chosen["callbacks"] = [keep, *(chosen.get("callbacks") or ())]
        network.fit(*preparation(parts.train), seed=seed, **chosen)
        return cls(network, parts)

    @classmethod
    def load(cls, path: str | Path, objects: Mapping[str, Any] | None = None) -> Self:
        """Return the model of a file that `save` wrote; `objects` as in `pg.load`.

        Raises
        ------
        FileError
            When the file is missing, damaged, or holds no model for such data.
        """
        network = load(path, objects)
        if not isinstance(network.preparation, cls.kind):
            raise FileError(
                f"{path} holds a network that was not trained on {cls._source}. Read "
                f"it with pg.load({str(path)!r})."
            )
        return cls(network)

    def save(self, path: str | Path) -> Path:
        """Write network and preparation to one file, as `Network.save`."""
        return self.network.save(path)

    @property
    def preparation(self) -> Any:
        """How raw data become samples."""
        return self.network.preparation

    @property
    def classes(self) -> list[Any]:
        """The classes in the order of `predict_proba`; none for a quantity."""
        target = self.preparation.target
        if not isinstance(target, ClassTarget):
            return []
        return cast("list[Any]", target.decode(np.arange(target.outputs)).tolist())

    def predict(self, source: Any) -> Array:
        """Return a class or a number for each sample of raw data, (n,).

        Raises
        ------
        FileError, DataError
            When the data cannot be read, or are not like those of training.
        """
        read = self.preparation.read(source)
        found = self.network.predict(self.preparation.samples(read))
        return cast(Array, self.preparation.target.decode(found))

    def predict_proba(self, source: Any) -> Array:
        """Return the probability of each class for each sample, (n, classes)."""
        read = self.preparation.read(source)
        return self.network.predict_proba(self.preparation.samples(read))

    def score(self, data: D) -> float:
        """Return the accuracy, or R squared of a quantity, on data with targets."""
        return self.network.score(*self.preparation(data))

    @abstractmethod
    def report(
        self, data: D | None = None, /, *, seed: int = 0, lang: str = "en"
    ) -> Report:
        """Return how good the predictions are."""

    def _judged(self, data: D | None) -> tuple[D, tuple[int, int] | None]:
        """Return the data to judge by, by default the test part.

        With them come the numbers of samples that it learnt from and that validated,
        when the data are its own.

        Raises
        ------
        PlaingradError
            When the model was loaded, and no data are given.
        """
        if data is not None:
            return data, None
        if self.parts is None:
            raise PlaingradError(
                f"a loaded model holds no {self._samples} to judge it by. Pass some: "
                f"model.report({self._reading})."
            )
        parts: Any = self.parts
        return parts.test, (len(parts.train), len(parts.validation))


class _Keep(Callback):
    """Gives a network its preparation before others, such as `SaveBest`, write it."""

    def __init__(self, network: Network, preparation: Any) -> None:
        self.network, self.preparation = network, preparation

    def on_fit_begin(self, history: History) -> None:  # noqa: ARG002
        self.network.preparation = self.preparation
