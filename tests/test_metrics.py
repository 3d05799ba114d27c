from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data, filters
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from aezoo.metrics import NotApplicable, mse, psnr, ssim

ALL = {"mse": mse, "psnr": psnr, "ssim": ssim}
HIGHER_IS_BETTER = {"psnr", "ssim"}


@pytest.fixture(scope="module")
def photos():
    """Four crops of a photograph, shape (4, 48, 40, 3), uint8."""
    image = data.astronaut()
    corners = [(0, 0), (100, 120), (60, 200), (300, 10)]
    return np.stack([image[top : top + 48, left : left + 40] for top, left in corners])


def noisy(images, amount, seed=0):
    noise = np.random.default_rng(seed).normal(0, amount, images.shape)
    return np.clip(images + noise, 0, 1)


@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_mse_and_psnr_formulas(seed, n, dimension):
    x, y = np.random.default_rng(seed).random((2, n, dimension), dtype="float32")
    errors = [math.dist(a, b) ** 2 / dimension for a, b in zip(x, y, strict=True)]
    assert mse(x, y) == pytest.approx(sum(errors) / n, abs=1e-6)
    expected = sum(min(100.0, 10 * math.log10(1 / max(e, 1e-300))) for e in errors) / n
    assert psnr(x, y) == pytest.approx(expected, abs=1e-4)


def test_psnr_agrees_with_scikit_image(photos):
    x = photos / 255
    y = noisy(x, 0.05)
    scores = [peak_signal_noise_ratio(a, b, data_range=1) for a, b in zip(x, y, strict=True)]
    assert psnr(x, y) == pytest.approx(np.mean(scores), abs=1e-6)


@pytest.mark.parametrize("sample_range", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_agrees_with_scikit_image(photos, sample_range, channels):
    low, high = sample_range
    x = photos[..., :channels] / 255
    x, y = (low + (high - low) * images for images in (x, noisy(x, 0.1)))
    expected = [
        structural_similarity(
            a,
            b,
            data_range=high - low,
            channel_axis=-1,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(x, y, strict=True)
    ]
    assert ssim(x, y, sample_range=sample_range) == pytest.approx(np.mean(expected), abs=1e-6)


def test_ssim_does_not_depend_on_batching(photos, monkeypatch):
    x = photos / 255
    whole = ssim(x, noisy(x, 0.1))
    module = importlib.import_module("aezoo.metrics.ssim")
    monkeypatch.setattr(module, "_PIXELS_AT_ONCE", 48 * 40 * 3 * 3)
    assert ssim(x, noisy(x, 0.1)) == pytest.approx(whole, abs=1e-12)


def test_ssim_accepts_images_as_small_as_its_window():
    x = np.random.default_rng(0).random((2, 11, 11, 1))
    assert ssim(x, x) == pytest.approx(1.0)


@pytest.mark.parametrize("name", ALL)
def test_exact_match(photos, name):
    expected = {"mse": 0.0, "psnr": 100.0, "ssim": 1.0}[name]
    assert ALL[name](photos, photos) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("damage", ["noise", "blur"])
def test_worse_images_score_worse(photos, name, damage):
    x = photos / 255
    if damage == "noise":
        versions = [noisy(x, amount) for amount in (0.01, 0.05, 0.2)]
    else:
        versions = [
            np.stack([filters.gaussian(image, sigma, channel_axis=-1) for image in x])
            for sigma in (0.5, 1.0, 3.0)
        ]
    scores = [ALL[name](x, version) for version in versions]
    assert scores == sorted(scores, reverse=name in HIGHER_IS_BETTER)
    assert len(set(scores)) == len(scores)


@pytest.mark.parametrize("name", ALL)
def test_symmetric_and_same_for_uint8(photos, name):
    other = photos[::-1]
    score = ALL[name](photos, other)
    assert ALL[name](other, photos) == pytest.approx(score, abs=1e-9)
    assert ALL[name](photos / 255, other) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_scores_do_not_depend_on_the_range(photos, name):
    x = photos / 255
    y = noisy(x, 0.1)
    score = ALL[name](x, y)
    assert ALL[name](x * 10, y * 10, sample_range=(0, 10)) == pytest.approx(score, abs=1e-6)


def test_not_applicable():
    vectors = np.zeros((3, 64))
    with pytest.raises(NotApplicable, match=r"needs images .* Received: samples of shape \(64,\)"):
        ssim(vectors, vectors)
    small = np.zeros((3, 8, 8, 1))
    with pytest.raises(NotApplicable, match=r"at least 11x11 pixels.*8x8"):
        ssim(small, small)
    for metric in (psnr, ssim):
        with pytest.raises(NotApplicable, match="lowest and a highest value"):
            metric(np.zeros((1, 12, 12, 1)), np.zeros((1, 12, 12, 1)), sample_range=None)
    assert mse(vectors, vectors, sample_range=None) == 0


@pytest.mark.parametrize("name", ALL)
def test_bad_inputs(name):
    metric = ALL[name]
    good = np.zeros((2, 12, 12, 1))
    with pytest.raises(ValueError, match="same shape"):
        metric(good, good[:1])
    with pytest.raises(ValueError, match="at least one sample"):
        metric(good[:0], good[:0])
    with pytest.raises(ValueError, match="target has the wrong shape"):
        metric(0.5, 0.5)
    with pytest.raises(ValueError, match="reconstruction must be finite"):
        metric(good, good * np.nan)
    with pytest.raises(ValueError, match=r"target does not hold real numbers.*complex128"):
        metric(good.astype(complex), good)
    if name != "mse":
        with pytest.raises(ValueError, match=r"high above low.*\(1, 1\)"):
            metric(good, good, sample_range=(1, 1))
