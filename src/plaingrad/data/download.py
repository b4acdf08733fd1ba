"""Downloads that are checked and whole, or not there."""

from __future__ import annotations

import hashlib
import secrets
import sys
from pathlib import Path

from ..errors import FileError

SECONDS_WITHOUT_ANSWER = 30
BLOCK = 1 << 16
BAR = 30


def fetch(url: str, path: Path, sha256: str, otherwise: str = "Try again.") -> None:
    """Download `url` to `path`, whole and checked, or not at all.

    Shows progress on stderr when that is a terminal. `path` appears only once its
    checksum is right, so an interrupted download leaves nothing behind.

    Parameters
    ----------
    url
        An http or https address.
    path
        Where to put the file; its folder is made when missing.
    sha256
        The SHA-256 that the content must have, in hexadecimal digits.
    otherwise
        What the reader can do when the download fails: the end of the message.

    Raises
    ------
    FileError
        When the address cannot be reached, the download stops early, the checksum is
        wrong, or `path` cannot be written.
    """
    if not url.startswith(("http://", "https://")):
        raise FileError(f"expected an http or https address, got {url!r}.")
    content = _download(url, otherwise)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise FileError(
            f"{url} is not the file it should be: expected SHA-256 {sha256}, got "
            f"{found} ({len(content)} bytes). Likely cause: a proxy or log-in page "
            f"answered instead, or the file was changed. {otherwise}"
        )
    _write_atomically(path, content)


def _download(url: str, otherwise: str) -> bytes:
    # Imported here: `import plaingrad` should not pay for the network.
    from http.client import HTTPException
    from urllib.request import urlopen

    name = url.rsplit("/", 1)[-1]
    show = sys.stderr is not None and sys.stderr.isatty()
    content = bytearray()
    try:
        # `fetch` has let http and https addresses through, and nothing else.
        with urlopen(url, timeout=SECONDS_WITHOUT_ANSWER) as response:  # noqa: S310
            total = int(response.headers.get("Content-Length", 0))
            while block := response.read(BLOCK):
                content += block
                if show:
                    sys.stderr.write("\r" + _progress(name, len(content), total))
    except (OSError, HTTPException) as error:
        raise FileError(
            f"could not download {url}: {error}. Likely cause: no network here, or the "
            f"server is away. {otherwise}"
        ) from error
    finally:
        if show and content:
            sys.stderr.write("\n")
    if len(content) < total:
        raise FileError(
            f"the download of {url} stopped early: expected {total} bytes, got "
            f"{len(content)}. Likely cause: the connection broke. {otherwise}"
        )
    return bytes(content)


def _progress(name: str, done: int, total: int) -> str:
    if not total:
        return f"{name}  {done / 1e6:.1f} MB"
    bar = "#" * (BAR * done // total)
    return f"{name}  [{bar:<{BAR}}]  {done / 1e6:.1f} of {total / 1e6:.1f} MB"


def _write_atomically(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(
            f"could not write {path}: {error}. Set the environment variable "
            "PLAINGRAD_CACHE to a folder that can be written."
        ) from error
