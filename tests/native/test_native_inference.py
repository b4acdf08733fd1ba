"""Prediction by machine code, against the printed text."""

import copy
import pickle
import threading

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import plaingrad as pg
import zoo
from plaingrad.native import direct, inference
from plaingrad.native.errors import Unsupported
from plaingrad.reading import Reading, written

KINDS = {"outputs": "output", "predict_proba": "probabilities", "predict": "labels"}


def trained(dtype="float32", **settings):
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(6), pg.Tanh(), pg.Linear(3))
    net.fit(X, y, epochs=2, dtype=dtype, engine="native", **settings)
    return net, X.astype(dtype)


def by_text(net, what, X):
    """Return what the printed text gives for the same weights."""
    procedure = net._reader().reader(what)._procedure
    return written(procedure, net.params, net._dtype)(X.astype(net._dtype))[0]


def counted(monkeypatch):
    """Return the calls of the quick way, and whether each found a result."""
    calls = []
    plain = inference._Form.quick

    def quick(self, X, rows):
        found = plain(self, X, rows)
        calls.append(found is not None)
        return found

    monkeypatch.setattr(inference._Form, "quick", quick)
    return calls


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", ["spiral", "binary", "huber", "pooling", "softmax_layer"]
)
def test_any_number_of_rows_reads_as_the_text(name, dtype):
    made = zoo.ZOO[zoo.NAMES.index(name)]
    net = made.fit(dtype=dtype, engine="native")
    samples = made.data()[0].astype(dtype)
    tolerance = 1e-12 if dtype == "float64" else 2e-5
    for rows in (1, 2, 7, 1000):
        X = np.resize(samples, (rows, *samples.shape[1:]))
        for _ in range(2):
            found = net.outputs(X)
            wanted = by_text(net, "output", X)
            assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
            np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)
    labels = by_text(net, "labels", X).reshape(len(X), -1)
    found = net.predict(X).reshape(len(X), -1)
    np.testing.assert_allclose(found, labels, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_x_may_lie_in_memory_as_it_likes(rows, monkeypatch):
    calls = counted(monkeypatch)
    net, X = trained()
    X = np.ascontiguousarray(X[:rows])
    wanted = {what: getattr(net, what)(X) for what in KINDS}
    assert not calls
    frozen = X.copy()
    frozen.flags.writeable = False
    loose = np.zeros(X.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(X.shape)
    loose[...] = X
    wide = np.zeros((rows, 8), np.float32)
    wide[:, ::2] = X
    quick = {"as it is": X, "read-only": frozen}
    slow = {
        "columns first": np.asfortranarray(np.repeat(X, 2, axis=0))[::2],
        "every other": wide[:, ::2],
        "backwards": X[:, ::-1].copy()[:, ::-1],
        "double": X.astype(np.float64),
        "other bytes": X.astype(">f4"),
        "unaligned": loose,
        "lists": X.tolist(),
        "a subclass": X.view(np.matrix) if rows else X,
    }
    for what, values in wanted.items():
        for which, how in ((True, quick), (False, slow)):
            for title, given in how.items():
                calls.clear()
                found = getattr(net, what)(given)
                np.testing.assert_array_equal(found, values, err_msg=title)
                assert (True in calls) == which, title


def test_whole_numbers_are_converted():
    net, _ = trained()
    counts = np.arange(20, dtype=np.uint8).reshape(5, 4)
    np.testing.assert_array_equal(
        net.outputs(counts), net.outputs(counts.astype(np.float32))
    )
    truths = counts > 7
    np.testing.assert_array_equal(net.outputs(truths), net.outputs(truths * 1.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", [1, 2, 40, 333])
def test_an_entry_that_is_not_finite_is_found_wherever_it_is(rows, bad):
    X, y = np.zeros((333, 5, 7, 1), np.float32), np.arange(333) % 2
    net = pg.Sequential(pg.Flatten(), pg.Linear(2), pg.ReLU(), pg.Linear(2))
    net.fit(X, y, epochs=1, engine="native")
    X = X[:rows].copy()
    assert np.isfinite(net.outputs(X)).all()
    for place in {0, 1, 17, 34, X.size // 2, X.size - 2, X.size - 1}:
        X.flat[place] = bad
        for read in (net.predict, net.outputs):
            with pytest.raises(pg.errors.DataError, match=f"in row {place // 35},"):
                read(X)
        X.flat[place] = np.finfo(np.float32).max
        net.predict(X)
        X.flat[place] = 0


def test_wrong_shapes_are_refused_as_ever():
    net, X = trained()
    net.predict(X), net.predict(X[:1])
    for wrong in (X[0], X[:, :3], X[:, :, None], X.reshape(-1, 2), X[:0], X[:1].T):
        with pytest.raises(pg.errors.DataError, match="X "):
            net.predict(np.ascontiguousarray(wrong))
    for wrong in (
        np.float32(1),
        np.zeros((), np.float32),
        [[1, 2, 3, "a"]],
        [[1], [2, 3]],
    ):
        with pytest.raises(pg.errors.DataError):
            net.outputs(wrong)


def test_the_present_weights_are_read(monkeypatch):
    calls = counted(monkeypatch)
    net, X = trained("float64")
    for rows in (X, X[:1].copy()):
        net.outputs(rows)
        calls.clear()
        net.params["W2"] = np.zeros((6, 3))
        net.params["b2"][...] = [1, 2, 3]
        np.testing.assert_array_equal(net.outputs(rows), [[1, 2, 3]] * len(rows))
        net.params.update(b2=np.array([4, 5, 6]))
        np.testing.assert_array_equal(net.outputs(rows), [[4, 5, 6]] * len(rows))
        assert calls == [True, True]
    net.partial_fit(*zoo.blobs())
    assert (net.outputs(X) != [4, 5, 6]).all()


def test_built_loaded_copied_and_pickled_networks_read_their_own(tmp_path):
    net, X = trained()
    wanted, single = net.outputs(X), net.outputs(X[:1].copy())
    others = [
        copy.deepcopy(net),
        pg.load(net.save(tmp_path / "net.safetensors")),
        pickle.loads(pickle.dumps(net)),
        copy.deepcopy(pickle.loads(pickle.dumps(net))),
    ]
    for other in others:
        np.testing.assert_array_equal(other.outputs(X), wanted)
        np.testing.assert_array_equal(other.outputs(X[:1].copy()), single)
        other.params["b2"] += 1
        np.testing.assert_allclose(other.outputs(X), wanted + 1, atol=1e-6)
    np.testing.assert_array_equal(net.outputs(X), wanted)
    built = pg.Sequential(pg.Linear(2)).build((3,))
    built.params["W1"] = np.ones((3, 2))
    np.testing.assert_array_equal(built.outputs([[1, 2, 3]]), [[6, 6]])


def test_results_are_never_shared():
    net, X = trained()
    first = net.outputs(X)
    kept = first.copy()
    assert net.outputs(2 * X) is not first
    np.testing.assert_array_equal(first, kept)


def test_evaluate_agrees_with_the_text():
    X, y = zoo.blobs()
    for dtype, tolerance in (("float64", 1e-12), ("float32", 1e-5)):
        net, _ = trained(dtype)
        procedure = net.session.prepared.program.evaluate
        data = X.astype(dtype), y
        loss, share = written(procedure, net.params, dtype)(*data)
        assert net.evaluate(X, y)["loss"] == pytest.approx(loss, rel=tolerance)
        assert net.score(X, y) == share == (net.predict(X) == y).mean()
        assert net.evaluate(X[:1], y[:1])["accuracy"] in (0, 1)


def test_several_threads_may_ask_at_once():
    net, X = trained()
    singles = [X[i : i + 1].copy() for i in range(len(X))]
    net.outputs(X), net.outputs(singles[0])
    wanted = np.concatenate([net.outputs(one) for one in singles])
    wrong = []

    def ask():
        for _ in range(200):
            found = np.concatenate([net.outputs(one) for one in singles])
            if not np.array_equal(found, wanted):
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_large_inputs_are_shared_among_threads(monkeypatch):
    from functools import partial

    from plaingrad.native import cached, table
    from plaingrad.native import design as designs

    monkeypatch.setenv("PLAINGRAD_CACHE", "off")
    monkeypatch.setattr(cached, "_known", {})
    monkeypatch.setattr(designs, "design", partial(designs.design, tile=16, shards=3))
    monkeypatch.setattr(table, "cores", lambda: 2)
    monkeypatch.setattr(table, "idle", lambda: 2)
    net, X = trained()
    X = np.resize(X, (1000, 4))
    wanted = by_text(net, "output", X)
    alone = net.outputs(X)
    np.testing.assert_allclose(alone, wanted, atol=1e-6)
    monkeypatch.setattr(inference, "ALONE", 1)
    monkeypatch.setattr(table, "WORTH", 1)
    net._readers = None
    for _ in range(2):
        np.testing.assert_array_equal(net.outputs(X), alone)
    form = net._reader().reader("output")._reader._several
    (call,) = form._free
    assert call[0]._crew.suits(2)


def test_the_reference_reads_what_the_reference_trained():
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(3))
    net.fit(X, y, epochs=1, engine="reference")
    np.testing.assert_array_equal(net.outputs(X), by_text(net, "output", X))
    assert net._reader().reader("output")._reader is None


def test_what_has_no_native_form_is_read_by_the_text(monkeypatch):
    net, X = trained()

    def refuse(*_):
        raise Unsupported("the operation fft")

    monkeypatch.setattr(inference, "function", refuse)
    for rows in (X, X[:1].copy(), X):
        np.testing.assert_array_equal(net.outputs(rows), by_text(net, "output", rows))
    assert net._reader().reader("output").quick(X) is None


def test_without_knowing_how_arrays_lie_it_asks_them(monkeypatch):
    calls = counted(monkeypatch)
    monkeypatch.setattr(inference, "readable", lambda: False)
    net, X = trained()
    for _ in range(2):
        np.testing.assert_allclose(net.outputs(X), by_text(net, "output", X), atol=1e-6)
    assert calls == [False]


def test_arrays_lie_as_numpy_says():
    assert direct.readable()


def test_text_reads_in_pieces(monkeypatch):
    net, X = trained()
    procedure = net._reader().reader("output")._procedure
    whole = Reading(procedure, dict(net.params), "float32", native=True)
    assert whole._reader is None, "these arrays may be replaced"
    monkeypatch.setattr("plaingrad.reading.CHUNK", 7)
    np.testing.assert_allclose(whole.rows(X), net.outputs(X), atol=1e-6)
