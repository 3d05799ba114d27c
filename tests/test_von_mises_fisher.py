"""The von Mises-Fisher distribution against scipy's Bessel functions and against quadrature."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import tensorflow as tf
from keras import ops

from aezoo import von_mises_fisher

KAPPA = np.geomspace(0.1, 1e4, 60).astype("float32")
SHARES = np.array([0.0, 1e-7, 0.01, 0.5, 0.99, 1.0 - 1e-7, 1.0], "float32")
DIMENSIONS = [2, 3, 4, 5, 8, 13, 16, 32, 64]


def mean_cosine(kappa, d):
    kappa = np.asarray(kappa, "float64")
    return scipy.special.ive(d / 2, kappa) / scipy.special.ive(d / 2 - 1, kappa)


def kl(kappa, d):
    kappa = np.asarray(kappa, "float64")
    order = d / 2 - 1
    log_normaliser = (
        order * np.log(kappa)
        - d / 2 * np.log(2 * np.pi)
        - np.log(scipy.special.ive(order, kappa))
        - kappa
    )
    log_area = np.log(2) + d / 2 * np.log(np.pi) - scipy.special.gammaln(d / 2)
    return kappa * mean_cosine(kappa, d) + log_normaliser + log_area


@pytest.mark.parametrize("d", range(2, 65))
def test_kl_is_that_of_bessel_functions(d):
    expected = kl(KAPPA, d)
    found = ops.convert_to_numpy(von_mises_fisher.kl_from_uniform(KAPPA, d))
    assert (np.abs(found - expected) / (1.0 + expected)).max() < 1e-4


@pytest.mark.parametrize("d", range(2, 65))
def test_the_mean_cosine_is_a_ratio_of_bessel_functions(d):
    found = ops.convert_to_numpy(von_mises_fisher.mean_cosine(KAPPA, d))
    np.testing.assert_allclose(found, mean_cosine(KAPPA, d), atol=1e-5)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_the_gradient_of_the_kl_is_the_closed_form(d):
    kappa = tf.constant(KAPPA)
    with tf.GradientTape() as tape:
        tape.watch(kappa)
        found = von_mises_fisher.kl_from_uniform(kappa, d)
    wide, ratio = KAPPA.astype("float64"), mean_cosine(KAPPA, d)
    expected = wide * (1.0 - ratio**2 - (d - 1) / wide * ratio)
    reliable = KAPPA < 1e3  # where double precision does not cancel in the closed form
    gradient = tape.gradient(found, kappa).numpy()
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient[reliable], expected[reliable], rtol=0.01)
    np.testing.assert_allclose(gradient[-1], (d - 1) / 2e4, rtol=0.02)


@pytest.mark.parametrize("d", [2, 3, 5, 16])
@pytest.mark.parametrize("kappa", [0.5, 7.0, 60.0])
def test_the_density_integrates_to_one(kappa, d):
    angles = np.linspace(0.0, np.pi, 801)
    concentrations = np.full(801, kappa, "float32")
    log_density = von_mises_fisher.log_density(np.cos(angles).astype("f"), concentrations, d)
    area = 2.0 if d == 2 else np.exp(von_mises_fisher.log_area(d - 1))
    density = np.exp(ops.convert_to_numpy(log_density)) * area * np.sin(angles) ** (d - 2)
    assert scipy.integrate.simpson(density, x=angles) == pytest.approx(1.0, abs=1e-4)


def test_the_log_area_is_that_of_circle_and_sphere():
    assert von_mises_fisher.log_area(2) == pytest.approx(np.log(2 * np.pi))
    assert von_mises_fisher.log_area(3) == pytest.approx(np.log(4 * np.pi))


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("kappa", [0.1, 1.0, 5.0, 40.0, 1e3, 1e4])
def test_angles_of_uniform_shares_have_the_moments_of_the_distribution(kappa, d):
    shares = ((np.arange(4000) + 0.5) / 4000).astype("float32")
    angles = von_mises_fisher.angle(shares, np.full(4000, kappa, "float32"), d)
    angles = ops.convert_to_numpy(angles).astype("float64")
    assert (np.diff(angles) >= 0).all()
    assert angles.min() >= 0
    assert angles.max() <= np.pi + 1e-6
    ratio = mean_cosine(kappa, d)
    assert np.mean(1 - np.cos(angles)) == pytest.approx(1 - ratio, rel=2e-3)
    second = 1 - (d - 1) / kappa * ratio
    assert np.mean(np.cos(angles) ** 2) == pytest.approx(second, abs=5e-4)


def test_angles_on_the_circle_have_the_distribution_of_scipy():
    shares = ((np.arange(2000) + 0.5) / 2000).astype("float32")
    angles = ops.convert_to_numpy(von_mises_fisher.angle(shares, np.full(2000, 3.0, "float32"), 2))
    found = 2 * scipy.stats.vonmises.cdf(angles, 3.0) - 1  # of the angle without its sign
    np.testing.assert_allclose(found, shares, atol=2e-3)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_the_angle_is_differentiable_in_the_concentration(d):
    shares, kappa = tf.constant([0.1, 0.5, 0.9]), tf.constant([2.0, 20.0, 200.0])
    with tf.GradientTape() as tape:
        tape.watch(kappa)
        angles = von_mises_fisher.angle(shares, kappa, d)
    found = tape.gradient(angles, kappa).numpy()
    above = von_mises_fisher.angle(shares, 1.05 * kappa, d)
    below = von_mises_fisher.angle(shares, 0.95 * kappa, d)
    np.testing.assert_allclose(found, (above - below) / (0.1 * kappa), rtol=0.05)


@pytest.mark.parametrize("d", range(2, 65))
def test_gradients_are_finite_wherever_the_density_vanishes(d):
    shares, kappa = (tf.constant(a.ravel()) for a in np.meshgrid(SHARES, KAPPA))
    with tf.GradientTape() as tape:
        tape.watch([shares, kappa])
        angles = von_mises_fisher.angle(shares, kappa, d)
    for gradient in tape.gradient(angles, [shares, kappa]):
        assert np.isfinite(gradient).all()
