from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aezoo import codecs


@pytest.fixture(scope="module")
def photo():
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image("flower.jpg")[100:165, 200:290])


def saved(image, kind, **options):
    file = io.BytesIO()
    Image.fromarray(image.squeeze()).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("quality", [1, 40, 90])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_bare_bytes_of_a_jpeg_are_those_between_its_scan_header_and_its_end(
    photo, channels, quality
):
    image = photo[..., :channels]
    data = saved(image, "JPEG", quality=quality, subsampling=0, optimize=True)
    found = codecs.jpeg(image, quality)
    start = data.rindex(b"\xff\xda")
    header = 2 + int.from_bytes(data[start + 2 : start + 4])
    assert found.size == len(data)
    assert found.bare == len(data) - 2 - start - header
    shown = np.array(Image.open(io.BytesIO(data))).reshape(image.shape)
    np.testing.assert_array_equal(found.image, shown)


def test_the_tables_of_a_jpeg_are_not_counted(photo):
    black = codecs.jpeg(np.zeros_like(photo), 90)
    assert 3 * black.bare < black.size


def test_the_bare_bytes_of_a_webp_are_without_its_container(photo):
    found = codecs.webp(photo, 20)
    data = saved(photo, "WEBP", quality=20, method=6)
    assert found.size == len(data)
    assert data[12:16] == b"VP8 "
    assert 0 <= len(data) - 30 - found.bare <= 1  # a chunk of odd length is padded


def test_more_quality_costs_more_and_shows_more(photo):
    for codec in codecs.baselines(3).values():
        low, high = codec(photo, 5), codec(photo, 80)
        assert low.bare < high.bare
        errors = [np.mean((one.image - photo.astype(float)) ** 2) for one in (low, high)]
        assert errors[0] > 2 * errors[1]


def test_subsampling_is_a_baseline_of_its_own_for_colours(photo):
    assert set(codecs.baselines(1)) == {"jpeg", "webp"}
    found = codecs.baselines(3)
    assert found["jpeg 4:2:0"](photo, 50).bare < found["jpeg 4:4:4"](photo, 50).bare
