"""What can be had again, kept in files: machine code, pictures in their small size."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import FileError
from .files import cache_folder, make_folder, write_whole

VARIABLE = "PLAINGRAD_CACHE"
Buffer = bytes | memoryview
"""What is kept, which may be large: it is copied once at most."""


class Cache:
    """Bytes in files, each found by a key made from all that decides about them.

    Nothing here fails: a file that is missing, damaged or not ours is as good as none,
    and where nothing can be written, nothing is kept. Several processes may share it.

    Parameters
    ----------
    folder
        Where the files are; nothing is kept when it is None. See `usual_folder`.
    suffix
        How the names of the files end.
    limit
        The bytes that all files may take; those not used for longest go first.
    """

    def __init__(self, folder: Path | None, suffix: str, limit: int) -> None:
        self.folder, self.suffix, self.limit = folder, suffix, limit

    def get(self, key: str) -> tuple[bytes, dict[str, Any]] | None:
        """Return the bytes kept under a key, and what was said about them, or None."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}{self.suffix}"
        try:
            found = _unpacked(key, path.read_bytes())
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if found is None:
                path.unlink()
            else:
                os.utime(path)
        return found

    def put(self, key: str, content: Buffer, about: dict[str, Any]) -> None:
        """Keep bytes under a key of hexadecimal digits, with plain facts about them."""
        if self.folder is None or memoryview(content).nbytes > self.limit:
            return
        with contextlib.suppress(FileError, OSError):
            folder = make_folder(self.folder)
            write_whole(folder / f"{key}{self.suffix}", _packed(key, content, about))
            self._trim(folder)

    def _trim(self, folder: Path) -> None:
        """Remove the files that were not used for longest, down to the limit."""
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                # a part is what a process left that was ended while it wrote
                if entry.name.endswith((self.suffix, ".part")):
                    with contextlib.suppress(OSError):
                        facts = entry.stat()
                        found.append((facts.st_mtime_ns, facts.st_size, entry.path))
        excess = sum(size for _, size, _ in found) - self.limit
        for _, size, path in sorted(found):
            if excess <= 0:
                break
            with contextlib.suppress(OSError):
                Path(path).unlink()
            excess -= size


def usual_folder(name: str) -> Path | None:
    """Return the folder of a cache by its name.

    It lies in the folder that the environment variable `PLAINGRAD_CACHE` names, or else
    in the platform's place for caches; nowhere when the variable is empty or "off".
    """
    if os.environ.get(VARIABLE, "on").strip().lower() in ("", "off"):
        return None
    try:
        return cache_folder() / name
    except RuntimeError:  # this user has no home
        return None


def _packed(key: str, content: Buffer, about: dict[str, Any]) -> bytes:
    """Return a file: a digest, the header's length, the header, the content."""
    header = json.dumps(about).encode()
    body = (len(header).to_bytes(4, "little"), header, content)
    return b"".join((_digest(key, body), *body))


def _unpacked(key: str, file: bytes) -> tuple[bytes, dict[str, Any]] | None:
    digest, body = file[:32], memoryview(file)[32:]
    if digest != _digest(key, [body]):
        return None
    end = 4 + int.from_bytes(body[:4], "little")
    return bytes(body[end:]), json.loads(bytes(body[4:end]))


def _digest(key: str, body: Sequence[Buffer]) -> bytes:
    """Return a digest of key and content: a file may not pass for another."""
    made = hashlib.sha256(key.encode())
    for part in body:
        made.update(part)
    return made.digest()
