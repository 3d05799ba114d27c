from __future__ import annotations

import numpy as np
import pytest

from aezoo import transport
from aezoo.transport import METHODS, moments, power


def clouds(n=400, m=300, d=5, seed=0):
    """Two clouds of correlated vectors that are not normal."""
    rng = np.random.default_rng(seed)
    x, y = (rng.exponential(size=(k, d)) @ rng.normal(size=(d, d)) for k in (n, m))
    return x + 3, y - 1


def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("name", ["wct", "ot"])
def test_moments_become_those_of_the_other(name):
    x, y = clouds()
    moved = METHODS[name](x, y, rng())(x)
    for ours, theirs in zip(moments(moved), moments(y), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_adain_gives_each_channel_mean_and_deviation():
    x, y = clouds()
    moved = METHODS["adain"](x, y, rng())(x)
    np.testing.assert_allclose(moved.mean(axis=0), y.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(moved.std(axis=0), y.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.corrcoef(moved.T), np.corrcoef(x.T), atol=1e-5)


def test_the_optimal_map_is_symmetric_positive_and_the_cheapest():
    x, y = clouds()
    maps = {name: METHODS[name](x, y, rng()) for name in ("ot", "wct")}
    slope = maps["ot"](np.eye(5)) - maps["ot"](np.zeros((1, 5)))
    np.testing.assert_allclose(slope, slope.T, atol=1e-5)
    assert np.linalg.eigvalsh(slope).min() > 0
    costs = {name: np.mean(np.sum((move(x) - x) ** 2, axis=1)) for name, move in maps.items()}
    assert costs["ot"] < costs["wct"]
    # The squared Wasserstein distance of normal distributions, in closed form.
    (mean, own), (other_mean, other) = moments(x), moments(y)
    root = power(own, 0.5)
    trace = np.trace(own + other - 2 * power(root @ other @ root, 0.5))
    assert costs["ot"] == pytest.approx(np.sum((mean - other_mean) ** 2) + trace, rel=1e-5)


def test_knothe_keeps_the_order_of_the_first_numbers_and_takes_over_moments():
    x, y = clouds()
    moved = transport.knothe(x, y)(x)
    for ours, theirs in zip(moments(moved), moments(y), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    # Of the Gaussian rearrangement the first row is that of one dimension.
    ratio = y[:, 0].std() / x[:, 0].std()
    expected = y[:, 0].mean() + ratio * (x[:, 0] - x[:, 0].mean())
    np.testing.assert_allclose(moved[:, 0], expected, rtol=1e-4)
    last = transport.knothe(x[:, :2], y[:, :2])  # of two numbers, the map by Cholesky factors
    factors = [np.linalg.cholesky(moments(each[:, :2])[1]) for each in (y, x)]
    slope = last(np.eye(2)) - last(np.zeros((1, 2)))
    np.testing.assert_allclose(slope.T, factors[0] @ np.linalg.inv(factors[1]), atol=1e-4)


def test_knothe_may_leave_the_first_numbers_and_the_means():
    x, y = clouds()
    moved = transport.knothe(x, y, still=True)(x)
    np.testing.assert_allclose(moved[:, 0], x[:, 0], atol=1e-5)
    np.testing.assert_allclose(moved.mean(axis=0), x.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(moments(moved)[1][1:, 1:], moments(y)[1][1:, 1:], atol=1e-4)


def test_knothe_adds_nothing_where_nothing_varies():
    x, y = clouds()
    first = np.zeros_like(x)
    first[:, 0] = x[:, 0]
    assert transport.knothe(np.ones_like(x), np.ones_like(x))(x[:3]) == pytest.approx(x[:3])
    moved = transport.knothe(first, y)(first)
    assert np.linalg.matrix_rank(moved - moved.mean(axis=0), tol=1e-2) == 1  # a line in colour


def test_sliced_keeps_order_and_takes_over_the_distribution():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(5000, 1)), generator.exponential(size=(4000, 1))
    moved = METHODS["sliced"](x, y, rng())(x)
    assert np.all(np.diff(moved[np.argsort(x[:, 0]), 0]) >= 0)
    shares = np.linspace(0.01, 0.99, 50)
    found, wanted = np.quantile(moved, shares), np.quantile(y, shares)
    np.testing.assert_allclose(found, wanted, atol=0.02)


def test_sliced_rounds_bring_distributions_together():
    x, y = clouds(4000, 4000)

    def distance(moved):
        bases = [transport.orthonormal(5, np.random.default_rng(k)) for k in range(20)]
        pairs = [(np.sort(moved @ q, axis=0), np.sort(y @ q, axis=0)) for q in bases]
        return np.mean([np.mean((a - b) ** 2) for a, b in pairs])

    generator, moved = rng(), METHODS["ot"](x, y, rng())(x)
    gaussian = distance(moved)
    for _ in range(15):
        moved = METHODS["sliced"](moved, y, generator)(moved)
    assert distance(moved) < 0.2 * gaussian


@pytest.mark.parametrize("name", METHODS)
def test_the_same_cloud_stays(name):
    x, _ = clouds()
    np.testing.assert_allclose(METHODS[name](x, x, rng())(x), x, atol=0.05 * x.std())


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("shape", [(1, 6), (3, 6), (50, 6)])
def test_constant_few_and_degenerate_vectors(name, shape):
    constant = np.full(shape, 0.5, np.float32)
    few = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    for x, y in ((constant, few), (few, constant), (constant, constant), (few, few)):
        moved = METHODS[name](x, y, rng())(x)
        assert np.isfinite(moved).all()
        np.testing.assert_allclose(moved.mean(axis=0), y.mean(axis=0), atol=0.02)


def test_directions_without_variance_stay():
    x = np.random.default_rng(0).normal(size=(99, 3)) * [1, 1, 0]
    for name in ("ot", "wct", "adain"):
        move = METHODS[name](x, 2 * x, rng())
        away = move(np.array([[0.0, 0.0, 1.0]])) - move(np.zeros((1, 3)))
        np.testing.assert_allclose(away, [[0, 0, 1]], atol=1e-5)


def test_quantiles_are_numpys():
    x = np.random.default_rng(0).normal(size=(3, 101))
    shares = np.array([0.0, 0.123, 0.5, 0.99, 1.0])
    np.testing.assert_allclose(transport.quantiles(x, shares), np.quantile(x, shares, axis=1).T)


def test_a_power_is_that_of_the_eigenvalues():
    covariance = moments(clouds()[0])[1]
    np.testing.assert_allclose(power(covariance, 0.5) @ power(covariance, 0.5), covariance)
    np.testing.assert_allclose(power(covariance, -1.0) @ covariance, np.eye(5), atol=1e-8)
    assert not power(np.zeros((3, 3)), -0.5).any()
