from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from aezoo.noise import generator
from aezoo.samplers import build, mlp
from aezoo.samplers.two_stage import LINEAR

R, UNITS = 3, 8


def network(parameters, r=R):
    """A fitted sampler of white codes with these parameters."""
    sampler = build({"name": "two_stage", "units": UNITS})
    decoder = {name: parameters[name] for name in sampler._shapes(r)}
    return sampler.load({**decoder, "mean": np.zeros(r), "factor": np.eye(r)})


def start(r=R):
    return build({"name": "two_stage", "units": UNITS}).start(r, generator(0))


def random_parameters(seed=0):
    rng = generator(seed)
    return {name: a + 0.1 * rng.standard_normal(a.shape) for name, a in start().items()}


def test_at_the_start_draws_are_normal_and_the_bound_is_the_likelihood():
    parameters = start()
    sampler, rng = network(parameters), generator(1)
    drawn = sampler.transform(rng.standard_normal((50_000, 2 * R)))
    np.testing.assert_allclose(drawn.mean(axis=0), 0.0, atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(R), atol=0.03)
    codes = rng.standard_normal((4, R))
    noise = rng.standard_normal((4, 20_000, R))
    for code, draws in zip(codes, noise, strict=True):
        losses = sampler._loss(parameters, np.tile(code, (len(draws), 1)), draws, np)
        assert -losses.mean() == pytest.approx(
            multivariate_normal(np.zeros(R)).logpdf(code), abs=0.05
        )


def test_the_start_explains_by_latents_what_it_says():
    sampler = network(start())
    latents = generator(0).standard_normal((5, R))
    means = sampler.decode(start(), latents, np)
    np.testing.assert_allclose(means, LINEAR * latents, rtol=1e-6)


def test_the_bound_is_below_the_likelihood_which_importance_sampling_finds():
    parameters, rng = random_parameters(), generator(1)
    sampler, n = network(parameters), 100_000
    code = np.tile(rng.standard_normal((1, R)), (n, 1))
    bound = -sampler._loss(parameters, code, rng.standard_normal((n, R)), np).mean()
    latents = rng.standard_normal((n, R))
    error = code - sampler.decode(parameters, latents, np)
    deviation = np.exp(parameters["decoder.log_deviation"])
    densities = multivariate_normal(np.zeros(R), np.diag(deviation**2)).logpdf(error)
    likelihood = logsumexp(densities) - np.log(n)
    assert likelihood - 2.0 < bound < likelihood


def test_a_draw_is_the_decoded_latents_and_the_noise_of_the_decoder():
    parameters = random_parameters()
    sampler, draws = network(parameters), generator(1).standard_normal((10, 2 * R))
    mean = draws[:, :R] @ parameters["decoder.linear"]
    mean += mlp.apply(parameters, draws[:, :R], np, layers=3, prefix="decoder.")
    expected = mean + np.exp(parameters["decoder.log_deviation"]) * draws[:, R:]
    np.testing.assert_allclose(sampler.transform(draws), expected, rtol=1e-4, atol=1e-4)


def test_what_learns_is_what_draws():
    parameters = {name: a.astype("float32") for name, a in random_parameters().items()}
    codes, noise = generator(1).standard_normal((2, 20, R)).astype("float32")
    sampler = network(parameters)
    loss = keras.ops.convert_to_numpy(sampler._loss(parameters, codes, noise, keras.ops))
    np.testing.assert_allclose(loss, sampler._loss(parameters, codes, noise, np), rtol=1e-4)


def test_the_encoder_is_not_stored():
    codes = generator(0).standard_normal((60, 2)).astype("float32")
    sampler = build({"name": "two_stage", "units": UNITS, "iterations": 100}).fit(codes)
    assert not [name for name in sampler.arrays() if name.startswith("encoder")]
    assert sampler.noise_dim == 4
