from __future__ import annotations

import keras
import numpy as np
import pytest

from aezoo.noise import generator
from aezoo.samplers import build
from aezoo.samplers.rectified_flow import arcs, heun

MEAN, SCALE = np.array([1.5, -0.5, 0.0]), np.array([0.3, 2.0, 1.0])


def gaussian_velocity(x, angle):
    """The mean direction of arcs from N(0, 1) to N(MEAN, SCALE^2) through points `x`."""
    cos, sin = np.cos(angle), np.sin(angle)
    slope = sin * cos * (SCALE**2 - 1) / (cos**2 + SCALE**2 * sin**2)
    return cos * MEAN + slope * (x - sin * MEAN)


def points(n, r=3, seed=0):
    return generator(seed).standard_normal((n, r))


def test_from_gaussian_to_gaussian_the_flow_is_linear():
    noise = points(100)
    expected = MEAN + SCALE * noise
    np.testing.assert_allclose(heun(gaussian_velocity, noise, 20), expected, atol=0.02)
    np.testing.assert_allclose(heun(gaussian_velocity, noise, 200), expected, atol=2e-4)


def test_the_solver_is_of_second_order():
    noise = points(100)
    errors = [
        np.abs(heun(gaussian_velocity, noise, steps) - MEAN - SCALE * noise).max()
        for steps in (40, 80, 160)
    ]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4.0, rtol=0.1)


def test_the_velocity_is_the_mean_direction_of_the_arcs():
    codes = (MEAN + SCALE * points(200_000)).astype("float32")
    x, angle, direction = arcs(codes, generator(1))
    rest = direction - gaussian_velocity(x, angle)
    for weight in (1.0, x, np.sin(angle), x * np.cos(3 * angle)):
        np.testing.assert_allclose((weight * rest).mean(axis=0), 0.0, atol=0.02)


def test_arcs_of_white_codes_are_white_from_noise_to_codes():
    codes = points(100_000).astype("float32")
    x, angle, direction = arcs(codes, generator(1))
    assert {x.dtype, angle.dtype, direction.dtype} == {np.dtype("float32")}
    assert 0 <= angle.min() < 0.01
    assert 1.56 < angle.max() <= np.float32(np.pi / 2)
    for part in (x, direction):
        np.testing.assert_allclose(np.cov(part.T), np.eye(3), atol=0.02)
    np.testing.assert_allclose((x * direction).mean(axis=0), 0.0, atol=0.02)
    # The direction leads on to the code from any point of the arc.
    end = np.sin(angle) * x + np.cos(angle) * direction
    np.testing.assert_allclose(end, codes, atol=1e-5)


def test_an_arc_is_a_straight_line_scaled_to_unit_variance():
    codes = points(50).astype("float32")
    x, angle, _ = arcs(codes, generator(1))
    noise = (x - np.sin(angle) * codes) / np.maximum(np.cos(angle), 1e-3)
    t = np.sin(angle) / (np.sin(angle) + np.cos(angle))
    line = (1 - t) * noise + t * codes
    inner = angle[:, 0] < 1.5
    np.testing.assert_allclose((line / np.hypot(t, 1 - t))[inner], x[inner], atol=1e-4)


def random_flow(r=3, steps=20):
    sampler = build({"name": "rectified_flow", "units": 16, "layers": 2, "steps": steps})
    rng = generator(0)
    parameters = {n: 0.3 * rng.standard_normal(s) for n, s in sampler._shapes(r).items()}
    return sampler.load({**parameters, "mean": np.zeros(r), "factor": np.eye(r)})


def test_with_a_network_of_zeros_noise_is_only_coloured():
    sampler = build("rectified_flow")
    zeros = {name: np.zeros(shape, "float32") for name, shape in sampler._shapes(2).items()}
    factor = np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    sampler.load({**zeros, "mean": np.array([1.0, 2.0, 3.0]), "factor": factor})
    noise = points(10, 2)
    expected = np.array([1.0, 2.0, 3.0]) + noise @ factor.T
    np.testing.assert_allclose(sampler.transform(noise), expected, rtol=1e-6, atol=1e-6)


def test_float32_stays_float32():
    x = heun(lambda x, angle: x * np.float32(angle), points(5).astype("float32"), 3)
    assert x.dtype == np.float32


def test_more_steps_come_nearer():
    noise = points(50)
    exact = random_flow(steps=500).transform(noise)
    errors = [np.abs(random_flow(steps=n).transform(noise) - exact).max() for n in (5, 20)]
    assert errors[1] < errors[0] / 8
    assert errors[1] < 0.05


def test_what_learns_is_what_draws():
    sampler = random_flow()
    drawn = arcs(points(20).astype("float32"), generator(1))
    parameters = {name: a.astype("float32") for name, a in sampler.parameters.items()}
    loss = keras.ops.convert_to_numpy(sampler._loss(parameters, *drawn, keras.ops))
    np.testing.assert_allclose(loss, sampler._loss(parameters, *drawn, np), rtol=1e-4)


@pytest.mark.parametrize("value", [np.nan, 3e38])
def test_parameters_that_lead_nowhere_are_refused(value):
    arrays = random_flow().arrays()
    arrays["kernel_2"] = np.full_like(arrays["kernel_2"], value)
    with pytest.raises(ValueError, match="codes of sampler 'rectified_flow' are not finite"):
        build({"name": "rectified_flow", "units": 16, "layers": 2}).load(arrays)
