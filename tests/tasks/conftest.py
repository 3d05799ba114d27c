"""What the tests of tasks share: photos, digits, and a model of them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo.data import load
from aezoo.tasks import anomaly_detector


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


@pytest.fixture(scope="session")
def digits():
    """The training and the test split of the digits."""
    return load("digits"), load("digits", "test")


@pytest.fixture(scope="session")
def served():
    """A model of digits, on ONNX Runtime."""
    return aezoo.load("vae.digits", engine="onnx")


@pytest.fixture(scope="session")
def threes(digits):
    return digits[0].examples(3)


@pytest.fixture
def quick(monkeypatch):
    """Detectors train a tiny model, in a moment."""
    monkeypatch.setattr(anomaly_detector, "_EPOCHS", 2)
    monkeypatch.setattr(anomaly_detector, "_STEPS", 20)
    recipe = {"variant": "ae", "body": {"name": "mlp", "hidden": [16]}, "latent_dim": 4}
    monkeypatch.setattr(anomaly_detector, "RECIPE", recipe)
