from __future__ import annotations

import numpy as np
import pytest
from keras import ops
from scipy.stats import logistic
from sklearn.decomposition import PCA

import aezoo
from aezoo import data
from aezoo.density import Density
from aezoo.linear_transform import LinearTransform


@pytest.fixture(scope="module")
def x():
    return data.load("digits").x[:400]


def compressor(**arguments):
    config = {"latent_dim": 4, "residual_dim": 16, "body": {"name": "mlp", "hidden": [8]}}
    return aezoo.create("compressor", sample_shape=(8, 8, 1), **(config | arguments))


def density():
    rng = np.random.default_rng(0)
    found = Density((5,), 3)
    for weight in (found.locations, found.log_scales, found.logits):
        weight.assign(rng.normal(size=weight.shape))
    return found


def test_the_information_is_that_of_a_mixture_of_logistic_distributions():
    layer, rng = density(), np.random.default_rng(1)
    z, step = rng.normal(size=(7, 5)) * 3, rng.uniform(0.1, 2.0, (7, 1))
    weights = np.exp(layer.logits) / np.exp(layer.logits).sum(axis=-1, keepdims=True)
    spread = logistic(np.asarray(layer.locations), np.exp(layer.log_scales))
    upper, lower = (spread.cdf((z + side * step / 2)[..., None]) for side in (1, -1))
    expected = -np.log(np.sum(weights * (upper - lower), axis=-1))
    found = ops.convert_to_numpy(layer(z.astype("float32"), step.astype("float32")))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("step", [0.25, 1.0])
def test_the_probabilities_of_all_multiples_of_a_step_add_up_to_one(step):
    z = np.broadcast_to(np.arange(-400, 401)[:, None] * step, (801, 5)).astype("float32")
    nats = density()(z, np.full((801, 1), step, "float32"))
    np.testing.assert_allclose(np.exp(-ops.convert_to_numpy(nats)).sum(axis=0), 1.0, atol=1e-3)


def test_the_fitted_transform_is_that_of_the_principal_components(x):
    layer = LinearTransform((8, 8, 1), 6)
    deviations = layer.fit(x, unit=0.3)
    numbers = layer.analyse(ops.convert_to_tensor(x))
    pca = PCA(6).fit(x.reshape(len(x), -1))
    expected = pca.inverse_transform(pca.transform(x.reshape(len(x), -1))).reshape(x.shape)
    np.testing.assert_allclose(layer.synthesise(numbers), expected, atol=1e-3)
    np.testing.assert_allclose(deviations, np.std(numbers, axis=0, ddof=1), rtol=1e-3)
    np.testing.assert_allclose(deviations * 0.3, pca.explained_variance_**0.5, rtol=1e-3)


def test_a_transform_larger_than_the_sample_keeps_all_of_it(x):
    layer = LinearTransform((8, 8, 1), 80)
    layer.fit(x, unit=0.5)
    numbers = layer.analyse(ops.convert_to_tensor(x))
    assert np.all(np.asarray(numbers)[:, 64:] == 0)
    np.testing.assert_allclose(layer.synthesise(numbers), x, atol=1e-4)


def test_the_code_ends_in_the_transform_of_what_the_networks_leave(x):
    model = compressor()
    model.prepare(x)
    code = model.encode(x[:9])
    assert code.shape == (9, 20)
    alone = np.concatenate([code[:, :4], np.zeros((9, 16))], axis=1).astype("float32")
    left = x[:9] - ops.convert_to_numpy(model.decoder.network(alone))
    expected = model.transform.analyse(ops.convert_to_tensor(left.astype("float32")))
    np.testing.assert_allclose(code[:, 4:], expected, atol=1e-4)


def test_distortion_and_rate_are_those_of_the_formula(x):
    model = compressor(scale=0.25, steps=[0.5, 0.5])
    batch = ops.convert_to_tensor(x[:8])
    outputs = model.forward(batch)
    terms = model.terms(batch, batch, outputs)
    error = np.square(x[:8] - ops.convert_to_numpy(outputs["x"])).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(outputs["step"], np.full((8, 1), 0.5), rtol=1e-6)
    np.testing.assert_allclose(terms["distortion"], error / (2 * 0.125**2), rtol=1e-3)
    nats = model.density(outputs["code"], outputs["step"])
    np.testing.assert_allclose(terms["rate"], np.sum(nats, axis=-1), rtol=1e-5)


def test_the_noise_is_as_wide_as_the_step(x):
    model = compressor(steps=[0.25, 4.0])
    batch = ops.convert_to_tensor(x)
    outputs = model.forward(batch)
    noise = (outputs["code"] - model.posterior(batch)["code"]) / outputs["step"]
    assert np.max(np.abs(noise)) <= 0.5 + 1e-4
    assert np.std(noise) == pytest.approx(12**-0.5, rel=0.02)
    assert 0.25 <= np.min(outputs["step"]) < 0.5
    assert 2.0 < np.max(outputs["step"]) <= 4.0


def test_training_lowers_rate_and_distortion_and_the_files_get_smaller(x):
    model = compressor()
    model.prepare(x)
    model.compile("adam")
    history = model.fit(x, epochs=8, batch_size=32, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    model.fit_sampler(model.default_sampler, x)
    sizes = [len(aezoo.tasks.compress(x[:50], model=model, step=step)) for step in (1, 4, 16)]
    assert sizes[0] > sizes[1] > sizes[2]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="without a link"):
        compressor(likelihood="bernoulli")
    with pytest.raises(ValueError, match="steps must be in order"):
        compressor(steps=[1.0, 0.5])
