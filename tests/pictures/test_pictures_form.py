"""What a picture of any kind becomes, with Pillow as the oracle of its pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pictures.folders import noise, save
from plaingrad.errors import MissingExtraError, SettingError
from plaingrad.pictures import Form
from plaingrad.pictures.form import library, side_lengths
from plaingrad.pictures.reading import pixels_of, shape_of

sides = st.integers(1, 40)


@given(sides, sides, sides, sides, st.sampled_from(["crop", "pad", "stretch"]))
def test_pixels_are_those_of_pillow(height, width, rows, columns, fit):
    picture = Image.fromarray(noise(height, width))
    found = Form(size=(rows, columns), fit=fit).pixels(picture)
    size, method = (columns, rows), Image.Resampling.BICUBIC
    expected = {
        "crop": lambda: ImageOps.fit(picture, size, method),
        "pad": lambda: ImageOps.pad(picture, size, method),
        "stretch": lambda: picture.resize(size, method),
    }[fit]()
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.asarray(expected))


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_a_picture_of_the_size_keeps_its_pixels(fit):
    pixels = noise(12, 9)
    found = Form(size=(12, 9), fit=fit).pixels(Image.fromarray(pixels))
    np.testing.assert_array_equal(found, pixels)


def test_crop_cuts_both_sides_and_pad_shows_all():
    pixels = np.full((10, 30, 3), 200, np.uint8)
    pixels[:, :10] = 0
    picture = Image.fromarray(pixels)
    crop = Form(size=(10, 10), fit="crop").pixels(picture)
    assert (crop == 200).all()
    pad = Form(size=(30, 30), fit="pad").pixels(picture)
    np.testing.assert_array_equal(pad[10:20], pixels)
    assert not pad[:10].any()
    assert not pad[20:].any()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV"])
@pytest.mark.parametrize(("colour", "target"), [("grey", "L"), ("rgb", "RGB")])
def test_every_kind_is_converted_as_pillow_does(mode, colour, target):
    picture = Image.fromarray(noise(8, 8)).convert(mode)
    found = Form(size=(8, 8), colour=colour).pixels(picture)
    expected = np.asarray(picture.convert(target)).reshape(found.shape)
    np.testing.assert_array_equal(found, expected)
    assert found.shape == Form(size=(8, 8), colour=colour).shape


def test_transparency_lies_on_white():
    pixels = noise(4, 4, channels=4)
    pixels[0, 0] = (10, 20, 30, 0)
    pixels[0, 1] = (10, 20, 30, 255)
    found = Form(size=(4, 4)).pixels(Image.fromarray(pixels))
    share = pixels[..., 3:] / 255
    expected = pixels[..., :3] * share + 255 * (1 - share)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[0, 1].tolist() == [10, 20, 30]
    np.testing.assert_allclose(found, expected, atol=1)


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBa"])
def test_other_kinds_of_transparency_lie_on_white_too(mode):
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0)).convert(mode)
    assert (Form(size=(4, 4)).pixels(clear) == 255).all()


def test_a_transparent_colour_of_a_palette_lies_on_white(tmp_path):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30])
    picture.putpixel((0, 0), 0)
    picture.save(tmp_path / "a.gif", transparency=0)
    found = pixels_of(tmp_path / "a.gif", Form(size=(4, 4)))
    assert found[0, 0].tolist() == [255, 255, 255]
    assert found[1, 1].tolist() == [10, 20, 30]


def test_sixteen_bits_become_eight(tmp_path):
    deep = np.array([[0, 128, 129, 257], [32768, 65535, 65406, 300]], np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    found = pixels_of(tmp_path / "deep.png", Form(size=(2, 4), colour="grey"))
    np.testing.assert_array_equal(found[..., 0], np.round(deep / 257))


@pytest.mark.parametrize("value", [-1, 65536])
def test_numbers_without_a_white_are_refused(value):
    wide = np.full((3, 3), value, np.int32)
    with pytest.raises(ValueError, match="do not say what is white"):
        Form(size=(3, 3)).pixels(Image.fromarray(wide))
    with pytest.raises(ValueError, match="do not say what is white"):
        Form(size=(3, 3)).pixels(Image.fromarray(wide.astype(np.float32)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tiff", "webp"])
def test_pictures_are_turned_as_the_camera_says(orientation, kind, tmp_path):
    path, exif = tmp_path / f"a.{kind}", Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(noise(6, 11)).save(path, exif=exif)
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
    expected = np.asarray(upright)
    assert expected.shape[0] == (6 if orientation < 5 else 11)
    assert shape_of(path) == expected.shape[:2]
    with Image.open(path) as picture:
        assert side_lengths(picture) == expected.shape[:2]
    found = pixels_of(path, Form(size=expected.shape[:2]))
    np.testing.assert_array_equal(found, expected)


def test_of_an_animation_the_first_frame_counts(tmp_path):
    frames = [Image.new("L", (5, 5), shade) for shade in (40, 90, 200)]
    for kind in ("gif", "png", "webp", "tiff"):
        path, more = tmp_path / f"a.{kind}", {"lossless": True}
        frames[0].save(path, save_all=True, append_images=frames[1:], **more)
        assert (pixels_of(path, Form(size=(5, 5), colour="grey")) == 40).all()


def test_large_jpegs_are_decoded_smaller_and_look_the_same(tmp_path):
    slope = np.add.outer(np.arange(800), np.arange(1200)) * 255 // 2000
    Image.fromarray(slope.astype(np.uint8)).save(tmp_path / "a.jpg", quality=95)
    form = Form(size=(20, 30), colour="grey")
    with Image.open(tmp_path / "a.jpg") as picture:
        whole = form.pixels(picture)
    found = pixels_of(tmp_path / "a.jpg", form)
    np.testing.assert_allclose(found.astype(int), whole.astype(int), atol=2)
    assert shape_of(tmp_path / "a.jpg") == (800, 1200)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": (0, 3)}, "a side of a picture must be a whole number"),
        ({"size": (4.5, 3)}, "a side of a picture must be a whole number"),
        ({"size": (4, 3), "fit": "corp"}, "Did you mean 'crop'"),
        ({"size": (4, 3), "colour": "gray"}, "Did you mean 'grey'"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(SettingError, match=message):
        Form(**settings)


def test_without_pillow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r'"plaingrad\[images\]"'):
        library()


def test_what_is_transparent_in_16_bits_is_white(tmp_path):
    deep = np.array([[0, 257], [300, 65535]], np.uint16)
    save(tmp_path / "a.png", deep, transparency=257)
    form = Form(size=(2, 2), colour="grey")
    found = pixels_of(tmp_path / "a.png", form)[..., 0]
    assert found.tolist() == [[0, 255], [1, 255]]
