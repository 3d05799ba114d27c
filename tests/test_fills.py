from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.restoration import inpaint_biharmonic

from aezoo import fills, masks

FILLS = (fills.biharmonic, fills.tension, fills.harmonic, fills.pyramid)


@pytest.fixture
def image():
    return data.astronaut()[100:164, 200:280].astype("float32") / 255


def disc(height, width, radius):
    y, x = np.ogrid[:height, :width]
    return (y - height // 2) ** 2 + (x - width // 2) ** 2 <= radius**2


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("kind", masks.MASKS)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_known_stays_and_what_is_in_the_hole_does_not_matter(image, fill, kind, channels):
    image = image[..., :channels]
    hole = masks.draw(kind, *image.shape[:2], seed=1)
    filled = fill(image, hole)
    assert (filled.shape, filled.dtype) == (image.shape, np.float32)
    np.testing.assert_array_equal(filled[~hole], image[~hole])
    assert filled.min() >= image[~hole].min() - 1e-6
    assert filled.max() <= image[~hole].max() + 1e-6
    np.testing.assert_array_equal(fill(np.where(hole[..., None], 0.3, image), hole), filled)


@pytest.mark.parametrize("size", [(1, 2), (1, 9), (2, 2), (7, 3), (33, 64)])
@pytest.mark.parametrize("fill", FILLS)
def test_constants_stay_constant_at_any_size_and_border(fill, size):
    hole = np.ones(size, bool)
    hole[0, 0] = hole[-1, -1] = False
    hole[-1, 0] = True
    np.testing.assert_allclose(fill(np.full((*size, 3), 0.4), hole), 0.4, atol=1e-6)


def test_biharmonic_equals_that_of_scikit_image(image):
    for hole in (disc(64, 80, 20), np.pad(masks.draw("random_half", 58, 74, seed=0), 3)):
        expected = inpaint_biharmonic(image.astype("float64"), hole, channel_axis=-1)
        np.testing.assert_allclose(fills.biharmonic(image, hole), expected, atol=1e-6)


def test_harmonic_is_the_mean_of_its_neighbours(image):
    hole = masks.draw("scratches", 64, 80, seed=3)
    filled = fills.harmonic(image, hole).astype("float64")
    laplacian = ndimage.laplace(filled, mode="nearest", axes=(0, 1))
    np.testing.assert_allclose(laplacian[hole], 0, atol=1e-6)
    assert np.abs(laplacian[~hole]).max() > 0.1


def test_the_pyramid_leads_to_the_harmonic_fill(image):
    hole = disc(64, 80, 12)
    distances = [
        np.abs(fills.pyramid(image, hole, sweeps=sweeps) - fills.harmonic(image, hole)).max()
        for sweeps in (0, 10, 1000)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 1e-3


def test_tension_lies_between_both(image):
    hole = disc(64, 80, 12)
    weak, strong = (fills.tension(image, hole, pull=pull) for pull in (1e-9, 1e9))
    np.testing.assert_allclose(weak, fills.biharmonic(image, hole), atol=1e-4)
    np.testing.assert_allclose(strong, fills.harmonic(image, hole), atol=1e-4)


def test_the_examples_run():
    result = doctest.testmod(fills)
    assert (result.failed, result.attempted > 0) == (0, True)
