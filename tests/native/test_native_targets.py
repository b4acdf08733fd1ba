"""Code for other processors: run where this one can pass for them, else looked at."""

import re

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import zoo
from helpers_native import chosen
from plaingrad.native import target
from plaingrad.native.assemble import Assembly
from plaingrad.native.compile import assembly
from plaingrad.native.design import design
from plaingrad.native.target import host, named

EPS = np.finfo(np.float32).eps
RUN = ["online", "softmax_layer", "multilabel", "weighted", "huber", "custom"]
RUN += ["pooling", "grouped", "named"]
SHORT = ["online", "dropout", "pooling"]
KNOWN = {"run", "barrier", "sched_yield", "memcpy", "memset"}
"""What may be called, beside the kernels."""


def animal(name):
    return zoo.ZOO[zoo.NAMES.index(name)]


def targets():
    """Yield the kinds that this processor can pass for, and the programs to run."""
    for kind in ("x86-64", "avx2"):
        missing = kind not in target._kinds_here()
        skip = pytest.mark.skipif(missing, reason=f"this processor is no {kind}")
        for name in RUN if kind == "x86-64" else SHORT:
            yield pytest.param(kind, name, marks=skip)


# Masked: what runs here with less than there is.


@pytest.mark.parametrize(("kind", "name"), [*targets()])
def test_lesser_processors_learn_what_the_reference_learns(kind, name):
    made = animal(name)
    exact = made.fit(dtype="float64", epochs=2)
    with chosen(target=named(kind)):
        double = made.fit(dtype="float64", engine="native", epochs=2)
        single = made.fit(dtype="float32", engine="native", epochs=1)
    steps = double.history.batch_loss[:5], exact.history.batch_loss[:5]
    np.testing.assert_allclose(*steps, rtol=1e-11)
    for key, value in exact.params.items():
        scale = np.abs(value).max(initial=1e-3)
        np.testing.assert_allclose(double.params[key], value, rtol=0, atol=1e-9 * scale)
    judged(single, made.fit(dtype="float64", epochs=1), made.fit(epochs=1))


def judged(single, exact, plain):
    """Compare float32 with the reference's: at most twice as far from float64."""
    for key, truth in exact.params.items():
        allowed = 2 * np.abs(plain.params[key] - truth).max(initial=0)
        allowed += 8 * EPS * np.abs(truth).max(initial=0)
        assert np.abs(single.params[key] - truth).max(initial=0) <= allowed, key
    first, wanted = single.history.batch_loss[0], exact.history.batch_loss[0]
    assert first == pytest.approx(wanted, rel=1e-5)


# Emitted: what is made for processors that are not here.


def update(name, kind, dtype):
    """Return the text of an animal's update in LLVM's language."""
    made = animal(name)
    settings = {"batch_size": 5, **made.settings, "dtype": dtype, "epochs": 2}
    program = made.network().program(*made.data(), **settings)
    loss, where = program.update.results[0], named(kind)
    count = program.loop.batch_size or 64
    whole = design(program.update, dtype, where, capacity=count, loss=loss)
    return Assembly(whole).text()


def called(text):
    """Return the functions that an assembly calls or jumps to."""
    found = re.findall(r"^\s+(?:call|callq|bl|jmp|b)\s+(\w[\w.@]*)", text, re.M)
    return {name.removesuffix("@PLT") for name in found}


def looked_at(name, kind, dtype):
    """Check the code of an animal for some processor."""
    text = update(name, kind, dtype)
    for line in text.splitlines():
        if line.startswith("declare"):
            assert re.search(r"@(llvm\.\w|sched_yield\()", line), line
    made = assembly(text, named(kind))
    own = re.compile(r"work\d+|\.L\w+")
    unknown = {f for f in called(made) if not own.fullmatch(f)} - KNOWN
    assert not unknown
    assert ("zmm" in made) == (kind == "avx512")
    assert ("ymm" in made) >= (kind == "avx2")
    assert bool(re.search(r"\bv\d+\.(2d|4s)", made)) == (kind == "aarch64")


@pytest.mark.parametrize("kind", ["avx512", "aarch64"])
@pytest.mark.parametrize("name", zoo.NAMES)
def test_the_zoo_gets_code_for_what_is_not_here(name, kind):
    looked_at(name, kind, "float32")


@pytest.mark.parametrize("kind", ["avx512", "avx2", "x86-64", "aarch64"])
@pytest.mark.parametrize("name", SHORT)
def test_every_processor_gets_code_in_double(name, kind):
    looked_at(name, kind, "float64")


def test_this_processor_is_its_own_kind():
    assert named(host().name) == host()
