from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from aezoo import resampling


@pytest.mark.parametrize(
    ("size", "new"),
    [((20, 31), (10, 15)), ((7, 9), (21, 20)), ((16, 16), (4, 4)), ((5, 1), (5, 7))],
)
def test_it_is_pillows_bicubic(size, new):
    image = np.random.default_rng(0).random(size).astype("float32")
    expected = np.asarray(Image.fromarray(image).resize(new[::-1], Image.Resampling.BICUBIC))
    found = resampling.resize(image[..., None], *new)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-6)


@pytest.mark.parametrize(("size", "new"), [(8, 4), (9, 2), (1, 5), (6, 6)])
def test_rows_sum_to_one(size, new):
    matrix = resampling.bicubic(size, new)
    assert matrix.shape == (new, size)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)


def test_flat_images_stay_flat():
    np.testing.assert_allclose(resampling.resize(np.full((5, 7, 3), 0.3), 9, 4), 0.3, rtol=1e-6)
