"""A certificate that was kept is held against the network and the data of today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import FileError
from ...model import certificate_of
from .record import Certificate, Verdict
from .sentences import sentences

if TYPE_CHECKING:
    from ...network import Network


@dataclass(frozen=True)
class Verification:
    """What came of proving again.

    Attributes
    ----------
    before, again
        The certificate that was kept, and that of today.
    changed
        What is not as it was: of "program", "weights" and "data".
    differs
        Arrays and links whose verdict is another.
    """

    before: Certificate
    again: Certificate
    changed: tuple[str, ...]
    differs: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the certificate holds: nothing changed, and all is proved again."""
        return not self.changed and not self.differs and self.again.ok

    def __str__(self) -> str:
        """Say it in the certificate's language."""
        say = sentences(self.before.lang)
        if self.ok:
            return say["same"]
        told = []
        if self.changed:
            what = say["comma"].join(say[f"what_{name}"] for name in self.changed)
            told.append(say["changed"].format(what=what))
        elif self.differs:
            links = {link.name for link in self.before.links}
            names = [say[name] if name in links else name for name in self.differs]
            told.append(say["fails"].format(what=say["comma"].join(names)))
        told.append(say["again"].format(verdict=say[self.again.verdict]))
        return "\n".join(told)

    __repr__ = __str__


def verify(
    before: Certificate,
    network: Network,
    X: Any,
    y: Any,
    settings: Mapping[str, Any],
) -> Verification:
    """Prove again what a certificate proves, and compare; see `Certificate.verify`."""
    again = network.prove(X, y, entries=before.entries, lang=before.lang, **settings)
    changed = [
        name for name, mark in before.marks.items() if again.marks.get(name) != mark
    ]
    return Verification(before, again, tuple(changed), tuple(_differing(before, again)))


def _differing(before: Certificate, again: Certificate) -> list[str]:
    old, new = _verdicts(before), _verdicts(again)
    # a link that is left out here is no contradiction
    return [
        name
        for name in {**old, **new}
        if old.get(name) != new.get(name)
        and "left out" not in (old.get(name), new.get(name))
    ]


def _verdicts(certificate: Certificate) -> dict[str, Verdict]:
    """Return the verdict on each array and link."""
    rows = {row.name: row.verdict for row in certificate.rows}
    return rows | {link.name: link.verdict for link in certificate.links}


def load_certificate(path: str | Path) -> Certificate:
    """Return the certificate of a file: of JSON, or of a model that keeps one.

    Raises
    ------
    FileError
        When there is none in it.
    """
    place = Path(path)
    if not place.is_file():
        raise FileError(f"there is no file {place}.")
    if place.suffix != ".json":
        told = certificate_of(place)
        if told is None:
            raise FileError(
                f"{place} keeps no certificate. Prove the network, and keep what comes "
                f"of it: net.save(path, certificate=net.prove(X, y))."
            )
        return Certificate.from_dict(told)
    try:
        return Certificate.from_dict(json.loads(place.read_text(encoding="utf-8")))
    except ValueError as error:
        raise FileError(f"{place} cannot be read: {error}") from None
