"""The command line: train, read, predict."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .errors import FileError, PlaingradError, SettingError, unknown_name
from .files import write_whole
from .network import Network, Sequential, load
from .optimizers import SGD, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSprop
from .report import write_run
from .tasks import TASKS, Task, find
from .train.progress import wanted

Array = np.ndarray[Any, Any]
OPTIMIZERS = {
    cls.__name__.lower(): cls
    for cls in (SGD, Momentum, Nesterov, RMSprop, Adagrad, Adam, AdamW)
}
ABOUT = """\
Neural networks you can read: train one, then print it as a plain NumPy script,
as mathematics, or as a table."""
EXAMPLES = """\
examples:
  plaingrad train digits                     learn handwritten digits, write runs/digits
  plaingrad longhand runs/digits             the training as a NumPy script
  plaingrad derivation runs/digits --html    the mathematics, as a page
  plaingrad predict runs/digits new.csv      labels for new rows
  plaingrad train spiral --optimizer adam --lr 0.01 --epochs 300

A MODEL is a run folder or a .safetensors file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except PlaingradError as error:
        print(f"plaingrad: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("plaingrad: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader of our output, such as `head`, has seen enough
        sys.stderr.close()
        return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="plaingrad",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"plaingrad {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _train_parser(commands)
    for name, run, text in [
        ("longhand", longhand, "print the training as a NumPy script"),
        ("derivation", derivation, "print the mathematics of the training"),
    ]:
        reading = _command(commands, name, run, text)
        _add_model(reading)
        reading.add_argument("--lang", default="en", help="en or zh (default: en)")
        reading.add_argument("--out", type=Path, help="write to this file")
        if name == "derivation":
            page = "as a web page that needs no network, and not as Markdown"
            reading.add_argument("--html", action="store_true", help=page)
    summary = _command(commands, "summary", summarise, "print the table of the layers")
    _add_model(summary)
    guess = _command(commands, "predict", predict, "predict rows of a file")
    _add_model(guess)
    guess.add_argument(
        "file", type=Path, help="samples: .csv (a row each), .npy, or .npz with X"
    )
    guess.add_argument("--proba", action="store_true", help="class probabilities")
    guess.add_argument("--out", type=Path, help="write to this .csv or .npy file")
    return top


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    made.set_defaults(run=run)
    return made


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "model", type=Path, metavar="MODEL", help="a run folder or .safetensors file"
    )


def _train_parser(commands: Any) -> None:
    names = "\n".join(f"  {name:<13}{task.about}" for name, task in TASKS.items())
    train_ = _command(commands, "train", train, "train a network and write its folder")
    train_.formatter_class = argparse.RawDescriptionHelpFormatter
    train_.epilog = f"tasks:\n{names}"
    train_.add_argument("task", metavar="TASK", help="what to learn; see below")
    train_.add_argument("--out", type=Path, help="the folder (default: runs/TASK)")
    train_.add_argument("--hidden", metavar="64,32", help="dense hidden layers instead")
    train_.add_argument("--epochs", type=int, help="passes over the data")
    train_.add_argument("--batch-size", type=int, help="samples per update")
    train_.add_argument("--optimizer", help=", ".join(OPTIMIZERS))
    train_.add_argument("--lr", type=float, help="learning rate")
    train_.add_argument("--l2", type=float, help="weight penalty")
    train_.add_argument("--patience", type=int, help="epochs before stopping early")
    train_.add_argument("--seed", type=int, default=0, help="(default: 0)")
    train_.add_argument("--dtype", default="float32", help="float32 or float64")
    train_.add_argument("--quiet", action="store_true", help="say only the result")


def train(options: argparse.Namespace) -> None:
    """Train on a task and write the run's folder."""
    task = find(options.task)
    parts = task.load(options.seed)
    X, y = parts.train
    outputs = int(y.max()) + 1 if y.dtype.kind in "iu" else y[0].size
    network = _network(task, options.hidden, outputs)
    settings = _settings(task, options)
    if not options.quiet:
        print(f"{options.task}: {len(X)} training samples, {network!r}")
    began = time.perf_counter()
    history = network.fit(
        X,
        y,
        validation=parts.validation,
        verbose=not options.quiet and wanted(None),
        **settings,
    )
    seconds = time.perf_counter() - began
    found = network.evaluate(*parts.test)
    results = {"task": options.task, "test": found}
    if not options.quiet:
        best = f", best epoch {history.best_epoch}" if history.best_epoch else ""
        print(f"{history.epochs} epochs in {seconds:.1f} s{best}")
    told = ", ".join(f"{name} {value:.4f}" for name, value in found.items())
    print(f"test {told}")
    folder = options.out or Path("runs") / options.task
    for path, what in write_run(folder, network, parts.test, results):
        if not options.quiet:
            print(f"  {path}  {what}")


