"""The command line: train, read, predict, check."""

from __future__ import annotations

import argparse
import io
import os
import shlex
import shutil
import sys
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .checkpoints.folder import steps
from .checkpoints.settings import USUAL, Checkpoint
from .errors import (
    FileError,
    MissingExtraError,
    PlaingradError,
    SettingError,
    unknown_name,
)
from .files import make_folder, write_whole
from .model import certificate_of
from .network import Network, Sequential, load
from .optimizers import SGD, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSprop
from .prove.certificate.record import Certificate
from .report import write_picture, write_run
from .samples import read_samples
from .table_run import as_csv, is_table, predicted, read_table, write_table_run
from .tabular import TableModel
from .tasks import TASKS, Parts, find
from .train.engines import MISSING, available
from .train.history import History, brief
from .train.progress import wanted
from .write.words import words

OPTIMIZERS = {
    cls.__name__.lower(): cls
    for cls in (SGD, Momentum, Nesterov, RMSprop, Adagrad, Adam, AdamW)
}
SAME = ("seed", "dtype", "engine", "threads")
"""The options that `fit` takes as they are, whatever the task."""
ABOUT = """\
Neural networks you can read: train one, then print it as a plain NumPy script,
as mathematics, or as a table."""
EXAMPLES = """\
examples:
  plaingrad train digits                   learn handwritten digits, write runs/digits
  plaingrad summary runs/digits            what each layer gives, holds and costs
  plaingrad longhand runs/digits           the training as a NumPy script
  plaingrad derivation runs/digits         the mathematics of it
  plaingrad prove runs/digits              every gradient, compared with measured slopes
  plaingrad worksheet runs/digits          one update, every product and sum of it
  plaingrad engine runs/digits             its machine code: kernels, memory, time
  plaingrad predict runs/digits new.csv    a label for each row of a file
  plaingrad train a.csv --target price     learn a column of a table of your own
  plaingrad check train.py                 the mistakes of a script of your own
  plaingrad lesson 1                       a first lesson; without a number, the list

A MODEL is the folder of a run, or a .safetensors file that net.save wrote.
plaingrad COMMAND --help tells more about a command."""
TRAINING = """\
examples:
  plaingrad train digits
  plaingrad train spiral --optimizer adam --lr 0.01 --epochs 300
  plaingrad train mnist --hidden 256,128 --patience 5 --out runs/wide
  plaingrad train mnist --hidden 256,128 --patience 5 --out runs/wide --resume
  plaingrad train flats.csv --target rent --kind zip=category

A table is a .csv, .parquet, .feather or .xlsx file with names in its first row. What
its columns are is found and shown; its folder holds a report on the predictions.
What is not given is as usual for the task. Ctrl-C ends the training early; what was
learnt until then is written. After that, or after a crash, the same command with
--resume goes on as if training had never ended. The folder holds the model, the
history, pictures of the costs and the mistakes, and the training as a NumPy script with
its data."""
MEASURING = """\
Some updates are done and measured on this computer; the model stays as it is. They are
on the data of the run, or on random data when there is only a model."""
PROVING = """\
examples:
  plaingrad prove runs/digits
  plaingrad prove runs/digits --out proof.html --lang zh
  plaingrad prove runs/digits --keep

It is proved on the data of the run, on those of a .npz file with the arrays X and y, or
on random data when there is only a model. A certificate that the model keeps is held
against what it is now. The exit code is 1 when something is wrong."""
WORKING = """\
examples:
  plaingrad worksheet runs/spiral --row 5
  plaingrad worksheet small.safetensors data.npz --out sheet.html --lang zh

The sample is one of the data of the run, of a .npz file with the arrays X and y, or of
random data when there is only a model. It is for small networks."""
CHECKING = """\
The script is run, as `python FILE.py` would run it, on this computer and with your
rights: check only what you would run. Each run ends with the training step that is
examined, after 10 s, or after 300,000 passes of loops; what it prints is not shown.
The exit code is 1 when something is wrong, 2 when the training cannot be followed."""
TEACHING = """\
examples:
  plaingrad lesson
  plaingrad lesson prediction
  plaingrad lesson 1 --lang zh --show
  plaingrad lesson 1 --notebook prediction.ipynb"""
