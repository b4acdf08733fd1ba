"""Model files: whole round trips, and damaged or hostile files."""

import json
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save as to_bytes
from safetensors.numpy import save_file

import plaingrad as pg
import zoo
from plaingrad import files, model
from plaingrad.encode import Decoder, Encoder
from plaingrad.errors import FileError, SettingError
from plaingrad.files import make_folder, write_whole

OWN = {name: value for name, value in vars(zoo).items() if isinstance(value, type)}


def small(**settings):
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(4), pg.ReLU(), pg.Linear(3))
    net.fit(X, y, **{"epochs": 1, "batch_size": 5, **settings})
    return net


# Round trips.


@pytest.mark.parametrize("name", zoo.NAMES)
def test_what_is_saved_comes_back(name, tmp_path):
    animal = zoo.ZOO[zoo.NAMES.index(name)]
    net, (X, y) = animal.fit(epochs=2, engine="auto"), animal.data()
    path = net.save(tmp_path / "net.safetensors")
    loss = animal.settings.get("loss")
    own = {**OWN, "<lambda>": loss}
    again = pg.load(path, objects=own)
    assert repr(again) == repr(net)
    assert list(again.params) == list(net.params)
    for key, value in net.params.items():
        assert value.dtype == again.params[key].dtype
        np.testing.assert_array_equal(value, again.params[key])
    np.testing.assert_array_equal(again.outputs(X), net.outputs(X))
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert again.predict(X).dtype == net.predict(X).dtype
    assert again.evaluate(X, y) == net.evaluate(X, y)
    assert again.longhand() == net.longhand()
    assert str(again.summary()) == str(net.summary())
    content = path.read_bytes()
    assert again.save(path).read_bytes() == content


def test_a_loaded_network_goes_on_from_its_weights(tmp_path):
    X, y = zoo.blobs()
    net = small(optimizer=pg.SGD(0.1))
    again = pg.load(net.save(tmp_path / "net"))
    net.partial_fit(X, y)
    again.partial_fit(X, y, seed=0)
    again.fit(X, y, epochs=2, warm_start=True)
    net = small(optimizer=pg.SGD(0.1))
    again = pg.load(tmp_path / "net")
    for each in (net, again):
        each.fit(X, y, epochs=2, optimizer=pg.SGD(0.1), warm_start=True)
    for key, value in net.params.items():
        np.testing.assert_array_equal(value, again.params[key])


def test_partial_fit_after_loading_starts_with_what_was_learnt(tmp_path):
    X, y = zoo.blobs()
    net = small(optimizer=pg.SGD(0.1), batch_size=None)
    path = net.save(tmp_path / "net")
    again = pg.load(path)
    again.partial_fit(X, y)
    net.partial_fit(X, y)
    for key, value in net.params.items():
        np.testing.assert_array_equal(value, again.params[key])
    other = pg.load(path)
    other.partial_fit(X, y, optimizer=pg.SGD(1e-12))
    for key, value in pg.load(path).params.items():
        np.testing.assert_allclose(other.params[key], value, atol=1e-9)
    with pytest.raises(pg.errors.PlaingradError, match="which holds no history"):
        _ = pg.load(path).history


def test_a_network_that_was_only_built_is_saved_too(tmp_path):
    X, _ = zoo.blobs()
    net = pg.Sequential(pg.Linear(3)).build(X)
    again = pg.load(net.save(tmp_path / "net"))
    np.testing.assert_array_equal(again.outputs(X), net.outputs(X))
    with pytest.raises(pg.errors.PlaingradError, match="no loss"):
        again.predict(X)


def test_what_is_frozen_stays_frozen(tmp_path):
    X, y = zoo.blobs()
    net = zoo.Shared()
    net.twice.freeze()
    mask = np.eye(4, 3, dtype=bool)
    net.freeze("W2", mask).freeze("b2")
    net.fit(X, y, epochs=1)
    again = pg.load(net.save(tmp_path / "net"), OWN)
    assert again.longhand() == net.longhand()
    before = {key: value.copy() for key, value in again.params.items()}
    again.fit(X, y, epochs=2, warm_start=True)
    moved = {key: again.params[key] != value for key, value in before.items()}
    assert [name for name in moved if moved[name].any()] == ["W2"]
    assert not moved["W2"][mask].any()
    assert moved["W2"][~mask].all()


