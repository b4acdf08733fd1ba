"""A network and how pictures reach it: trained, used and saved together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from ..columns.targets import ClassTarget
from ..data.folders import Images
from ..data.parts import Parts
from ..errors import SettingError
from ..layers import Layer
from ..network import Network
from ..pictures.preparation import PicturePreparation
from ..raw.model import RawModel
from .report import ImageReport, report
from .usual import augmented, usual_network, usual_settings


class ImageModel(RawModel[Images]):
    """A network that tells which class a picture shows.

    `predict` and `predict_proba` take a picture file, a folder (all pictures in it and
    below, by name), a picture of Pillow, or a list of these, of any size.

    Attributes
    ----------
    network
        Its `preparation` makes samples of pictures. Without one of yours it has up
        to four convolutions, as many as the size allows.
    parts
        The images of its training; None when it was loaded.

    Examples
    --------
    >>> images = plaingrad.data.images("photos")  # doctest: +SKIP
    >>> model = ImageModel.fit(images)  # doctest: +SKIP
    >>> model.predict("new.jpg")  # doctest: +SKIP
    """

    kind = PicturePreparation
    _source, _samples = "images", "pictures"
    _reading = "pg.data.images(FOLDER)"

    @staticmethod
    def _parted(data: Images, seed: int) -> Parts[Images]:
        return data.split(seed)

    @staticmethod
    def _prepared(train: Images) -> PicturePreparation:
        target = ClassTarget(name="class", classes=train.classes)
        return PicturePreparation(form=train.form, target=target)

    @staticmethod
    def _usual(train: Images) -> tuple[Network, dict[str, Any]]:
        return usual_network(train.form.shape, train.outputs), usual_settings()

    @classmethod
    def fit(
        cls,
        data: Images,
        network: Network | None = None,
        *,
        augment: Iterable[Layer] | None = None,
        seed: int = 0,
        **settings: Any,
    ) -> Self:
        """Train on 60 % of the pictures, validate on 20 %, keep 20 % for the report.

        Parameters
        ----------
        data
            What to learn from.
        network
            With an output for each class; by default the usual one for the size.
        augment
            Layers that change pictures while training, such as `RandomFlip()`, in place
            of those of the network; () for none. The usual network shifts a little.
        seed, **settings
            As `TableModel.fit` has them.

        Raises
        ------
        DataError, ShapeError, SettingError
            As `Network.fit`, before any work starts.
        """
        if isinstance(augment, Layer):
            raise SettingError(f"augment takes a list of layers: [{augment!r}].")
        if augment is not None:
            network = cls._usual(data)[0] if network is None else network
            network = augmented(network, augment)
        return super().fit(data, network, seed=seed, **settings)

    def report(
        self, images: Images | None = None, *, seed: int = 0, lang: str = "en"
    ) -> ImageReport:
        """Return how good the predictions are, and the worst mistakes as pictures.

        Parameters
        ----------
        images
            Pictures with classes that the network has not seen, of any size; by default
            the test part.
        seed
            Of the resampling for the intervals.
        lang
            "en" or "zh".

        Raises
        ------
        PlaingradError
            When the model was loaded, and no images are given.
        """
        shown, seen = self._judged(images)
        return report(self.network, self.preparation, shown, seen, seed, lang)
