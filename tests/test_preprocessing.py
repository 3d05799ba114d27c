from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import ops

from aezoo.preprocessing import Preprocess, standardise

RNG = np.random.default_rng(0)
IMAGES = RNG.random((3, 6, 4, 2)).astype("float32")
SHAPE = IMAGES.shape[1:]


def forward(preprocess, x):
    result = ops.convert_to_numpy(preprocess.forward(x))
    assert result.dtype == np.float32
    return result


def inverse(preprocess, x):
    result = ops.convert_to_numpy(preprocess.inverse(x))
    assert result.dtype == np.float32
    return result


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_without_steps_samples_stay_as_they_are(dtype):
    preprocess = Preprocess(None, SHAPE)
    assert preprocess.spec is None
    assert preprocess.sample_range == (0.0, 1.0)
    assert preprocess.inner_shape == SHAPE
    x = IMAGES.astype(dtype)
    np.testing.assert_allclose(forward(preprocess, x), x.astype("float32"), rtol=1e-6)
    np.testing.assert_array_equal(inverse(preprocess, IMAGES), IMAGES)


def test_the_way_back_is_clipped_to_the_raw_range():
    wide = np.array([[-0.5, 0.5, 1.5]], "float32")
    assert inverse(Preprocess(None, (3,)), wide).tolist() == [[0.0, 0.5, 1.0]]
    found = inverse(Preprocess({"name": "scale", "low": -1, "high": 1}, (3,)), wide)
    assert found.tolist() == [[-1.0, 0.0, 1.0]]
    assert inverse(Preprocess("standardise", (3,)), wide).tolist() == wide.tolist()


@given(
    st.floats(-1000, 1000, width=32), st.floats(0.125, 1000, width=32), st.floats(0, 1, width=32)
)  # fmt: skip
def test_scale_maps_its_range_onto_the_unit_and_back(low, width, share):
    preprocess = Preprocess({"name": "scale", "low": low, "high": low + width}, (1,))
    raw = np.array([[low], [low + width], [low + share * width]], "float32")
    tolerance = 1e-5 * (abs(low) + width) / width
    unit = forward(preprocess, raw)
    np.testing.assert_allclose(unit[:, 0], [0, 1, share], atol=tolerance)
    np.testing.assert_allclose(inverse(preprocess, unit), raw, atol=1e-5 * (abs(low) + width))


@pytest.mark.parametrize(
    ("spec", "low", "high"),
    [
        (None, 0, 1),
        ({"name": "scale", "low": -1, "high": 1}, -1, 1),
        ({"name": "standardise", "mean": 0.5, "std": 0.25, "low": 0, "high": 1}, 0, 1),
        ({"name": "standardise", "mean": 0.5, "std": 0.25}, 0, 1),
    ],
)
def test_uint8_spans_the_raw_range(spec, low, high):
    preprocess = Preprocess(spec, (3,))
    levels = np.array([[0, 51, 255]], "uint8")
    raw = (low + np.array([[0, 0.2, 1]]) * (high - low)).astype("float32")
    np.testing.assert_allclose(forward(preprocess, levels), forward(preprocess, raw), atol=1e-6)


