"""Writing files so that they are whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import FileError


def write_whole(path: str | Path, content: bytes | str) -> Path:
    """Write a file by way of a temporary one beside it, and return its path.

    Raises
    ------
    FileError
        When the folder is not there, is not writable, or the disk is full; a file that
        was there before stays as it was.
    """
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name)
    except OSError as error:
        raise FileError(f"cannot write {target}: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise FileError(f"cannot write {target}: {error.strerror}.") from None
    return target