def test_freezing_after_training_can_be_saved(tmp_path):
    net = small().freeze("W1")
    net.layers[2].freeze()
    again = pg.load(net.save(tmp_path / "net"))
    assert [d.trainable for d in again.layers[2:]] == [False]
    net.freeze()
    pg.load(net.save(tmp_path / "net"))
    masked = small()
    masked.freeze("W1", np.eye(4, dtype=bool)).fit(*zoo.blobs(), epochs=1)
    masked.layers[0].freeze()
    assert "free_W1" not in pg.load(masked.save(tmp_path / "net")).longhand()


def test_a_layer_that_is_used_twice_is_one_layer_again(tmp_path):
    X, y = zoo.blobs()
    shared = pg.Linear(4)
    net = pg.Sequential(shared, pg.Tanh(), shared, pg.Linear(3))
    net.fit(X, y, epochs=1)
    again = pg.load(net.save(tmp_path / "net"))
    assert again.layers[0] is again.layers[2]
    assert list(again.params) == ["W1", "b1", "W2", "b2"]


def test_two_classes_of_one_name_are_kept_apart(tmp_path):
    X, y = zoo.blobs()
    net = pg.Sequential(pg.Linear(3, init=pg.Constant(0.5)))
    net.fit(X, y, optimizer=pg.SGD(pg.WarmUp(0.1, steps=3)), epochs=1)
    again = pg.load(net.save(tmp_path / "net"))
    assert repr(again) == "Sequential(Linear(3, init=Constant(0.5)))"
    assert (
        "warm" in repr(again.program().settings) or again.longhand() == net.longhand()
    )


class Linear(pg.Linear):
    """A class of the user's own, with a name of plaingrad's."""


def test_a_class_of_the_user_is_not_taken_for_one_of_plaingrad(tmp_path):
    X, y = zoo.blobs()
    net = pg.Sequential(Linear(3))
    net.fit(X, y, epochs=1)
    path = net.save(tmp_path / "net")
    with pytest.raises(FileError, match=r"it uses 'Linear', which is not part of"):
        pg.load(path)
    assert type(pg.load(path, {"Linear": Linear}).layers[0]) is Linear
    with pytest.raises(FileError, match="'Linear' for a class, which it is not"):
        pg.load(path, {"Linear": print})


def test_functions_are_saved_by_name(tmp_path):
    X, y = zoo.line()

    def huberlike(pred, y):
        return np.sqrt((pred - y) ** 2 + 1)

    net = pg.Sequential(pg.Linear(1))
    net.fit(X, y, loss=huberlike, epochs=1)
    path = net.save(tmp_path / "net")
    with pytest.raises(FileError, match=r"objects=\{'huberlike': huberlike\}"):
        pg.load(path)
    again = pg.load(path, {"huberlike": huberlike})
    assert again.evaluate(X, y) == net.evaluate(X, y)
    net.fit(X, y, loss=lambda pred, y: (pred - y) ** 2, epochs=1)
    with pytest.raises(FileError, match="a function without a name"):
        pg.load(net.save(path))


def test_what_cannot_be_written_down_is_refused_before_writing(tmp_path):
    class Odd(pg.Network):
        def __init__(self, thing, number=1.0):
            self.last = pg.Linear(3)

        def forward(self, x, /):
            return self.last(x)

    X, _ = zoo.blobs()
    path = tmp_path / "net"
    for odd in (object(), {1, 2}, b"bytes", np.array(["text"]), float("nan")):
        with pytest.raises(SettingError, match=r"cannot be saved.*net\.params"):
            Odd(odd).build(X).save(path)
    with pytest.raises(SettingError, match="cannot be saved"):
        Odd(np.array([np.inf])).build(X).save(path)
    assert not path.exists()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


DECODE = Decoder({})


@settings(deadline=None)
@given(values)
def test_plain_values_come_back_as_they_were(value):
    text = json.dumps(Encoder()(value))
    assert DECODE(json.loads(text)) == value


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3), np.array([0.1, 1e300]), np.array([True])]
)
def test_arrays_come_back_as_they_were(array):
    again = Decoder({})(json.loads(json.dumps(Encoder()(array))))
    np.testing.assert_array_equal(array, again)
    assert again.dtype.kind == array.dtype.kind
    assert Encoder()(np.float32(0.5)) == 0.5
    assert Encoder()(np.bool_(True)) is True


