"""What a check of a script came to, as plain values that pass between processes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Finding:
    """One mistake: its cause, line, the text that stands there and the better one.

    `below` is the line below which the text is to stand, where it only moves.
    """

    cause: str
    line: int
    before: str = ""
    after: str = ""
    words: dict[str, Any] = field(default_factory=dict)
    remark: bool = False
    below: int = 0


@dataclass
class Row:
    """How one parameter moves."""

    path: str
    line: int
    verdict: str
    factor: float
    rate: float
    cosine: float
    decay: float


@dataclass
class Outcome:
    """A check.

    Attributes
    ----------
    status
        right, wrong (there are findings), lint (only the text was looked at), or
        refused, with `reason` and `words`.
    loop
        Line and text of the training loop; line 0 where there is none.
    loss
        form, name and line of the loss, None when there is none.
    text
        The script after all repairs.
    mended
        Whether the repairs were measured to make every step right.
    """

    status: str
    findings: list[Finding] = field(default_factory=list)
    reason: str = ""
    words: dict[str, Any] = field(default_factory=dict)
    loop: tuple[int, str] | None = None
    loss: dict[str, Any] | None = None
    rows: list[Row] = field(default_factory=list)
    uneven: bool = False
    text: str = ""
    mended: bool = False
    spent: bool = False
    runs: int = 0
    seconds: float = 0.0

    def plain(self) -> dict[str, Any]:
        """Return it as dictionaries, lists, texts and numbers."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Outcome:
        """Return the outcome of what `plain` made."""
        findings = [Finding(**one) for one in plain.pop("findings")]
        rows = [Row(**one) for one in plain.pop("rows")]
        loop = plain.pop("loop")
        return cls(
            findings=findings, rows=rows, loop=tuple(loop) if loop else None, **plain
        )

    @property
    def faults(self) -> list[Finding]:
        """The findings that are faults."""
        return [one for one in self.findings if not one.remark]
