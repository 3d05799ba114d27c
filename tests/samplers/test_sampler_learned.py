"""What every sampler that adapts to the shape of the codes must do, on two moons."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import multivariate_normal
from sklearn.datasets import make_moons

from aezoo.noise import generator
from aezoo.samplers import build

LEARNED = ["real_nvp", "maf", "iaf", "two_stage", "rectified_flow"]
SPECS = {
    "kde": {"name": "kde"},
    **{name: {"name": name, "iterations": 1500, "learning_rate": 5e-3} for name in LEARNED},
}
SHARE = dict.fromkeys(SPECS, 0.35) | {"iaf": 0.6, "two_stage": 0.75}
"""Largest distance to unseen codes, as a share of the Gaussian's."""


def moons(n, seed):
    points, _ = make_moons(n, noise=0.06, random_state=seed)
    return (points * [3.0, 1.0] + [10.0, -2.0]).astype("float32")


def distance(a, b, width=0.5):
    """The squared maximum mean discrepancy of two equally large sets, without bias."""

    def pairs(x, y):
        return np.exp(-0.5 * cdist(x, y, "sqeuclidean") / width**2)

    n = len(a)
    within = sum((pairs(x, x).sum() - n) / (n * (n - 1)) for x in (a, b))
    return within - 2.0 * pairs(a, b).mean()


def draw(sampler, n=2000):
    return sampler.transform(generator(3).standard_normal((n, sampler.noise_dim)))


@functools.cache
def fitted(name):
    return build(SPECS[name]).fit(moons(2000, seed=0), seed=0)


@pytest.fixture(scope="module")
def gaussian():
    """The distance of the Gaussian to codes that it was not fitted to."""
    assert abs(distance(moons(2000, seed=2), moons(2000, seed=1))) < 1e-3
    return distance(draw(build("normal").fit(moons(2000, seed=0))), moons(2000, seed=1))


@pytest.mark.parametrize("name", SPECS)
def test_two_moons_are_recovered(name, gaussian):
    assert distance(draw(fitted(name)), moons(2000, seed=1)) < SHARE[name] * gaussian


@pytest.mark.parametrize("name", ["real_nvp", "maf", "iaf"])
def test_held_out_codes_are_likelier_than_under_the_gaussian(name):
    codes, unseen = moons(2000, seed=0), moons(2000, seed=1)
    known = multivariate_normal(codes.mean(axis=0), np.cov(codes.T)).logpdf(unseen)
    assert fitted(name).log_prob(unseen).mean() > known.mean() + 0.8


@pytest.mark.parametrize("name", LEARNED)
def test_too_few_codes_name_the_number_needed(name):
    with pytest.raises(ValueError, match=f"{name} needs at least 10 samples.*Received: 9 samples"):
        build(name).fit(moons(9, seed=0))


@pytest.mark.parametrize("name", SPECS)
def test_codes_that_are_all_the_same_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} .* all the same: use 'normal'"):
        build(name).fit(np.ones((20, 3), "float32"))


@pytest.mark.parametrize("name", SPECS)
def test_codes_that_are_not_finite_are_refused(name):
    codes = moons(50, seed=0)
    codes[0] = np.nan
    with pytest.raises(ValueError, match=f"{name} needs codes that are finite"):
        build(name).fit(codes)
