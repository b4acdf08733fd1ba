"""What all tests share."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# SciPy looks at it when it is imported: without it scikit-learn skips a check
os.environ["SCIPY_ARRAY_API"] = "1"


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep machine code away from the user's cache; workers share what they compile."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLAINGRAD_CACHE", str(folder / "cache"))
        yield


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> None:
    """Hear Ctrl-C, which shells let what they start in the background ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _same_errors_for_all() -> Iterator[None]:
    """Undo the `np.seterr` of a printed script that a test runs in its own process."""
    with np.errstate():
        yield


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that is a disk of its own, of 200 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount, umount = map(shutil.which, ("mount", "umount"))
    if not (mount and umount and sys.platform == "linux"):
        pytest.skip("no file system can be mounted here")
    command = [mount, "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("only root can mount a file system")
    yield folder
    subprocess.run([umount, "-l", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _no_figure_stays_open() -> Iterator[None]:
    """Close what a test drew."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def command_line(
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[Any, str, str]]:
    """Return a function that runs a command: its exit code, output and errors."""
    from plaingrad import cli

    def run(*words: Any) -> tuple[Any, str, str]:
        capsys.readouterr()
        try:
            code: Any = cli.main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