# Files that are no models.


def refused(path, message="cannot be loaded|is damaged"):
    with pytest.raises(FileError, match=message) as caught:
        pg.load(path)
    assert str(path) in str(caught.value)


def test_files_that_are_no_models(tmp_path):
    refused(tmp_path / "nothing", "there is no model file")
    refused(tmp_path, "there is no model file")
    for name, content in {
        "empty": b"",
        "text": b"a,b\n1,2\n",
        "pickle": pickle.dumps({"W1": np.ones(3)}),
        "zeros": bytes(1000),
        "long": b"\xff" * 1000,
        "huge header": struct.pack("<Q", 2**62) + b"{}",
        "deep header": struct.pack("<Q", 100_000) + b"[" * 100_000,
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        refused(path, "is damaged or no safetensors file")
    save_file({"W1": np.ones(3)}, tmp_path / "other")
    refused(tmp_path / "other", "but no model of plaingrad")
    save_file({"W1": np.ones(3)}, tmp_path / "torch", metadata={"format": "pt"})
    refused(tmp_path / "torch", "but no model of plaingrad")


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    net = small(sample_weight=np.ones(23), early_stopping=3)
    net.freeze("W1", np.eye(4, dtype=bool))
    path = net.save(tmp_path_factory.mktemp("model") / "net")
    return path.read_bytes()


def header(content):
    """Return the length of the header and what it says."""
    size = struct.unpack("<Q", content[:8])[0]
    return 8 + size, json.loads(content[8 : 8 + size])


def test_a_file_that_was_cut(content, tmp_path):
    path = tmp_path / "net"
    for length in [*range(0, len(content), 64), len(content) - 1]:
        path.write_bytes(content[:length])
        refused(path, "is damaged or no safetensors file|cannot be loaded")
    path.write_bytes(content + b"more")
    refused(path)


def test_any_byte_that_was_changed_is_found(content, tmp_path):
    path, (start, _) = tmp_path / "net", header(content)
    path.write_bytes(content)
    same = pg.load(path)
    places = [*range(0, start, 7), *range(start, len(content), 5)]
    for place in places:
        for mask in (0x01, 0x20, 0xFF):
            changed = bytearray(content)
            changed[place] ^= mask
            path.write_bytes(changed)
            try:
                found = pg.load(path)
            except FileError:
                continue
            # only the blanks after the JSON mean nothing
            assert content[place : place + 1] == b" "
            assert repr(found) == repr(same)


def rewritten(content, change):
    """Return the file with another description and a checksum that fits it."""
    start, head = header(content)
    kinds = {"F32": np.float32, "F64": np.float64, "BOOL": np.bool_, "I64": np.int64}
    meta = json.loads(head.pop("__metadata__")["plaingrad"])
    arrays = {}
    for name, about in head.items():
        first, last = about["data_offsets"]
        flat = np.frombuffer(
            content[start + first : start + last], kinds[about["dtype"]]
        )
        arrays[name] = flat.reshape(about["shape"])
    described, arrays = change(meta["model"], arrays)
    told = {
        "format": meta["format"],
        "checksum": model.checksum(described, arrays),
        "model": described,
    }
    return to_bytes(arrays, metadata={"plaingrad": json.dumps(told)})


def places(tree, path=()):
    """Yield the path of every part of a JSON tree."""
    yield path
    if isinstance(tree, (list, dict)):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, part in items:
            yield from places(part, (*path, key))


def replaced(tree, path, value):
    """Return a copy of a JSON tree with another value at a path."""
    if not path:
        return value
    copied = tree.copy()
    copied[path[0]] = replaced(copied[path[0]], path[1:], value)
    return copied


def without(tree, path):
    copied = tree.copy()
    if len(path) == 1:
        del copied[path[0]]
    else:
        copied[path[0]] = without(copied[path[0]], path[1:])
    return copied


WRONG = [None, True, -1, 10**12, 1e308, "x", [], {}, {"list": [1]}, {"again": 0}]
WRONG += [{"array": [1, 2]}, {"class": "schedules.Schedule", "arguments": {}}]


def loads_or_refuses(path):
    """A changed description is refused, or is a network that can be used."""
    try:
        net = pg.load(path)
    except FileError:
        return False
    assert all(value.size < 1000 for value in net.params.values())
    if net._training is not None:  # without, it is a network that was only built
        net.longhand()
        net.predict(np.ones((2, *net.features)))
    net.outputs(np.ones((2, *net.features)))
    return True


def test_wrong_values_at_every_place_of_the_description(content, tmp_path):
    path = tmp_path / "net"
    described = json.loads(header(content)[1]["__metadata__"]["plaingrad"])["model"]
    refusals = 0
    for n, place in enumerate(p for p in places(described) if p):
        for value in (WRONG[n % len(WRONG)], WRONG[(n + 5) % len(WRONG)]):
            changed = replaced(described, place, value)
            path.write_bytes(rewritten(content, lambda _, a, c=changed: (c, a)))
            refusals += not loads_or_refuses(path)
        path.write_bytes(rewritten(content, lambda d, a, p=place: (without(d, p), a)))
        refusals += not loads_or_refuses(path)
    assert refusals > 100


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_changes_of_the_description(content, tmp_path_factory, data):
    described = json.loads(header(content)[1]["__metadata__"]["plaingrad"])["model"]
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    ["list", "class", "arguments", "again", "record", "fields"]
                ),
                inner,
                max_size=2,
            )
        ),
        max_leaves=5,
    )
    place = data.draw(st.sampled_from([p for p in places(described) if p]))
    changed = replaced(described, place, data.draw(json_values))
    path = tmp_path_factory.mktemp("model") / "net"
    try:
        path.write_bytes(rewritten(content, lambda _, arrays: (changed, arrays)))
    except ValueError:
        return  # no number of JSON
    loads_or_refuses(path)


