"""The report on a network for images: how good, where wrong, and the worst mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import draw
from ..data.folders import Images
from ..network import Network
from ..pictures.form import Form
from ..pictures.preparation import PicturePreparation
from ..pictures.reading import written
from ..raw.report import Report, costs, in_png, judged_classes
from .pages import ImagePages

MOST = 20
"""So many mistakes are shown."""


@dataclass(frozen=True)
class Mistake:
    """A picture that was predicted wrongly.

    Attributes
    ----------
    file
        Its path below the folder.
    true, predicted
        Its class, and which one was predicted.
    probability
        That the network gave to the predicted class.
    """

    file: str
    true: str
    predicted: str
    probability: float


@dataclass(frozen=True, kw_only=True, repr=False)
class ImageReport(Report):
    """What `ImageModel.report` found; see `Report` for the forms that it has.

    Attributes
    ----------
    mistakes
        The mistakes of which the network was surest, the surest first, 20 at most.
    wrong
        How many mistakes there are.
    counts
        How many pictures of each class it is judged by.
    form
        The size that pictures are brought to, how, and in which colour.
    """

    mistakes: tuple[Mistake, ...]
    wrong: int
    counts: tuple[int, ...]
    form: Form

    def _pages(self, lang: str) -> ImagePages:
        return ImagePages(self, lang)


def report(
    network: Network,
    preparation: PicturePreparation,
    images: Images,
    seen: tuple[int, int] | None,
    seed: int,
    lang: str,
) -> ImageReport:
    """Return the report on a network by images; see `ImageModel.report`."""
    X, y = preparation(images)
    classes, probs = preparation.target.classes, network.predict_proba(X)
    labels, sure = probs.argmax(axis=1), probs.max(axis=1)
    surest = np.argsort(-sure, kind="stable")
    worst = surest[(labels != y)[surest]]
    told, drawn = judged_classes(y, probs, classes, seed)
    if len(worst):
        names, files = np.array(classes), [written(images.files[i]) for i in surest]
        drawn["mistakes.png"] = lambda: draw.misclassified(
            X[surest], names[y[surest]], names[labels[surest]], most=MOST, files=files
        )
    return ImageReport(
        target=images.root.resolve().name,
        network=repr(network),
        judged=len(images),
        seen=seen,
        mistakes=tuple(
            Mistake(images.files[i], classes[y[i]], classes[labels[i]], float(sure[i]))
            for i in worst[:MOST]
        ),
        wrong=len(worst),
        counts=tuple(np.bincount(y, minlength=len(classes)).tolist()),
        form=preparation.form,
        lang=lang,
        pictures=in_png(costs(network) | drawn),
        **told,
    )
