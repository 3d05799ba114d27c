"""Codes on a sphere: the hyperspherical variational autoencoder."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import scipy.special
from keras import ops

import aezoo
from aezoo import von_mises_fisher
from aezoo.noise import generator

to_numpy = ops.convert_to_numpy
X = generator(0).random((6, 5)).astype("float32")


def create(latent_dim=3, **config):
    body = {"name": "mlp", "hidden": [4]}
    return aezoo.create("sphere_vae", sample_shape=(5,), latent_dim=latent_dim, body=body, **config)


def noise(n, d, seed=0):
    return generator(seed).standard_normal((n, d)).astype("float32")


def fixed(mean, kappa, n):
    mean = np.tile(np.asarray(mean, "float32") / np.linalg.norm(mean), (n, 1))
    return {"mean": mean, "concentration": np.full(n, kappa, "float32")}


def test_codes_are_directions_and_concentrations_exceed_one():
    model = create()
    posterior = {name: to_numpy(value) for name, value in model.posterior(X).items()}
    np.testing.assert_allclose(np.linalg.norm(posterior["mean"], axis=1), 1.0, atol=1e-5)
    assert (posterior["concentration"] > 1.0).all()
    np.testing.assert_allclose(model.encode(X), posterior["mean"], atol=1e-6)


@pytest.mark.parametrize("d", [2, 3, 8, 32])
@pytest.mark.parametrize("kappa", [1.0, 10.0, 100.0])
def test_draws_have_mean_and_spread_of_the_distribution(d, kappa):
    mean = noise(1, d, seed=5)[0]
    posterior, n = fixed(mean, kappa, 20_000), 20_000
    draws = to_numpy(create(d).sample_posterior(posterior, noise(n, d)))
    np.testing.assert_allclose(np.linalg.norm(draws, axis=1), 1.0, atol=1e-5)
    ratio = scipy.special.ive(d / 2, kappa) / scipy.special.ive(d / 2 - 1, kappa)
    direction = posterior["mean"][0]
    np.testing.assert_allclose(draws.mean(axis=0), ratio * direction, atol=0.02)
    along = (draws @ direction) ** 2
    assert along.mean() == pytest.approx(1 - (d - 1) / kappa * ratio, abs=0.01)
    across = draws - np.outer(draws @ direction, direction)
    expected = (1 - along.mean()) / (d - 1) * (np.eye(d) - np.outer(direction, direction))
    np.testing.assert_allclose(across.T @ across / n, expected, atol=0.015)


def test_a_draw_is_a_function_of_the_noise_and_of_the_direction_alone():
    model, draws = create(), noise(4, 3)
    posterior = fixed([0.0, 0.0, 1.0], 20.0, 4)
    first = to_numpy(model.sample_posterior(posterior, draws))
    np.testing.assert_array_equal(to_numpy(model.sample_posterior(posterior, draws)), first)
    rotation = np.linalg.qr(generator(3).standard_normal((3, 3)))[0].astype("float32")
    turned = {**posterior, "mean": posterior["mean"] @ rotation}
    found = to_numpy(model.sample_posterior(turned, draws @ rotation))
    np.testing.assert_allclose(found, first @ rotation, atol=1e-5)


def test_the_prior_is_uniform_on_the_sphere():
    codes = to_numpy(create(4).prior(noise(20_000, 4)))
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(codes.mean(axis=0), 0.0, atol=0.015)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(4) / 4, atol=0.01)


def test_the_terms_are_the_bound():
    model = create()
    outputs = model.forward(X)
    terms = {name: to_numpy(value) for name, value in model.terms(X, X, outputs).items()}
    kappa = to_numpy(outputs["concentration"]).astype("float64")
    kl = to_numpy(von_mises_fisher.kl_from_uniform(kappa, 3))
    closed = kappa / np.tanh(kappa) - 1 + np.log(kappa / np.sinh(kappa))  # in three dimensions
    np.testing.assert_allclose(terms["kl"], kl, rtol=1e-6)
    np.testing.assert_allclose(terms["kl"], closed, atol=1e-4)
    assert model.term_weights() == {"nll": 1.0, "kl": 1.0}


def test_the_weights_of_a_decoder_that_ignores_its_code_average_to_its_likelihood():
    """`E_q[p(z) / q(z | x)] = 1`, whatever the posterior."""
    model = create(2)
    for weight in model.decoder.weights:
        weight.assign(0.0 * to_numpy(weight))
    x = np.repeat(X[:1], 20_000, axis=0)
    log_weights = to_numpy(model.log_weight(x, noise(20_000, 2))).astype("float64")
    nll = to_numpy(model.likelihood.nll(X[:1], np.zeros((1, 5), "float32")))[0]
    assert np.exp(log_weights + nll).mean() == pytest.approx(1.0, abs=0.03)


def test_log_prob_rises_with_the_number_of_draws_towards_the_likelihood():
    model = create(2)
    one, many = (model.log_prob(X, k=k, seed=0).mean() for k in (1, 4000))
    angles = np.linspace(-np.pi, np.pi, 4001)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    parameters = model.likelihood_parameters(circle)
    exact = [
        np.log(np.trapezoid(np.exp(-to_numpy(model.likelihood.nll(
            np.repeat(x[None], 4001, 0), parameters))), angles) / (2 * np.pi))
        for x in X
    ]  # fmt: skip
    assert one < many
    assert many == pytest.approx(np.mean(exact), abs=0.02)


def test_training_keeps_finite_on_a_circle_and_in_many_dimensions():
    for d in (2, 40):
        model = create(d)
        model.compile(keras.optimizers.Adam(0.05), run_eagerly=True)
        history = model.fit(X, epochs=8, verbose=0).history
        assert np.isfinite(history["loss"]).all()
        assert history["loss"][-1] < history["loss"][0]


def test_one_dimension_is_no_sphere():
    with pytest.raises(ValueError, match=r"at least 2 dimensions.*Received: latent_dim=1"):
        create(1)


def test_samplers_of_gaussian_posteriors_are_refused():
    assert create().latents == ("vector",)
