"""The certificate: what was compared, how well it agreed, and what follows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from ...errors import FileError
from ...files import write_whole
from ...write.document import Document, Pages

if TYPE_CHECKING:
    from ...network import Network
    from .verify import Verification

Verdict = Literal["proved", "wrong", "not shown", "frozen", "left out"]
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Row:
    """One array, and how well its claimed gradient agrees with measured slopes.

    Attributes
    ----------
    layer, name, shape
        The layer as it was written, and the array. The input is "X", of no layer.
    method
        "complex step", "differences" where an operation has no complex form, or "" for
        an array that is frozen.
    error
        The largest difference between claimed and measured, as a part of the largest
        entry of the gradient; None when nothing could be measured.
    checked, ways
        Entries that were measured one by one, and random directions through all entries
        that were measured, too.
    kinks
        Entries at a kink, where there is no slope: they were skipped.
    moved
        Whether directions, and entries that are all at kinks, were measured at weights
        and samples that were moved a little at random.
    second
        The same error by central differences of the loss alone, along a random
        direction; None where these meet a kink or tell too little.
    verdict
        "proved", "wrong", "not shown" or "frozen".
    why
        A word for the reason, where nothing was shown.
    worst
        The worst of the entries that are wrong: its index, the slope that is claimed
        and the one that was measured.
    """

    layer: str
    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    method: str = ""
    error: float | None = None
    checked: int = 0
    ways: int = 0
    kinks: int = 0
    moved: bool = False
    second: float | None = None
    why: str = ""
    worst: tuple[tuple[int, ...], float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link of the chain: two ways to train that must end with the same weights.

    Attributes
    ----------
    name
        "script" or "native": what is compared with the link before.
    error
        The largest difference of a weight, as a part of how far its array moved; None
        where the link is left out.
    parameter
        The array with the largest difference.
    verdict
        "proved", "wrong", "not shown" or "left out".
    why
        A word for the reason, or what is missing, where nothing is shown.
    """

    name: str
    verdict: Verdict
    error: float | None = None
    parameter: str = ""
    why: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Certificate(Document):
    """What `Network.prove` found.

    `text()`, `markdown()` and `html()` write it, in its own language or in the one that
    they are given; `save(path)` writes a file.

    Attributes
    ----------
    network, loss
        What was proved, as it was written.
    value
        The loss that was differentiated, penalties included.
    l1, l2
        The strengths of the penalties in it.
    random
        Whether the network draws random numbers (dropout), which were held fixed.
    samples, given
        The samples that it was measured on, and those that were given.
    updates
        How many updates the chain compares.
    rows, links
        The gradients one by one, and the chain from them to machine code.
    entries, seed
        How many entries of an array are measured one by one, and what they and the
        directions were drawn with.
    marks
        What it is a proof of: digests of the "program", the "weights" and the "data".
    lang
        The language in which it prints itself: "en" or "zh".
    version
        The plaingrad that made it.
    """

    network: str
    loss: str
    value: float
    l1: float
    l2: float
    random: bool
    samples: int
    given: int
    updates: int
    rows: tuple[Row, ...]
    links: tuple[Link, ...]
    entries: int
    seed: int
    marks: Mapping[str, str]
    lang: str
    version: str

    @property
    def gradients(self) -> Verdict:
        """The verdict on the gradients together: the worst of all."""
        return _worst(self.rows)

    @property
    def verdict(self) -> Verdict:
        """The verdict on everything: the worst of all."""
        return _worst([*self.rows, *self.links])

    @property
    def ok(self) -> bool:
        """Whether every gradient and every link is proved."""
        return self.verdict == "proved"

    def _pages(self, lang: str) -> Pages:
        from .pages import CertificatePages

        return CertificatePages(self, lang)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"format": FORMAT, **dataclasses.asdict(self)}

    @classmethod
    def from_dict(cls, told: Any) -> Self:
        """Return the certificate of `as_dict`.

        Raises
        ------
        FileError
            When that is none.
        """
        try:
            if told["format"] != FORMAT:
                raise FileError(
                    f"the certificate has the format {told['format']!r}, and this "
                    f"plaingrad reads {FORMAT}. Update plaingrad."
                )
            fields = {name: value for name, value in told.items() if name != "format"}
            rows = tuple(_row(row) for row in fields.pop("rows"))
            links = tuple(Link(**link) for link in fields.pop("links"))
            return cls(rows=rows, links=links, **fields)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            if isinstance(error, FileError):
                raise
            raise FileError(f"this is no certificate: {error}.") from None

    def save(self, path: str | Path) -> Path:
        """Write it to a file and return its path.

        It is Markdown in a file called .md, a web page in .html, text in .txt, and else
        JSON, which `load_certificate` reads.
        """
        if Path(path).suffix in self._forms():
            return super().save(path)
        return write_whole(path, json.dumps(self.as_dict()))

    def verify(self, network: Network, X: Any, y: Any, **settings: Any) -> Verification:
        """Prove the same again, and compare: network, weights, data and result.

        Parameters
        ----------
        network, X, y, **settings
            What `Network.prove` was given.
        """
        from .verify import verify

        return verify(self, network, X, y, settings)


def _worst(parts: Iterable[Row | Link]) -> Verdict:
    found = {one.verdict for one in parts}
    if "wrong" in found:
        return "wrong"
    return "not shown" if "not shown" in found else "proved"


def _row(told: Mapping[str, Any]) -> Row:
    """Return a row; JSON has lists where a row has tuples."""
    worst = told["worst"]
    if worst is not None:
        worst = (tuple(worst[0]), worst[1], worst[2])
    return Row(**{**told, "shape": tuple(told["shape"]), "worst": worst})
