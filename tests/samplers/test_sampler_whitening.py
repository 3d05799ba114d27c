from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from aezoo.noise import generator
from aezoo.samplers.whitening import load_whitening, whiten


def codes_of(d, rank, seed, n=200):
    rng = generator(seed)
    return rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d)) + rng.normal(size=d)


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_white_codes_have_mean_zero_and_unit_covariance(d, rank, seed):
    codes = codes_of(d, rank, seed)
    whitening = whiten(codes, "mine")
    white = whitening.forward(codes)
    r = white.shape[1]
    assert r <= min(d, rank)
    assert white.dtype == np.float32
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(white.T).reshape(r, r), np.eye(r), atol=1e-3)
    np.testing.assert_allclose(whitening.inverse(white), codes, atol=1e-2)


def test_directions_without_spread_are_left_out_and_come_back():
    codes = codes_of(5, 2, seed=3)
    codes[:, 4] = 7.0
    whitening = whiten(codes, "mine")
    assert whitening.factor.shape == (5, 2)
    drawn = whitening.inverse(generator(0).standard_normal((50, 2)))
    np.testing.assert_allclose(drawn[:, 4], 7.0, atol=1e-4)
    covariance = whitening.factor @ whitening.factor.T
    np.testing.assert_allclose(covariance, np.cov(codes.T), atol=1e-6)


def test_axes_stand_in_the_order_of_falling_variance():
    codes = codes_of(6, 6, seed=1)
    assert (np.diff(np.square(whiten(codes, "mine").factor).sum(axis=0)) < 0).all()


def test_log_determinant_is_that_of_the_density():
    codes = codes_of(3, 3, seed=2)
    whitening = whiten(codes, "mine")
    white = whitening.forward(codes)
    expected = multivariate_normal(codes.mean(axis=0), np.cov(codes.T)).logpdf(codes)
    found = multivariate_normal(np.zeros(3)).logpdf(white) - whitening.log_determinant()
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_what_is_stored_comes_back():
    whitening = whiten(codes_of(4, 3, seed=0), "mine")
    arrays = whitening.arrays()
    assert {array.dtype.name for array in arrays.values()} == {"float32"}
    loaded = load_whitening({**arrays, "other": np.zeros(2)}, "mine")
    np.testing.assert_allclose(loaded.factor, whitening.factor, rtol=1e-6)
    np.testing.assert_allclose(loaded.mean, whitening.mean, rtol=1e-6)


@pytest.mark.parametrize("codes", [np.ones((5, 3)), np.zeros((1, 2))])
def test_codes_that_are_all_the_same_are_refused(codes):
    with pytest.raises(ValueError, match=f"mine .* use 'normal'. Received: {len(codes)} codes"):
        whiten(codes, "mine")


@pytest.mark.parametrize(
    ("mean", "factor", "error"),
    [
        (np.zeros(3), None, "do not fit"),
        (None, np.zeros((3, 2)), "do not fit"),
        (np.zeros(3), np.zeros((2, 2)), "do not fit"),
        (np.zeros(2), np.zeros((2, 3)), "do not fit"),
        (np.zeros(2), np.zeros((2, 0)), "do not fit"),
        (np.zeros((1, 2)), np.zeros((2, 2)), "do not fit"),
        (np.zeros(2), np.full((2, 2), 3e38), "not finite"),
        (np.full(2, np.nan), np.zeros((2, 2)), "not finite"),
    ],
)
def test_arrays_that_are_no_map_are_refused(mean, factor, error):
    arrays = {name: a for name, a in {"mean": mean, "factor": factor}.items() if a is not None}
    with pytest.raises(ValueError, match=f"sampler 'mine' .*{error}|'mine' are {error}"):
        load_whitening(arrays, "mine")
