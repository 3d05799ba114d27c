"""The mathematics that maf, iaf and real_nvp share, on random parameters: nothing is trained."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from aezoo.noise import generator
from aezoo.samplers import build
from aezoo.samplers.autoregressive import degrees, masks
from aezoo.samplers.flow import STEEPEST, shift_and_scale
from aezoo.samplers.real_nvp import halves
from aezoo.samplers.whitening import whiten

FLOWS = ["maf", "iaf", "real_nvp"]
BLOCKS, UNITS = 4, 9


def random_flow(name, r, *, spread=0.5, seed=0):
    """A flow of white codes with random parameters, in float64."""
    sampler = build({"name": name, "blocks": BLOCKS, "units": UNITS})
    rng, shapes = generator(seed), sampler._shapes(r)
    parameters = {name: spread * rng.standard_normal(shape) for name, shape in shapes.items()}
    sampler.load({**parameters, "mean": np.zeros(r), "factor": np.eye(r)})
    sampler.parameters = parameters
    return sampler


def points(n, r, seed=1):
    return generator(seed).standard_normal((n, r))


def jacobian(function, x, step=1e-5):
    """`J[i, a, b]`, the derivative of output a to input b at point i."""
    shifts = step * np.eye(x.shape[1])
    columns = [(function(x + shift) - function(x - shift)) / (2 * step) for shift in shifts]
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("r", [1, 2, 5])
def test_generate_inverts_normalise(name, r):
    flow, x = random_flow(name, r), points(20, r)
    for block in range(BLOCKS):
        z, _ = flow.normalise(flow.parameters, block, x, np)
        assert r == 1 or np.abs(z - x).max() > 1e-3
        np.testing.assert_allclose(flow.generate(flow.parameters, block, z), x, atol=1e-9)


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("r", [1, 4])
def test_the_log_determinant_is_that_of_the_jacobian(name, r):
    flow, x = random_flow(name, r), points(10, r)
    for block in range(BLOCKS):
        found = flow.normalise(flow.parameters, block, x, np)[1]
        slopes = jacobian(lambda x, b=block: flow.normalise(flow.parameters, b, x, np)[0], x)
        np.testing.assert_allclose(found, np.linalg.slogdet(slopes)[1], atol=1e-6)


@pytest.mark.parametrize("name", FLOWS)
def test_a_density_integrates_to_one(name):
    flow = random_flow(name, 2, spread=0.25)
    line = np.linspace(-12, 12, 401)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    mass = np.exp(flow.log_prob(grid)).sum() * (line[1] - line[0]) ** 2
    assert mass == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("name", FLOWS)
def test_draws_have_the_density(name):
    """The mean of exp(f - log p) over draws of p is the integral of exp(f)."""
    flow = random_flow(name, 2, spread=0.25)
    draws = flow.transform(points(40_000, 2))
    narrow = multivariate_normal(draws.mean(axis=0), 0.2 * np.cov(draws.T))
    ratio = np.exp(narrow.logpdf(draws) - flow.log_prob(draws))
    assert ratio.mean() == pytest.approx(1.0, abs=5 * ratio.std() / 200)
    assert ratio.std() / 200 < 0.05


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_of_zeros_is_the_gaussian_of_the_codes(name):
    codes = points(300, 3) @ points(3, 3, seed=2) + [1.0, 2.0, 3.0]
    flow = build(name)
    zeros = {name: np.zeros(shape, "float32") for name, shape in flow._shapes(3).items()}
    flow.load({**zeros, **whiten(codes, name).arrays()})
    gaussian = multivariate_normal(codes.mean(axis=0), np.cov(codes.T))
    np.testing.assert_allclose(flow.log_prob(codes), gaussian.logpdf(codes), rtol=1e-4)


@pytest.mark.parametrize("name", FLOWS)
def test_what_learns_is_what_draws(name):
    flow, x = random_flow(name, 3), points(20, 3).astype("float32")
    parameters = {name: a.astype("float32") for name, a in flow.parameters.items()}
    loss = keras.ops.convert_to_numpy(flow._loss(parameters, x, keras.ops))
    np.testing.assert_allclose(-loss, flow.log_prob(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("r", [2, 5, 12])
def test_the_numbers_of_a_block_depend_on_those_before_only(r):
    flow, x = random_flow("maf", r), points(10, r)
    for block in range(BLOCKS):
        slopes = jacobian(lambda x, b=block: flow.parallel(flow.parameters, b, x, np)[0], x)
        if block % 2:
            slopes = slopes[:, ::-1, ::-1]
        assert not np.triu(slopes, 1).any()
        assert (np.abs(np.tril(slopes, -1)).max(axis=0) > 0)[np.tril_indices(r, -1)].any()


def test_masks_connect_every_number_to_all_before():
    for block in (0, 1):
        first, second, third = masks(6, 20, block)
        paths = first @ second @ third
        order = slice(None, None, -1 if block else 1)
        for half in (paths[:, :6], paths[:, 6:]):
            np.testing.assert_array_equal(half[order, order] > 0, np.triu(np.ones((6, 6)), 1) > 0)


def test_hidden_units_are_shared_out_evenly():
    _, of_unit = degrees(5, 12, 0)
    np.testing.assert_array_equal(np.bincount(of_unit)[1:], [3, 3, 3, 3])
    assert (np.diff(of_unit) >= 0).all()


@pytest.mark.parametrize("r", [1, 2, 3, 5, 16, 33])
def test_any_two_numbers_part_in_some_coupling_and_each_half_has_its_turn(r):
    splits = [halves(r, block) for block in range(2 * max(r - 1, 1).bit_length())]
    for first, second in zip(splits[::2], splits[1::2], strict=True):
        np.testing.assert_array_equal(first + second, np.ones(r))
    together = sum(np.equal.outer(split, split).astype(int) for split in splits)
    assert (together == len(splits)).sum() == r


def test_a_coupling_leaves_its_half_alone():
    flow, x = random_flow("real_nvp", 6), points(10, 6)
    for block in range(BLOCKS):
        z, _ = flow.normalise(flow.parameters, block, x, np)
        left = halves(6, block) > 0
        np.testing.assert_array_equal(z[:, left], x[:, left])
        assert (z[:, ~left] != x[:, ~left]).all()


def test_scales_are_bounded():
    shift, log_scale = shift_and_scale(np.array([[5.0, -9.0, 1e9, 0.001]]), np)
    np.testing.assert_allclose(shift, [[5.0, -9.0]])
    np.testing.assert_allclose(log_scale, [[STEEPEST, 0.001]], rtol=1e-5)
