"""From LLVM's language to machine code in this process, and to files that keep it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ..errors import FileError, VerifyError
from ..files import cache_folder, make_folder, write_whole
from .builder import UNROLL
from .target import Target, host

# What arrives is already in vectors, blocked for the registers, and in a good order. So
# cells become registers, arithmetic is tidied, loops test at their end, and no more.
# Passes that merge or move values across blocks make them live longer, until registers
# run out: LLVM's usual pipelines take two to five times as long on such code, and make
# it no faster and sometimes slower. Addresses in loops are left to the code generator.
PASSES = (
    "always_inliner",
    "global_dead_code_eliminate",
    "sroa",
    "simplify_cfg",
    "instruction_combine",
    "loop_rotate",
    "simplify_cfg",
)
# Then loops that are marked are written out, and what they work on becomes registers.
UNROLLING = (
    "loop_unroll",
    "sroa",
    "instruction_combine",
    "simplify_cfg",
    "aggressive_dce",
)
LIMIT = 256 << 20
SUFFIX = ".code"
VARIABLE = "PLAINGRAD_CACHE"
SOURCES = ("native/**/*.py", "ops/**/*.py", "graph.py", "op.py", "shapes.py")
"""What decides about the code of a program, in the folder of the package."""


def build(ir: str, target: Target) -> bytes:
    """Return the machine code of a module as the bytes of an object file.

    Functions marked `alwaysinline` are inlined and others stay functions. Loops are
    neither unrolled nor turned into vectors, and nothing but `llvm.fmuladd` multiplies
    and adds in one instruction.

    Raises
    ------
    VerifyError
        When the module is not right: a mistake in what wrote it.
    """
    machine = _machine(target)
    code: bytes = machine.emit_object(_optimised(ir, machine))
    return code


def assembly(ir: str, target: Target) -> str:
    """Return what `build` makes as assembly text, to be read."""
    machine = _machine(target)
    text: str = machine.emit_assembly(_optimised(ir, machine))
    return text


class Library:
    """Machine code that is ready to be called, for as long as this object lives."""

    def __init__(self, engine: Any, addresses: dict[str, int]) -> None:
        self._engine = engine
        self._addresses = addresses

    def address(self, name: str) -> int:
        """Return where a function begins."""
        return self._addresses[name]


def load(code: bytes, names: Sequence[str]) -> Library:
    """Link machine code into this process.

    Parameters
    ----------
    code
        What `build` returned, here or in an earlier process.
    names
        The functions that will be called.

    Raises
    ------
    VerifyError
        When the code has no function of such a name.
    """
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(host()))
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    addresses = {name: engine.get_function_address(name) for name in names}
    if missing := [name for name, address in addresses.items() if not address]:
        raise VerifyError(f"the machine code has no function {', '.join(missing)}")
    return Library(engine, addresses)


def _machine(target: Target) -> Any:
    """Return LLVM's code generator for a target.

    The parts of one object are put close together, so that constants are found by
    short addresses; what is called outside is reached through stubs.
    """
    _initialise(target.triple == llvm.get_process_triple())
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu,
        features=target.features,
        opt=2,
        reloc="pic",
        codemodel="small",
    )


@cache
def _initialise(native: bool) -> None:
    if native:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()


def _optimised(ir: str, machine: Any) -> Any:
    """Return the module, parsed, verified and optimised."""
    # on the text's first line, so that lines in LLVM's messages count from there
    head = f'target datalayout = "{machine.target_data}" target triple = "'
    try:
        module = llvm.parse_assembly(
            f'{head}{machine.triple}" {ir}', llvm.create_context()
        )
        module.verify()
    except RuntimeError as error:
        raise VerifyError(f"LLVM refuses what was written for it: {error}") from None
    passes = llvm.create_new_module_pass_manager()
    for name in (*PASSES, *(UNROLLING if UNROLL in ir else ())):
        getattr(passes, f"add_{name}_pass")()
    options = llvm.create_pipeline_tuning_options()
    passes.run(module, llvm.create_pass_builder(machine, options))
    return module


class Cache:
    """Machine code in files, each found by a key made from what it was compiled from.

    Nothing here fails: a file that is missing, damaged or not ours is as good as none,
    and where nothing can be written, nothing is kept. Several processes may share it.

    Parameters
    ----------
    folder
        Where the files are. Usually `native` in the folder that the environment
        variable `PLAINGRAD_CACHE` names, or else in the platform's place for caches;
        nowhere when the variable is empty or "off".
    limit
        The bytes that all files may take; those not used for longest go first.
    """

    def __init__(self, folder: Path | None = None, limit: int = LIMIT) -> None:
        self.folder = folder or _usual_folder()
        self.limit = limit

    def get(self, key: str) -> tuple[bytes, dict[str, Any]] | None:
        """Return the code kept under a key, and what was said about it, or None."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}{SUFFIX}"
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

    def put(self, key: str, code: bytes, about: dict[str, Any]) -> None:
        """Keep code under a key of hexadecimal digits, with plain facts about it."""
        if self.folder is None:
            return
        with contextlib.suppress(FileError, OSError):
            folder = make_folder(self.folder)
            write_whole(folder / f"{key}{SUFFIX}", _packed(key, code, about))
            self._trim(folder)

    def _trim(self, folder: Path) -> None:
        """Remove the files that were not used for longest, down to the limit."""
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                # a part is what a process left that was ended while it wrote
                if entry.name.endswith((SUFFIX, ".part")):
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


def _usual_folder() -> Path | None:
    if os.environ.get(VARIABLE, "on").strip().lower() in ("", "off"):
        return None
    try:
        return cache_folder() / "native"
    except RuntimeError:  # this user has no home
        return None


def _packed(key: str, code: bytes, about: dict[str, Any]) -> bytes:
    """Return a file's content: a digest, the header's length, the header, the code."""
    header = json.dumps(about).encode()
    body = len(header).to_bytes(4, "little") + header + code
    return _digest(key, body) + body


def _unpacked(key: str, content: bytes) -> tuple[bytes, dict[str, Any]] | None:
    digest, body = content[:32], content[32:]
    if digest != _digest(key, body):
        return None
    end = 4 + int.from_bytes(body[:4], "little")
    return body[end:], json.loads(body[4:end])


def _digest(key: str, body: bytes) -> bytes:
    """Return a digest of key and content: a file may not pass for another."""
    return hashlib.sha256(key.encode() + body).digest()


@cache
def fingerprint() -> str:
    """Return a digest of all that makes code from a program: LLVM and the sources here.

    Part of every key of the cache, so that no code outlives what made it.
    """
    made = hashlib.sha256(f"{llvmlite.__version__} {llvm.llvm_version_info}".encode())
    package = Path(__file__).parent.parent
    for path in sorted(path for one in SOURCES for path in package.glob(one)):
        made.update(f"{path.relative_to(package)}\n".encode())
        made.update(path.read_bytes())
    return made.hexdigest()
