from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from tiny_models import X, create, run, scores, spread

import aezoo

PARTS = ("mutual_information", "total_correlation", "dimension_kl")


@pytest.mark.parametrize("dataset_size", [None, 1000])
def test_the_parts_sum_to_the_divergence_of_the_draw(dataset_size):
    model = spread(create("beta_tc_vae", dataset_size=dataset_size))
    outputs, terms = run(model)
    z, scale = outputs["code"], np.exp(0.5 * outputs["log_variance"])
    density = scipy.stats.norm.logpdf(z, outputs["mean"], scale).sum(axis=1)
    expected = density - scipy.stats.norm.logpdf(z).sum(axis=1)
    np.testing.assert_allclose(sum(terms[part] for part in PARTS), expected, rtol=1e-3, atol=1e-4)


def test_the_other_terms_are_those_of_the_vae():
    _, terms = run(spread(create("beta_tc_vae", seed=2)))
    _, expected = run(spread(create("vae", seed=2)))
    for name, values in expected.items():
        np.testing.assert_array_equal(terms[name], values)


def test_the_loss_weighs_the_parts_and_reports_the_kl():
    model = spread(create("beta_tc_vae", alpha=0.5, beta=7, gamma=2))
    weights = dict(zip(PARTS, (0.5, 7, 2), strict=True))
    assert model.term_weights() == {"nll": 1.0, "kl": 0.0, **weights}
    found = scores(model)
    total = found["nll"] + sum(weight * found[name] for name, weight in weights.items())
    assert found["loss"] == pytest.approx(total, rel=1e-5)


def test_with_weights_of_1_the_loss_is_the_vaes_for_one_draw():
    model = spread(create("beta_tc_vae", beta=1, latent_dim=2))
    x = np.repeat(X, 200, axis=0)
    found = scores(model, x)
    assert found["loss"] == pytest.approx(found["nll"] + found["kl"], abs=0.05)


def test_weighing_the_total_correlation_makes_units_independent():
    x = aezoo.data.load("digits").x[:1024].reshape(-1, 64)
    found = {}
    for beta in (0, 20):
        model = aezoo.create(
            "beta_tc_vae", sample_shape=(64,), latent_dim=6, likelihood="bernoulli", beta=beta
        )
        model.compile(model.default_optimizer(3e-3))
        model.fit(x, epochs=8, batch_size=128, verbose=0)
        found[beta] = scores(model, x)["total_correlation"]
    assert found[20] < found[0] / 3


def test_a_batch_of_one_is_finite():
    for size in (None, 10):
        _, terms = run(create("beta_tc_vae", dataset_size=size), X[:1], X[:1])
        assert terms["mutual_information"] == pytest.approx(
            [0 if size is None else np.log(10)], abs=1e-5
        )
        assert np.isfinite([*terms.values()]).all()


@pytest.mark.parametrize("config", [{"beta": -1}, {"dataset_size": 1}, {"dataset_size": 2.5}])
def test_bad_arguments_are_refused(config):
    with pytest.raises(ValueError, match="Received"):
        create("beta_tc_vae", **config)