def test_arrays_that_do_not_fit_the_architecture(content, tmp_path):
    path = tmp_path / "net"

    def put(message, **arrays):
        path.write_bytes(
            rewritten(
                content,
                lambda d, a: (
                    d,
                    {n: v for n, v in {**a, **arrays}.items() if v is not None},
                ),
            )
        )
        refused(path, message)

    put("holds W1, W2, b1", b2=None)
    put("holds W1, W2, W3, b1, b2", W3=np.ones(3, "f"))
    put(r"W1 is float32 of shape \(6, 4\).*should be float32", W1=np.ones((6, 4), "f"))
    put("W1 is float64 of shape", W1=np.ones((4, 4)))
    put("W1 is int64 of shape", W1=np.ones((4, 4), dtype=np.int64))
    put("W1 is float32 of shape", free_W1=np.ones((4, 4), "f"))
    put(r"W1 is bool of shape \(3,\)", free_W1=np.ones(3, dtype=bool))
    put("W9 is bool", free_W9=np.ones(3, dtype=bool))


def crafted(tmp_path, network, **more):
    """Write a file that describes a network without parameters."""
    described = {
        "network": network,
        "features": {"tuple": [4]},
        "dtype": "float32",
        "frozen": {"list": []},
        "training": None,
        **more,
    }
    told = {"format": 1, "checksum": model.checksum(described, {}), "model": described}
    path = tmp_path / "net"
    path.write_bytes(to_bytes({}, metadata={"plaingrad": json.dumps(told)}))
    return path


def layer(name, **arguments):
    return {"class": f"layers.{name}", "arguments": arguments}


def sequence(*layers):
    return {
        "class": "network.Sequential",
        "arguments": {"layers": {"tuple": list(layers)}},
    }


def test_a_crafted_file_is_a_model_like_any_other(tmp_path):
    path = crafted(tmp_path, sequence(layer("ReLU"), layer("Tanh")))
    assert repr(pg.load(path)) == "Sequential(ReLU(), Tanh())"


def test_a_hostile_file_allocates_nothing(tmp_path):
    refused(crafted(tmp_path, sequence(layer("Linear", units=10**12))), "and it holds")
    features = {"tuple": [10**9, 10**9, 1]}
    pooled = sequence(layer("MaxPool2d", size=10**8), layer("GlobalAvgPool2d"))
    with pytest.raises(pg.errors.DataError):
        pg.load(crafted(tmp_path, pooled, features=features)).outputs(np.ones((1, 4)))
    many = {"list": [10**12] * 40}
    refused(crafted(tmp_path, sequence(layer("Reshape", sizes=many))))


