from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image

import aezoo
from aezoo import degradations, fills, pyramid, resampling, subpixel
from aezoo.bodies.unet import enlargement

BODY = {"name": "unet", "channels": [8], "blocks": 1}
HALF = {"name": "downscale", "factor": 2}


def smooth(n, height, width, channels=1):
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    waves = [
        np.sin(y * rng.uniform(0.1, 0.9) + x * rng.uniform(-0.9, 0.9) + rng.uniform(0, 6))
        for _ in range(n * channels)
    ]
    stacked = np.reshape(0.5 + 0.4 * np.stack(waves), (n, channels, height, width))
    return np.moveaxis(stacked, 1, -1).astype("float32")


@pytest.fixture(scope="module")
def halver():
    return aezoo.create("restorer", sample_shape=(16, 24, 1), degradation=HALF, body=BODY)


def test_downscaling_is_pillows(halver):
    x = smooth(3, 16, 24)
    expected = [Image.fromarray(i[..., 0]).resize((12, 8), Image.Resampling.BICUBIC) for i in x]
    np.testing.assert_allclose(halver.encode(x)[..., 0], np.stack(expected), atol=1e-6)


def test_an_untrained_restorer_is_the_bicubic_interpolation(halver):
    code = halver.encode(smooth(2, 16, 24))
    expected = np.stack([resampling.resize(small, 16, 24) for small in code])
    inner = (slice(None), slice(6, -6), slice(6, -6))  # borders are mirrored, not cut
    np.testing.assert_allclose(halver.decode(code)[inner], expected[inner], atol=1e-5)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_ridge_filter_keeps_flat_images_and_beats_the_interpolation(factor):
    large = smooth(4, 12 * factor, 14 * factor)
    small = np.stack([resampling.resize(image, 12, 14) for image in large])
    fitted = subpixel.ridge(small, large, factor, chunk=3)
    assert fitted.shape == (7, 7, 1, factor**2)
    np.testing.assert_allclose(fitted.sum(axis=(0, 1, 2)), 1, atol=1e-5)
    layer = subpixel.Subpixel(factor)
    before = float(np.mean(np.square(keras.ops.convert_to_numpy(layer(small)) - large)))
    layer.fit(small, large)
    np.testing.assert_allclose(layer.kernel, fitted, atol=0.05)  # in parts or at once
    after = float(np.mean(np.square(keras.ops.convert_to_numpy(layer(small)) - large)))
    assert after < 0.8 * before


def test_preparing_makes_the_estimate_better_and_training_goes_on_from_it():
    x = smooth(64, 16, 16)
    model = aezoo.create("restorer", sample_shape=(16, 16, 1), degradation=HALF, body=BODY)
    errors = [np.mean(np.square(model.reconstruct(x) - x))]
    model.prepare(x)
    errors.append(np.mean(np.square(model.reconstruct(x) - x)))
    model.compile("adam")
    model.fit(x, epochs=8, batch_size=16, verbose=0)
    errors.append(np.mean(np.square(model.reconstruct(x) - x)))
    assert errors[0] > errors[1] > errors[2]


def test_channels_are_enlarged_alike():
    image = smooth(1, 16, 16, 3)
    model = aezoo.create("restorer", sample_shape=(16, 16, 3), degradation=HALF, body=BODY)
    code = model.encode(image)
    grey = aezoo.create("restorer", sample_shape=(16, 16, 1), degradation=HALF, body=BODY)
    planes = np.concatenate([grey.decode(code[..., i : i + 1]) for i in range(3)], axis=-1)
    np.testing.assert_allclose(model.decode(code), planes, atol=1e-6)


def test_noise_has_the_strength_that_was_asked_for():
    noise = {"name": "noise", "low": 0.1, "high": 0.1}
    model = aezoo.create("restorer", sample_shape=(32, 32, 1), degradation=noise, body=BODY)
    x = np.full((16, 32, 32, 1), 0.5, "float32")
    np.testing.assert_array_equal(model.encode(x), x)
    seen = keras.ops.convert_to_numpy(model.degradation.corrupt(x, model.noise))
    assert np.std(seen - x) == pytest.approx(0.1, rel=0.02)
    np.testing.assert_array_equal(model.decode(seen), seen)  # nothing is said at first