PREDICTING = """\
examples:
  plaingrad predict runs/digits new.csv
  plaingrad predict runs/digits new.npy --proba --out probabilities.csv
  plaingrad predict runs/flats new.csv --out rents.csv

A .csv has one sample a row, and may have names above; images are written row by row.
The numbers must be scaled as they were in training: ink in 0 .. 1 for the digits.
A model of a table takes raw rows, and scales and fills them as in training."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    top = parser()
    options = top.parse_args(arguments)
    options.words = sys.argv[1:] if arguments is None else arguments
    if not getattr(options, "show", False):
        # pictures are written, not shown
        os.environ.setdefault("MPLBACKEND", "agg")
    if options.run is None:
        top.print_help()
        return 0
    code = 0
    try:
        code = options.run(options) or 0
        sys.stdout.flush()
    except PlaingradError as error:
        print(f"plaingrad: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("plaingrad: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader of our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        prog="plaingrad", description=ABOUT, epilog=EXAMPLES, formatter_class=raw
    )
    top.add_argument("--version", action="version", version=f"plaingrad {__version__}")
    top.set_defaults(run=None)
    commands = top.add_subparsers(metavar="COMMAND", title="commands")
    _train_parser(commands)
    for name, run, text in [
        ("longhand", longhand, "print the training as a NumPy script"),
        ("derivation", derivation, "print the mathematics of the training"),
    ]:
        reading = _command(commands, name, run, text)
        _add_model(reading)
        reading.add_argument("--lang", default="en", help="en or zh (default: en)")
        _add_out(reading, "write it to this file")
        if name == "derivation":
            page = "as a web page that needs no network, and not as Markdown"
            reading.add_argument("--html", action="store_true", help=page)
    text = "print the table of the layers"
    summary = _command(commands, "summary", summarise, text)
    _add_model(summary)
    picture = "also draw the network, as .png, .svg or .pdf"
    summary.add_argument("--diagram", type=Path, metavar="FILE", help=picture)
    text = "compare every gradient with slopes that are measured"
    proof = _command(commands, "prove", prove, text)
    proof.epilog = PROVING
    _add_model(proof)
    data = "samples and targets: .npz with the arrays X and y"
    proof.add_argument("data", type=Path, metavar="DATA", nargs="?", help=data)
    proof.add_argument("--lang", default="en", help="en or zh (default: en)")
    keep = "keep the certificate in the model file"
    proof.add_argument("--keep", action="store_true", help=keep)
    _add_out(proof, "write it to this .md, .html, .txt or .json file")
    text = "write out one update with numbers, every product and sum"
    sheet = _command(commands, "worksheet", worksheet, text)
    sheet.epilog = WORKING
    _add_model(sheet)
    sheet.add_argument("data", type=Path, metavar="DATA", nargs="?", help=data)
    row = "the sample, counted from 0 (default: 0)"
    sheet.add_argument("--row", type=int, metavar="N", default=0, help=row)
    sheet.add_argument("--lang", default="en", help="en or zh (default: en)")
    _add_out(sheet, "write it to this .md, .html or .txt file")
    text = "print how machine code trains a model, and where its time goes"
    engine = _command(commands, "engine", measure, text)
    engine.epilog = MEASURING
    _add_model(engine)
    _add_out(engine, "write it to this file")
    guess = _command(commands, "predict", predict, "predict the rows of a file")
    guess.epilog = PREDICTING
    _add_model(guess)
    samples = "samples: .csv, .npy, .npz with the array X, or rows of a table"
    guess.add_argument("file", type=Path, metavar="FILE", help=samples)
    proba = "the probability of each class, and not the label"
    guess.add_argument("--proba", action="store_true", help=proba)
    _add_out(guess, "write it to this .csv or .npy file")
    _check_parser(commands)
    _lesson_parser(commands)
    return top


def _command(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.set_defaults(run=run)
    return made


def _add_model(command: argparse.ArgumentParser) -> None:
    text = "the folder of a run, or a .safetensors file"
    command.add_argument("model", type=Path, metavar="MODEL", help=text)


def _add_out(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--out", type=Path, metavar="FILE", help=text)


def _check_parser(commands: Any) -> None:
    text = "find what is wrong in a NumPy script that trains"
    made = _command(commands, "check", check, text)
    made.epilog = CHECKING
    made.add_argument("file", type=Path, metavar="FILE.py", help="the script")
    for name, what in (
        ("loss", "check this function's gradients, and not the training"),
        ("grads", "the function that returns the gradients of --loss"),
        ("params", "what both take (default: params, weights, W, ...)"),
    ):
        made.add_argument(f"--{name}", metavar="NAME", help=what)
    fix = "write a repaired copy beside it, FILE.fixed.py, and check that"
    made.add_argument("--fix", action="store_true", help=fix)
    made.add_argument("--lang", default="en", help="en or zh (default: en)")
    limit = "how long to search for the cause of a wrong step (default: 60)"
    made.add_argument("--seconds", type=float, default=60.0, metavar="S", help=limit)
    _add_out(made, "write the report to this file")


def _lesson_parser(commands: Any) -> None:
    made = _command(commands, "lesson", lesson, "list the lessons, or run one")
    made.epilog = TEACHING
    named = "its name or number; without one, the lessons are listed"
    made.add_argument("name", metavar="NAME", nargs="?", help=named)
    made.add_argument("--lang", default="en", help="en or zh (default: en)")
    pictures = "the folder for its pictures (default: runs/lessons/NAME)"
    made.add_argument("--out", type=Path, metavar="DIR", help=pictures)
    show = "show the pictures in windows, and write no files unless --out is given"
    made.add_argument("--show", action="store_true", help=show)
    book = "write it as a notebook for Jupyter, and do not run it"
    made.add_argument("--notebook", type=Path, metavar="FILE.ipynb", help=book)


def _train_parser(commands: Any) -> None:
    names = "\n".join(f"  {name:<14}{task.about}" for name, task in TASKS.items())
    made = _command(commands, "train", train, "train a network and write its folder")
    made.epilog = f"tasks:\n{names}\n\n{TRAINING}"
    add = made.add_argument
    add("task", metavar="TASK", help="what to learn: a task below, or a table's file")
    add("--out", type=Path, metavar="DIR", help="the folder (default: runs/TASK)")
    add("--target", metavar="NAME", help="the column of the table to predict")
    kind = "what a column is: number, category, date or ignore; may be repeated"
    add("--kind", metavar="NAME=KIND", action="append", default=[], help=kind)
    add("--lang", default="en", help="of the report on a table: en (default) or zh")
    hidden = "hidden layers: Linear and ReLU of these widths, and not the usual network"
    add("--hidden", metavar="64,32", help=hidden)
    add("--epochs", type=int, metavar="N", help="how often to see all samples, at most")
    add("--batch-size", type=int, metavar="N", help="samples per update")
    add("--optimizer", metavar="NAME", help=", ".join(OPTIMIZERS))
    add("--lr", type=float, metavar="X", help="learning rate, as 0.01")
    add("--l2", type=float, metavar="X", help="penalty on large weights, as 1e-4")
    patience = "stop after so many epochs without a better validation loss"
    add("--patience", type=int, metavar="N", help=patience)
    seed = "of splits, weights, shuffles and dropout (default: 0)"
    add("--seed", type=int, metavar="N", default=0, help=seed)
    add("--dtype", default="float32", help="float32 (default) or float64")
    engine = "auto (default), native (machine code) or reference (NumPy)"
    add("--engine", metavar="NAME", default="auto", help=engine)
    threads = "of the native engine (default: as many as the work is worth)"
    add("--threads", type=int, metavar="N", help=threads)
    seconds = "save it so often, to go on after a crash (default: 30)"
    add("--checkpoint", type=float, metavar="S", default=USUAL, help=seconds)
    add("--resume", action="store_true", help="go on with a training that was ended")
    add("--quiet", action="store_true", help="say only the result")


def train(options: argparse.Namespace) -> None:
    """Train on a task and write the run's folder."""
    if options.target is not None or options.kind or is_table(options.task):
        _train_table(options)
        return
    task = find(options.task)
    settings = _settings(task.settings, options)
    folder = make_folder(options.out or Path("runs") / options.task)
    settings |= _saving(folder / "checkpoints", options)
    parts = task.load(options.seed)
    y = parts.train[1]
    outputs = int(y.max()) + 1 if y.dtype.kind in "iu" else y[0].size
    network = _hidden(options.hidden, outputs) or task.network(outputs)
    say = (lambda *_: None) if options.quiet else print
    say(
        f"{options.task}: {len(y):,} samples to learn from, "
        f"{len(parts.validation[1]):,} to validate, {len(parts.test[1]):,} to test"
    )
    say(repr(network))
    with _warnings_told():
        _fit(network, parts, settings, options.quiet)
    say(_took(network.history))
    found = network.evaluate(*parts.test)
    told = ", ".join(f"{name} {brief(value)}" for name, value in found.items())
    print(f"test {told}")
    say(f"written to {folder}:")
    results = {"task": options.task, "test": found}
    for name, what in write_run(folder, network, parts.test, results):
        say(f"  {name:<18} {what}")
    _finish(folder / "checkpoints", network.history, options, say)


