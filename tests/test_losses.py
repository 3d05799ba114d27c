from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.spatial
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
    close(ops.sum(losses.gaussian_kl_by_unit(mean, log_variance), axis=1), expected)
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


@given(numbers, numbers, numbers)
def test_gaussian_log_ratio_is_the_difference_of_the_log_densities(z, mean, log_variance):
    z, mean, log_variance = (a.reshape(3, -1).astype("float64") for a in (z, mean, log_variance))
    expected = scipy.stats.norm.logpdf(z, mean, np.exp(0.5 * log_variance))
    expected = total(expected - scipy.stats.norm.logpdf(z))
    found = losses.gaussian_log_ratio(*(a.astype("float32") for a in (z, mean, log_variance)))
    np.testing.assert_allclose(value(found), expected, rtol=1e-4, atol=2e-3)


def test_the_mean_log_ratio_over_draws_is_the_divergence():
    mean, log_variance = np.full((1, 2), 1.5, "float32"), np.full((1, 2), -1.0, "float32")
    noise = np.random.default_rng(0).normal(size=(100_000, 2)).astype("float32")
    ratio = value(
        losses.gaussian_log_ratio(mean + np.float32(np.exp(-0.5)) * noise, mean, log_variance)
    )
    assert ratio.mean() == pytest.approx(
        float(value(losses.gaussian_kl(mean, log_variance))[0]), abs=0.02
    )


def posteriors(n, d=2, seed=0):
    """Draws, means and log variances, float32."""
    rng = np.random.default_rng(seed)
    mean, log_variance = rng.normal(size=(n, d)), rng.normal(size=(n, d)) - 1
    z = mean + np.exp(0.5 * log_variance) * rng.normal(size=(n, d))
    return tuple(a.astype("float32") for a in (z, mean, log_variance))


def log_densities(z, mean, log_variance):
    """`log q(z_i | x_j)` of each unit, `(n, n, d)`."""
    scale = np.exp(0.5 * log_variance.astype("float64"))
    return scipy.stats.norm.logpdf(z[:, None].astype("float64"), mean, scale)


def mixture(shares, densities):
    """Logarithms of q(z_i) and of the product of its marginals, for shares `(n, n)`."""
    joint = scipy.special.logsumexp(densities.sum(axis=-1), b=shares, axis=1)
    marginals = scipy.special.logsumexp(densities, b=shares[..., None], axis=1)
    return joint, marginals.sum(axis=-1)


@pytest.mark.parametrize("dataset_size", [None, 7, 1000])
def test_the_decomposition_of_the_kl_is_its_formula_and_sums_to_the_log_ratio(dataset_size):
    z, mean, log_variance = posteriors(7)
    parts = losses.kl_decomposition(z, mean, log_variance, dataset_size)
    size = dataset_size or 7
    shares = np.full((7, 7), (size - 1) / (size * 6))
    np.fill_diagonal(shares, 1 / size)
    densities = log_densities(z, mean, log_variance)
    joint, product = mixture(shares, densities)
    own = densities.sum(axis=-1).diagonal()
    prior = total(scipy.stats.norm.logpdf(z.astype("float64")))
    for part, expected in zip(parts, (own - joint, joint - product, product - prior), strict=True):
        close(part, expected)
    close(sum(parts), value(losses.gaussian_log_ratio(z, mean, log_variance)))


def test_without_a_dataset_size_it_is_minibatch_weighted_sampling_up_to_a_constant():
    z, mean, log_variance = posteriors(9)
    densities = log_densities(z, mean, log_variance)
    joint, product = mixture(np.full((9, 9), 1 / (9 * 500)), densities)
    parts = losses.kl_decomposition(z, mean, log_variance)
    own = densities.sum(axis=-1).diagonal()
    close(parts[0] + np.float32(np.log(500)), own - joint)
    close(parts[1] + np.float32(np.log(500)), joint - product)


def stratified(n, own, last, dataset_size):
    """The paper's weights of a batch whose sample `own` made the draw and `last` comes last."""
    m = n - 1
    weights = np.full(n, 1 / m)
    weights[own], weights[last] = 1 / dataset_size, (dataset_size - m) / (dataset_size * m)
    return weights


def test_with_a_dataset_size_it_is_stratified_sampling_over_all_orders_of_the_batch():
    z, mean, log_variance = posteriors(5)
    densities = log_densities(z, mean, log_variance)
    parts = losses.kl_decomposition(z, mean, log_variance, 50)
    own = densities.sum(axis=-1).diagonal()
    found = np.exp(own - value(parts[0]))
    for i in range(5):
        others = [j for j in range(5) if j != i]
        estimates = [stratified(5, i, j, 50) @ np.exp(densities[i].sum(axis=-1)) for j in others]
        assert found[i] == pytest.approx(np.mean(estimates), rel=1e-4)


