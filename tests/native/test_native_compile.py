"""Machine code: compiled, linked, called, kept in files and found again."""

import ctypes
import json
import math
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from plaingrad.errors import VerifyError
from plaingrad.native import compile as native
from plaingrad.native.builder import I64, PTR, Builder, Kind
from plaingrad.native.compile import assembly, build, code_cache, fingerprint, load
from plaingrad.native.target import KINDS, _kinds_here, host, named

SCALARS = """
declare double @llvm.pow.f64(double, double)
declare double @llvm.exp.f64(double)
declare double @llvm.fmuladd.f64(double, double, double)
declare i32 @sched_yield()
define double @power(double %x, double %y) {
  %z = call double @llvm.pow.f64(double %x, double %y)
  ret double %z
}
define double @exponential(double %x) {
  %z = call double @llvm.exp.f64(double %x)
  ret double %z
}
define i32 @pause() {
  %z = call i32 @sched_yield()
  ret i32 %z
}
"""
DOUBLE = ctypes.c_double
unix = pytest.mark.skipif(sys.platform == "win32", reason="has no sched_yield")
POWER = ctypes.CFUNCTYPE(DOUBLE, DOUBLE, DOUBLE)


def axpy(lanes, name="axpy", attributes=""):
    """Return a module with `y += 2 * x`, in vectors, and in each loop a cell."""
    module, kind = {}, Kind("float", lanes)
    arguments = [("x", PTR), ("y", PTR), ("n", I64)]
    b = Builder(module, name, arguments, attributes, exported=True)
    x, y, n = b.arguments.values()
    with b.loop(0, n, lanes) as i:
        made = b.cell(b.load(b.at(y, i, "float"), kind))
        made.set(b.fma(b.load(b.at(x, i, "float"), kind), 2.0, made.get()))
        b.store(b.at(y, i, "float"), made.get())
    return "\n".join([*module.values(), b.text()])


def call_axpy(library, name="axpy"):
    x, y = np.arange(32, dtype=np.float32), np.ones(32, dtype=np.float32)
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    function(library.address(name))(x.ctypes.data, y.ctypes.data, 32)
    return y


