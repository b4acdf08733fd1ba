"""Memory stays within the budget of a stream: counted by Python, and by the system."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import plaingrad as pg
from helpers_streams import mapped

ROOT = Path(__file__).resolve().parents[2]
SMALL = 400_000
"""The bytes that a training takes beside its data: weights, losses, Python's own."""


def traced(*data, **settings):
    """Return the most bytes that NumPy and Python had more than before, in a fit."""
    net = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(1))
    given = {"epochs": 1, "batch_size": 64, "verbose": False, "loss": pg.MSE()}
    # what is compiled and imported once does not count
    net.fit(*(a[:300] for a in settings.pop("first")), **{**given, **settings})
    tracemalloc.start()
    net.fit(*data, **{**given, **settings})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize(
    ("rows", "features", "kind", "batch"),
    [(200_000, 1, "f4", 256), (20_000, 40, "f8", 64), (1_000, 2000, "u1", 8)],
)
def test_all_buffers_together_are_in_the_budget(
    rows, features, kind, batch, shuffle, engine, tmp_path
):
    X = np.zeros((rows, features), kind)
    X[::3] = 1
    arrays = mapped(tmp_path, X=X, y=X[:, 0].astype("f4"))
    memory = 1_000_000
    stream = pg.data.stream(*arrays, memory=memory)
    given = {"engine": engine, "shuffle": shuffle, "batch_size": batch}
    # the losses of all updates are part of the history, and an engine gathers a batch
    spare = SMALL + 40 * (rows // batch) + 4 * batch * (features * 4 + 4)
    most = traced(stream, first=arrays, **given)
    assert memory / 3 < most < memory + spare
    assert rows * (features * 4 + 4) > 1.3 * memory


@pytest.mark.parametrize("method", ["predict", "evaluate"])
def test_measuring_is_in_the_budget(method, tmp_path):
    X = np.ones((100_000, 8), "u1")
    stream = pg.data.stream(*mapped(tmp_path, X=X, y=X[:, 0]), memory="2 MB")
    net = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(1))
    net.fit(X[:300], X[:300, 0] * 1.0, epochs=1, verbose=False, engine="reference")
    getattr(net, method)(X[:300], *[X[:300, 0]] * (method == "evaluate"))
    tracemalloc.start()
    getattr(net, method)(stream)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # what is predicted is held twice while its parts are put together
    assert most < 2_000_000 + 2 * 4 * len(X)


def test_batches_of_an_iterable_are_in_the_budget():
    X = np.ones((1000, 100))

    def batches():
        for _ in range(20):
            yield X.copy(), np.ones(1000)

    memory = 4_000_000
    stream = pg.data.stream(batches, memory=memory)
    most = traced(stream, first=(X, np.ones(1000)))
    assert memory / 3 < most < memory + SMALL


def test_mapped_arrays_are_not_copied(tmp_path):
    X = np.random.default_rng(0).random((30_000, 50), dtype=np.float32)
    arrays = mapped(tmp_path, X=X, y=X[:, 0])
    most = traced(*arrays, first=arrays, shuffle=False)
    assert most < X.nbytes / 4


CHILD = """
import resource, sys, threading
import numpy as np
import plaingrad as pg

threading.stack_size(2**21)

X, y = (np.load(f"{sys.argv[1]}/{name}.npy", mmap_mode="r") for name in "Xy")

def train(*data):
    net = pg.Sequential(pg.Linear(8), pg.ReLU(), pg.Linear(2))
    return net.fit(*data, epochs=1, batch_size=128, threads=1, verbose=False)

def own():
    lines = open("/proc/self/status").read().splitlines()
    return {n: int(v.split()[0]) * 1024 for n, v in
            (line.split(":") for line in lines) if n in ("VmData", "RssAnon")}

train(pg.data.stream(X[:1000], y[:1000], memory="1 MB"))
memory, stacks = 8_000_000, 16_000_000
limit = own()["VmData"] + memory + stacks
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.load(f"{sys.argv[1]}/X.npy")
except MemoryError:
    print("too large")
before = own()["RssAnon"]
history = train(pg.data.stream(X, y, memory=memory))
print(len(history.batch_loss), own()["RssAnon"] - before < memory + 4_000_000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_a_file_larger_than_the_process_may_have(tmp_path):
    rows = 100_000
    X = np.zeros((rows, 100), np.float32)
    X[:, 0] = np.arange(rows) % 2
    mapped(tmp_path, X=X, y=np.arange(rows) % 2)
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["too", "large", str(-(-rows // 128)), "True"]
