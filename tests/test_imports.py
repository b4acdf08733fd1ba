"""Imports point one way. The list of stages is the architecture, in the order of it."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import plaingrad

STAGES = {
    # what everything may use
    "errors": "every message that a user can meet",
    "extras": "libraries that only extras install",
    "remember": "settings that print as they were written",
    "files": "reading and writing without half a file",
    "cache": "what can be had again, in files",
    "metrics": "how good predictions are",
    "draw": "pictures of networks and their training",
    "samples": "samples from files",
    # the graph and what is done with it
    "shapes": "sizes, of which the batch is a symbol",
    "op": "what an operation is",
    "graph": "nodes",
    "ops": "the alphabet of operations",
    "derive": "backpropagation",
    "simplify": "algebra",
    "program": "named steps in order",
    "names": "what values are called",
    "write.expression": "the text of one value",
    "plan": "which value gets a line",
    "write": "the text of a program",
    "run": "the reference, which runs that text",
    # from layers to programs
    "trace": "what is gathered while layers run",
    "initializers": "how parameters begin",
    "layers": "networks are made of these",
    "losses": "what training makes small",
    "penalties": "what is added to it",
    "schedules": "how the rate changes",
    "optimizers": "how parameters are renewed",
    "full_batch": "optimisers that need all samples at once",
    "compose": "network, loss and optimiser become one program",
    "native": "programs as machine code",
    "prove": "gradients against measured slopes",
    "reading": "what is read off a network",
    "columns": "raw columns of tables, and how they become numbers",
    "streams": "samples that are read when they are needed",
    "pictures": "files of pictures, and how they become numbers",
    # training and its surroundings
    "data": "toy data and preparation",
    "train": "the loop, its settings and its history",
    "callbacks": "ready ones, that watch a training",
    "encode": "layers and settings as plain JSON",
    "model": "networks in files",
    "checkpoints": "trainings in files, to go on from",
    "inside": "the values of a training step",
    "readers": "predictions and scores of a network that was trained",
    "augmented": "what a training sees of its samples",
    "curvature": "how sharply a loss bends",
    "rates": "which learning rate",
    "seeds": "one training from several seeds",
    "summary": "the table of layers",
    "prove.certificate": "what is proved of a network",
    "network": "what a user calls",
    "choices": "optimisers and networks by name",
    "sklearn": "networks as scikit-learn's estimators",
    "travel": "trainings looked at later",
    "tuning": "settings that are found by trying",
    "functional": "gradients of plain functions",
    "raw": "networks on raw data, and what all reports on them say",
    "tabular": "networks on tables, and the report on them",
    "visual": "networks on images, and the report on them",
    "": "the public names",
    "lessons": "lessons that are code, which use the public names",
    "commands": "the commands that learn",
    "cli": "the command line",
    "__main__": "python -m plaingrad",
}
ORDER = list(STAGES)
ROOT = Path(plaingrad.__file__).parent


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def stage(module):
    """Return the most exact stage of a module, or None."""
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((name for name in names if name in STAGES), None)


def imported(module):
    """Return the modules of the package that one imports when it is imported."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            if node.level:
                above = package.split(".") if package else []
                base = above[: len(above) - node.level + 1]
            elif (node.module or "").partition(".")[0] == "plaingrad":
                base = []
            else:
                continue
            inner = (node.module or "").removeprefix("plaingrad").strip(".")
            source = ".".join([*base, *([inner] if inner else [])])
            for name in node.names:
                whole = f"{source}.{name.name}" if source else name.name
                found.add(whole if whole in MODULES else source)
        elif isinstance(node, ast.Import):
            found |= {
                name.name.removeprefix("plaingrad").strip(".")
                for name in node.names
                if name.name.partition(".")[0] == "plaingrad"
            }
    return found


IMPORTS = {module: imported(module) for module in MODULES}


def test_every_module_has_a_place():
    homeless = [module for module in MODULES if stage(module) is None]
    assert not homeless, f"say in STAGES where these belong: {homeless}"


def test_every_place_has_a_module():
    assert {stage(module) for module in MODULES} == set(STAGES)


def test_imports_point_one_way():
    wrong = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if ORDER.index(stage(other)) > ORDER.index(stage(module))
    ]
    assert not wrong


def test_no_modules_import_each_other():
    order = list(graphlib.TopologicalSorter(IMPORTS).static_order())
    assert set(order) == set(MODULES)


def test_imports_are_seen():
    assert "shapes" in IMPORTS["graph"]
    assert "ops.leaves" in IMPORTS["derive"]
    assert IMPORTS["ops.rows"] >= {"op", "ops.elementwise", "ops.reduce"}
    assert "graph" not in IMPORTS["op"], "an import for the type checker does not count"


def test_importing_the_package_imports_no_other_library_than_numpy():
    code = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import plaingrad\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*new - set(sys.stdlib_module_names) - {'numpy', 'plaingrad'})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == ""
