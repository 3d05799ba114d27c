from __future__ import annotations

import importlib

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from aezoo.metrics import memorisation


@pytest.fixture(scope="module")
def samples():
    return np.random.default_rng(0).random((3, 60, 5, 2), dtype="float32")


def test_ratio_of_medians(samples, monkeypatch):
    module = importlib.import_module("aezoo.metrics.memorisation")
    monkeypatch.setattr(module, "_ROWS", 7)
    monkeypatch.setattr(module, "_COLUMNS", 11)
    generated, train, real = samples

    monkeypatch.setattr(module, "MOST", 30)

    def median(x):
        x = x[::2]
        return np.median(cdist(x.reshape(len(x), -1), train.reshape(60, -1)).min(axis=1))

    expected = median(generated) / median(real)
    assert memorisation(generated, train, real) == pytest.approx(expected, rel=1e-6)


def test_copies_score_zero_and_noise_takes_them_away(samples):
    _, train, real = samples
    noise = np.random.default_rng(1).normal(size=train.shape)
    scores = [
        memorisation(np.clip(train + sigma * noise, 0, 1), train, real) for sigma in (0, 0.05, 0.2)
    ]
    assert scores[0] == 0.0
    assert scores == sorted(scores)
    assert scores[1] < 0.5


def test_unseen_samples_score_about_one(samples):
    generated, train, real = samples
    assert memorisation(generated, train, real) == pytest.approx(1, abs=0.15)
    assert memorisation(real, train, real) == 1.0


def test_uint8_and_other_ranges(samples):
    levels = [(s * 255).astype("uint8") for s in samples]
    score = memorisation(*levels)
    scaled = [10 * (level / 255) - 5 for level in levels]
    assert memorisation(*scaled, sample_range=(-5, 5)) == pytest.approx(score, rel=1e-5)
    mixed = memorisation(scaled[0], *levels[1:], sample_range=(-5, 5))
    assert mixed == pytest.approx(score, rel=1e-5)
    assert memorisation(*scaled, sample_range=None) == pytest.approx(score, rel=1e-5)


def test_bad_inputs(samples):
    generated, train, real = samples
    with pytest.raises(ValueError, match=r"one shape.*\(5, 1\), \(5, 2\)"):
        memorisation(generated[..., :1], train, real)
    with pytest.raises(ValueError, match="train must be finite"):
        memorisation(generated, train * np.nan, real)
    with pytest.raises(ValueError, match="needs held-out samples"):
        memorisation(generated, train, train[:10])
