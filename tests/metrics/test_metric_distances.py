from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from aezoo.metrics.frechet import frechet_distance
from aezoo.metrics.kernel_distance import kernel_distance


def sets(seed, sizes=(40, 50), d=6, shift=0.5):
    rng = np.random.default_rng(seed)
    first, second = (rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) for n in sizes)
    return first, second + shift


@given(st.integers(0, 2**31), st.integers(1, 8))
@settings(max_examples=20, deadline=None)
def test_frechet_is_the_closed_form(seed, d):
    x, y = sets(seed, d=d)
    c1, c2 = (np.atleast_2d(np.cov(vectors.T)) for vectors in (x, y))
    root = scipy.linalg.sqrtm(c1 @ c2)
    shift = x.mean(0) - y.mean(0)
    expected = shift @ shift + np.trace(c1 + c2 - 2 * np.real(root))
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_frechet_of_diagonal_gaussians():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    x = (x - x.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T  # covariance I, mean 0
    scales, shift = np.array([1.0, 2.0, 0.5]), np.array([3.0, 0.0, -1.0])
    expected = (shift**2).sum() + ((scales - 1) ** 2).sum()
    assert frechet_distance(x, x * scales + shift) == pytest.approx(expected)


def test_frechet_of_features_that_are_never_on():
    x, y = sets(0)
    silent = [np.concatenate([vectors, np.zeros((len(vectors), 2))], axis=1) for vectors in (x, y)]
    assert frechet_distance(*silent) == pytest.approx(frechet_distance(x, y))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-8)


def naive_squared_mmd(x, y):
    def kernel(a, b):
        return (float(a @ b) / len(a) + 1) ** 3

    n, m = len(x), len(y)
    within_x = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    within_y = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    between = sum(kernel(a, b) for a in x for b in y)
    return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m)


@given(st.integers(0, 2**31), st.integers(2, 9), st.integers(2, 9))
@settings(max_examples=20, deadline=None)
def test_kernel_distance_is_the_double_sum(seed, n, m):
    x, y = sets(seed, (n, m), d=4)
    assert kernel_distance(x, y) == pytest.approx(naive_squared_mmd(x, y), rel=1e-9, abs=1e-9)


def test_kernel_distance_is_not_biased():
    rng = np.random.default_rng(0)
    found = [kernel_distance(*rng.normal(size=(2, 30, 5))) for _ in range(400)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 20
    assert min(found) < 0


def test_kernel_distance_of_large_sets_is_the_mean_over_subsets(monkeypatch):
    monkeypatch.setattr("aezoo.metrics.kernel_distance.SUBSET_SIZE", 100)
    x, y = sets(0, (400, 450))
    found = [kernel_distance(x, y, seed=seed) for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert found == pytest.approx([naive_squared_mmd(x, y)] * 3, rel=0.15)
    small = sets(0, (100, 90))
    assert kernel_distance(*small, seed=0) == kernel_distance(*small, seed=1)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_order_does_not_matter(distance):
    x, y = sets(1)
    order = np.random.default_rng(0).permutation(len(x))
    assert distance(x[order], y) == pytest.approx(distance(x, y))
    assert distance(y, x) == pytest.approx(distance(x, y))


def test_too_few():
    x, y = sets(0, (11, 12))
    with pytest.raises(ValueError, match=r"of 6 features needs at least 12.*Received: 11 and 12"):
        frechet_distance(x, y)
    with pytest.raises(ValueError, match=r"at least 2 samples.*Received: 11 and 1"):
        kernel_distance(x, y[:1])
