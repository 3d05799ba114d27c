from __future__ import annotations

import numpy as np
import pytest

from aezoo import photos


@pytest.mark.parametrize("image", [np.zeros((2, 3, 1), "uint8"), np.ones((1, 1, 3))])
def test_an_image_is_given_back_in_its_kind(image):
    checked = photos.check(image)
    assert checked.dtype == np.float32
    back = photos.like(checked, image)
    assert back.dtype == (np.uint8 if image.dtype == np.uint8 else np.float32)
    np.testing.assert_array_equal(back, image)


def test_what_leaves_the_range_is_clipped():
    wild = np.array([[[-0.5], [1.5]]])
    assert photos.like(wild, np.zeros((1, 2, 1))).ravel().tolist() == [0, 1]
    assert photos.like(wild, np.zeros((1, 2, 1), "uint8")).ravel().tolist() == [0, 255]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((4, 4)), r"needs `image\[\.\.\., None\]`"),
        (np.zeros((1, 4, 4, 3)), r"pass `image\[0\]`"),
        (np.zeros((4, 4, 4)), "must be one image"),
        (np.zeros((0, 4, 3)), "must be one image"),
        (np.full((4, 4, 3), 200.0), "0 to 255"),
        (np.full((4, 4, 3), np.nan), "finite"),
        ("photo.png", "must be one image"),
    ],
)
def test_what_is_no_image_is_refused(image, reason):
    with pytest.raises(ValueError, match=reason):
        photos.check(image)


def test_luma_is_that_of_bt_601():
    levels = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [10, 200, 30]]], "uint8")
    expected = (
        16
        + (65.481 * levels[..., :1] + 128.553 * levels[..., 1:2] + 24.966 * levels[..., 2:]) / 255
    )
    np.testing.assert_allclose(255 * photos.luma(levels / 255), expected, atol=1e-4)


def test_colours_come_back():
    image = np.random.default_rng(0).random((5, 4, 3))
    np.testing.assert_allclose(photos.to_rgb(photos.to_ycbcr(image)), image, atol=1e-5)
    grey = np.full((1, 1, 3), 0.4)
    np.testing.assert_allclose(photos.to_ycbcr(grey)[..., 1:], 128 / 255, atol=1e-6)


def test_psnr_can_look_at_a_part():
    image, other = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    other[0, 0] = 0.1
    where = np.array([[True, False], [False, False]])
    assert photos.psnr(image, other, where) == pytest.approx(20)
    assert photos.psnr(image, other) == pytest.approx(20 + 10 * np.log10(4))
    assert photos.psnr(image, image) == 100


def test_another_luma_leaves_the_colours():
    rng = np.random.default_rng(0)
    image, wanted = rng.random((2, 3, 4, 3)), rng.random((2, 3, 4, 1)).astype("float32")
    found = photos.to_ycbcr(photos.with_luma(image, wanted))
    np.testing.assert_allclose(found[..., :1], wanted, atol=1e-6)
    np.testing.assert_allclose(found[..., 1:], photos.to_ycbcr(image)[..., 1:], atol=1e-6)


def test_a_mean_over_orientations_is_of_what_turns_back():
    images = np.random.default_rng(0).random((2, 4, 4, 3)).astype("float32")
    ramp = np.arange(16.0).reshape(4, 4, 1)
    found = photos.over_orientations(lambda x: x + ramp, images)
    mean = np.mean(photos.orientations(ramp), axis=0)
    np.testing.assert_allclose(found, images + mean, atol=1e-5)
