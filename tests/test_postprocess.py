import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aezoo import postprocess
from aezoo.noise import generator

IMAGES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=3, max_dims=5, max_side=5),
    elements=st.floats(0, 1, width=32),
)


@pytest.fixture
def x():
    return generator(0).random((2, 5, 7, 4), dtype=np.float32)


@given(
    IMAGES,
    st.floats(-1, 1),
    st.floats(0, 10),
    st.floats(0.1, 10),
    st.floats(-1, 10),
)
def test_any_adjustment_keeps_shape_and_range(x, brightness, contrast, gamma, sharpness):
    y = postprocess.adjust(
        x, brightness=brightness, contrast=contrast, gamma=gamma, sharpness=sharpness
    )
    assert y.shape == x.shape
    assert y.dtype == np.float32
    assert y.min() >= 0
    assert y.max() <= 1


@given(IMAGES)
def test_neutral_arguments_change_nothing(x):
    np.testing.assert_array_equal(postprocess.adjust(x), x)
    np.testing.assert_array_equal(postprocess.brightness(x, 0), x)
    np.testing.assert_allclose(postprocess.contrast(x, 1), x, atol=1e-6)
    np.testing.assert_array_equal(postprocess.gamma(x, 1), x)
    np.testing.assert_array_equal(postprocess.sharpness(x, 0), x)


def test_brightness_adds(x):
    np.testing.assert_allclose(postprocess.brightness(x, -0.3), np.maximum(x - 0.3, 0), atol=1e-7)


def test_contrast_scales_around_the_mean_of_each_channel(x):
    y = postprocess.contrast(x, 0.5)
    np.testing.assert_allclose(y.mean((1, 2)), x.mean((1, 2)), atol=1e-6)
    np.testing.assert_allclose(y.std((1, 2)), x.std((1, 2)) / 2, atol=1e-6)
    np.testing.assert_allclose(postprocess.contrast(x, 0).std((1, 2)), 0, atol=1e-6)


def test_gamma_is_a_power(x):
    np.testing.assert_allclose(postprocess.gamma(x, 2.2), x**2.2, rtol=1e-5)


def test_full_negative_sharpness_is_the_binomial_blur(x):
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    blur = sum(kernel[i, j] * padded[:, i : i + 5, j : j + 7] for i in range(3) for j in range(3))
    np.testing.assert_allclose(postprocess.sharpness(x, -1), blur, atol=1e-6)
    np.testing.assert_allclose(
        postprocess.sharpness(x, 0.7), np.clip(x + 0.7 * (x - blur), 0, 1), atol=1e-6
    )


def test_sharpness_steepens_an_edge():
    edge = np.repeat([0.2, 0.8], 4)[None, :, None] * np.ones((8, 1, 1))
    sharp = postprocess.sharpness(edge, 1.0)
    assert sharp[0, 4, 0] - sharp[0, 3, 0] > 0.6 + 0.1
    np.testing.assert_allclose(sharp[:, [0, -1]], edge[:, [0, -1]], atol=1e-6)


def test_histograms_are_matched_as_scikit_image_does_it():
    from skimage import data
    from skimage.exposure import match_histograms

    random = generator(0)
    x, reference = random.random((9, 14, 3)), random.random((14, 9, 3)) ** 2
    expected = match_histograms(x, reference, channel_axis=-1)
    np.testing.assert_allclose(postprocess.match_histogram(x, reference), expected, atol=1e-6)
    photo = data.chelsea()
    reference = photo[:200, 100:400, ::-1]
    expected = match_histograms(photo, reference, channel_axis=-1) / 255
    found = postprocess.match_histogram(photo, reference)
    assert np.abs(found - expected).mean() < 1 / 255


def test_equal_values_take_the_mean_of_their_part():
    x = np.array([0, 0, 0, 1]).reshape(2, 2, 1) / 1.0
    reference = np.array([0.0, 0.3, 0.6, 0.8]).reshape(4, 1, 1)
    y = postprocess.match_histogram(x, reference)
    np.testing.assert_allclose(y.ravel(), [0.3, 0.3, 0.3, 0.8], atol=1e-6)
    half = postprocess.match_histogram(x, reference[:2])
    np.testing.assert_allclose(half.ravel(), [0.1, 0.1, 0.1, 0.3], atol=1e-6)


