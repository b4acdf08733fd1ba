"""Targets: kinds of processors, and which of them this one is."""

import pytest

pytest.importorskip("llvmlite")

from plaingrad.errors import SettingError
from plaingrad.native import target
from plaingrad.native.errors import Unsupported
from plaingrad.native.target import KINDS, host, named

AVX2 = {"sse2": True, "avx2": True, "fma": True}
AVX512 = {
    **AVX2,
    **dict.fromkeys(("avx512f", "avx512bw", "avx512dq", "avx512vl"), True),
    "avx10.1": True,
    "amx-tile": True,
}


@pytest.fixture
def pretend(monkeypatch):
    """Make this machine pass for another."""
    monkeypatch.delenv("PLAINGRAD_TARGET", raising=False)

    def change(features, triple="x86_64-unknown-linux-gnu", cpu="some"):
        there = target._Processor(triple, cpu, features)
        monkeypatch.setattr(target, "_processor", lambda: there)
        host.cache_clear()

    host.cache_clear()
    yield change
    host.cache_clear()


@pytest.mark.parametrize(
    ("features", "name"),
    [
        ({"sse2": True}, "x86-64"),
        (AVX2 | {"fma": False}, "x86-64"),
        (AVX2, "avx2"),
        (AVX512 | {"avx512vl": False}, "avx2"),
        (AVX512, "avx512"),
    ],
)
def test_host_is_of_the_best_kind_that_it_has_all_features_of(pretend, features, name):
    pretend(features)
    assert host().name == name
    assert host() == named(name)
    assert host() is host()


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin"])
def test_host_on_arm(pretend, triple):
    pretend({"neon": True}, triple)
    assert host().name == "aarch64"
    assert (host().triple, host().cpu, host().features) == (triple, "some", "+neon")


def test_host_that_nothing_can_be_made_for(pretend):
    pretend({}, "riscv64-unknown-linux-gnu")
    with pytest.raises(Unsupported, match="kind riscv64; the reference can"):
        host()


def test_sizes():
    sizes = {
        name: (t.vector_bytes, t.registers, t.fused, t.lanes("float32"))
        for name, t in ((name, named(name)) for name in KINDS)
    }
    assert sizes == {
        "avx512": (64, 32, True, 16),
        "avx2": (32, 16, True, 8),
        "x86-64": (16, 16, False, 4),
        "aarch64": (16, 32, True, 4),
    }
    avx2 = named("avx2")
    assert [avx2.lanes(d) for d in ("float64", "int32", "int64")] == [4, 8, 4]
    assert [avx2.lanes(d) for d in ("uint8", "bool")] == [32, 32]


def test_a_lesser_kind_is_the_host_without_what_goes_beyond(pretend):
    pretend(AVX512)
    full, half, least = named("avx512"), named("avx2"), named("x86-64")
    assert (full.cpu, half.cpu, least.cpu) == ("some", "some", "x86-64")
    assert full.features.endswith(",-prefer-256-bit")
    assert "+avx512f" in full.features
    assert "+amx-tile" in full.features
    assert "+avx2" in half.features
    assert "+fma" in half.features
    assert not any(
        f"+{more}" in half.features for more in ("avx512", "avx10", "amx", "prefer")
    )
    assert least.features == ""


def test_a_kind_that_the_host_is_not_of_is_its_least_processor(pretend):
    pretend(AVX2)
    assert (named("avx512").cpu, named("avx512").features) == (
        "x86-64-v4",
        "-prefer-256-bit",
    )
    assert named("aarch64").triple == "aarch64-unknown-linux-gnu"
    pretend({"neon": True}, "arm64-apple-darwin")
    assert named("avx2").triple == "x86_64-unknown-linux-gnu"
    assert named("avx2").cpu == "x86-64-v3"


def test_the_variable_lessens_the_host(pretend, monkeypatch):
    pretend(AVX512)
    for name in ("avx2", "x86-64", "avx512"):
        monkeypatch.setenv("PLAINGRAD_TARGET", name)
        host.cache_clear()
        assert host() == named(name)
    monkeypatch.setenv("PLAINGRAD_TARGET", "")
    host.cache_clear()
    assert host().name == "avx512"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("avx3", r"unknown PLAINGRAD_TARGET 'avx3'\. Did you mean 'avx2'\? Known: aar"),
        ("avx512", r"'avx512', but this processor \(some\) .* one of: avx2, x86-64\."),
        ("aarch64", r"is 'aarch64', but this processor"),
    ],
)
def test_the_variable_cannot_name_what_is_not_there(
    pretend, monkeypatch, value, message
):
    pretend(AVX2)
    monkeypatch.setenv("PLAINGRAD_TARGET", value)
    with pytest.raises(SettingError, match=message):
        host()


def test_unknown_name():
    with pytest.raises(SettingError, match=r"unknown target 'avx'\. Did you mean"):
        named("avx")


def test_cache_sizes_are_read(tmp_path):
    assert target._data_caches(tmp_path / "none") == (32 << 10, 512 << 10)
    levels = [
        ("Data", 1, "48K"),
        ("Instruction", 1, "64K"),
        ("Unified", 2, "2M"),
        ("Unified", 3, "32768K"),
    ]
    for place, facts in enumerate(levels):
        index = tmp_path / f"index{place}"
        index.mkdir()
        for name, value in zip(("type", "level", "size"), facts, strict=True):
            (index / name).write_text(f"{value}\n")
    assert target._data_caches(tmp_path) == (48 << 10, 2 << 20)
    for nonsense in ("", "0K", "2T", "many"):
        (tmp_path / "index2" / "size").write_text(nonsense)
        assert target._data_caches(tmp_path) == (48 << 10, 512 << 10)
    (tmp_path / "index0" / "size").unlink()
    assert target._data_caches(tmp_path) == (32 << 10, 512 << 10)


def test_this_very_host():
    here = target._kinds_here()
    assert here, "these tests know the processors that they run on"
    assert here[-1] in ("x86-64", "aarch64")
    assert host().l1 >= 8 << 10
    assert host().l2 >= 64 << 10
