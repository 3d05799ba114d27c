"""The prior that is a mixture of the posteriors of pseudo-inputs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
from keras import ops

import aezoo
from aezoo import losses
from aezoo.noise import generator

to_numpy = ops.convert_to_numpy
X = generator(0).random((6, 5)).astype("float32")


def create(latent_dim=3, **config):
    body = {"name": "mlp", "hidden": [4], "activation": "tanh"}
    return aezoo.create("vamp_vae", sample_shape=(5,), latent_dim=latent_dim, body=body, **config)


def noise(*shape, seed=0):
    return generator(seed).standard_normal(shape).astype("float32")


def numpy(values):
    return {name: to_numpy(value).astype("float64") for name, value in values.items()}


def mixture_log_density(z, mean, log_variance):
    components = [
        scipy.stats.norm.logpdf(z, m, np.exp(v / 2)).sum(axis=1)
        for m, v in zip(mean, log_variance, strict=True)
    ]
    return scipy.special.logsumexp(components, axis=0) - np.log(len(mean))


def test_the_mixture_density_is_that_of_scipy():
    z, mean, log_variance = noise(7, 3), noise(4, 3, seed=1), noise(4, 3, seed=2)
    found = to_numpy(losses.gaussian_mixture_nll(z, mean, log_variance))
    np.testing.assert_allclose(found, -mixture_log_density(z, mean, log_variance), rtol=1e-5)


def test_kl_is_the_log_ratio_at_the_posterior_sample():
    model = create(pseudo_inputs=4)
    outputs = model.forward(X)
    kl = to_numpy(model.terms(X, X, outputs)["kl"])
    posterior, components = numpy(outputs), numpy(model.components())
    z, deviation = posterior["code"], np.exp(posterior["log_variance"] / 2)
    density = scipy.stats.norm.logpdf(z, posterior["mean"], deviation).sum(axis=1)
    np.testing.assert_allclose(kl, density - mixture_log_density(z, **components), atol=1e-4)
    assert model.term_weights() == {"nll": 1.0, "kl": 1.0}


def test_one_pseudo_input_with_a_standard_posterior_is_a_vae():
    model = create(pseudo_inputs=1)
    model.components = lambda: {
        "mean": np.zeros((1, 3), "f"),
        "log_variance": np.zeros((1, 3), "f"),
    }
    posterior = {"mean": noise(1, 3), "log_variance": 0.5 * noise(1, 3, seed=1)}
    many = {name: np.repeat(value, 40_000, axis=0) for name, value in posterior.items()}
    z = model.sample_posterior(many, noise(40_000, 3, seed=2))
    ratio = to_numpy(model.log_ratio(z, many))
    np.testing.assert_allclose(ratio, losses.gaussian_log_ratio(z, **many), atol=1e-4)
    assert ratio.mean() == pytest.approx(float(losses.gaussian_kl(**posterior)[0]), abs=0.03)


def test_the_prior_draws_from_the_mixture():
    model = create(2, pseudo_inputs=3)
    components = {
        "mean": np.array([[-4.0, 0.0], [0.0, 4.0], [4.0, 0.0]], "f"),
        "log_variance": np.log(np.array([[0.1, 1.0], [0.5, 0.5], [1.0, 0.1]], "f")),
    }
    model.components = lambda: components
    assert model.prior_noise_shape == (3,)
    draws = to_numpy(model.prior(noise(30_000, 3)))
    for index in range(3):
        mean = components["mean"][index]
        near = draws[
            np.linalg.norm(draws[:, None] - components["mean"], axis=-1).argmin(1) == index
        ]
        assert len(near) / 30_000 == pytest.approx(1 / 3, abs=0.02)
        np.testing.assert_allclose(near.mean(axis=0), mean, atol=0.05)
        np.testing.assert_allclose(
            near.var(axis=0), np.exp(components["log_variance"][index]), atol=0.06
        )
    far = np.array([[0.0, 0.0, -40.0], [0.0, 0.0, 40.0]], "f")
    np.testing.assert_allclose(model.prior(far), components["mean"][[0, 2]], atol=1e-6)


def test_the_weights_of_a_decoder_that_ignores_its_code_average_to_its_likelihood():
    """`E_q[p(z) / q(z | x)] = 1` where the posterior covers the prior."""
    model = create(2)
    for weight in model.decoder.weights:
        weight.assign(0.0 * to_numpy(weight))
    x = np.repeat(X[:1], 20_000, axis=0)
    log_weights = to_numpy(model.log_weight(x, noise(20_000, 2))).astype("float64")
    nll = to_numpy(model.likelihood.nll(X[:1], np.zeros((1, 5), "float32")))[0]
    assert np.exp(log_weights + nll).mean() == pytest.approx(1.0, abs=0.05)


def test_pseudo_inputs_are_trained_and_stay_samples():
    model = create(pseudo_inputs=4)
    inputs, faint = model.inputs_of_prior, 4**-0.5
    before = to_numpy(inputs.own).copy()
    assert before.shape == (4, 5)
    assert 0 < np.abs(before).max() <= faint
    assert not to_numpy(inputs.shared).any()
    # All are inside the unit interval, so that every one of them has a gradient.
    inputs.own.assign(0.5 + 0.1 * before)
    before = to_numpy(inputs.own).copy()
    model.compile(keras.optimizers.Adam(0.3), run_eagerly=True)
    model.fit(X, epochs=10, verbose=0)
    assert to_numpy(inputs.shared).all()
    assert (to_numpy(inputs.own) != before).all()
    values = to_numpy(inputs.values())
    assert ((values >= 0.0) & (values <= 1.0)).all()


def test_pseudo_inputs_are_what_they_share_and_their_own_cut_to_the_unit_interval():
    model = create(pseudo_inputs=2)
    own = np.array([[-0.5, 0.1, 0.2, 0.9, 0.0], [0.3, 0.3, 0.3, 0.3, 0.3]], "f")
    model.inputs_of_prior.own.assign(own)
    model.inputs_of_prior.shared.assign(np.full(5, 0.2, "f"))
    expected = [[0.0, 0.3, 0.4, 1.0, 0.2], [0.5, 0.5, 0.5, 0.5, 0.5]]
    np.testing.assert_allclose(to_numpy(model.inputs_of_prior.values()), expected, atol=1e-6)
    posterior = model.posterior(np.asarray(expected, "f"))
    np.testing.assert_allclose(model.components()["mean"], posterior["mean"], atol=1e-6)


def test_standardised_samples_have_pseudo_inputs_without_bounds():
    steps = {"name": "standardise", "mean": 0.5, "std": 0.1}
    model = create(pseudo_inputs=2, preprocess=steps)
    model.inputs_of_prior.own.assign(np.full((2, 5), -3.0, "f"))
    np.testing.assert_allclose(to_numpy(model.inputs_of_prior.values()), -3.0)
    assert np.isfinite(model.generate(3, seed=0)).all()


def test_warm_up_weighs_the_same_kl():
    model = create(kl_penalty={"name": "warm_up", "steps": 4})
    outputs = model.forward(X)
    for step in range(6):
        terms = numpy(model.terms(X, X, outputs, training=True))
        np.testing.assert_allclose(terms["kl_penalty"], min(step / 4, 1.0) * terms["kl"], rtol=1e-5)
