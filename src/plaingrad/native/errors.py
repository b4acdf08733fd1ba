"""What the native engine says when it cannot run a program."""

from ..errors import PlaingradError


class Unsupported(PlaingradError):  # noqa: N818
    """A program has something without native form; `what` is a phrase for it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the native engine cannot run {what}; the reference can.")
