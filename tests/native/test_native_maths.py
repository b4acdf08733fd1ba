"""Elementary functions in machine code, against NumPy in higher precision."""

from __future__ import annotations

import ctypes
import platform
import re
from collections.abc import Callable
from functools import cache, cached_property

import numpy as np
import pytest

llvm = pytest.importorskip("llvmlite.binding")

from plaingrad.native import maths  # noqa: E402
from plaingrad.native.builder import I64, PTR, Builder, Kind, Value  # noqa: E402
from plaingrad.native.target import host  # noqa: E402

Array = np.ndarray

TYPES = {"float": np.float32, "double": np.float64}
# what results are compared with
WIDER = {"float": np.float64, "double": np.longdouble}
LANES = (1, 4, 8)
# x86-64 as it was in 2003: no fused multiply-add, no rounding instructions
BASELINE = "-sse3,-ssse3,-sse4.1,-sse4.2,-avx,-avx2,-fma,-avx512f"
INTEL = platform.machine() in ("x86_64", "AMD64")
EXTENDED = np.finfo(np.longdouble).eps < 1e-18

# The largest errors allowed, in ulp of the exact result, for float and double.
ULPS = {
    "exp": (1.7, 1.6),
    "expm1": (1.8, 1.8),
    "log": (0.9, 0.9),
    "log1p": (1.5, 1.5),
    "tanh": (2.2, 2.1),
    "sigmoid": (3.2, 2.9),
    "softplus": (2.3, 2.3),
    "sin": (1.7, 1.6),
    "cos": (1.7, 1.6),
}
# Where arguments are drawn from, for float and double: from one to the other, evenly,
# and evenly in their logarithms.
DOMAINS = {
    "exp": ((-87, 88.7), (-708, 709.7)),
    "expm1": ((-20, 88.7), (-40, 709.7)),
    "log": ((1e-37, 3e38), (1e-300, 1e308)),
    "log1p": ((-0.999, 1e38), (-0.999, 1e308)),
    "tanh": ((-12, 12), (-25, 25)),
    "sigmoid": ((-87, 30), (-708, 50)),
    "softplus": ((-87, 30), (-708, 50)),
    "sin": ((-1e5, 1e5), (-1e5, 1e5)),
    "cos": ((-1e5, 1e5), (-1e5, 1e5)),
}
EXACT = ("floor", "sign", "absolute")

SPECIAL = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 9.02, 19.1, 88.7229, 103.9, 104.1, 745.2]
SPECIAL += [1e-320, 1e-40, 1e-30, 1e-10, 2.0**23, 2.0**24 + 2, 2.0**53, 1e30, 1e300]
SPECIAL = [*SPECIAL, np.inf, np.nan, *(-x for x in [*SPECIAL, np.inf])]


def sigmoid(x: Array) -> Array:
    tail = np.exp(-np.abs(x))
    return np.where(x < 0, tail, 1) / (1 + tail)


def softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def exact(name: str, *x: Array) -> Array:
    """Return a function of arrays, computed in higher precision."""
    wider = [v.astype(WIDER["float" if v.dtype == np.float32 else "double"]) for v in x]
    known = {"sigmoid": sigmoid, "softplus": softplus, "floordiv": np.floor_divide}
    with np.errstate(all="ignore"):
        return (known.get(name) or getattr(np, name))(*wider)