def test_the_estimate_of_the_aggregate_posterior_has_no_bias():
    """Its mean over all batches of three from six samples is the mixture of the six."""
    z, mean, log_variance = posteriors(6)
    densities = log_densities(z, mean, log_variance).sum(axis=-1)
    estimates = []
    for rest in itertools.combinations(range(1, 6), 2):
        batch = [0, *rest]
        information = losses.kl_decomposition(z[batch], mean[batch], log_variance[batch], 6)[0]
        estimates.append(np.exp(densities[0, 0] - value(information)[0]))
    assert np.mean(estimates) == pytest.approx(np.exp(densities[0]).mean(), rel=1e-4)


def test_the_decomposition_of_a_gaussian_aggregate_is_its_closed_form():
    """Posteriors N(m, v) with m ~ N(c, S - v) add up to N(c, S)."""
    n, center, v = 2000, np.array([0.5, -0.3]), 0.2
    covariance = np.array([[1.0, 0.6], [0.6, 0.8]])
    rng = np.random.default_rng(0)
    mean = rng.multivariate_normal(center, covariance - v * np.eye(2), n)
    z = mean + np.sqrt(v) * rng.normal(size=(n, 2))
    log_variance = np.full((n, 2), np.log(v))
    parts = losses.kl_decomposition(*(a.astype("float32") for a in (z, mean, log_variance)), n)
    variances, (_, log_det) = np.diag(covariance), np.linalg.slogdet(covariance)
    information = 0.5 * (log_det - 2 * np.log(v))
    correlation = 0.5 * (np.log(variances).sum() - log_det)
    divergence = 0.5 * (variances + center**2 - 1 - np.log(variances)).sum()
    expected = (information, correlation, divergence)
    assert [value(part).mean() for part in parts] == pytest.approx(expected, abs=0.06)


def test_the_decomposition_of_a_batch_of_one_is_finite():
    parts = losses.kl_decomposition(*posteriors(1))
    assert [value(part)[0] for part in parts[:2]] == pytest.approx([0, 0], abs=1e-5)
    assert np.isfinite(value(parts[2])).all()


weights = hnp.arrays("float32", (3, 4), elements=st.floats(-90, 90, width=32))


@given(weights)
def test_the_importance_bound_is_the_log_mean_of_the_weights(log_weights):
    expected = scipy.special.logsumexp(log_weights.astype("float64"), axis=1) - np.log(4)
    close(losses.importance_bound(log_weights), expected)
    close(losses.importance_bound(log_weights[:, :1]), log_weights[:, 0])
    assert (value(losses.importance_bound(log_weights)) >= log_weights.mean(axis=1) - 1e-3).all()


def test_squared_distances_are_those_of_scipy_and_never_negative():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(6, 3)).astype("float32"), rng.normal(size=(4, 3)).astype("float32")
    close(losses.squared_distances(a, b), scipy.spatial.distance.cdist(a, b, "sqeuclidean"))
    assert value(losses.squared_distances(100 * a, 100 * a)).min() >= 0


def gauss(a, b):
    return ops.exp(-losses.squared_distances(a, b) / 4.0)


def test_the_squared_mmd_is_the_unbiased_statistic():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 7, 3)).astype("float32")
    kernel = [
        np.exp(-scipy.spatial.distance.cdist(*pair, "sqeuclidean") / 4)
        for pair in ((a, a), (b, b), (a, b))
    ]
    within = sum((k.sum() - np.trace(k)) / (7 * 6) for k in kernel[:2])
    found = value(losses.squared_mmd(a, b, gauss))
    assert found.shape == (7,)
    assert found.mean() == pytest.approx(within - 2 * kernel[2].mean(), abs=1e-5)


def test_the_squared_mmd_of_two_gaussians_is_its_closed_form():
    """With k = exp(-|a - b|^2 / 4) and a - b ~ N(s, 2 I), E k = 2^(-d / 2) exp(-|s|^2 / 8)."""
    rng = np.random.default_rng(0)
    shift = np.array([1.0, -0.5, 0.0])
    a, b = rng.normal(size=(2, 3000, 3))
    expected = 2 * 2**-1.5 * (1 - np.exp(-(shift**2).sum() / 8))
    found = value(losses.squared_mmd((a + shift).astype("float32"), b.astype("float32"), gauss))
    assert found.mean() == pytest.approx(expected, abs=0.01)
    same = value(losses.squared_mmd(a.astype("float32"), b.astype("float32"), gauss))
    assert same.mean() == pytest.approx(0, abs=0.003)


def test_the_squared_mmd_of_a_batch_of_one_is_zero():
    point = np.ones((1, 3), "float32")
    assert value(losses.squared_mmd(point, -point, gauss)).tolist() == [0.0]
