"""What every metric of generated samples owes: damage makes it worse, order and dtype do not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits

from aezoo import metrics

DISTANCES = ("fid_classifier", "kid_classifier")
SHARES = ("precision", "recall", "density", "coverage")


@pytest.fixture(scope="module")
def digits():
    """Two halves of the digits, enlarged to 28x28, and the labels of the second."""
    bunch = load_digits()
    images = np.pad(np.kron(bunch.images / 16, np.ones((3, 3))), [(0, 0), (2, 2), (2, 2)])
    images = images[:1600, ..., None].astype("float32")
    return images[::2], images[1::2], bunch.target[1:1600:2]


def noisy(images, sigma):
    noise = np.random.default_rng(1).normal(0, sigma, images.shape)
    return np.clip(images + noise, 0, 1).astype("float32")


def blurred(images, sigma):
    return gaussian_filter(images, (0, sigma, sigma, 0))


def without(images, labels, classes):
    """As many images, of the remaining classes only."""
    return np.resize(images[labels >= classes], images.shape)


# Fidelity does not see missing modes.
WORSE = [
    *((name, damage) for name in DISTANCES for damage in ("noise", "blur", "modes")),
    *((name, damage) for name in ("precision", "density") for damage in ("noise", "blur")),
    *((name, damage) for name in ("recall", "coverage") for damage in ("noise", "blur", "modes")),
]


@pytest.mark.parametrize(("name", "damage"), WORSE)
def test_damage_makes_it_worse(digits, name, damage):
    real, generated, labels = digits
    versions = {
        "noise": lambda: [noisy(generated, sigma) for sigma in (0.1, 0.25)],
        "blur": lambda: [blurred(generated, sigma) for sigma in (0.7, 1.5)],
        "modes": lambda: [without(generated, labels, classes) for classes in (4, 8)],
    }[damage]()
    scores = [getattr(metrics, name)(real, version) for version in (generated, *versions)]
    better_is_lower = name in DISTANCES
    assert scores == sorted(scores, reverse=not better_is_lower)
    assert len(set(scores)) == len(scores)


def test_kid_imagenet_gets_worse_with_damage():
    rng = np.random.default_rng(0)
    tints = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    labels = np.arange(40) % 4
    coarse = rng.random((2, 40, 4, 4, 3)) * tints[labels][:, None, None]
    real, generated = np.kron(coarse, np.ones((1, 1, 8, 8, 1))).astype("float32")
    versions = [noisy(generated, 0.2), blurred(generated, 3), without(generated, labels, 3)]
    clean, *damaged = [metrics.kid_imagenet(real, version) for version in (generated, *versions)]
    assert min(damaged) > clean + 0.01
    assert abs(clean) < 0.01


@pytest.mark.parametrize("name", [*DISTANCES, *SHARES])
def test_order_dtype_and_range_do_not_matter(digits, name):
    metric = getattr(metrics, name)
    real, generated = ((images[:200] * 255).astype("uint8") for images in digits[:2])
    score = metric(real, generated)
    assert metric(real[::-1], np.roll(generated, 17, axis=0)) == pytest.approx(score, abs=1e-4)
    assert metric(real / 255, generated) == pytest.approx(score, abs=1e-4)
    wide = metric(real / 127.5 - 1, generated / 127.5 - 1, sample_range=(-1, 1))
    assert wide == pytest.approx(score, abs=1e-3)


def test_the_seed_chooses_the_subsets(digits, monkeypatch):
    monkeypatch.setattr("aezoo.metrics.kernel_distance.SUBSET_SIZE", 100)
    monkeypatch.setattr("aezoo.metrics.kernel_distance.SUBSETS", 20)
    real, generated, _ = digits
    scores = [metrics.kid_classifier(real, generated, seed=seed) for seed in (0, 0, 1)]
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize("name", SHARES)
def test_shares_need_images_of_one_shape(name):
    with pytest.raises(ValueError, match=r"one shape.*\(9, 28, 28, 1\).*\(9, 32, 32, 1\)"):
        getattr(metrics, name)(np.zeros((9, 28, 28, 1)), np.zeros((9, 32, 32, 1)))


@pytest.mark.parametrize("name", [*DISTANCES, *SHARES, "kid_imagenet"])
def test_bad_samples(name):
    n = 2 if name == "kid_imagenet" else 200
    metric, good = getattr(metrics, name), np.zeros((n, 28, 28, 1), "float32")
    with pytest.raises(ValueError, match="generated must be finite"):
        metric(good, good * np.nan)
    with pytest.raises(ValueError, match="real is empty"):
        metric(good[:0], good)
    with pytest.raises(metrics.NotApplicable, match="lowest and a highest value"):
        metric(good, good, sample_range=None)
    with pytest.raises(metrics.NotApplicable, match=r"Received: samples of shape \(64,\)"):
        metric(np.zeros((n, 64)), np.zeros((n, 64)))


@pytest.mark.parametrize(
    ("name", "least"),
    [("fid_classifier", "at least 128"), ("kid_classifier", "at least 2")]
    + [(name, "k neighbours need 6 samples") for name in SHARES],
)
def test_too_few_samples(digits, name, least):
    real = digits[0]
    with pytest.raises(ValueError, match=least):
        getattr(metrics, name)(real[:1], real[:1])