def test_each_sample_has_its_own_noise():
    model = aezoo.create("restorer", sample_shape=(32, 32, 1), degradation="noise", body=BODY)
    x = np.zeros((64, 32, 32, 1), "float32")
    seen = keras.ops.convert_to_numpy(model.degradation.corrupt(x, model.noise))
    strengths = seen.std(axis=(1, 2, 3))
    assert 0.02 < strengths.min() < 0.06
    assert 0.16 < strengths.max() < 0.21


def with_mask(x):
    mask = np.zeros((*x.shape[:-1], 1), "float32")
    mask[:, 4:9, 3:12] = 1
    return np.concatenate([x, mask], axis=-1)


def test_what_is_known_stays_and_holes_are_filled_from_around():
    x = with_mask(smooth(2, 16, 24, 3))
    body = {"name": "unet", "channels": [4, 6], "blocks": 1}
    model = aezoo.create("restorer", sample_shape=(16, 24, 4), degradation="holes", body=body)
    code = model.encode(x)
    hole = x[..., -1] == 1
    assert (code[hole][:, :3] == 0).all()
    filled = model.decode(code)
    np.testing.assert_array_equal(filled[~hole], x[~hole])
    np.testing.assert_array_equal(filled[..., -1], x[..., -1])
    flat = np.where(hole[..., None], x[..., :3].mean(), x[..., :3])
    assert np.mean((filled - x)[hole] ** 2) < np.mean((flat - x[..., :3])[hole] ** 2)
    model.compile("adam")
    model.fit(x, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.reconstruct(x)[~hole], x[~hole])


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (16, 9)])
def test_a_flat_image_is_filled_flat(size):
    known = keras.ops.convert_to_tensor(np.full((1, *size, 1), 0.3, "float32"))
    weight = np.zeros((1, *size, 1), "float32")
    weight[0, 0, 0] = 1
    found = keras.ops.convert_to_numpy(pyramid.fill(known * weight, weight))
    np.testing.assert_allclose(found, 0.3, rtol=1e-5)


@pytest.mark.parametrize("size", [(32, 32), (21, 34)])
def test_holes_are_filled_with_nearly_the_plate_under_tension(size):
    (image,) = smooth(1, *size, 3)
    hole = np.random.default_rng(1).random(size) < 0.5
    hole[5:12, 8:11] = True
    known = np.where(hole[..., None], 0, image)
    weight = 1 - hole[None, ..., None].astype("float32")
    found = keras.ops.convert_to_numpy(pyramid.fill(known[None], weight))[0]
    np.testing.assert_array_equal(found[~hole], image[~hole])
    plate, soap = fills.tension(known, hole), fills.harmonic(known, hole)
    assert np.mean((found - plate)[hole] ** 2) < 0.2 * np.mean((soap - plate)[hole] ** 2)


def test_an_image_without_holes_stays_and_one_without_anything_is_black():
    image = np.random.default_rng(0).random((1, 6, 5, 3)).astype("float32")
    ones = np.ones((1, 6, 5, 1), "float32")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(pyramid.fill(image, ones)), image)
    empty = keras.ops.convert_to_numpy(pyramid.fill(0 * image, 0 * ones))
    np.testing.assert_array_equal(empty, 0)


def test_a_hidden_channel_is_found_and_the_others_stay():
    x = smooth(32, 8, 8, 2)
    x[..., 1] = x[..., 0] > 0.5
    model = aezoo.create("restorer", sample_shape=(8, 8, 2), degradation="hidden", body=BODY)
    assert model.code_shape == (8, 8, 1)
    np.testing.assert_array_equal(model.reconstruct(x)[..., 1], 0)
    model.prepare(x)
    np.testing.assert_allclose(model.reconstruct(x)[..., 1], x[..., 1].mean(), rtol=1e-5)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(x, epochs=20, batch_size=8, verbose=0)
    found = model.reconstruct(x)
    np.testing.assert_array_equal(found[..., 0], x[..., 0])
    assert np.mean((found[..., 1] > 0.5) == x[..., 1]) > 0.9


