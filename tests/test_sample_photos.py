from __future__ import annotations

import numpy as np
import pytest

from aezoo import sample_photos


def test_the_whole_photos():
    photos = sample_photos.whole()
    assert len(photos) == len(sample_photos.NAMES) + 2
    assert all(photo.dtype == np.uint8 and photo.shape[-1] == 3 for photo in photos)
    grey = photos[sample_photos.NAMES.index("camera")]
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])


@pytest.mark.parametrize("size", [16, 100])
def test_squares_show_the_middle(size):
    for photo, square in zip(sample_photos.whole(), sample_photos.squares(size), strict=True):
        assert square.shape == (size, size, 3)
        height, width = photo.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        middle = photo[top : top + side, left : left + side]
        np.testing.assert_allclose(square.mean(), middle.mean(), atol=2)
