"""Runs a check in a process of its own, which may be ended at any time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .inspection import Inspection
from .outcome import Outcome

ROOT = Path(__file__).resolve().parents[3]
CODE = f"""\
import sys
sys.path.append({str(ROOT)!r})
from plaingrad.prove.script.child import main
main()
"""
SEARCH = 60.0
"""How long the search for causes may last, in seconds."""
PATIENCE = 180.0
"""How much longer the whole check may last."""


def checked(path: Path, text: str, seconds: float = SEARCH) -> Outcome:
    """Check a script in another process, which runs it as the user would.

    It is the same Python in the same folder, with the same rights: what the script
    does to files, it does.
    """
    asked = {"path": str(path.resolve()), "text": text, "seconds": seconds}
    limit = seconds + PATIENCE
    try:
        done = subprocess.run(  # noqa: S603 - our own code, given above
            [sys.executable, "-c", CODE],
            input=json.dumps(asked).encode(),
            capture_output=True,
            timeout=limit,
            env={**os.environ, "MPLBACKEND": "agg"},
        )
    except subprocess.TimeoutExpired:
        return Outcome("refused", reason="killed", words={"seconds": round(limit)})
    if done.returncode != 0 or not done.stdout:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        error = told[-1] if told else f"exit code {done.returncode}"
        return Outcome("refused", reason="crashed", words={"error": error})
    return Outcome.of(json.loads(done.stdout))


def main() -> None:
    """Answer one question from the input; what the script itself prints is dropped."""
    asked = json.loads(sys.stdin.buffer.read())
    answer = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    path = Path(asked["path"])
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    outcome = Inspection(path, asked["text"], asked["seconds"]).inspect()
    with os.fdopen(answer, "wb") as stream:
        stream.write(json.dumps(outcome.plain()).encode())
