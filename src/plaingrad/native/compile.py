"""From LLVM's language to machine code in this process, and to files that keep it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ..cache import Cache, usual_folder
from ..errors import VerifyError
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


def code_cache(folder: Path | None = None, limit: int = LIMIT) -> Cache:
    """Return the cache of machine code, usually that of this user."""
    return Cache(folder or usual_folder("native"), SUFFIX, limit)


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
