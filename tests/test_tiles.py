from __future__ import annotations

import numpy as np
import pytest

from aezoo import tiles


def blur(batch):
    """A mean over 3x3 pixels, which sees one pixel far, of mirrored tiles."""
    padded = np.pad(batch, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    height, width = batch.shape[1:3]
    return sum(padded[:, i : i + height, j : j + width] for i in range(3) for j in range(3)) / 9


@pytest.mark.parametrize("shape", [(5, 7, 1), (16, 16, 3), (30, 9, 1), (8, 33, 3)])
@pytest.mark.parametrize("size", [(6, 8), (16, 5)])
def test_the_result_is_that_of_the_whole_image(shape, size):
    image = np.random.default_rng(0).random(shape)
    found = tiles.over(image, blur, size=size, margin=2)
    np.testing.assert_allclose(found, blur(image[None])[0], atol=1e-12)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 9, 3), (2, 3, 1)])
def test_the_smallest_images(shape):
    image = np.random.default_rng(0).random(shape)
    found = tiles.over(image, lambda batch: batch + 1, size=(8, 8), margin=3)
    np.testing.assert_array_equal(found, image + 1)


def test_results_may_be_larger_and_have_other_channels():
    image = np.random.default_rng(0).integers(0, 255, (11, 6, 3), dtype="uint8")

    def double(batch):
        return batch[..., :1].repeat(2, axis=1).repeat(2, axis=2)

    found = tiles.over(image, double, size=(7, 7), margin=2, factor=2)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, double(image[None])[0])


def test_memory_holds_one_batch_of_tiles():
    seen = []

    def work(batch):
        seen.append(batch.shape)
        return batch

    tiles.over(np.zeros((50, 50, 1)), work, size=(10, 10), margin=2)
    assert {shape[1:] for shape in seen} == {(10, 10, 1)}
    assert max(shape[0] for shape in seen) == tiles.BATCH
    assert sum(shape[0] for shape in seen) == 81


def test_positions_are_mirrored_as_numpy_pads():
    for length in (1, 2, 5):
        padded = np.pad(np.arange(length), 7, mode="reflect")
        positions = np.arange(-7, length + 7)
        np.testing.assert_array_equal(tiles.mirrored(positions, length), padded)
