"""What a training was, without its data: what a network and its file remember."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self, cast

from ..compose import BATCH, Recipe
from ..errors import SettingError, unknown_name, whole
from ..losses import Loss
from ..ops import leaf
from ..optimizers import Optimizer
from ..program import Blocks
from .settings import Settings

TRUTHS = ("bool", "int64", "float32", "float64")


@dataclass(frozen=True, kw_only=True)
class Training:
    """All that the program of a training needs beside the network.

    Attributes
    ----------
    settings
        Those of `fit`, what it chose filled in, and the data left out.
    features, target
        The shapes of one sample and of its target, as the program takes them.
    kind
        Whether the targets are whole numbers (class labels) or floats.
    count
        The number of training samples.
    single
        Whether y held one number per sample, (n,).
    truths
        The type of y, which predicted truths get, too.
    validated, weighted
        Whether there were validation data and weights of samples.
    masks
        The parameters of which only some entries are free.
    kept
        The parameters that did not start from a draw.
    blocks
        The blocks in which the samples of a stream are read.
    """

    settings: Settings
    features: tuple[int, ...]
    target: tuple[int, ...]
    kind: Literal["int", "float"]
    count: int
    single: bool
    truths: str
    validated: bool = False
    weighted: bool = False
    masks: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    blocks: Blocks | None = None

    def __post_init__(self) -> None:
        # a model file may hold anything
        if not isinstance(self.settings, Settings):
            raise SettingError("settings must be Settings.")
        if not isinstance(self.settings.loss, Loss):
            raise SettingError("a training needs a loss.")
        if not isinstance(self.settings.optimizer, Optimizer):
            raise SettingError("a training needs an optimiser.")
        for size in (self.count, *self.features, *self.target):
            whole("a size", size)
        for flag in (self.single, self.validated, self.weighted):
            if not isinstance(flag, bool):
                raise SettingError(f"expected True or False, got {flag!r}.")
        for name in (*self.masks, *self.kept):
            if not isinstance(name, str):
                raise SettingError(f"expected the name of a parameter, got {name!r}.")
        if not isinstance(self.blocks, Blocks | None):
            raise SettingError(f"blocks must be Blocks, got {self.blocks!r}.")
        if self.kind not in ("int", "float"):
            raise unknown_name("kind of targets", self.kind, ["int", "float"])
        if self.truths not in TRUTHS:
            raise unknown_name("type of truths", self.truths, TRUTHS)

    def begun_anew(self) -> Self:
        """Return the same training, wherever its parameters start."""
        return replace(self, kept=())

    @property
    def loss(self) -> Loss:
        """The loss, which is chosen by now."""
        return cast(Loss, self.settings.loss)

    @property
    def recipe(self) -> Recipe:
        """What the composer takes."""
        settings = self.settings
        return Recipe(
            features=self.features,
            target=leaf("y", (BATCH, *self.target), "data", self.kind),
            loss=self.loss,
            optimizer=cast(Optimizer, settings.optimizer),
            loop=settings.loop(self.count, self.validated, self.blocks),
            dtype=settings.dtype,
            l1=settings.l1,
            l2=settings.l2,
            clip_value=settings.clip_value,
            clip_norm=settings.clip_norm,
            weighted=self.weighted,
            masks=self.masks,
            kept=self.kept,
        )
