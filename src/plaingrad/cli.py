"""The command line: train, read, predict, check."""

from __future__ import annotations

import argparse
import io
import os
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .commands.jobs import SKIP
from .commands.raw_run import as_csv, model_of, predicted
from .commands.run_folder import write_picture
from .commands.search import add_options as add_search
from .commands.search import search
from .commands.train import add_options, train, warnings_told
from .errors import (
    FileError,
    MissingExtraError,
    PlaingradError,
    SettingError,
    unknown_name,
)
from .files import make_folder, write_whole
from .model import certificate_of
from .network import Network, load
from .pictures import PicturePreparation
from .prove.certificate.record import Certificate
from .samples import read_samples
from .train.engines import MISSING, available

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
  plaingrad train photos/                  learn pictures, a folder for each class
  plaingrad search digits --trials 30      search the settings that do best
  plaingrad check train.py                 the mistakes of a script of your own
  plaingrad lesson 1                       a first lesson; without a number, the list

A MODEL is the folder of a run, or a .safetensors file that net.save wrote.
plaingrad COMMAND --help tells more about a command."""
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
  plaingrad predict runs/photos new.jpg
  plaingrad predict runs/photos holiday/ --proba --out p.csv

A .csv has one sample a row, and may have names above; images are written row by row.
The numbers must be scaled as they were in training: ink in 0 .. 1 for the digits.
A model of a table takes raw rows, and scales and fills them as in training. A model of
images takes a picture of any size, or a folder: all pictures in it and below."""


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
    except UnicodeEncodeError as error:
        print(
            f"plaingrad: the encoding of this output, {error.encoding}, lacks some of "
            f"the characters. Set the environment variable PYTHONUTF8=1.",
            file=sys.stderr,
        )
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
    training = _command(
        commands, "train", train, "train a network and write its folder"
    )
    add_options(training)
    text = "search the settings with which a network does best"
    add_search(_command(commands, "search", search, text))
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
    _predict_parser(commands)
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


def _predict_parser(commands: Any) -> None:
    text = "predict the rows of a file, or pictures"
    guess = _command(commands, "predict", predict, text)
    guess.epilog = PREDICTING
    _add_model(guess)
    samples = "samples: .csv, .npy, .npz with X, rows of a table, or pictures"
    guess.add_argument("file", type=Path, metavar="FILE", help=samples)
    proba = "the probability of each class, and not the label"
    guess.add_argument("--proba", action="store_true", help=proba)
    guess.add_argument("--skip-broken", action="store_true", help=SKIP)
    _add_out(guess, "write it to this .csv or .npy file")


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
    program, training = network.program(), network._reader().training
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

        arrays = made_up(network.program(), network._reader().training.count)
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
    kinds, out = (".csv", ".npy"), options.out
    if out is not None and out.suffix not in kinds:
        raise unknown_name("kind of file", out.suffix, kinds)
    network, text = _open(options.model), None
    if options.skip_broken and not isinstance(network.preparation, PicturePreparation):
        raise SettingError("--skip-broken goes with a model of images. Leave it out.")
    if network.preparation is not None:
        with warnings_told():
            head, names, found = predicted(
                model_of(network), options.file, options.proba, options.skip_broken
            )
        text = as_csv(head, names, found)
    else:
        X = read_samples(options.file, network.features)
        found = network.predict_proba(X) if options.proba else network.predict(X)
    if options.out is not None and options.out.suffix == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, found)
        print(f"wrote {write_whole(options.out, buffer.getvalue())}")
        return
    if text is None:
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
        if options.notebook or options.out or options.show:
            raise SettingError(
                "--notebook, --out and --show are for one lesson, and none was named. "
                "Name it, as in: plaingrad lesson prediction --show"
            )
        _say(listing(options.lang), None)
        return
    found = find_lesson(options.name)
    if options.notebook is not None:
        _say(notebook(found, options.lang), options.notebook)
        return
    if options.out is not None:
        make_folder(options.out)
    usual = None if options.show else Path("runs") / "lessons" / found.slug
    tell(found, options.lang, options.out or usual, options.show)
