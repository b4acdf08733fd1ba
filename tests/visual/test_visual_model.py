"""Networks on images: trained, used on files, saved, loaded, and reported."""

import json
import os
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file
from sklearn import metrics as sk

import plaingrad as pg
from pictures.folders import noise, save, shades
from plaingrad.draw import style
from plaingrad.errors import (
    DataError,
    FileError,
    PlaingradError,
    SettingError,
    missing_extra,
)
from plaingrad.model import KEY, checksum
from plaingrad.visual.report import Mistake
from plaingrad.visual.usual import usual_network


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root = tmp_path_factory.mktemp("photos")
    return shades(root, 30, names={"dark": 100, "light": 150, "middle": 125})


@pytest.fixture(scope="module")
def model(photos):
    return pg.ImageModel.fit(pg.data.images(photos), epochs=8)


@pytest.fixture(scope="module")
def report(model):
    return model.report()


def test_it_is_the_network_on_the_pixels(model, photos):
    images = pg.data.images(photos)
    probs = model.network.predict_proba(images.X)
    np.testing.assert_array_equal(model.predict_proba(images.paths), probs)
    found = model.predict(photos)
    assert found.tolist() == [images.classes[i] for i in probs.argmax(axis=1)]
    assert model.classes == ["dark", "light", "middle"]
    assert model.score(images) == (probs.argmax(axis=1) == images.y).mean()


def test_fit_is_that_of_the_network_on_the_parts(photos):
    images = pg.data.images(photos)
    model = pg.ImageModel.fit(images, seed=2, epochs=3)
    parts = images.split(2)
    net = usual_network((9, 7, 1), 3)
    net.fit(
        *(parts.train.X, parts.train.y),
        validation=(parts.validation.X, parts.validation.y),
        optimizer=pg.Adam(0.001),
        epochs=3,
        early_stopping=10,
        seed=2,
    )
    for name, value in model.network.params.items():
        np.testing.assert_array_equal(net.params[name], value)
    assert model.parts.test.files == parts.test.files


def test_a_network_and_settings_of_ones_own(photos):
    net = pg.Sequential(pg.Flatten(), pg.Linear(3))
    images = pg.data.images(photos, size=4, fit="pad", colour="rgb")
    model = pg.ImageModel.fit(images, net, epochs=2, validation=0, batch_size=7)
    assert model.network is net
    assert net.features == (4, 4, 3)
    assert not net.history.val_loss
    with pytest.raises(PlaingradError, match="outputs"):
        pg.ImageModel.fit(images, pg.Sequential(pg.Flatten(), pg.Linear(2)))


def test_pictures_of_any_size_and_kind_are_predicted(model, photos, tmp_path):
    path = photos / "dark" / "dark00.png"
    pixels = np.asarray(Image.open(path))
    large = np.kron(pixels, np.ones((3, 3), np.uint8))
    save(tmp_path / "large.bmp", np.repeat(large[..., None], 3, axis=2))
    form = model.preparation.form
    expected = form.pixels(Image.fromarray(large))[None] / np.float32(255)
    found = model.predict_proba(tmp_path / "large.bmp")
    np.testing.assert_array_equal(found, model.network.predict_proba(expected))
    alone = model.predict_proba(str(path))
    np.testing.assert_array_equal(model.predict_proba(Image.open(path)), alone)
    both = model.predict_proba([path, path])
    np.testing.assert_array_equal(both, np.repeat(alone, 2, axis=0))


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("gone.jpg", FileError, "there is no file or folder gone.jpg"),
        (np.zeros((3, 3)), DataError, r"PIL.Image.fromarray\(array\)"),
        ([], DataError, "there are no pictures"),
        (3, DataError, "got int"),
    ],
)
def test_what_is_no_picture_is_said(source, error, message, model):
    with pytest.raises(error, match=message):
        model.predict(source)


