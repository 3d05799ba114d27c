"""What every sampler that adapts to the shape of the codes must do, on two moons."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_moons

from aezoo.noise import generator
from aezoo.samplers import build

LEARNED = ["real_nvp", "maf", "iaf", "two_stage", "rectified_flow"]
SPECS = {
    "kde": {"name": "kde"},
    **{name: {"name": name, "epochs": 40, "learning_rate": 5e-3} for name in LEARNED},
}


def moons(n, seed):
    points, _ = make_moons(n, noise=0.06, random_state=seed)
    return points.astype("float32") * [3.0, 1.0] + [10.0, -2.0]


def sliced_wasserstein(a, b, directions=64):
    """Mean distance of the sorted projections of two equally large sets."""
    angles = np.pi * np.arange(directions) / directions
    lines = np.stack([np.cos(angles), np.sin(angles)])
    return np.abs(np.sort(a @ lines, axis=0) - np.sort(b @ lines, axis=0)).mean()


def draw(sampler, n=2000):
    return sampler.transform(generator(3).standard_normal((n, sampler.noise_dim)))


@pytest.fixture(scope="module")
def baseline():
    """Distances to unseen codes: of the Gaussian, and of as many other codes."""
    unseen = moons(2000, seed=1)
    gaussian = draw(build("normal").fit(moons(2000, seed=0)))
    return sliced_wasserstein(gaussian, unseen), sliced_wasserstein(moons(2000, seed=2), unseen)


@pytest.mark.parametrize("name", SPECS)
def test_two_moons_are_recovered(name, baseline):
    gaussian, floor = baseline
    drawn = draw(build(SPECS[name]).fit(moons(2000, seed=0), seed=0))
    distance = sliced_wasserstein(drawn, moons(2000, seed=1))
    assert distance - floor < 0.4 * (gaussian - floor)


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
