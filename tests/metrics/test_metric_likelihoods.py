"""elbo, nll and bits_per_dim, on models whose likelihood has a closed form."""

import numpy as np
import pytest
import scipy.stats

import aezoo
from aezoo.metrics import NotApplicable, bits_per_dim, elbo, nll

D, UNITS, SCALE = 6, 2, 0.3
RNG = np.random.default_rng(0)
KERNEL = np.linalg.qr(RNG.normal(size=(D, UNITS)))[0].T * [[0.5], [0.2]]  # orthogonal rows
BIAS = np.full(D, 0.5)
PCA = scipy.stats.multivariate_normal(BIAS, KERNEL.T @ KERNEL + SCALE**2 * np.eye(D))
X = np.clip(PCA.rvs(200, random_state=1), 0, 1).astype("float32")
PRECISION = 1 + (KERNEL**2).sum(axis=1) / SCALE**2  # of the true posterior, which is diagonal


def ppca(shift=0.0, spread=1.0, **config):
    """Probabilistic PCA as a VAE, with its posterior moved and widened."""
    likelihood = {"name": "gaussian", "scale": SCALE}
    body = {"name": "mlp", "hidden": []}
    model = aezoo.create(
        "vae", sample_shape=(D,), latent_dim=UNITS, body=body, likelihood=likelihood, **config
    )
    kernel = KERNEL.T / SCALE**2 / PRECISION
    log_variance = np.log(spread**2 / PRECISION)
    encoder = np.concatenate([kernel, np.zeros((D, UNITS))], axis=1)
    model.encoder.network.set_weights(
        [encoder, np.concatenate([shift - BIAS @ kernel, log_variance])]
    )
    model.decoder.network.set_weights([KERNEL, BIAS])
    return model


@pytest.fixture(scope="module")
def exact():
    return ppca()


@pytest.fixture(scope="module")
def loose():
    return ppca(shift=0.3, spread=1.5)


def test_with_the_true_posterior_every_estimate_is_the_likelihood(exact):
    expected = -PCA.logpdf(X).mean()
    assert nll(exact, X, importance_samples=1) == pytest.approx(expected, abs=1e-4)
    assert nll(exact, X, importance_samples=7) == pytest.approx(expected, abs=1e-4)
    assert elbo(exact, X) == pytest.approx(-expected, abs=1e-4)


def test_nll_falls_to_the_likelihood_as_samples_are_added(loose):
    expected = -PCA.logpdf(X).mean()
    many = np.repeat(X, 20, axis=0)  # so that the noise of the estimate is below its bias
    scores = [nll(loose, many, importance_samples=k, batch_size=4000) for k in (1, 10, 100)]
    errors = np.abs(np.subtract(scores, expected))
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 0.01


def test_the_bound_is_below_the_likelihood_by_the_divergence_of_the_posteriors(loose):
    shift, variance = 0.3 * np.sqrt(PRECISION), 1.5**2
    divergence = 0.5 * (variance - 1 - np.log(variance) + shift**2).sum()
    expected = PCA.logpdf(X).mean() - divergence
    assert elbo(loose, X, posterior_samples=100) == pytest.approx(expected, abs=0.02)
    assert elbo(loose, X, seed=1) == -nll(loose, X, importance_samples=1, seed=1)


def test_as_many_draws_as_asked_for_are_made_once(exact, monkeypatch):
    calls = []

    def log_prob(x, *, k=1, seed=0, batch_size=256):
        calls.append((k, int(seed)))
        return np.zeros(len(x))

    monkeypatch.setattr(exact, "log_prob", log_prob)
    nll(exact, X)
    nll(exact, X, importance_samples=37, seed=5)
    assert calls == [(100, 0), (37, 5)]
    del calls[:]
    elbo(exact, X, posterior_samples=4, seed=5)
    assert [k for k, _ in calls] == [1] * 4
    assert len({seed for _, seed in calls}) == 4


def test_bits_pay_for_the_change_of_scale(exact):
    bits = bits_per_dim(exact, X, importance_samples=3)
    assert bits == pytest.approx(8 - PCA.logpdf(X).mean() / (D * np.log(2)), abs=1e-4)


@pytest.mark.parametrize("wide", ["scale", "standardise"])
def test_bits_do_not_depend_on_the_units(exact, wide):
    step = {"name": "scale", "low": -1, "high": 3}
    if wide == "standardise":
        step = {"name": "standardise", "mean": -1, "std": 4, "low": -1, "high": 3}
    model = ppca(preprocess=step)
    assert bits_per_dim(model, 4 * X - 1) == pytest.approx(bits_per_dim(exact, X), abs=1e-4)


def test_bits_of_uint8_are_those_of_dequantised_samples(exact):
    levels = np.floor(X * 255.99).astype("uint8")
    level = (levels[..., None] + np.linspace(0.01, 0.99, 25)) / 256
    density = -PCA.logpdf(np.moveaxis(level, 2, 0)).mean()
    expected = 8 + density / (D * np.log(2))
    found = bits_per_dim(exact, levels, importance_samples=1)
    assert found == pytest.approx(expected, abs=2e-3)
    assert found == bits_per_dim(exact, levels, importance_samples=1, batch_size=len(X))
    narrow = np.zeros((50, D), "uint8")  # all alike: no density can go below 0 bits
    model = ppca()
    model.likelihood.scale = 1e-4
    model.encoder.network.set_weights([np.zeros((D, 4)), np.repeat([0.0, -9.0], UNITS)])
    model.decoder.network.set_weights([np.zeros((UNITS, D)), np.zeros(D)])
    assert bits_per_dim(model, narrow / 255) < 0 < bits_per_dim(model, narrow)


def test_noise_is_less_likely_than_samples(exact):
    noise = RNG.random(X.shape).astype("float32")
    assert elbo(exact, noise) < elbo(exact, X)
    assert nll(exact, noise, importance_samples=5) > nll(exact, X, importance_samples=5)
    assert bits_per_dim(exact, noise) > bits_per_dim(exact, X)


@pytest.mark.parametrize("metric", [elbo, nll, bits_per_dim])
def test_models_without_a_posterior_are_not_scored(metric):
    with pytest.raises(NotApplicable, match=f"{metric.__name__} needs a model with a posterior"):
        metric(aezoo.create("ae", sample_shape=(D,)), X)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"likelihood": "bernoulli"}, "needs a likelihood that is a density"),
        ({"preprocess": {"name": "standardise"}}, "lowest and a highest value"),
        ({"preprocess": {"name": "resize", "height": 4, "width": 4}}, "not resized"),
    ],
)
def test_bits_are_not_given_where_they_have_no_meaning(config, reason):
    model = aezoo.create("vae", sample_shape=(3, 2, 1), body="mlp", **config)
    with pytest.raises(NotApplicable, match=reason):
        bits_per_dim(model, X.reshape(-1, 3, 2, 1))


def test_no_draws_are_refused(exact):
    with pytest.raises(ValueError, match="posterior_samples must be at least 1"):
        elbo(exact, X, posterior_samples=0)
    with pytest.raises(ValueError, match="k must be an integer of at least 1"):
        nll(exact, X, importance_samples=0)