def _network(task: Task, hidden: str | None, outputs: int) -> Sequential:
    if hidden is None:
        return task.network(outputs)
    try:
        units = [int(width) for width in hidden.split(",") if width.strip()]
    except ValueError:
        raise SettingError(
            f"--hidden takes widths such as 64,32, got {hidden!r}."
        ) from None
    from .layers import Flatten, Linear, ReLU

    middle = [layer for width in units for layer in (Linear(width), ReLU())]
    return Sequential(Flatten(), *middle, Linear(outputs))


def _settings(task: Task, options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of fit: the task's, with what was asked for instead."""
    settings = dict(task.settings)
    for name in ("epochs", "batch_size", "l2"):
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    if options.patience is not None:
        settings["early_stopping"] = options.patience
    if options.optimizer is not None or options.lr is not None:
        usual = type(settings["optimizer"]).__name__ if "optimizer" in settings else "adam"
        word = (options.optimizer or usual).lower()
        if word not in OPTIMIZERS:
            raise unknown_name("optimizer", word, OPTIMIZERS)
        rate = {} if options.lr is None else {"lr": options.lr}
        settings["optimizer"] = OPTIMIZERS[word](**rate)
    return {**settings, "seed": options.seed, "dtype": options.dtype}


def _open(path: Path) -> Network:
    return load(path / "model.safetensors" if path.is_dir() else path)


def _say(text: str, out: Path | None) -> None:
    """Print a text, or write it to a file and say where."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    print(f"wrote {write_whole(out, text)}")


def longhand(options: argparse.Namespace) -> None:
    """Print the script of a model."""
    _say(_open(options.model).longhand(lang=options.lang), options.out)


def derivation(options: argparse.Namespace) -> None:
    """Print the mathematics of a model."""
    network = _open(options.model)
    _say(network.derivation(lang=options.lang, html=options.html), options.out)


def summarise(options: argparse.Namespace) -> None:
    """Print the table of a model."""
    _say(str(_open(options.model).summary()), None)


def predict(options: argparse.Namespace) -> None:
    """Predict the rows of a file."""
    network = _open(options.model)
    X = _samples(options.file, network)
    found = network.predict_proba(X) if options.proba else network.predict(X)
    if options.out is not None and options.out.suffix == ".npy":
        np.save(options.out, found)
        print(f"wrote {options.out}")
        return
    rows = found.reshape(len(found), -1).tolist()
    text = "\n".join(",".join(f"{value:.7g}" for value in row) for row in rows)
    _say(text + "\n", options.out)


def _samples(path: Path, network: Network) -> Array:
    """Return the samples of a file, in the shape that the network takes."""
    if not path.is_file():
        raise FileError(f"there is no file {path}.")
    try:
        if path.suffix == ".npy":
            X = np.load(path, allow_pickle=False)
        elif path.suffix == ".npz":
            X = np.load(path, allow_pickle=False)["X"]
        else:
            X = np.loadtxt(path, delimiter=",", ndmin=2, skiprows=_header(path))
    except (ValueError, KeyError, OSError) as error:
        raise FileError(
            f"{path} cannot be read: {error}. It must hold numbers: a .csv with one "
            f"sample a row, a .npy array, or a .npz file with the array X."
        ) from None
    flat = int(np.prod(network.features))
    if X.ndim == 2 and X.shape[1] == flat:
        return X.reshape(len(X), *network.features)
    return X


def _header(path: Path) -> int:
    """Return 1 when the first line of a CSV holds names and not numbers, else 0."""
    with path.open(encoding="utf-8") as lines:
        first = lines.readline()
    try:
        [float(cell) for cell in first.split(",")]
    except ValueError:
        return 1
    return 0