def test_standardise_works_by_channel_and_for_all():
    spec = {"name": "standardise", "mean": [0.5, 1.0], "std": [0.1, 2.0]}
    preprocess = Preprocess(spec, SHAPE)
    assert preprocess.sample_range is None
    found = forward(preprocess, IMAGES)
    np.testing.assert_allclose(found, (IMAGES - [0.5, 1.0]) / [0.1, 2.0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(inverse(preprocess, found), IMAGES, atol=1e-6)
    one = Preprocess({"name": "standardise", "mean": 0.5, "std": 2}, SHAPE)
    np.testing.assert_allclose(forward(one, IMAGES), (IMAGES - 0.5) / 2, atol=1e-6)


def test_standardise_of_an_array_centres_it_and_gives_it_unit_variance():
    x = RNG.normal([3.0, -5.0], [0.1, 40.0], (500, 7, 2))
    found = forward(Preprocess(standardise(x), (7, 2)), x)
    np.testing.assert_allclose(found.mean((0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(found.std((0, 1)), 1, atol=1e-4)


def test_standardise_of_images_keeps_their_range():
    levels = (IMAGES * 255).astype("uint8")
    step = standardise(levels)
    assert (step["low"], step["high"]) == (0.0, 1.0)
    assert json.loads(json.dumps(step)) == step
    found = forward(Preprocess(step, SHAPE), levels)
    np.testing.assert_allclose(found.mean((0, 1, 2)), 0, atol=1e-5)
    assert Preprocess(step, SHAPE).sample_range == (0.0, 1.0)


def test_a_feature_that_never_varies_is_not_blown_up():
    x = np.concatenate([np.full((10, 1), 0.25), RNG.random((10, 1))], axis=1)
    preprocess = Preprocess(standardise(x), (2,))
    unseen = np.array([[0.5, 0.5]])
    assert np.abs(forward(preprocess, unseen)).max() < 5
    assert standardise(x)["std"][0] == 1.0


def test_resize_goes_to_the_networks_size_and_back():
    preprocess = Preprocess({"name": "resize", "height": 12, "width": 3}, SHAPE)
    assert preprocess.inner_shape == (12, 3, 2)
    inner = forward(preprocess, IMAGES)
    assert inner.shape == (3, 12, 3, 2)
    assert inverse(preprocess, inner).shape == IMAGES.shape
    flat = np.full_like(IMAGES, 0.3)
    np.testing.assert_allclose(forward(preprocess, flat), 0.3, atol=1e-6)
    np.testing.assert_allclose(inverse(preprocess, forward(preprocess, flat)), 0.3, atol=1e-6)


def test_a_chain_runs_forth_and_back_in_opposite_orders():
    steps = [
        {"name": "scale", "low": -1.0, "high": 1.0},
        {"name": "resize", "height": 12, "width": 8},
        {"name": "standardise", "mean": 0.5, "std": 0.25},
    ]
    preprocess = Preprocess(steps, SHAPE)
    assert preprocess.sample_range == (-1.0, 1.0)
    assert preprocess.inner_shape == (12, 8, 2)
    flat = np.full_like(IMAGES, 0.5)
    np.testing.assert_allclose(forward(preprocess, flat), (0.75 - 0.5) / 0.25, atol=1e-5)
    np.testing.assert_allclose(inverse(preprocess, forward(preprocess, flat)), 0.5, atol=1e-5)
    smooth = np.linspace(-1, 1, 6)[:, None, None] * np.ones((2, 6, 4, 2), "float32")
    back = inverse(preprocess, forward(preprocess, smooth))
    np.testing.assert_allclose(back[:, 1:-1], smooth[:, 1:-1], atol=0.06)


def test_the_spec_is_complete_and_rebuilds_the_chain():
    preprocess = Preprocess(["scale", {"name": "resize", "height": 3, "width": 3}], SHAPE)
    assert preprocess.spec == [
        {"name": "scale", "low": 0.0, "high": 1.0},
        {"name": "resize", "height": 3, "width": 3},
    ]
    again = Preprocess(json.loads(json.dumps(preprocess.spec)), SHAPE)
    np.testing.assert_array_equal(forward(again, IMAGES), forward(preprocess, IMAGES))


def test_only_standardised_samples_may_leave_the_unit_interval():
    assert Preprocess(None, SHAPE).unit
    assert Preprocess([{"name": "scale", "low": -9, "high": 9}], SHAPE).unit
    assert not Preprocess(["scale", "standardise"], SHAPE).unit


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("whiten", "preprocess must be one of"),
        (3, "preprocess must be a name or a dictionary"),
        ([["scale"]], "preprocess must be a name or a dictionary"),
        ({"name": "scale", "low": 1, "high": 1}, "scale needs low < high"),
        ({"name": "scale", "low": 2}, "scale needs low < high"),
        ({"name": "scale", "low": float("nan")}, "Scale's low must be a number"),
        ({"name": "scale", "min": 0}, "Scale has no argument 'min'"),
        ({"name": "standardise", "std": 0}, "needs std above 0"),
        ({"name": "standardise", "std": [1, -1]}, "needs std above 0"),
        ({"name": "standardise", "low": 0}, "takes both low and high"),
        ({"name": "standardise", "low": 1, "high": 0}, "standardise needs low < high"),
        ({"name": "standardise", "mean": [0, 0, 0]}, "mean must hold 1 or 2 numbers"),
        ({"name": "standardise", "std": [1, 1, 1]}, "std must hold 1 or 2 numbers"),
        ({"name": "standardise", "mean": []}, "Standardise's mean must be"),
        ({"name": "resize", "height": 4}, "Resize needs width="),
        ({"name": "resize", "height": 0, "width": 4}, "Resize's height must be"),
        ({"name": "resize", "height": 10**6, "width": 4}, "Resize's height must be"),
    ],
)
def test_bad_steps_are_refused(spec, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        Preprocess(spec, SHAPE)


def test_resize_needs_an_image():
    with pytest.raises(ValueError, match=r"resize needs images \(h, w, c\)"):
        Preprocess({"name": "resize", "height": 4, "width": 4}, (16,))