def test_broken_pictures_are_said_or_left_out(model, photos, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(
        FileError, match=r"1 file cannot be read as pictures:\n.*a\.jpg"
    ):
        model.predict(tmp_path)
    with pytest.raises(
        FileError, match=r"1 file cannot.*\n.*\nReplace or remove them\.$"
    ):
        model.preparation.read(tmp_path, skip_broken=True)
    save(tmp_path / "b.png", noise(5, 5))
    # predict cannot leave out, as its result would not say which
    instead = r"by --skip-broken, in Python by model\.preparation\.read\("
    with pytest.raises(FileError, match=instead):
        model.predict(tmp_path)
    read = model.preparation.read(tmp_path, skip_broken=True)
    assert read.names == [str(tmp_path / "b.png")]
    assert [name for name, _ in read.broken] == [str(tmp_path / "a.jpg")]
    with pytest.raises(DataError, match="not both"):
        model.predict([tmp_path / "b.png", Image.new("L", (3, 3))])


def test_it_comes_back_from_its_file(model, photos, tmp_path):
    path = model.save(tmp_path / "m.safetensors")
    again = pg.ImageModel.load(path)
    assert again.preparation == model.preparation
    assert again.parts is None
    np.testing.assert_array_equal(
        again.predict_proba(photos), model.predict_proba(photos)
    )
    assert pg.load(path).preparation.form.size == (9, 7)
    with pytest.raises(FileError, match="was not trained on a table"):
        pg.TableModel.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": {"tuple": [9, 8]}}, "other samples than its network takes"),
        ({"size": 3}, "makes no sense"),
        ({"fit": "cut"}, "unknown fit of pictures"),
    ],
)
def test_a_file_that_does_not_fit_its_network_is_refused(
    change, message, model, tmp_path
):
    path = model.save(tmp_path / "m.safetensors")
    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        whole = json.loads(file.metadata()[KEY])
    whole["model"]["preparation"]["fields"]["form"]["fields"] |= change
    whole["checksum"] = checksum(whole["model"], arrays)
    save_file(arrays, path, {KEY: json.dumps(whole)})
    with pytest.raises(FileError, match=message):
        pg.load(path)


def test_other_networks_cannot_read_pictures(tmp_path):
    net = pg.Sequential(pg.Linear(2)).build((3,))
    with pytest.raises(PlaingradError, match="was not trained on images, so it cannot"):
        pg.ImageModel(net)
    with pytest.raises(FileError, match="was not trained on images"):
        pg.ImageModel.load(net.save(tmp_path / "m.safetensors"))


def test_fit_on_other_data_ends_the_preparation(photos):
    model = pg.ImageModel.fit(pg.data.images(photos), epochs=1)
    images = pg.data.images(photos)
    model.network.fit(images.X, images.y, epochs=1)
    assert model.network.preparation is None


def test_usual_networks_go_with_the_size():
    for shape, stages in [((1, 1, 1), 1), ((8, 8, 1), 2), ((28, 28, 1), 3)]:
        net = usual_network(shape, 4)
        assert repr(net).count("Conv2d") == stages
        assert net.build(shape).outputs(np.zeros((2, *shape))).shape == (2, 4)
    assert repr(usual_network((64, 48, 3), 4)).count("Conv2d") == 4
    assert repr(usual_network((7, 500, 3), 4)).count("Conv2d") == 1


def test_pictures_are_shifted_where_that_leaves_them_what_they_are():
    assert not isinstance(usual_network((15, 40, 1), 4).layers[0], pg.Augmentation)
    first = usual_network((40, 33, 3), 4).layers[0]
    assert repr(first) == "RandomTranslation(2, fill='edge')"


def test_augmentation_is_that_which_is_asked_for(photos):
    images = pg.data.images(photos, size=16)
    shift, flip = pg.RandomTranslation(1, fill="edge"), pg.RandomFlip()
    usual = pg.ImageModel.fit(images, epochs=1).network.layers
    assert repr(usual[0]) == repr(shift)
    other = pg.ImageModel.fit(images, epochs=1, augment=[flip]).network.layers
    assert repr(other) == repr((flip, *usual[1:]))
    none = pg.ImageModel.fit(images, epochs=1, augment=()).network.layers
    assert repr(none) == repr(usual[1:])
    net = pg.Sequential(pg.GaussianNoise(0.1), pg.Flatten(), pg.Linear(3))
    own = pg.ImageModel.fit(images, net, epochs=1, augment=[flip]).network.layers
    assert repr(own) == repr((flip, *net.layers[1:]))


# The report.


