from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import scipy.stats
from tiny_models import X, create, run, scores, spread, value


def test_one_sample_is_the_evidence_bound():
    outputs, terms = run(spread(create("iwae", importance_samples=1, seed=2)))
    vae_outputs, vae_terms = run(spread(create("vae", seed=2)))
    for name in ("x", "code", "mean", "log_variance", "parameters"):
        np.testing.assert_allclose(outputs[name], vae_outputs[name], rtol=1e-6)
    for name in ("nll", "kl"):
        np.testing.assert_allclose(terms[name], vae_terms[name], rtol=1e-5)
    scale = np.exp(0.5 * outputs["log_variance"])
    density = scipy.stats.norm.logpdf(outputs["code"], outputs["mean"], scale).sum(axis=1)
    ratio = density - scipy.stats.norm.logpdf(outputs["code"]).sum(axis=1)
    np.testing.assert_allclose(terms["nll_bound"], terms["nll"] + ratio, rtol=1e-4)


def test_the_bound_is_the_formula_for_given_noise(monkeypatch):
    noise = np.random.default_rng(0).normal(size=(16 * 4, 3)).astype("float32")
    monkeypatch.setattr("aezoo.draws.normal", lambda shape, seed: noise)
    model = spread(create("iwae", importance_samples=4))
    outputs, terms = run(model, target=1 - X)
    weights, nll = np.empty((16, 4)), np.empty((16, 4))
    scale = np.exp(0.5 * outputs["log_variance"])
    for k in range(4):
        z = outputs["mean"] + scale * noise[k::4]
        mean = value(model.likelihood_parameters(z.astype("float32")))
        nll[:, k] = -scipy.stats.norm.logpdf(1 - X, mean).sum(axis=1)
        prior = scipy.stats.norm.logpdf(z).sum(axis=1)
        posterior = scipy.stats.norm.logpdf(z, outputs["mean"], scale).sum(axis=1)
        weights[:, k] = -nll[:, k] + prior - posterior
    expected = np.log(4) - scipy.special.logsumexp(weights, axis=1)
    np.testing.assert_allclose(terms["nll_bound"], expected, rtol=1e-4)
    np.testing.assert_allclose(terms["nll"], nll.mean(axis=1), rtol=1e-4)
    first = value(
        model.likelihood_parameters((outputs["mean"] + scale * noise[::4]).astype("float32"))
    )
    np.testing.assert_allclose(outputs["x"], first, rtol=1e-4, atol=1e-5)


def test_the_bound_falls_with_more_samples_to_the_models_own_estimate():
    x = np.repeat(X, 100, axis=0)
    likelihood = {"name": "gaussian", "scale": 0.3}
    found = []
    for k in (1, 3, 30):
        model = spread(create("iwae", importance_samples=k, likelihood=likelihood))
        found.append(scores(model, x)["nll_bound"])
    assert found[0] > found[1] + 1
    assert found[1] > found[2] + 0.5
    own = -model.log_prob(x, k=30, batch_size=1600).mean()
    assert found[2] == pytest.approx(own, abs=0.2)


def test_only_the_bound_is_in_the_loss():
    model = spread(create("iwae"))
    assert model.term_weights() == {"nll": 0.0, "kl": 0.0, "nll_bound": 1.0}
    found = scores(model)
    assert found["loss"] == pytest.approx(found["nll_bound"], rel=1e-6)
    assert found["nll_bound"] < found["nll"] + found["kl"]


def test_the_calibrated_likelihood_takes_its_scale_from_all_samples():
    model = create("iwae", importance_samples=3, likelihood={"name": "gaussian", "scale": "batch"})
    outputs, terms = run(model, training=True)
    error = np.square(np.repeat(X, 3, axis=0) - outputs["all_parameters"])
    assert terms["nll"].mean() == pytest.approx(
        0.5 * 5 * (1 + np.log(2 * np.pi * error.mean())), rel=1e-4
    )


@pytest.mark.parametrize("samples", [0, 1.5, 10**6])
def test_a_number_of_samples_out_of_bounds_is_refused(samples):
    with pytest.raises(ValueError, match="importance_samples must be an integer"):
        create("iwae", importance_samples=samples)