def test_layers_of_layers_of_layers_are_counted(tmp_path):
    """A few lines that would unfold to 2**60 layers."""
    inner = {**sequence(layer("ReLU")), "id": 0}
    for place in range(1, 61):
        inner = {**sequence(inner, {"again": place - 1}), "id": place}
    refused(crafted(tmp_path, inner), "more than 10,000 layers|makes no sense")
    wide = sequence(
        {**sequence(*[layer("ReLU")] * 100), "id": 7}, *[{"again": 7}] * 1000
    )
    refused(crafted(tmp_path, wide), "more than 10,000 layers")


def test_deep_nesting_is_refused(tmp_path):
    inner = layer("ReLU")
    for _ in range(200):
        inner = sequence(inner)
    refused(crafted(tmp_path, inner), "RecursionError")
    meta = '{"model": ' + "[" * 50_000
    path = tmp_path / "deep"
    path.write_bytes(to_bytes({}, metadata={"plaingrad": meta}))
    refused(path)


HOSTILE = [
    "os.system('touch broken')",
    "__import__('os').system('touch broken')",
    "np.float32); __import__('os').system('touch broken') #",
    "\n__import__('os').system('touch broken')\n",
]


def test_nothing_in_a_file_is_executed(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    described = json.loads(header(content)[1]["__metadata__"]["plaingrad"])["model"]
    path = tmp_path / "net"
    for place in [p for p in places(described) if p]:
        for text in HOSTILE:
            changed = replaced(described, place, text)
            path.write_bytes(rewritten(content, lambda _, a, c=changed: (c, a)))
            loads_or_refuses(path)
    for name in ("os.system", "layers.os", "network.copy", "builtins.exec", "Layer"):
        refused(crafted(tmp_path, {"class": name, "arguments": {}}))
        refused(crafted(tmp_path, sequence({"function": name})))
    assert not (tmp_path / "broken").exists()


def test_a_hostile_name_of_a_layer_is_only_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = zoo.blobs()
    for text in HOSTILE:
        net = pg.Sequential(pg.Linear(3, name=text))
        net.fit(X, y, epochs=1)
        again = pg.load(net.save(tmp_path / "net"))
        np.testing.assert_array_equal(again.predict(X), net.predict(X))
    assert not (tmp_path / "broken").exists()


def test_a_file_of_a_later_format_says_so(content, tmp_path):
    _, head = header(content)
    told = json.loads(head["__metadata__"]["plaingrad"])
    path = tmp_path / "net"
    for other in (2, "1", None, [1]):
        text = json.dumps({**told, "format": other})
        path.write_bytes(to_bytes({}, metadata={"plaingrad": text}))
        refused(path, "this plaingrad reads 1. Update plaingrad")


# Writing.


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    net, path = small(), tmp_path / "net"
    content = net.save(path).read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    for module, name in [(os, "replace"), (os, "fsync"), (files.Path, "replace")]:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, full)
            with pytest.raises(FileError, match=r"cannot write .*: No space left"):
                small(seed=1).save(path)
        assert path.read_bytes() == content
        assert [entry.name for entry in tmp_path.iterdir()] == ["net"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "file", "old")

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_places_that_cannot_be_written(tmp_path):
    net = small()
    with pytest.raises(FileError, match=r"there is no folder .*missing. Make it first"):
        net.save(tmp_path / "missing" / "net")
    with pytest.raises(FileError, match=r"it is a folder\. Give the name"):
        net.save(tmp_path)
    with pytest.raises(FileError, match="it is a folder"):
        net.save("")
    file = write_whole(tmp_path / "file", b"1")
    with pytest.raises(FileError, match="there is no folder"):
        net.save(file / "net")
    with pytest.raises(FileError, match="cannot make the folder"):
        make_folder(file / "run")
    with pytest.raises(FileError, match="cannot make the folder"):
        make_folder(file)
    with pytest.raises(FileError, match="cannot write"):
        net.save(tmp_path / ("n" * 300))


def test_files_are_whole_and_of_the_usual_rights(tmp_path):
    old = os.umask(0o022)
    try:
        path = write_whole(tmp_path / "file", "é")
    finally:
        os.umask(old)
    assert path.read_bytes() == "é".encode()
    assert path.stat().st_mode & 0o777 == 0o644
    write_whole(path, b"2")
    assert path.read_bytes() == b"2"
    assert make_folder(tmp_path / "a" / "b") == make_folder(tmp_path / "a" / "b")
