import numpy as np
import pytest
import tensorflow as tf
from skimage import data, filters

from aezoo.metrics import NotApplicable, ms_ssim, ssim
from aezoo.metrics.ms_ssim import WEIGHTS


def crops(height, width):
    image = data.astronaut()
    corners = [(0, 0), (100, 120), (60, 200)]
    return np.stack([image[top : top + height, left : left + width] for top, left in corners]) / 255


def noisy(images, amount):
    noise = np.random.default_rng(0).normal(0, amount, images.shape)
    return np.clip(images + noise, 0, 1)


@pytest.mark.parametrize(
    ("size", "scales"),
    [
        ((161, 170), 5),
        ((160, 300), 4),
        ((64, 64), 3),
        ((28, 28), 2),
        ((41, 55), 3),
    ],
)
def test_agrees_with_tensorflow_given_the_weights_of_the_scales_that_fit(size, scales):
    x = crops(*size)
    y = noisy(x, 0.15)
    weights = np.array(WEIGHTS[:scales])
    if scales < 5:
        weights /= weights.sum()
    expected = tf.image.ssim_multiscale(x, y, 1.0, power_factors=tuple(weights)).numpy()
    assert ms_ssim(x, y) == pytest.approx(expected.mean(), abs=1e-5)


@pytest.mark.parametrize("size", [(11, 11), (20, 33)])
def test_one_scale_is_ssim(size):
    x = crops(*size)
    y = noisy(x, 0.1)
    assert ms_ssim(x, y) == pytest.approx(ssim(x, y), abs=1e-12)


@pytest.mark.parametrize("damage", ["noise", "blur"])
def test_worse_images_score_worse(damage):
    x = crops(64, 48)
    if damage == "noise":
        versions = [x, *(noisy(x, amount) for amount in (0.02, 0.1, 0.3))]
    else:
        blurred = ([filters.gaussian(i, s, channel_axis=-1) for i in x] for s in (0.5, 1, 3))
        versions = [x, *map(np.stack, blurred)]
    scores = [ms_ssim(x, version) for version in versions]
    assert scores[0] == pytest.approx(1)
    assert scores == sorted(set(scores), reverse=True)


def test_negated_images_score_0_at_the_worst():
    x = np.random.default_rng(0).random((2, 64, 64, 1))
    assert ms_ssim(x, 1 - x) == 0


def test_uint8_and_other_ranges_score_alike():
    x = (crops(48, 48) * 255).round().astype("uint8")
    y = noisy(x / 255, 0.1)
    score = ms_ssim(x, y)
    assert ms_ssim(x / 255, y) == pytest.approx(score, abs=1e-6)
    scaled = ms_ssim(x / 25.5, y * 10, sample_range=(0, 10))
    assert scaled == pytest.approx(score, abs=1e-6)


def test_not_applicable_as_ssim():
    for shape in ((3, 64), (3, 10, 64, 1)):
        with pytest.raises(NotApplicable, match="ms_ssim needs images"):
            ms_ssim(np.zeros(shape), np.zeros(shape))
    with pytest.raises(NotApplicable, match="lowest and a highest value"):
        ms_ssim(np.zeros((1, 12, 12, 1)), np.zeros((1, 12, 12, 1)), sample_range=None)
