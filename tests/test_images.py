import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from aezoo.data import images
from aezoo.data.images import ImageError


def gradient(h=4, w=6):
    return np.linspace(0, 255, h * w).astype(np.uint8).reshape(h, w)


def png_header(width, height):
    """Returns a PNG that declares a size and holds next to nothing."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    idat = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + idat + chunk(b"IEND", b"")


# Reading


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "gif"])
def test_lossless_formats_give_the_pixels(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(gradient()).save(path)
    np.testing.assert_array_equal(images.read(path), gradient()[..., None])


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_lossy_formats_come_close(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    smooth = np.linspace(0, 255, 32 * 32).astype(np.uint8).reshape(32, 32)
    Image.fromarray(np.stack([smooth] * 3, -1)).save(path, quality=95)
    assert images.read(path).shape == (32, 32, 3)
    assert abs(images.read(path)[..., 0].astype(int) - smooth).max() < 12


def test_the_format_is_read_from_the_file_not_from_its_name(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert images.read(tmp_path / "a.jpg").shape == (4, 6, 1)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 255, [255]),
        ("L", 77, [77]),
        ("LA", (0, 51), [204]),
        ("RGB", (10, 20, 30), [10, 20, 30]),
        ("RGBA", (255, 0, 0, 51), [255, 204, 204]),
        ("CMYK", (0, 255, 255, 0), [255, 0, 0]),
        ("YCbCr", (76, 85, 255), [254, 0, 0]),
        ("LAB", (255, 128, 128), [255, 255, 255]),
        ("I;16", 65535, [255]),
        ("I;16", 257 * 100, [100]),
        ("I;16B", 257 * 100, [100]),
        ("I", 257 * 100, [100]),
    ],
)
def test_every_mode_becomes_opaque_8_bit(tmp_path, mode, colour, expected):
    path = tmp_path / "a.tiff"
    Image.new(mode, (3, 2), colour).save(path)
    with Image.open(path) as image:
        assert image.mode == mode
    array = images.read(path)
    assert array.shape == (2, 3, len(expected))
    np.testing.assert_allclose(array[0, 0], expected, atol=1)


def test_a_palette_becomes_rgb_and_its_transparency_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    image.save(tmp_path / "a.png", transparency=1)
    assert images.read(tmp_path / "a.png").tolist() == [[[255, 0, 0], [255, 255, 255]]]


@pytest.mark.parametrize(
    ("mode", "values", "key", "expected"),
    [
        ("L", [7, 9], 7, [255, 9]),
        ("1", [0, 1], 0, [255, 255]),
        ("I;16", [257 * 7, 257 * 9], 257 * 7, [255, 9]),
    ],
)
def test_a_transparent_grey_becomes_white(tmp_path, mode, values, key, expected):
    image = Image.new(mode, (2, 1))
    image.putdata(values)
    image.save(tmp_path / "a.png", transparency=key)
    assert images.read(tmp_path / "a.png")[0, :, 0].tolist() == expected


@pytest.mark.parametrize(("mode", "value"), [("F", 0.5), ("I", 70_000), ("I", -1)])
def test_pixels_without_a_defined_white_are_refused(tmp_path, mode, value):
    Image.new(mode, (2, 2), value).save(tmp_path / "a.tiff")
    with pytest.raises(ImageError, match="save the image with 8"):
        images.read(tmp_path / "a.tiff")


@pytest.mark.parametrize(("channels", "shape"), [(None, (4, 6, 1)), (1, (4, 6, 1)), (3, (4, 6, 3))])
def test_channels_are_what_is_asked_for(tmp_path, channels, shape):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    array = images.read(tmp_path / "a.png", channels=channels)
    np.testing.assert_array_equal(array, np.broadcast_to(gradient()[..., None], shape))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_the_camera_is_applied(tmp_path, orientation):
    stored = {
        1: gradient(),
        2: gradient()[:, ::-1],
        3: gradient()[::-1, ::-1],
        4: gradient()[::-1],
        5: gradient().T,
        6: gradient().T[::-1],
        7: gradient().T[::-1, ::-1],
        8: gradient().T[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(images.read(tmp_path / "a.png")[..., 0], gradient())


def test_resizing_crops_around_the_centre(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    Image.fromarray(wide).save(tmp_path / "a.png")
    array = images.read(tmp_path / "a.png", size=(5, 5))
    assert array.shape == (5, 5, 1)
    np.testing.assert_allclose(array, 200, atol=15)
    assert images.read(tmp_path / "a.png", size=(7, 3)).shape == (7, 3, 1)


@pytest.mark.parametrize(
    "arguments",
    [{"channels": 2}, {"channels": 4}, {"size": 28}, {"size": (28,)}, {"size": (0, 28)}],
)
def test_wrong_arguments_are_refused(tmp_path, arguments):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"must be .*Received: ") as caught:
        images.read(tmp_path / "a.png", **arguments)
    assert not isinstance(caught.value, ImageError)


# Files that cannot be used


def test_missing_files_folders_and_empty_files(tmp_path):
    (tmp_path / "empty.png").touch()
    for name, problem in (
        ("missing.png", "does not exist"),
        ("", "folder or a device"),
        ("empty.png", "0 bytes"),
        ("a" * 300 + ".png", "cannot be read: File name too long"),
    ):
        with pytest.raises(ImageError, match=problem) as caught:
            images.read(tmp_path / name)
        assert str(caught.value).endswith(f"Received: path={str(tmp_path / name)!r}.")


def test_text_under_an_images_name(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(ImageError, match="not a PNG, JPEG, BMP, WEBP, TIFF or GIF image"):
        images.read(tmp_path / "a.png")


def test_formats_outside_the_list_are_refused(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png", format="PPM")
    with pytest.raises(ImageError, match="not a PNG"):
        images.read(tmp_path / "a.png")


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("suffix", images.SUFFIXES)
def test_truncated_files_are_refused(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path)
    raw = path.read_bytes()
    for end in (1, 5, 20, 60, len(raw) // 2):
        path.write_bytes(raw[:end])
        with pytest.raises(ImageError):
            images.read(path)


@given(st.data())
def test_damaged_bytes_raise_nothing_but_image_errors(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "a"
    kind = data.draw(st.sampled_from(images.FORMATS))
    Image.fromarray(gradient(16, 16)).save(path, kind)
    raw = bytearray(path.read_bytes())
    for _ in range(4):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            array = images.read(path)
        except ImageError:
            return
    assert array.dtype == np.uint8


def test_the_pixel_limit_holds_before_decoding(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(png_header(9000, 9000))
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError, match="9000 x 9000 pixels, more than the limit of 64000000"):
            images.read(path)


def test_pillows_own_limit_is_an_image_error(tmp_path):
    (tmp_path / "a.png").write_bytes(png_header(60_000, 60_000))
    with pytest.raises(ImageError, match="too large to decode"):
        images.read(tmp_path / "a.png", max_pixels=10**12)


def test_the_pixel_limit_can_be_chosen(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / "a.png")
    assert images.read(tmp_path / "a.png", max_pixels=24).shape == (4, 6, 1)
    with pytest.raises(ImageError, match="more than the limit of 23"):
        images.read(tmp_path / "a.png", max_pixels=23)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tiff"])
def test_files_with_frames_want_one_named(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    frames = [Image.new("RGB", (8, 8), (level, 0, 0)) for level in (0, 100, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(ImageError, match="3 frames; name one with frame=0 to 2"):
        images.read(path)
    for index, level in enumerate((0, 100, 200)):
        array = images.read(path, frame=index, channels=3)
        np.testing.assert_allclose(array[0, 0], [level, 0, 0], atol=2)
    for index in (3, -1):
        with pytest.raises(ImageError, match=f"no frame {index}"):
            images.read(path, frame=index)


def test_a_photograph_with_a_preview_is_one_image(tmp_path):
    path = tmp_path / "a.jpg"
    photo, preview = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (4, 4), "red")
    photo.save(path, format="MPO", save_all=True, append_images=[preview])
    assert images.read(path).shape == (8, 8, 3)


# Many files


def test_scan_finds_images_by_suffix(tmp_path):
    for name in ("b.PNG", "a.jpg", "sub/c.gif", "notes.txt", ".hidden.png", ".git/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [p.relative_to(tmp_path).as_posix() for p in images.scan(tmp_path)] == [
        "a.jpg",
        "b.PNG",
        "sub/c.gif",
    ]
    with pytest.raises(FileNotFoundError, match="no such folder"):
        images.scan(tmp_path / "missing")


def test_read_all_goes_on_after_bad_files(tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.fromarray(gradient()).save(good)
    bad.write_text("text")
    found = images.read_all([bad, good, tmp_path / "missing.png", good], channels=3)
    assert found.paths == [good, good]
    assert [image.shape for image in found.images] == [(4, 6, 3)] * 2
    assert [error.path.name for error in found.errors] == ["bad.png", "missing.png"]


@pytest.mark.parametrize(
    ("mode", "last", "expected"),
    [
        ("1", (), False),
        ("I;16", (), False),
        ("P", (7, 7, 7), False),
        ("P", (7, 7, 8), True),
        ("RGB", (), True),
    ],
)
def test_colour_is_told_from_the_header(tmp_path, mode, last, expected):
    image = Image.new(mode, (2, 2))
    if mode == "P":
        image.putpalette([9, 9, 9, *last])
    image.save(tmp_path / "a.png")
    assert images.is_colour(tmp_path / "a.png") is expected
    assert images.is_colour(tmp_path / "missing.png") is False


# Writing


@given(
    hnp.arrays(np.uint8, st.sampled_from([(3, 4), (3, 4, 1), (5, 2, 3)])),
)
def test_what_is_written_as_png_is_read_back(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("written") / "a.png"
    images.write(path, array)
    np.testing.assert_array_equal(images.read(path), array if array.ndim == 3 else array[..., None])


def test_floats_are_rounded_to_pixels(tmp_path):
    images.write(tmp_path / "a.png", np.array([[0.0, 0.5, 1.0]]))
    assert images.read(tmp_path / "a.png")[..., 0].tolist() == [[0, 128, 255]]


@pytest.mark.parametrize("suffix", ["jpg", "JPEG"])
def test_jpeg_by_suffix(tmp_path, suffix):
    images.write(tmp_path / f"a.{suffix}", np.full((16, 16, 3), 0.5))
    with Image.open(tmp_path / f"a.{suffix}") as image:
        assert image.format == "JPEG"


def test_existing_files_are_kept_unless_asked(tmp_path):
    path = tmp_path / "a.png"
    images.write(path, np.zeros((2, 2)))
    with pytest.raises(FileExistsError, match=r"overwrite=True \(`--force` in the shell\)"):
        images.write(path, np.ones((2, 2)))
    assert images.read(path).max() == 0
    images.write(path, np.ones((2, 2)), overwrite=True)
    assert images.read(path).min() == 255


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    images.write(path, np.zeros((2, 2)))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        images.write(path, np.ones((2, 2)), overwrite=True)
    assert os.listdir(tmp_path) == ["a.png"]
    assert images.read(path).max() == 0


def test_written_files_have_the_usual_permissions(tmp_path):
    images.write(tmp_path / "a.png", np.zeros((2, 2)))
    (tmp_path / "b").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize(
    ("name", "array", "error", "problem"),
    [
        ("a.gif", np.zeros((2, 2)), ValueError, r"written as \.png, \.jpg, \.jpeg"),
        ("a", np.zeros((2, 2)), ValueError, "name the file accordingly"),
        ("a.png", np.zeros((2, 2, 2)), ValueError, r"\(h, w, 3\)"),
        ("a.png", np.zeros((1, 2, 2, 3)), ValueError, r"\(h, w, 3\)"),
        ("a.png", np.full((2, 2), 200.0), ValueError, "0 to 255"),
        ("a.png", np.full((2, 2), np.nan), ValueError, "finite"),
        ("missing/a.png", np.zeros((2, 2)), FileNotFoundError, "folder .* does not exist"),
        ("sub.png", np.zeros((2, 2)), FileExistsError, "folder of that name"),
    ],
)
def test_what_cannot_be_written(tmp_path, name, array, error, problem):
    (tmp_path / "sub.png").mkdir()
    with pytest.raises(error, match=problem):
        images.write(tmp_path / name, array, overwrite=True)
