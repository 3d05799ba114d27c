from __future__ import annotations

import keras
import numpy as np
import pytest
from tiny_models import X, create, run, scores, spread, value

from aezoo import kernels, losses, schema

STRUCTURED = np.random.default_rng(1).random((256, 2)).astype("float32")
STRUCTURED = STRUCTURED @ np.array(
    [[0.5, 0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4, 0.5]], "float32"
)


@pytest.mark.parametrize("kernel", ["imq", {"name": "rbf", "scales": [0.5, 2]}])
def test_the_term_compares_the_codes_with_draws_of_the_prior(kernel):
    model = spread(create("wae_mmd", kernel=kernel, seed=3))
    outputs, terms = run(model)
    np.testing.assert_allclose(outputs["code"], model.encode(X), atol=1e-6)
    draws = keras.random.normal((16, 3), seed=keras.random.SeedGenerator(3))
    built = schema.build(kernel, kernels.find, "kernel")
    expected = value(losses.squared_mmd(outputs["code"].astype("float32"), draws, built))
    np.testing.assert_allclose(terms["mmd"], expected, rtol=1e-4, atol=1e-5)


def test_the_loss_weighs_the_discrepancy():
    found = scores(create("wae_mmd", mmd_weight=3))
    assert found["loss"] == pytest.approx(found["nll"] + 3 * found["mmd"], rel=1e-5)


def test_training_draws_the_codes_to_the_prior():
    model = create("wae_mmd", mmd_weight=100, latent_dim=2)
    model.encoder.network.layers[-2].bias.assign([3, -2])
    before = scores(model, STRUCTURED)["mmd"]
    model.compile(model.default_optimizer(0.02))
    model.fit(STRUCTURED, epochs=40, batch_size=128, verbose=0)
    assert scores(model, STRUCTURED)["mmd"] < before / 10
    codes = model.encode(STRUCTURED)
    np.testing.assert_allclose(codes.mean(axis=0), [0, 0], atol=0.3)
    np.testing.assert_allclose(codes.std(axis=0), [1, 1], atol=0.35)


def test_a_batch_of_one_trains_on_the_reconstruction_alone():
    model = create("wae_mmd")
    model.compile("adam")
    history = model.fit(X[:3], batch_size=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    _, terms = run(model, X[:1], X[:1])
    assert terms["mmd"].tolist() == [0.0]


def test_the_prior_is_standard_normal():
    noise = np.random.default_rng(3).normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(create("wae_mmd").prior(noise), noise)


@pytest.mark.parametrize("config", [{"mmd_weight": -1}, {"kernel": "linear"}, {"kernel": None}])
def test_bad_arguments_are_refused(config):
    with pytest.raises(ValueError, match="Received"):
        create("wae_mmd", **config)
