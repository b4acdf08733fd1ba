"""The most multiply-adds that one core can do: `python -m benchmarks.peak CORE`.

The kernel is a loop of independent chains of fused multiply-adds that never leave the
registers. It is written in LLVM's language, for several widths of vectors.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

import llvmlite.binding as llvm

TURNS = 2_000_000
SHAPES = ((16, 24), (8, 12), (4, 24), (4, 12))
"""Numbers a vector, and how many chains; one of them suits the core best."""


def kernel(width: int, chains: int) -> str:
    """Return the module: x = x * a + b in each chain, `turns` times."""
    vector = f"<{width} x float>"
    numbers = range(chains)
    begin = "\n".join(
        f"  %x{i} = phi {vector} [ %a, %entry ], [ %y{i}, %turn ]" for i in numbers
    )
    steps = "\n".join(
        f"  %y{i} = call {vector} @llvm.fmuladd.v{width}f32("
        f"{vector} %x{i}, {vector} %a, {vector} %b)"
        for i in numbers
    )
    sums = [f"  %s0 = fadd {vector} %y0, zeroinitializer"]
    sums += [f"  %s{i} = fadd {vector} %s{i - 1}, %y{i}" for i in numbers[1:]]
    return f"""
declare {vector} @llvm.fmuladd.v{width}f32({vector}, {vector}, {vector})

define void @run(i64 %turns, ptr %values) {{
entry:
  %a = load {vector}, ptr %values, align 4
  %place = getelementptr {vector}, ptr %values, i64 1
  %b = load {vector}, ptr %place, align 4
  br label %turn
turn:
  %t = phi i64 [ 0, %entry ], [ %next, %turn ]
{begin}
{steps}
  %next = add i64 %t, 1
  %more = icmp ult i64 %next, %turns
  br i1 %more, label %turn, label %done
done:
{chr(10).join(sums)}
  store {vector} %s{chains - 1}, ptr %values, align 4
  ret void
}}
"""


def rate(width: int, chains: int) -> float:
    """Return multiply-adds per second, the best of several runs."""
    module = llvm.parse_assembly(kernel(width, chains))
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=3,
    )
    # the engine owns the code, and lives as long as this call
    engine = llvm.create_mcjit_compiler(module, target)
    engine.finalize_object()
    address = engine.get_function_address("run")
    run = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(address)
    values = (ctypes.c_float * (2 * width))(*[0.5] * (2 * width))
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        run(TURNS, values)
        best = min(best, time.perf_counter() - began)
    return TURNS * width * chains / best


def measure() -> float:
    """Return the multiply-adds per second of one core."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return max(rate(width, chains) for width, chains in SHAPES)


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [int(sys.argv[1])])
    print(measure())