def test_measures_and_mistakes_are_right(model, report):
    test = model.parts.test
    probs = model.network.predict_proba(test.X)
    labels = probs.argmax(axis=1)
    found = {one.name: one.value for one in report.measures}
    assert found["accuracy"] == sk.accuracy_score(test.y, labels)
    assert found["log_loss"] == pytest.approx(sk.log_loss(test.y, probs), rel=1e-5)
    matrix = sk.confusion_matrix(test.y, labels)
    np.testing.assert_array_equal(report.confusion, matrix)
    assert report.counts == tuple(matrix.sum(axis=1))
    wrong = np.flatnonzero(labels != test.y)
    assert report.wrong == len(wrong) > 1
    assert {one.file for one in report.mistakes} == {test.files[i] for i in wrong}
    for one in report.mistakes:
        place = test.files.index(one.file)
        assert one.true == test.classes[test.y[place]]
        assert one.predicted == test.classes[labels[place]]
        assert one.probability == pytest.approx(probs[place].max())
    sure = [one.probability for one in report.mistakes]
    assert sure == sorted(sure, reverse=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_is_written_in_its_forms(lang, report, tmp_path):
    report = replace(report, lang=lang)
    assert set(report.pictures) == {"costs.png", "confusion.png", "mistakes.png"}
    text = report.markdown()
    for one in report.mistakes:
        assert f"| `{one.file}` | `{one.true}` | `{one.predicted}` |" in text
    assert not re.search(r"@\w|\{\w", text)
    page = report.save(tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 3
    assert "](" not in page
    report.save(tmp_path / "r.md")
    assert (tmp_path / "mistakes.png").read_bytes() == report.pictures["mistakes.png"]
    told = {"en": "9 x 7 pixels, grey", "zh": "9 x 7 像素的灰度图片"}
    assert told[lang] in text


def test_later_pictures_of_another_size_can_be_judged(model, tmp_path):
    root = shades(tmp_path / "later", 10, (18, 14), names={"light": 150, "dark": 100})
    report = model.report(pg.data.images(root))
    assert report.seen is None
    assert report.counts == (10, 10, 0)
    assert report.judged == 20
    assert "20 pictures that were given for this report" in report.text().replace(
        "\n", " "
    )
    found = model.predict(pg.data.images(root).paths)
    right = sum(
        path.parent.name == label
        for path, label in zip(pg.data.images(root).paths, found, strict=True)
    )
    assert report.measures[0].value == right / 20
    (root / "dark").rename(root / "dusk")
    with pytest.raises(DataError, match="'class' has the class 'dusk'"):
        model.report(pg.data.images(root))


def test_a_loaded_model_needs_images_to_report(model, tmp_path):
    again = pg.ImageModel.load(model.save(tmp_path / "m.safetensors"))
    with pytest.raises(PlaingradError, match=r"report\(pg.data.images\(FOLDER\)\)"):
        again.report()


def test_a_table_that_would_be_too_wide_is_a_list(report):
    classes = tuple(name * 10 for name in report.classes)
    text = replace(report, classes=classes).text()
    head, *rows = text.partition("Where it is wrong")[2].strip().splitlines()
    assert head.split("  ")[0] == "true class"
    assert head.endswith("pictures")
    count = int(rows[1].split()[-1])
    assert count == max(
        n
        for true, counts in enumerate(report.confusion)
        for taken, n in enumerate(counts)
        if true != taken
    )


def test_another_language_is_refused(report):
    with pytest.raises(SettingError, match="unknown language 'fr'"):
        report.text("fr")


def test_all_right_is_said(tmp_path):
    root = shades(tmp_path / "easy", 20, names={"black": 0, "white": 255})
    report = pg.ImageModel.fit(pg.data.images(root), epochs=60).report()
    assert report.measures[0].value == 1
    assert report.mistakes == ()
    assert "mistakes.png" not in report.pictures
    assert "every picture was predicted right" in report.text()


def test_without_matplotlib_there_are_no_pictures(model, monkeypatch):
    def missing(module):
        raise missing_extra("matplotlib", "draw", "Drawing")

    monkeypatch.setattr(style, "library", missing)
    report = model.report()
    assert report.pictures == {}
    assert "![" not in report.markdown()
    assert len(report.mistakes) == report.wrong


def test_a_mistake_is_told_whatever_bytes_its_file_is_called(report):
    strange = Mistake(os.fsdecode(b"a/\xff.png"), "dark", "light", 0.9)
    told = replace(report, mistakes=(strange,)).markdown()
    assert r"| `a/\xff.png` | `dark` |" in told


def test_what_is_not_yet_read_and_a_single_layer_are_told(photos):
    told = r"expected images .* ImageModel.fit\(pg.data.images\(FOLDER\)\)"
    for unread in (photos, str(photos)):
        with pytest.raises(DataError, match=told):
            pg.ImageModel.fit(unread)
    with pytest.raises(SettingError, match=r"a list of layers: \[RandomFlip\("):
        pg.ImageModel.fit(pg.data.images(photos), augment=pg.RandomFlip())
