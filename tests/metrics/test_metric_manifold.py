from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aezoo.metrics import coverage, density, precision, recall
from aezoo.metrics.manifold import memberships


def naive(real, generated, k):
    """The four scores, as their papers define them."""

    def radius(points, i):
        others = [np.linalg.norm(points[i] - points[j]) for j in range(len(points)) if j != i]
        return sorted(others)[k - 1]

    def inside(point, points, i):
        return np.linalg.norm(point - points[i]) <= radius(points, i)

    n, m = len(real), len(generated)
    of_real = np.array([[inside(g, real, i) for i in range(n)] for g in generated])
    of_generated = np.array([[inside(r, generated, j) for j in range(m)] for r in real])
    return {
        "precision": of_real.any(axis=1).mean(),
        "recall": of_generated.any(axis=1).mean(),
        "density": of_real.sum() / (k * m),
        "coverage": of_real.any(axis=0).mean(),
    }


@given(st.integers(0, 2**31), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_the_counts_give_what_the_papers_define(seed, k):
    rng = np.random.default_rng(seed)
    real, generated = rng.normal(size=(12, 2)), 0.7 * rng.normal(size=(9, 2)) + 0.5
    balls, inside = memberships(generated, real, k)
    reached, _ = memberships(real, generated, k)
    expected = naive(real, generated, k)
    assert (balls > 0).mean() == expected["precision"]
    assert balls.sum() / (k * len(generated)) == pytest.approx(expected["density"])
    assert (inside > 0).mean() == expected["coverage"]
    assert (reached > 0).mean() == expected["recall"]


@pytest.mark.parametrize("metric", [precision, recall, density, coverage])
def test_metrics_are_those_of_the_features(metric, monkeypatch):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 3)), 0.8 * rng.normal(size=(30, 3)) + 0.3
    module = importlib.import_module(f"aezoo.metrics.{metric.__name__}")
    monkeypatch.setattr(module, "perceptual_features", lambda *_, **__: points)
    for k in (1, 5):
        expected = naive(*points, k)[metric.__name__]
        assert metric(None, None, k=k) == pytest.approx(expected, abs=1e-12)


def test_copies_lie_in_the_balls_of_their_originals_whatever_rounding_does():
    same = np.full((10, 64), 1e3) + np.random.default_rng(0).random((1, 64))
    balls, inside = memberships(same, same, 5)  # all distances are 0, and so are all radii
    assert (balls == 10).all()
    assert (inside == 10).all()


def test_expectations_for_one_distribution():
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 1500, 4))
    balls, inside = memberships(generated, real, 5)
    assert balls.mean() / 5 == pytest.approx(1, abs=0.05)
    assert (inside > 0).mean() == pytest.approx(1 - 2**-5, abs=0.015)


def test_order_and_chunks_do_not_matter(monkeypatch):
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(2, 50, 3))
    balls, inside = memberships(generated, real, 3)
    monkeypatch.setattr("aezoo.metrics.manifold._ROWS", 7)
    order = rng.permutation(50)
    again, of_balls = memberships(generated[order], real[::-1], 3)
    np.testing.assert_array_equal(again, balls[order])
    np.testing.assert_array_equal(of_balls, inside[::-1])


@pytest.mark.parametrize("k", [0, 6])
def test_k_needs_more_samples(k):
    points = np.zeros((6, 2))
    with pytest.raises(ValueError, match=rf"k must be at least 1, .*k={k}, 6 samples"):
        memberships(points, points, k)
