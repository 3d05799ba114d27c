from __future__ import annotations

import hashlib
import json
from importlib import resources

import keras
import numpy as np
import pytest
import safetensors.numpy
from keras import layers

from aezoo.metrics import NotApplicable, classifier

FOLDER = resources.files("aezoo")


def test_features_are_those_of_the_keras_network():
    weights = safetensors.numpy.load((FOLDER / "metrics" / "classifier.safetensors").read_bytes())
    images = x = keras.Input((28, 28, 1))
    for place in range(3):
        width = weights[f"conv.{place}/bias"].size
        x = layers.Conv2D(width, 3, 2, padding="same", activation="relu")(x)
    hidden = layers.Dense(64, "relu")(layers.Flatten()(x))
    model = keras.Model(images, [hidden, layers.Dense(10)(hidden)])
    names = ["conv.0", "conv.1", "conv.2", "hidden", "logits"]
    model.set_weights([weights[f"{name}/{part}"] for name in names for part in ("kernel", "bias")])
    samples = np.random.default_rng(0).random((3, 28, 28, 1), dtype="float32")
    features = classifier.features(samples)
    expected = [keras.ops.convert_to_numpy(y) for y in model(samples, training=False)]
    np.testing.assert_allclose(features, expected[0], atol=1e-4)
    np.testing.assert_allclose(classifier.logits(features), expected[1], atol=1e-3)


def test_it_knows_clothes():
    with np.load(FOLDER / "demo" / "fashion_mnist.npz") as demo:
        x, y = demo["x"], demo["y"]
    found = classifier.logits(classifier.features(x)).argmax(axis=1)
    assert (found == y).mean() > 0.8


def test_facts_are_those_of_the_file():
    facts, file = classifier.about(), FOLDER / "metrics" / "classifier.safetensors"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == facts["sha256"]
    assert facts["test_accuracy"] > 0.91
    assert len(file.read_bytes()) < 300_000
    assert (facts["train_n"], facts["test_n"]) == (55_000, 10_000)
    assert facts == json.loads((FOLDER / "metrics" / "classifier.json").read_text())


def test_batches_ranges_and_dtypes(monkeypatch):
    levels = np.random.default_rng(0).integers(0, 256, (7, 28, 28, 1), dtype="uint8")
    whole = classifier.features(levels)
    assert whole.dtype == np.float32
    assert (whole >= 0).all()
    for scaled, bounds in ((levels / 255, (0, 1)), (levels / 127.5 - 1, (-1, 1))):
        same = classifier.features(scaled, sample_range=bounds)
        np.testing.assert_allclose(same, whole, atol=1e-4)
    monkeypatch.setattr(classifier, "_AT_ONCE", 3)
    parts = classifier.features((levels / 255).astype("float32")[::-1])
    np.testing.assert_allclose(parts[::-1], whole, atol=1e-4)


def test_bad_images():
    with pytest.raises(NotApplicable, match=r"28x28.*kid_imagenet.*\(32, 32, 3\)"):
        classifier.features(np.zeros((2, 32, 32, 3)))
    with pytest.raises(NotApplicable, match="lowest and a highest value"):
        classifier.features(np.zeros((2, 28, 28, 1)), sample_range=None)
    with pytest.raises(ValueError, match="fakes looks like pixel values from 0 to 255"):
        classifier.features(np.full((2, 28, 28, 1), 200.0), name="fakes")


def test_damaged_weights_are_refused(monkeypatch):
    read = classifier._file

    def damaged(name):
        content = read(name)
        return content if name.endswith("json") else content[:-1] + b"\0"

    monkeypatch.setattr(classifier, "_file", damaged)
    classifier._weights.cache_clear()
    with pytest.raises(RuntimeError, match=r"damaged.*install aezoo again"):
        classifier.features(np.full((1, 28, 28, 1), 0.123))
    monkeypatch.undo()
    assert classifier.features(np.full((1, 28, 28, 1), 0.123)).shape == (1, 64)
