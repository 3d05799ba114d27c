from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from keras import ops

from aezoo import losses

SHAPE = (3, 2, 2)
numbers = hnp.arrays("float32", SHAPE, elements=st.floats(-4, 4, width=32))
unit = hnp.arrays("float32", SHAPE, elements=st.floats(0, 1, width=32))


def value(tensor):
    array = ops.convert_to_numpy(tensor)
    assert array.dtype == np.float32
    return array.astype("float64")


def total(array):
    return array.reshape(len(array), -1).sum(axis=1)


def close(tensor, expected):
    np.testing.assert_allclose(value(tensor), expected, rtol=1e-4, atol=1e-4)


@given(numbers)
def test_sum_over_sample_keeps_the_first_axis(x):
    close(losses.sum_over_sample(x), total(x.astype("float64")))


def test_sum_over_sample_takes_vectors_too():
    assert value(losses.sum_over_sample(np.arange(3.0, dtype="float32"))).tolist() == [0, 1, 2]


@given(numbers, numbers)
def test_squared_errors_are_those_of_numpy(x, y):
    errors = (x.astype("float64") - y) ** 2
    close(losses.squared_error(x, y), total(errors))
    close(losses.mean_squared_error(x, y), total(errors) / 4)


@given(unit, numbers)
def test_bernoulli_nll_is_the_cross_entropy(x, logits):
    rate = scipy.special.expit(logits.astype("float64"))
    expected = -(scipy.special.xlogy(x, rate) + scipy.special.xlog1py(1.0 - x, -rate))
    close(losses.bernoulli_nll(x, logits), total(expected))


def test_bernoulli_nll_of_bits_is_minus_the_log_probability():
    bits = np.array([[0.0, 1.0], [1.0, 1.0]], "float32")
    logits = np.array([[-1.0, 2.0], [0.0, 3.0]], "float32")
    expected = -total(scipy.stats.bernoulli.logpmf(bits, scipy.special.expit(logits)))
    close(losses.bernoulli_nll(bits, logits), expected)


def test_bernoulli_nll_stays_finite_for_certain_logits():
    logits = np.array([[1000.0], [-1000.0]], "float32")
    close(losses.bernoulli_nll(np.array([[1.0], [0.0]], "float32"), logits), [0.0, 0.0])
    close(losses.bernoulli_nll(np.array([[0.0], [1.0]], "float32"), logits), [1000.0, 1000.0])


@given(numbers, numbers, numbers)
def test_gaussian_nll_is_minus_the_log_density(x, mean, log_variance):
    scale = np.exp(0.5 * log_variance.astype("float64"))
    expected = -scipy.stats.norm.logpdf(x.astype("float64"), mean, scale)
    np.testing.assert_allclose(
        value(losses.gaussian_nll(x, mean, log_variance)), total(expected), rtol=1e-4, atol=1e-3
    )


def test_gaussian_nll_broadcasts_one_variance():
    x = np.zeros((2, 3), "float32")
    expected = np.full(2, -3 * scipy.stats.norm.logpdf(0.0, 1.0, 2.0))
    close(losses.gaussian_nll(x, x + 1, np.float32(2 * np.log(2.0))), expected)


@given(numbers, numbers)
def test_gaussian_kl_is_the_closed_form_and_never_negative(mean, log_variance):
    mean, log_variance = mean.reshape(3, -1), log_variance.reshape(3, -1)
    m, variance = mean.astype("float64"), np.exp(log_variance.astype("float64"))
    expected = 0.5 * total(variance + m**2 - 1 - np.log(variance))
    close(losses.gaussian_kl(mean, log_variance), expected)
    assert value(losses.gaussian_kl(mean, log_variance)).min() >= -1e-5


def test_gaussian_kl_is_the_mean_log_ratio_of_the_densities():
    mean, scale = 0.7, 0.4
    z = mean + scale * np.random.default_rng(0).standard_normal(400_000)
    ratio = scipy.stats.norm.logpdf(z, mean, scale) - scipy.stats.norm.logpdf(z)
    log_variance = np.full((1, 1), 2 * np.log(scale), "float32")
    kl = value(losses.gaussian_kl(np.full((1, 1), mean, "float32"), log_variance))
    assert kl[0] == pytest.approx(ratio.mean(), abs=5 * ratio.std() / 400_000**0.5)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_bernoulli_kl_is_the_relative_entropy(rate, observed):
    expected = scipy.stats.entropy([rate, 1 - rate], [observed, 1 - observed])
    assert value(losses.bernoulli_kl(rate, np.float32(observed))) == pytest.approx(
        expected, rel=1e-3, abs=1e-5
    )


def test_bernoulli_kl_is_finite_at_the_ends_and_zero_at_the_rate():
    found = value(losses.bernoulli_kl(0.2, np.array([0.0, 0.2, 1.0], "float32")))
    assert np.isfinite(found).all()
    assert found[1] == pytest.approx(0.0, abs=1e-6)
    assert found[0] > 1
    assert found[2] > 1


@given(hnp.arrays("float32", (4, 1), elements=st.floats(-50, 50, width=32)))
def test_logistic_loss_is_minus_the_log_of_the_decision(logits):
    close(losses.logistic_loss(logits, real=True), -scipy.special.log_expit(logits[:, 0]))
    close(losses.logistic_loss(logits, real=False), -scipy.special.log_expit(-logits[:, 0]))
    assert losses.logistic_loss(logits[:, 0], real=True).shape == (4,)