@given(IMAGES, IMAGES)
def test_the_mean_becomes_that_of_the_reference(x, reference):
    x, reference = (a.reshape(-1, *a.shape[-2:])[..., :1] for a in (x, reference))
    y = postprocess.match_histogram(x, reference)
    assert y.mean() == pytest.approx(reference.mean(), abs=1e-5)
    order = np.argsort(x, axis=None, kind="stable")
    assert (np.diff(y.ravel()[order]) >= -1e-6).all()


@given(IMAGES)
def test_a_histogram_of_its_own_changes_nothing(x):
    image = x.reshape(-1, *x.shape[-2:])
    np.testing.assert_allclose(postprocess.match_histogram(image, image), image, atol=1e-6)


def test_a_matched_histogram_is_that_of_the_reference(x):
    reference = generator(1).permuted(x[0] ** 3, axis=0)
    y = postprocess.match_histogram(x, reference)
    for channel in range(4):
        expected = np.sort(reference[..., channel].ravel())
        for image in y:
            np.testing.assert_allclose(np.sort(image[..., channel].ravel()), expected, atol=1e-6)
    single = postprocess.match_histogram(x[0], reference)
    np.testing.assert_array_equal(single, y[0])


def test_a_histogram_comes_before_the_other_adjustments(x):
    expected = postprocess.brightness(postprocess.match_histogram(x, x[1] / 2), 0.2)
    np.testing.assert_array_equal(
        postprocess.adjust(x, brightness=0.2, histogram=x[1] / 2), expected
    )


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (np.zeros((4, 4, 3)), r"as many channels as x, shape \(height, width, 4\)"),
        (np.zeros((2, 4, 4, 4)), "one image"),
        (np.zeros((4, 4)), "reference must be images"),
        (np.full((4, 4, 4), 200.0), "reference looks like pixel values"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused(x, reference, problem):
    with pytest.raises(ValueError, match=problem):
        postprocess.match_histogram(x, reference)


def test_the_order_is_brightness_contrast_gamma_sharpness(x):
    expected = postprocess.sharpness(
        postprocess.gamma(postprocess.contrast(postprocess.brightness(x, 0.2), 1.5), 0.8), 0.5
    )
    y = postprocess.adjust(x, sharpness=0.5, gamma=0.8, contrast=1.5, brightness=0.2)
    np.testing.assert_array_equal(y, expected)


def test_uint8_is_divided_by_255():
    y = postprocess.brightness(np.full((1, 2, 2, 1), 51, np.uint8), 0.5)
    np.testing.assert_allclose(y, 0.7, atol=1e-6)


def test_the_input_is_left_alone(x):
    before = x.copy()
    postprocess.adjust(x, brightness=0.5, contrast=2.0, gamma=0.5, sharpness=2.0)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("brightness", 1.1),
        ("brightness", -1.1),
        ("brightness", float("nan")),
        ("contrast", -0.1),
        ("contrast", float("inf")),
        ("gamma", 0.0),
        ("gamma", -1.0),
        ("sharpness", -1.5),
        ("sharpness", "1"),
        ("sharpness", None),
    ],
)
def test_arguments_out_of_bounds_are_refused(x, function, value):
    with pytest.raises(ValueError, match=rf"must be a number .*Received: \w+={value!r}\."):
        getattr(postprocess, function)(x, value)
    with pytest.raises(ValueError, match="must be a number"):
        postprocess.adjust(x, **{function: value})


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (np.zeros((8, 8)), r"shape \(\.\.\., h, w, c\)"),
        (np.full((1, 2, 2, 1), 200.0), "0 to 255"),
        (np.full((1, 2, 2, 1), np.nan), "finite"),
        (np.zeros((1, 2, 2, 1), int), "unknown scale"),
    ],
)
def test_what_is_no_image_is_refused(bad, problem):
    with pytest.raises(ValueError, match=problem):
        postprocess.brightness(bad, 0.1)