def test_contrasts_do_not_see_how_bright_an_image_is():
    x = smooth(2, 20, 20)
    seen = keras.ops.convert_to_numpy(degradations.contrasts(x))
    np.testing.assert_allclose(degradations.contrasts(x + 0.25), seen, atol=1e-6)
    np.testing.assert_allclose(seen[:, 7, 9], x[:, 7, 9] - x[:, 3:12, 5:14].mean((1, 2)), atol=1e-6)
    flat = np.ones((2, 5), "float32")
    np.testing.assert_array_equal(degradations.contrasts(flat), flat)


@pytest.mark.parametrize("degradation", ["noise", "holes", HALF])
def test_a_correction_is_the_same_for_brighter_images(degradation):
    body = {**BODY, "silent": False}
    model = aezoo.create("restorer", sample_shape=(16, 24, 2), degradation=degradation, body=body)
    x = 0.3 + 0.2 * smooth(2, 16, 24, 2)  # far from what is cut off
    if degradation == "holes":
        x[..., 1] = x[..., 1] > 0.4
    code = model.encode(x)
    more = np.array([0.125, 0.0 if degradation == "holes" else 0.125], "float32")
    more = more * (1 - code[..., 1:]) if degradation == "holes" else more
    found = model.decode(code)
    assert np.abs(found - np.asarray(model.start(code))).max() > 1e-3
    np.testing.assert_allclose((model.decode(code + more) - found)[..., 0], 0.125, atol=1e-5)


def test_without_contrast_the_network_sees_the_pixels_as_they_are():
    z = smooth(1, 4, 4)
    degradation = degradations.Noise()
    assert degradation.view(z, z, 0.0) is z
    np.testing.assert_allclose(degradation.view(z, z, 3.0), 3 * (z - z.mean()), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"sample_shape": (15, 16, 1), "degradation": HALF}, "multiples of factor=2"),
        ({"sample_shape": (13,), "degradation": HALF}, "needs images"),
        ({"sample_shape": (2, 2, 1), "degradation": HALF}, "from 4 to 2048"),
        ({"sample_shape": (4096, 4, 1), "degradation": HALF}, "from 4 to 2048"),
        ({"degradation": {"name": "downscale", "factor": 1}}, "2 to 8"),
        ({"degradation": {"name": "noise", "low": 0.2, "high": 0.1}}, "low must be at most high"),
        ({"degradation": "blur"}, "must be one of"),
        ({"degradation": "holes"}, "last channel is the mask"),
        ({"degradation": "hidden"}, "last channel is to be found"),
        ({"likelihood": "bernoulli"}, "without a link"),
        ({"contrast": -1.0}, "0 to 100"),
        ({"likelihood": {"name": "gaussian", "link": "sigmoid"}}, "without a link"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        aezoo.create("restorer", **{"sample_shape": (16, 16, 1), **arguments})


@pytest.mark.parametrize(
    ("code", "output", "factor"),
    [
        ((4, 6, 1), (8, 12, 3), 2),
        ((4, 6, 1), (4, 6, 1), 1),
        ((4, 6, 1), (8, 13, 1), 0),
        ((4, 6, 1), (8, 18, 1), 0),
        ((4, 6, 1), (2, 3, 1), 0),
        ((16,), (8, 8, 1), 0),
    ],
)
def test_only_whole_factors_are_enlargements(code, output, factor):
    assert enlargement(code, output) == factor


@pytest.mark.parametrize("patch", [1, 2, 3])
@pytest.mark.parametrize("shape", [(9, 7, 2), (1, 1, 1), (2, 5, 3)])
def test_stages_come_back_to_odd_sizes(shape, patch):
    body = {"name": "unet", "channels": [4, 6, 8], "blocks": 1, "patch": patch}
    model = aezoo.create("restorer", sample_shape=shape, body=body)
    x = np.random.default_rng(0).random((2, *shape)).astype("float32")
    assert model.reconstruct(x).shape == x.shape


def test_borders_are_mirrored_however_small():
    x = np.arange(4.0, dtype="float32").reshape(1, 2, 2, 1)
    padded = keras.ops.convert_to_numpy(subpixel.mirrored(x, 3))[0, ..., 0]
    np.testing.assert_array_equal(padded, np.pad(x[0, ..., 0], 3, mode="reflect"))
