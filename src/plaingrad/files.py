"""Writing files so that they are whole or not there, and where caches are."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
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
    # not every file system can do it; the file itself is on the disk by now
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep others that ask for it out of a folder, where the system can do that.

    It is free again when the block ends, or the process does, however it ends.

    Raises
    ------
    FileError
        When somebody else has it.
    """
    if os.name != "posix":
        yield
        return
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FileError(f"cannot read the folder {folder}: {error.strerror}.") from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileError(
                f"another training writes to {folder} at this moment. Wait until it "
                f"has ended, or take another folder."
            ) from None
        except OSError:
            # not every file system can do it
            pass
        yield
    finally:
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
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {folder}: {error.strerror}.") from None
    for one in missing:
        _keep_names(one.parent)
    if not os.access(folder, os.W_OK | os.X_OK):
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
