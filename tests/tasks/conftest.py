"""Photos that the tests of restoring tasks share."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def photo():
    """A colour photo, uint8, neither square nor a multiple of a tile."""
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image("china.jpg")[150:223, 200:287])


@pytest.fixture
def folder(tmp_path, photo):
    """A folder with a photo, a grey and rotated one of the same name, and two broken files."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    Image.fromarray(photo).save(place / "a.png")
    exif = Image.Exif()
    exif[274] = 6  # a quarter turn
    Image.fromarray(photo[..., 0]).save(place / "a.jpg", exif=exif)
    Image.fromarray(photo[:5, :4]).save(place / "more" / "tiny.png")
    (place / "text.png").write_text("not an image")
    (place / "half.png").write_bytes((place / "a.png").read_bytes()[:999])
    return place