class Compiled:
    """A function of arrays in machine code.

    Parameters
    ----------
    write
        What writes the function to a builder.
    element, lanes, arity
        The type it computes with, and the number of its arguments.
    baseline
        Whether to compile for the oldest machine of the family.
    reciprocal
        What estimates 1 / x, as `Builder` takes it.
    """

    def __init__(
        self,
        write: Callable[..., Value],
        element: str,
        lanes: int,
        arity: int = 1,
        baseline: bool = False,
        reciprocal: str = "",
    ) -> None:
        self.element, self.lanes, self.reciprocal = element, lanes, reciprocal
        self.module = llvm.parse_assembly(self.text(write, arity))
        self.module.verify()
        self.machine = machine(baseline)
        options = llvm.create_pipeline_tuning_options(speed_level=3)
        passes = llvm.create_pass_builder(self.machine, options)
        passes.getModulePassManager().run(self.module, passes)
        self.assembly = self.machine.emit_assembly(self.module)

    def text(self, write: Callable[..., Value], arity: int) -> str:
        names = [f"x{i}" for i in range(arity)]
        arguments = [("n", I64), ("out", PTR), *((name, PTR) for name in names)]
        module: dict[str, str] = {}
        b = Builder(module, "run", arguments, exported=True)
        b.reciprocal = self.reciprocal
        kind = Kind(self.element, self.lanes)
        with b.loop(0, b.arguments["n"], self.lanes) as i:
            places = [b.at(b.arguments[name], i, self.element) for name in names]
            made = write(b, *(b.load(place, kind) for place in places))
            b.store(b.at(b.arguments["out"], i, self.element), made)
        self.declared = list(module)
        return "\n".join([*module.values(), b.text()])

    @cached_property
    def engine(self) -> llvm.ExecutionEngine:
        engine = llvm.create_mcjit_compiler(self.module, self.machine)
        engine.finalize_object()
        return engine

    def __call__(self, *arguments: Array) -> Array:
        n = -(-arguments[0].size // self.lanes) * self.lanes
        arrays = [np.zeros(n, TYPES[self.element]) for _ in (*arguments, None)]
        for array, given in zip(arrays[1:], arguments, strict=True):
            array[: given.size] = given
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
        kinds = [ctypes.c_int64, *[ctypes.c_void_p] * len(arrays)]
        address = self.engine.get_function_address("run")
        ctypes.CFUNCTYPE(None, *kinds)(address)(n, *pointers)
        return arrays[0][: arguments[0].size]


def machine(baseline: bool) -> llvm.TargetMachine:
    """Return this machine, or the baseline of x86-64, to be looked at if not run."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    triple = llvm.get_default_triple()
    if baseline and not INTEL:
        triple = "x86_64-unknown-linux-gnu"
    cpu, features = "x86-64", BASELINE
    if not baseline:
        cpu = llvm.get_host_cpu_name()
        features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_triple(triple)
    return target.create_target_machine(cpu, features, opt=3, jit=True)


@cache
def compiled(name: str, element: str, lanes: int, baseline: bool = False) -> Compiled:
    arity = 2 if name in ("power", "floordiv", "logaddexp") else 1
    return Compiled(getattr(maths, name), element, lanes, arity, baseline)


def drawn(name: str, element: str, n: int = 20_000) -> Array:
    """Return arguments from all over the domain of a function."""
    rng = np.random.default_rng(0)
    low, high = DOMAINS[name][element == "double"]
    even = rng.uniform(low, high, n)
    sizes = np.exp(rng.uniform(np.log(1e-36), np.log(high), n))
    near = 1 + rng.uniform(-0.5, 1, n)
    x = np.concatenate([even, sizes, near, -sizes[sizes < -low]])
    return x[(x >= low) & (x <= high)].astype(TYPES[element])


def specials(element: str) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(SPECIAL, TYPES[element])


def errors(got: Array, right: Array, *others: Array) -> Array:
    """Return the distance of each result from the exact one.

    In ulp of the exact result, or of the largest of it and the others.
    """
    with np.errstate(all="ignore"):
        rounded = right.astype(got.dtype)
        finite = [np.where(np.isfinite(x), x, 0) for x in others]
        sizes = np.maximum.reduce(np.abs([rounded, *finite]))
        step = np.spacing(sizes).astype(right.dtype)
        distance = np.abs(got.astype(right.dtype) - right) / step
        same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    # what is not finite has to be equal
    distance = np.where(np.isfinite(rounded), distance, np.where(same, 0, np.inf))
    return np.nan_to_num(distance, nan=np.inf)


def allowed(name: str, element: str) -> float:
    if element == "double" and not EXTENDED:
        pytest.skip("nothing wider than a double here")
    return ULPS[name][element == "double"]


def check_specials(name: str, element: str, *x: Array) -> None:
    got = compiled(name, element, 4)(*x)
    right = exact(name, *x)
    wrong = errors(got, right, *(x if name == "logaddexp" else ())) > 3
    zero = (right == 0) & np.logical_and.reduce([v == 0 for v in x])
    wrong |= zero & (np.signbit(got) != np.signbit(right))
    assert not wrong.any(), [(*(v[wrong] for v in x), got[wrong], right[wrong])]


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", ULPS)
def test_errors_stay_below_the_bounds(name: str, element: str, lanes: int) -> None:
    x = drawn(name, element)
    found = errors(compiled(name, element, lanes)(x), exact(name, x))
    worst = found.argmax()
    assert found[worst] <= allowed(name, element), x[worst]


@pytest.mark.skipif(not INTEL, reason="the baseline of x86-64 runs there only")
@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", ULPS)
def test_errors_stay_below_the_bounds_without_fused_instructions(
    name: str, element: str
) -> None:
    x = drawn(name, element)
    found = errors(compiled(name, element, 4, baseline=True)(x), exact(name, x))
    worst = found.argmax()
    assert found[worst] <= allowed(name, element), x[worst]


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", [*ULPS, *EXACT])
def test_lanes_do_not_change_a_result(name: str, element: str) -> None:
    x = np.repeat(specials(element), 9)
    first, *others = (compiled(name, element, lanes)(x) for lanes in LANES)
    for other in others:
        np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", [*ULPS, *EXACT, "power", "floordiv", "logaddexp"])
def test_no_function_is_called(name: str, element: str, lanes: int) -> None:
    made = compiled(name, element, lanes, baseline=True)
    allowed = r"llvm\.(fmuladd|copysign|fabs)\."
    assert all(re.match(allowed, declared) for declared in made.declared)
    assert not re.search(r"\bcall|\bjmp\w*\s+[^.\s]", made.assembly)


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", ULPS)
def test_special_values(name: str, element: str) -> None:
    x = specials(element)
    if name in ("sin", "cos"):
        x = x[~(np.abs(x) > 1e15) | np.isinf(x)]
    check_specials(name, element, x)


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", EXACT)
def test_whole_numbers_and_signs(name: str, element: str) -> None:
    rng = np.random.default_rng(0)
    drawn = [rng.uniform(-9, 9, 999), rng.integers(-(2**24), 2**24, 999) / 2]
    drawn = np.concatenate([*drawn, rng.uniform(-1, 1, 999) * 2.0**60])
    x = np.concatenate([specials(element), drawn.astype(TYPES[element])])
    got, right = compiled(name, element, 4)(x), getattr(np, name)(x)
    np.testing.assert_array_equal(got, right)
    assert (np.signbit(got) == np.signbit(right))[~np.isnan(right)].all()


@pytest.mark.parametrize("element", TYPES)
def test_results_stay_in_their_range(element: str) -> None:
    x = np.linspace(-40, 40, 200_001).astype(TYPES[element])
    for name in ("tanh", "sigmoid", "sin", "cos"):
        assert np.abs(compiled(name, element, 8)(x)).max() <= 1
    tanh = compiled("tanh", element, 8)
    np.testing.assert_array_equal(tanh(-x), -tanh(x))
    assert compiled("cos", element, 1)(np.zeros(1)) == 1


@pytest.mark.parametrize("element", TYPES)
def test_denormal_results_of_exp_are_kept(element: str) -> None:
    low, high = {"float": (-103.9, -87.4), "double": (-745.1, -708.5)}[element]
    x = np.linspace(low, high, 1001).astype(TYPES[element])
    assert errors(compiled("exp", element, 4)(x), exact("exp", x)).max() <= 1.2


@pytest.mark.parametrize("baseline", [False, pytest.param(True, id="baseline")])
@pytest.mark.parametrize("element", TYPES)
def test_waves_next_to_their_zeros(element: str, baseline: bool) -> None:
    if baseline and not INTEL:
        pytest.skip("the baseline of x86-64 runs there only")
    # past 1e5; pi / 2 in two parts, so that the nearest floats are found
    k = np.arange(1, 64_000, 7)
    x = (k * (np.pi / 2) + k * 6.123233995736766e-17).astype(TYPES[element])
    x = np.concatenate([x, np.nextafter(x, 0), -x], dtype=TYPES[element])
    for name in ("sin", "cos"):
        found = errors(compiled(name, element, 4, baseline)(x), exact(name, x))
        assert found.max() <= allowed(name, element)


@pytest.mark.parametrize("element", TYPES)
def test_what_is_too_far_for_a_wave_is_nan(element: str) -> None:
    x = np.asarray([1e16, -1e30], TYPES[element])
    assert np.isnan(compiled("sin", element, 1)(x)).all()


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", ["power", "floordiv", "logaddexp"])
def test_special_values_of_two(name: str, element: str) -> None:
    x, y = (v.ravel() for v in np.meshgrid(specials(element), specials(element)))
    if name != "floordiv":
        check_specials(name, element, x, y)
        return
    with np.errstate(all="ignore"):
        right = np.floor_divide(x, y)
    got = compiled(name, element, 4)(x, y)
    np.testing.assert_array_equal(got, right)
    assert (np.signbit(got) == np.signbit(right))[~np.isnan(right)].all()


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("element", TYPES)
def test_powers(element: str, lanes: int) -> None:
    if element == "double" and not EXTENDED:
        pytest.skip("nothing wider than a double here")
    rng = np.random.default_rng(0)
    largest = 126 if element == "float" else 1021
    logs = rng.uniform(-largest, largest, 20_000)
    sizes = rng.uniform(-largest, largest, 20_000)
    x = np.concatenate([np.exp2(logs), 1 + rng.normal(size=20_000) * 1e-4])
    y = np.concatenate([sizes / logs, rng.uniform(-1e5, 1e5, 20_000)])
    x, y = x.astype(TYPES[element]), y.astype(TYPES[element])
    found = errors(compiled("power", element, lanes)(x, y), exact("power", x, y))
    assert found.max() <= (0.6 if element == "float" else 2)


@pytest.mark.parametrize("element", TYPES)
def test_the_sign_of_powers(element: str) -> None:
    x = np.repeat(np.asarray([-2.5, -1, -0.0, 0.0, 3], TYPES[element]), 9)
    y = np.tile(np.asarray([-3, -2, -1, 0, 1, 2, 3, 0.5, -0.5], TYPES[element]), 5)
    with np.errstate(all="ignore"):
        right = np.power(x, y)
    got = compiled("power", element, 1)(x, y)
    np.testing.assert_allclose(got, right, rtol=1e-6)
    assert (np.signbit(got) == np.signbit(right))[~np.isnan(right)].all()


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("n", [-3, -2, -1, 0, 1, 2, 3, 5, 8])
def test_whole_powers(n: int, element: str) -> None:
    x = np.random.default_rng(0).normal(size=1001).astype(TYPES[element])
    made = Compiled(lambda b, x: maths.power_whole(b, x, n), element, 8)
    assert (
        errors(made(x), exact("power", x, np.full_like(x, n))).max() <= abs(n) / 2 + 1
    )


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("name", ["power", "floordiv", "logaddexp"])
def test_a_scalar_meets_a_vector(name: str, element: str) -> None:
    function, number = getattr(maths, name), Kind(element)
    first = Compiled(lambda b, x: function(b, b.constant(2, number), x), element, 8)
    last = Compiled(lambda b, x: function(b, x, b.constant(2, number)), element, 8)
    both = compiled(name, element, 8)
    x = np.linspace(-4, 4, 64).astype(TYPES[element])
    two = np.full_like(x, 2)
    np.testing.assert_array_equal(first(x), both(two, x))
    np.testing.assert_array_equal(last(x), both(x, two))


@pytest.mark.parametrize("element", TYPES)
def test_quotients_are_rounded_down(element: str) -> None:
    rng = np.random.default_rng(0)
    steps = rng.integers(-1000, 1000, (2, 20_000))
    x = np.concatenate([rng.uniform(-99, 99, 20_000), steps[0], steps[0] * 0.1])
    y = np.concatenate([rng.uniform(-9, 9, 20_000), steps[1], steps[1] * 0.1])
    x, y = (v[y != 0].astype(TYPES[element]) for v in (x, y))
    got = compiled("floordiv", element, 8)(x, y)
    np.testing.assert_array_equal(got, np.floor_divide(x, y))


@pytest.mark.parametrize("element", TYPES)
def test_logarithms_of_sums(element: str) -> None:
    rng = np.random.default_rng(0)
    x, apart = rng.normal(size=(2, 20_000)).astype(TYPES[element]) * 20
    y = x + apart
    got = compiled("logaddexp", element, 8)(x, y)
    assert errors(got, exact("logaddexp", x, y), x, y).max() <= 2


@pytest.mark.skipif(not host().reciprocal, reason="quotients are fast enough here")
@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_quotients_by_an_estimate_are_as_exact(name):
    function = Compiled(getattr(maths, name), "float", 16, reciprocal=host().reciprocal)
    assert any("rcp14" in declared for declared in function.declared)
    for x in (drawn(name, "float"), specials("float")):
        found, right = function(x), exact(name, x)
        assert errors(found, right).max() <= ULPS[name][0]
        assert np.nanmax(np.abs(found)) <= 1
