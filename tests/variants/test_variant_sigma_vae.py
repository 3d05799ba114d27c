from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from tiny_models import X, create, run, value


def test_its_likelihood_is_the_calibrated_gaussian_and_an_ordinary_argument():
    expected = {"name": "gaussian", "scale": "batch", "link": "identity"}
    assert create("sigma_vae").get_config()["likelihood"] == expected
    linked = create("sigma_vae", likelihood={**expected, "link": "sigmoid"})
    assert linked.get_config()["likelihood"]["link"] == "sigmoid"
    assert create("sigma_vae", likelihood="bernoulli").likelihood.unit


def test_it_is_the_vae_of_that_likelihood():
    calibrated = {"name": "gaussian", "scale": "batch"}
    found = run(create("sigma_vae", seed=1), training=True)
    expected = run(create("vae", likelihood=calibrated, seed=1), training=True)
    for ours, theirs in zip(found, expected, strict=True):
        assert set(ours) == set(theirs)
        for name, values in ours.items():
            np.testing.assert_array_equal(values, theirs[name])


def test_the_training_likelihood_is_that_of_the_batchs_own_error():
    outputs, terms = run(create("sigma_vae"), training=True)
    scale = np.sqrt(np.square(outputs["x"] - X).mean())
    expected = -scipy.stats.norm.logpdf(X, outputs["x"], scale).sum(axis=1)
    np.testing.assert_allclose(terms["nll"], expected, rtol=1e-4)


def test_the_stored_scale_is_the_geometric_mean_of_the_errors_of_training():
    model = create("sigma_vae")
    model.compile(model.default_optimizer(0.02))
    errors = model.fit(X, epochs=10, batch_size=16, verbose=0).history["mse"]
    variance = np.exp(value(model.likelihood.running_log_variance))
    assert variance == pytest.approx(scipy.stats.gmean(errors), rel=1e-4)
    assert errors[-1] < errors[0] / 2
    outputs, terms = run(model)
    expected = -scipy.stats.norm.logpdf(X, outputs["x"], np.sqrt(variance)).sum(axis=1)
    np.testing.assert_allclose(terms["nll"], expected, rtol=1e-4)
