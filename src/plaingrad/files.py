"""Writing files so that they are whole or not there, and where caches are."""

from __future__ import annotations

import contextlib
import os
import sys
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
    temporary = target.parent / f".{os.urandom(6).hex()}.part"
    try:
        if target.is_dir():
            raise FileError(
                f"cannot write {target}: it is a folder. Give the name of a file in it."
            )
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
        _keep_names(target.parent)
    except (FileNotFoundError, NotADirectoryError):
        raise FileError(
            f"cannot write {target}: there is no folder {target.parent}. Make it first."
        ) from None
    except OSError as error:
        raise FileError(f"cannot write {target}: {error.strerror}.") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return target


def _keep_names(folder: Path) -> None:
    """Have the disk keep the names of a folder, where the system can be asked."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    # not every file system can do it; the file itself is on the disk by now
    with contextlib.suppress(OSError):
        os.fsync(handle)
    os.close(handle)


def make_folder(path: str | Path) -> Path:
    """Make a folder that can be written to, when it is not there; return its path.

    Raises
    ------
    FileError
        When that cannot be done.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {folder}: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise FileError(f"cannot write to the folder {folder}. Choose another one.")
    return folder


def cache_folder() -> Path:
    """Return the folder for what can be had again; it need not exist yet.

    That is the environment variable `PLAINGRAD_CACHE` when set, otherwise the folder
    `plaingrad` in the platform's place for caches.
    """
    if chosen := os.environ.get("PLAINGRAD_CACHE"):
        return Path(chosen).expanduser()
    home = Path.home()
    variable, usual = {
        "darwin": ("", home / "Library" / "Caches"),
        "win32": ("LOCALAPPDATA", home / "AppData" / "Local"),
    }.get(sys.platform, ("XDG_CACHE_HOME", home / ".cache"))
    return Path(os.environ.get(variable) or usual) / "plaingrad"
