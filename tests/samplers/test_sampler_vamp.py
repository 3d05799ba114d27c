"""A mixture of training posteriors."""

from __future__ import annotations

import numpy as np
import pytest

import aezoo
from aezoo.noise import generator
from aezoo.samplers import build


def noise(*shape, seed=0):
    return generator(seed).standard_normal(shape)


def test_draws_come_from_each_posterior_alike():
    means = np.array([[-9.0, 0.0], [0.0, 9.0], [9.0, 0.0], [0.0, -9.0]])
    deviations = np.array([[0.5, 1.0], [1.0, 1.0], [0.1, 2.0], [1.0, 0.0]])
    sampler = build("vamp").fit(means, deviations, seed=0)
    draws = sampler.transform(noise(40_000, 3))
    assert draws.dtype == np.float32
    nearest = np.linalg.norm(draws[:, None] - means, axis=-1).argmin(axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 40_000, 0.25, atol=0.01)
    for index in range(4):
        found = draws[nearest == index]
        np.testing.assert_allclose(found.mean(axis=0), means[index], atol=0.05)
        np.testing.assert_allclose(found.std(axis=0), deviations[index], atol=0.05)


def test_components_are_different_samples_chosen_by_the_seed():
    means, deviations = noise(200, 3), np.abs(noise(200, 3, seed=1))
    spec = {"name": "vamp", "components": 50}
    fits = [build(spec).fit(means, deviations, seed=seed) for seed in (0, 0, 1)]
    assert fits[0].means.shape == (50, 3)
    assert len(np.unique(fits[0].means, axis=0)) == 50
    rows = [np.flatnonzero((means == mean).all(axis=1)) for mean in fits[0].means]
    np.testing.assert_array_equal(deviations[np.concatenate(rows)], fits[0].deviations)
    np.testing.assert_array_equal(fits[0].means, fits[1].means)
    assert not np.array_equal(fits[0].means, fits[2].means)


def test_fewer_samples_than_components_are_all_kept():
    sampler = build("vamp").fit(noise(3, 2), np.ones((3, 2)))
    assert sampler.means.shape == (3, 2)
    reloaded = build(sampler.spec).load(sampler.arrays())
    np.testing.assert_allclose(
        reloaded.transform(noise(9, 3)), sampler.transform(noise(9, 3)), atol=1e-5
    )


def test_the_ends_of_the_noise_choose_the_first_and_the_last():
    sampler = build("vamp").fit(np.arange(3.0)[:, None], np.zeros((3, 1)))
    found = sampler.transform(np.array([[0.0, -40.0], [0.0, 40.0]]))
    np.testing.assert_array_equal(found, sampler.means[[0, 2]])


def test_it_keeps_the_posteriors_of_a_model():
    x = generator(0).random((20, 5)).astype("float32")
    model = aezoo.create("vae", sample_shape=(5,), latent_dim=2)
    sampler = model.fit_sampler("vamp", x)
    posterior = model.posterior(x)
    order = np.lexsort(sampler.means.T)
    expected = np.asarray(posterior["mean"])
    by_mean = np.lexsort(expected.T)
    np.testing.assert_allclose(sampler.means[order], expected[by_mean], atol=1e-5)
    deviations = np.exp(0.5 * np.asarray(posterior["log_variance"]))
    np.testing.assert_allclose(sampler.deviations[order], deviations[by_mean], atol=1e-4)
    with pytest.raises(ValueError, match="no Gaussian posteriors"):
        aezoo.create("ae", sample_shape=(5,)).fit_sampler("vamp", x)


ARRAYS = {"means": np.zeros((3, 2), "float32"), "deviations": np.ones((3, 2), "float32")}


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"means": ARRAYS["means"]},
        {**ARRAYS, "extra": np.zeros(1, "float32")},
        {**ARRAYS, "deviations": np.ones((3, 3), "float32")},
        {**ARRAYS, "deviations": np.full((3, 2), 1e38, "float32")},
        {name: array[:0] for name, array in ARRAYS.items()},
        {name: np.concatenate([array] * 2) for name, array in ARRAYS.items()},
    ],
)
def test_arrays_that_do_not_fit_are_refused(arrays):
    with pytest.raises(ValueError, match="'vamp'"):
        build({"name": "vamp", "components": 5}).load(arrays)
