from __future__ import annotations

import numpy as np
import pytest

from aezoo import maps

POINTS = np.random.default_rng(0).normal(size=(60, 2))


def colours(picture):
    """The colours of a picture that are not grey."""
    flat = picture.reshape(-1, 3).astype(int)
    return {tuple(colour) for colour in flat[np.ptp(flat, axis=1) > 60]}


def test_a_scatter_has_a_colour_for_each_label():
    one, two = (maps.scatter(POINTS, np.arange(60) % n) for n in (1, 2))
    assert one.dtype == np.uint8
    assert one.shape == two.shape == (900, 900, 3)
    red = {colour for colour in colours(two) if colour[0] > colour[2]}
    assert red
    assert not {colour for colour in colours(one) if colour[0] > colour[2]}


def test_a_scatter_is_the_same_every_time():
    np.testing.assert_array_equal(maps.scatter(POINTS), maps.scatter(POINTS))


def test_a_mosaic_shows_the_image_nearest_to_the_middle_of_each_cell():
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.9, 0.9]])
    images = np.arange(5, dtype="uint8")[:, None, None, None] * 40 * np.ones((5, 4, 4, 1), "uint8")
    picture = maps.mosaic(corners, images, cells=2)
    height, width = (size // 4 for size in picture.shape[:2])
    found = [[picture[y * height, x * width, 0] for x in (1, 3)] for y in (1, 3)]
    assert found == [[80, 160], [0, 40]]  # up is up; the last is nearer to the middle


@pytest.mark.parametrize("points", [POINTS[:1], np.zeros((5, 2))])
def test_a_single_place_can_be_drawn(points):
    assert maps.scatter(points).shape == (900, 900, 3)
    images = np.zeros((len(points), 90, 30, 3))
    assert (maps.mosaic(points, images, cells=32) == 0).any()


@pytest.mark.parametrize(
    ("points", "labels", "reason"),
    [
        (np.zeros((3, 3)), None, r"\(n, 2\)"),
        (np.full((3, 2), np.nan), None, "finite"),
        (np.zeros((3, 2)), [1, 2], "one entry a point"),
    ],
)
def test_what_is_no_map_is_refused(points, labels, reason):
    with pytest.raises(ValueError, match=reason):
        maps.scatter(points, labels)


def test_a_mosaic_needs_an_image_a_point():
    with pytest.raises(ValueError, match="one a point"):
        maps.mosaic(POINTS, np.zeros((3, 4, 4, 1)))
