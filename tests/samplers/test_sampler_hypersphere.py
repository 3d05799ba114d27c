"""Uniform codes on a sphere."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from aezoo.noise import generator
from aezoo.samplers import build


def codes(n=50, d=4, radius=3.0):
    directions = generator(0).standard_normal((n, d))
    return (radius * directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype("f")


def test_draws_are_uniform_on_the_sphere_of_the_codes():
    sampler = build("hypersphere").fit(codes(d=3))
    assert sampler.noise_dim == 3
    draws = sampler.transform(generator(1).standard_normal((5000, 3)))
    np.testing.assert_allclose(np.linalg.norm(draws, axis=1), 3.0, rtol=1e-5)
    # In three dimensions each coordinate is uniform, by Archimedes.
    for coordinate in draws.T:
        assert scipy.stats.kstest(coordinate, "uniform", (-3.0, 6.0)).pvalue > 0.01


def test_codes_of_nearly_one_norm_have_their_mean_norm():
    norms = np.array([1.0, 1.0004], "float32")[:, None]
    draws = build("hypersphere").fit(codes(2, radius=1.0) * norms).transform(np.ones((1, 4)))
    assert np.linalg.norm(draws) == pytest.approx(1.0002, abs=1e-5)


@pytest.mark.parametrize("factor", [0.0, 0.99, 1.01])
def test_codes_of_different_norms_are_refused(factor):
    given = codes()
    given[7] *= factor
    with pytest.raises(ValueError, match=r"'normal' or 'gmm'\. Received: codes with norms from"):
        build("hypersphere").fit(given)


def test_codes_at_the_centre_are_refused():
    with pytest.raises(ValueError, match="norms from 0 to 0"):
        build("hypersphere").fit(np.zeros((5, 3)))


ARRAYS = {"radius": np.ones(1, "float32"), "dimension": np.full(1, 3, "float32")}


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {**ARRAYS, "extra": np.zeros(1, "float32")},
        {**ARRAYS, "radius": np.zeros(1, "float32")},
        {**ARRAYS, "radius": np.ones((), "float32")},
        {**ARRAYS, "radius": np.full(1, 1e38, "float32")},
        {**ARRAYS, "dimension": np.full(1, 2.5, "float32")},
        {**ARRAYS, "dimension": np.zeros(1, "float32")},
        {**ARRAYS, "dimension": np.full(1, 1e9, "float32")},
    ],
)
def test_arrays_that_are_no_sphere_are_refused(arrays):
    with pytest.raises(ValueError, match="'hypersphere'"):
        build("hypersphere").load(arrays)
