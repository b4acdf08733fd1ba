"""Machine code that is found again, by what it was made from."""

import gc
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import plaingrad as pg
import zoo
from plaingrad.native import cached
from plaingrad.native.cached import _key, function
from plaingrad.native.errors import Unsupported
from plaingrad.native.flat import Views, flat, in_one
from plaingrad.native.target import host, named
from plaingrad.train.session import prepare
from plaingrad.train.settings import Settings


def program(*middle, units=6, seed=0, **settings):
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(units), *(middle or [pg.ReLU()]), pg.Linear(3))
    return prepare(net, X, y, Settings(seed=seed, **settings)).program


def key(made, target=None, dtype="float32", capacity=32, loss="loss"):
    return _key(made.update, target or host(), dtype, capacity, loss)


def test_a_key_is_made_from_all_that_decides_about_the_code():
    plain = key(program())
    assert key(program()) == plain
    same = [
        program(optimizer=pg.Adam(lr=0.5, beta1=0.5)),
        program(seed=3),
        program(epochs=9, batch_size=7),
    ]
    assert {key(one) for one in same} == {plain}
    other = [
        key(program(pg.Tanh())),
        key(program(units=7)),
        key(program(optimizer=pg.SGD())),
        key(program(l2=0.1)),
        key(program(pg.Dropout(0.2))),
        key(program(pg.Dropout(0.3))),
        key(program(pg.LeakyReLU(0.1))),
        key(program(pg.LeakyReLU(0.2))),
        key(program(), dtype="float64"),
        key(program(), capacity=33),
        key(program(), capacity=None),
        key(program(), loss=None),
        key(program(), named("aarch64")),
    ]
    assert len({plain, *other}) == 1 + len(other)


SCRIPT = """
import sys, json
sys.path.insert(0, {tests!r})
import zoo
made = zoo.ZOO[zoo.NAMES.index("convolution")]
net = made.fit(engine="native", validation=0.3)
X, y = made.data()
lowered = "plaingrad.native.lower" in sys.modules
bits = [value.tobytes().hex() for value in net.params.values()]
print(json.dumps([lowered, bits, net.history.batch_loss, net.history.val_loss]))
"""


def run(folder, seed):
    tests = str(Path(zoo.__file__).parent)
    environment = {**os.environ, "PLAINGRAD_CACHE": folder, "PYTHONHASHSEED": seed}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(tests=tests)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def test_another_process_finds_the_code_and_lowers_nothing(tmp_path):
    first, *made = run(str(tmp_path), "1")
    files = {path.name for path in (tmp_path / "native").iterdir()}
    again, *found = run(str(tmp_path), "2")
    assert (first, again) == (True, False)
    assert made == found
    assert {path.name for path in (tmp_path / "native").iterdir()} == files
    assert made == run("off", "3")[1:], "compiled anew, the bits are the same"


@pytest.fixture
def empty(monkeypatch, tmp_path):
    """Forget what was compiled, and count what is compiled next."""
    made = []
    plain = cached._compiled

    def compiled(procedure, target, dtype, capacity, loss):
        made.append((dtype, capacity))
        return plain(procedure, target, dtype, capacity, loss)

    monkeypatch.setattr(cached, "_compiled", compiled)
    monkeypatch.setattr(cached, "_known", WeakValueDictionary())
    monkeypatch.setenv("PLAINGRAD_CACHE", str(tmp_path))
    return made


def bits(net):
    return [value.tobytes() for value in net.params.values()]


def trained():
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(4), pg.Tanh(), pg.Linear(3))
    net.fit(X, y, epochs=2, engine="native")
    net.outputs(X)
    return net


def test_what_is_found_gives_the_same_bits(empty, tmp_path):
    made = trained()
    assert len(empty) == 2
    again = trained()
    assert len(empty) == 2, "known in this process"
    assert again.session.engine._update.function is made.session.engine._update.function
    cached._known.clear()
    found = trained()
    assert len(empty) == 2, "known to the cache"
    assert bits(made) == bits(again) == bits(found)
    for path in (tmp_path / "native").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    cached._known.clear()
    assert bits(trained()) == bits(made)
    assert len(empty) == 4, "damaged"


def test_code_ends_with_what_uses_it(empty):
    made = function(program().update, "float32", 32, "loss")
    assert list(cached._known.values()) == [made]
    del made
    gc.collect()
    assert not cached._known


def test_the_facts_survive_the_file(empty):
    update = program(pg.HardTanh(), loss=pg.CrossEntropy(label_smoothing=0.1)).update
    made = function(update, "float64", None, "loss")
    facts = json.dumps(asdict(made.facts))
    del made
    gc.collect()
    again = function(update, "float64", None, "loss").facts
    assert json.dumps(asdict(again)) == facts
    assert len(empty) == 1


def test_a_result_that_is_no_row_for_each_row_has_no_native_form():
    made = program()
    backward = pg.program.part(made.update, ["dW1"])
    with pytest.raises(Unsupported, match="what gives dW1"):
        function(backward, "float32", 32)


# The flat room.


def test_arrays_keep_their_place():
    given = {"a": np.arange(5.0), "b": np.eye(3, dtype=bool), "c": np.array(2.0)}
    views = flat(given)
    assert isinstance(views, Views)
    for name, value in given.items():
        assert views[name] is not value
        assert views[name].ctypes.data % 64 == 0
        assert (views[name].dtype, views[name].shape) == (value.dtype, value.shape)
        np.testing.assert_array_equal(views[name], value)
    a = views["a"]
    views["a"] = range(5, 10)
    views |= {"c": 7}
    views.update({"b": ~given["b"]})
    assert views["a"] is a
    assert (a.tolist(), float(views["c"]), views["b"].sum()) == ([5, 6, 7, 8, 9], 7, 6)
    with pytest.raises(pg.errors.SettingError, match="cannot be added or removed"):
        del views["a"]
    with pytest.raises(pg.errors.SettingError, match="unknown array 'd'"):
        views["d"] = 1
    with pytest.raises(pg.errors.ShapeError, match=r"a has the shape \(5,\)"):
        views["a"] = 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_has_arrays_of_its_own():
    large = flat({"a": np.zeros(1 << 18)})["a"]
    child = os.fork()
    if not child:
        large[...] = 1
        os._exit(0)
    os.waitpid(child, 0)
    assert not large.any()


def test_groups_follow_each_other():
    first, second = in_one([{"a": np.ones(3)}, {"b": np.zeros(70), "c": np.ones(1)}])
    start = first["a"].ctypes.data
    assert [second[n].ctypes.data - start for n in "bc"] == [64, 64 + 576]
    assert flat({}) == {}