def instructions(text):
    """Return the instructions of assembly text, without labels and directives."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and line[0].isalpha() and ":" not in line]


# Compiling and linking.


@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_code_is_compiled_linked_and_called(lanes):
    library = load(build(axpy(lanes), host()), ["axpy"])
    np.testing.assert_array_equal(call_axpy(library), 1 + 2 * np.arange(32))


def test_code_of_a_lesser_kind_runs_too():
    least = named(_kinds_here()[-1])
    library = load(build(axpy(8), least), ["axpy"])
    np.testing.assert_array_equal(call_axpy(library), 1 + 2 * np.arange(32))


def test_code_is_the_same_each_time():
    assert build(axpy(8), host()) == build(axpy(8), host())


@unix
def test_functions_of_the_system_are_found():
    library = load(build(SCALARS, host()), ["power", "exponential", "pause"])
    assert POWER(library.address("power"))(2.5, 3.5) == math.pow(2.5, 3.5)
    exponential = ctypes.CFUNCTYPE(DOUBLE, DOUBLE)(library.address("exponential"))
    assert exponential(1.5) == math.exp(1.5)
    assert ctypes.CFUNCTYPE(ctypes.c_int)(library.address("pause"))() == 0


@unix
def test_functions_of_the_system_are_found_by_kept_code_in_a_new_process(tmp_path):
    code_cache(tmp_path).put("ab", build(SCALARS, host()), {})
    script = (
        "import ctypes, sys\n"
        "from pathlib import Path\n"
        "from plaingrad.native.compile import code_cache, load\n"
        "code, _ = code_cache(Path(sys.argv[1])).get('ab')\n"
        "library = load(code, ['power', 'pause'])\n"
        "D = ctypes.c_double\n"
        "print(ctypes.CFUNCTYPE(D, D, D)(library.address('power'))(2.0, 0.5))\n"
        "print(ctypes.CFUNCTYPE(ctypes.c_int)(library.address('pause'))())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == [str(math.sqrt(2.0)), "0"]


def test_libraries_live_side_by_side_and_end_apart():
    first = load(build(axpy(8), host()), ["axpy"])
    second = load(build(axpy(4), host()), ["axpy"])
    assert first.address("axpy") != second.address("axpy")
    del first
    np.testing.assert_array_equal(call_axpy(second), 1 + 2 * np.arange(32))


def test_threads_can_compile_at_once():
    made = {}

    def work(lanes):
        for turn in range(5):
            name = f"f{lanes}_{turn}"
            library = load(build(axpy(lanes, name), host()), [name])
            made[name] = call_axpy(library, name)

    threads = [threading.Thread(target=work, args=(lanes,)) for lanes in (4, 8, 16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 15
    for y in made.values():
        np.testing.assert_array_equal(y, 1 + 2 * np.arange(32))


def test_mistakes_in_the_text_are_said_with_their_line():
    with pytest.raises(VerifyError, match=r"(?s)refuses .*:2:.* expected instruction"):
        build("define void @f() {\n  nonsense\n}", host())
    wrong = (
        "define i32 @f() {\n  %a = add i32 %b, 1\n  %b = add i32 1, 1\n  ret i32 %a\n}"
    )
    with pytest.raises(VerifyError, match="does not dominate all uses"):
        build(wrong, host())


def test_a_missing_function_is_said():
    with pytest.raises(VerifyError, match="no function nothing, nowhere"):
        load(build(axpy(8), host()), ["nothing", "axpy", "nowhere"])


# What the code looks like.


@pytest.mark.parametrize("name", KINDS)
def test_code_can_be_made_for_every_kind(name):
    wanted = {"avx512": "zmm", "avx2": "ymm", "x86-64": "xmm", "aarch64": "fmla"}
    target = named(name)
    text = assembly(axpy(target.lanes("float32")), target)
    assert wanted[name] in text
    assert len(build(axpy(target.lanes("float32")), target)) > 100
    wider = {"avx2": "zmm", "x86-64": "ymm"}
    assert wider.get(name, "nothing wider") not in text


def test_full_vectors_are_used_on_processors_of_which_llvm_thinks_otherwise():
    text = assembly(axpy(16), named("avx512"))
    assert "zmm" in text
    assert "ymm" not in text


@pytest.mark.parametrize("name", ["avx512", "avx2", "aarch64"])
def test_only_what_is_asked_for_is_multiplied_and_added_at_once(name):
    apart = (
        "define float @f(float %a, float %b, float %c) {\n"
        "  %m = fmul float %a, %b\n"
        "  %s = fadd float %m, %c\n"
        "  ret float %s\n"
        "}\n"
    )
    together = (
        "declare float @llvm.fmuladd.f32(float, float, float)\n"
        "define float @f(float %a, float %b, float %c) {\n"
        "  %s = call float @llvm.fmuladd.f32(float %a, float %b, float %c)\n"
        "  ret float %s\n"
        "}\n"
    )
    fused = "fmadd"  # vfmadd213ss, fmadd
    assert fused not in assembly(apart, named(name))
    assert fused in assembly(together, named(name))
    assert fused not in assembly(together, named("x86-64"))


def test_cells_become_registers():
    module, kind = {}, Kind("float", 8)
    b = Builder(module, "total", [("x", PTR), ("n", I64)], exported=True)
    x, n = b.arguments.values()
    total = b.cell(b.constant(0.0, kind))
    with b.loop(0, n, 8) as i:
        total.set(total.get() + b.load(b.at(x, i, "float"), kind))
    b.store(x, total.get())
    assert "alloca" in b.text()
    text = assembly(b.text(), named("avx2"))
    assert "sp)" not in text, "nothing lies on the stack"


def test_loops_are_neither_unrolled_nor_made_vectors():
    ir = (
        "define void @f(ptr noalias %x, ptr noalias %y) {\n"
        "entry:\n  br label %head\n"
        "head:\n"
        "  %i = phi i64 [ 0, %entry ], [ %j, %head ]\n"
        "  %a = getelementptr float, ptr %x, i64 %i\n"
        "  %v = load float, ptr %a, align 4\n"
        "  %w = fadd float %v, 1.0\n"
        "  %b = getelementptr float, ptr %y, i64 %i\n"
        "  store float %w, ptr %b, align 4\n"
        "  %j = add nuw nsw i64 %i, 1\n"
        "  %more = icmp ult i64 %j, COUNT\n"
        "  br i1 %more, label %head, label %done\n"
        "done:\n  ret void\n}\n"
    )
    for count in (8, 4096):
        text = assembly(ir.replace("COUNT", str(count)), named("avx2"))
        code = instructions(text)
        assert sum(line.startswith("vaddss") for line in code) == 1
        assert not any(line.startswith("vaddps") for line in code)


def test_inlining_is_the_writers_choice():
    ir = (
        "define internal i64 @one(i64 %x) ATTRIBUTES {\n"
        "  %y = mul i64 %x, 3\n  ret i64 %y\n}\n"
        "define i64 @f(i64 %x) {\n"
        "  %y = call i64 @one(i64 %x)\n  %z = add i64 %y, 1\n  ret i64 %z\n}\n"
    )
    target = named("avx2")
    assert "call" in assembly(ir.replace("ATTRIBUTES", ""), target)
    inlined = assembly(ir.replace("ATTRIBUTES", "alwaysinline"), target)
    assert "call" not in inlined
    assert "one:" not in inlined


# Keeping code in files.


def test_what_is_put_is_got(tmp_path):
    cache = code_cache(tmp_path / "new" / "folder")
    assert cache.get("0a") is None
    about = {"lanes": 8, "names": ["run", "step"], "text": "Größe", "rate": 0.1}
    cache.put("0a", b"code\0\xff", about)
    assert cache.get("0a") == (b"code\0\xff", about)
    assert code_cache(cache.folder).get("0a") == (b"code\0\xff", about)
    assert cache.get("0b") is None
    cache.put("0a", b"other", {})
    assert cache.get("0a") == (b"other", {})
    assert [path.name for path in cache.folder.iterdir()] == ["0a.code"]


def test_code_from_the_cache_runs(tmp_path):
    code_cache(tmp_path).put("0a", build(axpy(8), host()), {})
    code, _ = code_cache(tmp_path).get("0a")
    y = call_axpy(load(code, ["axpy"]))
    np.testing.assert_array_equal(y, 1 + 2 * np.arange(32))


@pytest.mark.parametrize("damage", ["empty", "short", "changed", "foreign", "header"])
def test_a_damaged_file_is_as_good_as_none_and_removed(tmp_path, damage):
    cache = code_cache(tmp_path)
    cache.put("0a", b"some code", {"a": 1})
    path = tmp_path / "0a.code"
    whole = path.read_bytes()
    for place in range(len(whole)) if damage in ("short", "changed") else [0]:
        changed = bytes([whole[place] ^ 1])
        content = {
            "empty": b"",
            "short": whole[:place],
            "changed": whole[:place] + changed + whole[place + 1 :],
            "foreign": b"\x7fELF" + bytes(1000),
            "header": json.dumps({"a": 1}).encode() + b"some code",
        }
        path.write_bytes(content[damage])
        assert cache.get("0a") is None
        assert not path.exists()


def test_a_file_cannot_pass_for_another(tmp_path):
    cache = code_cache(tmp_path)
    cache.put("0a", b"code", {})
    (tmp_path / "0a.code").rename(tmp_path / "0b.code")
    assert cache.get("0b") is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        cache = code_cache(folder)
        cache.put("0a", b"code", {})
        assert cache.get("0a") is None
    assert (tmp_path / "file").read_text() == "in the way"
    (tmp_path / "0a.code").mkdir()
    cache = code_cache(tmp_path)
    cache.put("0a", b"code", {})
    assert cache.get("0a") is None
    assert (tmp_path / "0a.code").is_dir()


def test_the_least_recently_used_files_make_room(tmp_path):
    cache = code_cache(tmp_path, limit=3500)
    now = time.time()
    (tmp_path / "notes.txt").write_bytes(bytes(5000))
    (tmp_path / ".0123.part").write_bytes(bytes(1000))
    os.utime(tmp_path / ".0123.part", (now - 500, now - 500))
    for place, key in enumerate(("0a", "0b", "0c")):
        cache.put(key, bytes(1000), {})
        os.utime(tmp_path / f"{key}.code", (now - 100 + place, now - 100 + place))
    assert not (tmp_path / ".0123.part").exists(), "it was the oldest"
    assert cache.get("0a") is not None, "and is now the newest"
    cache.put("0d", bytes(1000), {})
    assert [cache.get(key) is not None for key in ("0a", "0b", "0c", "0d")] == [
        True,
        False,
        True,
        True,
    ]
    cache.put("0e", bytes(9000), {})
    assert cache.get("0e") is None, "nor would all others together make room"
    assert cache.get("0d") is not None


def test_the_folder_is_chosen_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAINGRAD_CACHE", str(tmp_path))
    assert code_cache().folder == tmp_path / "native"
    for off in ("", "off", "OFF"):
        monkeypatch.setenv("PLAINGRAD_CACHE", off)
        cache = code_cache()
        cache.put("0a", b"code", {})
        assert cache.folder is None
        assert cache.get("0a") is None
    monkeypatch.delenv("PLAINGRAD_CACHE")
    assert code_cache().folder.parts[-2:] == ("plaingrad", "native")

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", homeless)
    assert code_cache().folder is None


def test_processes_can_share_a_folder(tmp_path):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from plaingrad.native.compile import code_cache\n"
        "cache = code_cache(Path(sys.argv[1]), limit=20_000)\n"
        "for turn in range(60):\n"
        "    key = f'{turn % 7:02x}'\n"
        "    cache.put(key, bytes([turn % 7]) * 4000, {'turn': turn % 7})\n"
        "    got = cache.get(f'{(turn + 3) % 7:02x}')\n"
        "    if got is not None:\n"
        "        code, about = got\n"
        "        assert code == bytes([about['turn']]) * 4000\n"
        "        assert about['turn'] == (turn + 3) % 7\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000


def test_the_fingerprint_changes_with_the_sources(monkeypatch, tmp_path):
    package = tmp_path / "package"
    for folder in ("native", "ops"):
        (package / folder).mkdir(parents=True)
    (package / "native" / "compile.py").write_text("a = 1\n")
    (package / "ops" / "sum.py").write_text("b = 1\n")
    monkeypatch.setattr(native, "__file__", str(package / "native" / "compile.py"))
    seen = []

    def look():
        fingerprint.cache_clear()
        seen.append(fingerprint())

    try:
        look()
        (package / "ops" / "sum.py").write_text("b = 2\n")
        look()
        (package / "ops" / "sum.py").rename(package / "ops" / "mean.py")
        look()
        (package / "native" / "new").mkdir()
        (package / "native" / "new" / "part.py").write_text("")
        look()
        (package / "graph.py").write_text("c = 1\n")
        look()
        monkeypatch.setattr("llvmlite.__version__", "99")
        look()
        assert len(set(seen)) == 6
    finally:
        monkeypatch.undo()
        fingerprint.cache_clear()
    assert fingerprint() == fingerprint()
    assert set(fingerprint()) <= set("0123456789abcdef")