def _finish(
    place: Path, history: History, options: argparse.Namespace, say: Any
) -> None:
    """Say how to go on with a training that was interrupted, or clean up behind it."""
    if history.stopped == "interrupted":
        again = [word for word in options.words if word != "--resume"]
        say(f"to go on: {shlex.join(['plaingrad', *again, '--resume'])}")
    else:
        shutil.rmtree(place)


def _saving(place: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of fit that save a training and go on with it."""
    if not options.resume and place.is_dir() and steps(place):
        raise FileError(
            f"{place} holds a training that was not finished. Go on with it by "
            f"--resume, or delete that folder to start again."
        )
    checkpoint = Checkpoint(place, seconds=options.checkpoint, data=False)
    return {"checkpoint": checkpoint, "resume": place if options.resume else None}


def _train_table(options: argparse.Namespace) -> None:
    """Train on a table and write the run's folder."""
    rows = read_table(options.task, options.target, options.kind)
    words(options.lang)  # a language that is not there is said before any work
    settings = _settings({}, options)
    network = _hidden(options.hidden, rows.outputs)
    folder = make_folder(options.out or Path("runs") / Path(options.task).stem)
    settings |= _saving(folder / "checkpoints", options)
    say = (lambda *_: None) if options.quiet else print
    say(str(rows))
    with _warnings_told():
        show = not options.quiet and wanted(None)
        model = TableModel.fit(rows, network, verbose=show, **settings)
    say(repr(model.network))
    say(_took(model.network.history))
    report = model.report(lang=options.lang)
    told = {one.name: one.value for one in report.measures}
    results = {"task": options.task, "target": options.target, "test": told}
    for measure in report.measures:
        low, high = map(brief, measure.interval)
        print(
            f"test {measure.name} {brief(measure.value)}, 95 % within {low} .. {high}"
        )
    say(f"written to {folder}:")
    for name, what in write_table_run(folder, model, report, results):
        say(f"  {name:<18} {what}")
    _finish(folder / "checkpoints", model.network.history, options, say)


def _fit(
    network: Sequential, parts: Parts, settings: dict[str, Any], quiet: bool
) -> None:
    X, y = parts.train
    show = not quiet and wanted(None)
    network.fit(X, y, validation=parts.validation, verbose=show, **settings)


def _took(history: History) -> str:
    """Return how long a training took, and how it was done."""
    return f"{history.epochs} epochs in {history.seconds:.1f} s{_how(history)}"


def _how(history: History) -> str:
    """Return what did the work, and what was kept of it."""
    compiled = f", compiled in {history.compile_seconds:.1f} s"
    native = history.engine == "native"
    best = history.best_epoch
    return f" by the {history.engine} engine{compiled if native else ''}" + (
        f"; the weights are those of epoch {best}, the best" if best else ""
    )


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Tell warnings as a sentence each, without a place in the code."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        print(f"plaingrad: {warning.message}", file=sys.stderr)


def _hidden(hidden: str | None, outputs: int) -> Sequential | None:
    """Return the network with the hidden layers that were asked for, if any."""
    if hidden is None:
        return None
    try:
        units = [int(width) for width in hidden.split(",") if width.strip()]
    except ValueError:
        raise SettingError(
            f"--hidden takes widths such as 64,32, got {hidden!r}."
        ) from None
    from .layers import Flatten, Linear, ReLU

    middle = [layer for width in units for layer in (Linear(width), ReLU())]
    return Sequential(Flatten(), *middle, Linear(outputs))


def _settings(usual: Mapping[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of fit: the usual ones, with what was asked for instead."""
    settings = dict(usual)
    for name in ("epochs", "batch_size", "l2"):
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    if options.patience is not None:
        settings["early_stopping"] = options.patience
    if options.optimizer is not None or options.lr is not None:
        known = type(settings.get("optimizer", Adam())).__name__
        word = (options.optimizer or known).lower()
        if word not in OPTIMIZERS:
            raise unknown_name("optimizer", word, OPTIMIZERS)
        rate = {} if options.lr is None else {"lr": options.lr}
        settings["optimizer"] = OPTIMIZERS[word](**rate)
    same = {name: getattr(options, name) for name in SAME}
    return {**settings, **same}


def _open(path: Path) -> Network:
    return load(_file(path))


def _file(path: Path) -> Path:
    """Return the model file of a run, or the file itself."""
    if path.is_dir() and not (path / "model.safetensors").is_file():
        raise FileError(
            f"the folder {path} holds no model.safetensors, so it is no run. "
            f"Train one: plaingrad train digits --out {path}"
        )
    return path / "model.safetensors" if path.is_dir() else path


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
    """Print the table of a model, and draw it."""
    kinds, picture = (".pdf", ".png", ".svg"), options.diagram
    if picture is not None and picture.suffix not in kinds:
        raise unknown_name("kind of picture", picture.suffix, kinds)
    summary = _open(options.model).summary()
    _say(str(summary), None)
    if picture is not None:
        from . import draw

        print(f"wrote {write_picture(picture, draw.network(summary.layers()))}")


def measure(options: argparse.Namespace) -> None:
    """Print how the native engine trains a model, and where its time goes."""
    network = _open(options.model)
    program, training = network.program(), network._known_training()
    if not available():
        raise MissingExtraError(MISSING)
    from .native.measure import made_up
    from .native.report import report

    arrays = _arrays(options.model)
    if arrays is None:
        arrays = {**network.params, **made_up(program, training.count)}
    _say(report(program, arrays), options.out)


def _arrays(model: Path) -> dict[str, Any] | None:
    """Return the arrays that a run was trained on, or None where there are none."""
    path = model / "data.npz"
    if not path.is_file():
        return None
    return _loaded(
        path, "Train again, or give the name of the model file, for random data."
    )


def _loaded(path: Path, hint: str) -> dict[str, Any]:
    """Return the arrays of a .npz file, or say what to do."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as found:
            return dict(found)
    except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(f"{path} cannot be read: {error}. {hint}") from None


def prove(options: argparse.Namespace) -> None:
    """Print the certificate of a model; fail when something is wrong."""
    file = _file(options.model)
    network, told = load(file), certificate_of(file)
    data = _proof_data(options, network)
    if told is None:
        certificate = network.prove(lang=options.lang, **data)
    else:
        kept = replace(Certificate.from_dict(told), lang=options.lang)
        verification = kept.verify(network, **data)
        certificate = verification.again
        print(f"{verification}\n", file=sys.stderr)
    if options.out is None:
        print(certificate)
    else:
        print(f"wrote {certificate.save(options.out)}")
    if options.keep:
        print(f"kept in {network.save(file, certificate=certificate)}")
    if certificate.verdict == "wrong":
        raise PlaingradError("the certificate tells of something wrong.")


def _data_of(options: argparse.Namespace, network: Network) -> dict[str, Any]:
    """Return the arrays to look at a model with, X and y among them."""
    hint = "Give a .npz file with the arrays X and y."
    if options.data is None:
        arrays = _arrays(options.model)
    else:
        arrays = _loaded(options.data, hint)
    if arrays is None:
        if not available():
            raise FileError(f"there are no data for {options.model}. {hint}")
        from .native.measure import made_up

        arrays = made_up(network.program(), network._known_training().count)
    missing = [name for name in ("X", "y") if name not in arrays]
    if missing:
        raise FileError(f"{options.data} holds no array {missing[0]}. {hint}")
    return arrays


def _proof_data(options: argparse.Namespace, network: Network) -> dict[str, Any]:
    """Return samples and targets to prove a model on, as `Network.prove` takes them."""
    arrays = _data_of(options, network)
    # the weights of the classes are in those of the samples already
    weights = {"sample_weight": arrays.get("w"), "class_weight": None}
    return {"X": arrays["X"], "y": arrays["y"], **weights}


def worksheet(options: argparse.Namespace) -> None:
    """Print one update of a model, worked out."""
    from .lessons import worksheet as work_out

    network = _open(options.model)
    arrays, row = _data_of(options, network), options.row
    if not 0 <= row < len(arrays["X"]):
        raise SettingError(
            f"--row must lie in 0 .. {len(arrays['X']) - 1}, the samples that there "
            f"are, got {row}."
        )
    X, y = arrays["X"][row : row + 1], arrays["y"][row : row + 1]
    sheet = work_out(network, X, y, class_weight=None, lang=options.lang)
    if options.out is None:
        _say(str(sheet), None)
    else:
        print(f"wrote {sheet.save(options.out)}")


def predict(options: argparse.Namespace) -> None:
    """Predict the rows of a file."""
    network, head = _open(options.model), None
    if network.preparation is not None:
        model = TableModel(network)
        with _warnings_told():
            head, found = predicted(model, options.file, options.proba)
    else:
        X = read_samples(options.file, network.features)
        found = network.predict_proba(X) if options.proba else network.predict(X)
    if options.out is not None and options.out.suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, found)
        print(f"wrote {write_whole(options.out, buffer.getvalue())}")
        return
    if head is not None:
        _say(as_csv(head, found), options.out)
        return
    rows = found.reshape(len(found), -1)
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    _say(text, options.out)


def check(options: argparse.Namespace) -> int:
    """Check a script that trains, and return the exit code."""
    if options.loss or options.grads:
        return _check_functions(options)
    from .prove.script import check_script

    given = {"lang": options.lang, "fix": options.fix, "seconds": options.seconds}
    outcome, told = check_script(options.file, **given)
    _say(told, options.out)
    return {"wrong": 1, "refused": 2}.get(outcome.status, 0)


def _check_functions(options: argparse.Namespace) -> int:
    """Check the gradients that a file's functions claim."""
    from .prove.script.functions import check_functions

    if not (options.loss and options.grads):
        raise SettingError("--loss and --grads go together: give both names.")
    names = (options.loss, options.grads, options.params)
    found = check_functions(options.file, *names, lang=options.lang)
    _say(f"{found}\n", options.out)
    return 0 if found.ok else 1


def lesson(options: argparse.Namespace) -> None:
    """List the lessons, or run one."""
    from .lessons import find as find_lesson
    from .lessons.notebook import notebook
    from .lessons.terminal import listing, tell

    if options.name is None:
        _say(listing(options.lang), None)
        return
    found = find_lesson(options.name)
    if options.notebook is not None:
        _say(notebook(found, options.lang), options.notebook)
        return
    usual = None if options.show else Path("runs") / "lessons" / found.slug
    tell(found, options.lang, options.out or usual, options.show)
