from __future__ import annotations

import keras
import numpy as np
import pytest
from tiny_models import X, create, run, scores, spread, value

from aezoo import kernels, losses


def test_the_terms_are_those_of_the_vae_and_the_discrepancy_of_the_draws():
    model = spread(create("info_vae", seed=3))
    outputs, terms = run(model)
    vae_outputs, vae_terms = run(spread(create("vae", seed=3)))
    for name in ("nll", "kl"):
        np.testing.assert_array_equal(terms[name], vae_terms[name])
    np.testing.assert_array_equal(outputs["code"], vae_outputs["code"])
    noise = keras.random.SeedGenerator(3)
    keras.random.normal((16, 3), seed=noise)  # the posterior's
    draws = keras.random.normal((16, 3), seed=noise)
    expected = losses.squared_mmd(outputs["code"].astype("float32"), draws, kernels.IMQ())
    np.testing.assert_allclose(terms["mmd"], value(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("alpha", "lambda_"), [(0.5, 10), (0, 1), (1, 5), (-2, 4)])
def test_the_weights_are_the_papers(alpha, lambda_):
    model = create("info_vae", alpha=alpha, lambda_=lambda_)
    expected = {"nll": 1.0, "kl": 1 - alpha, "mmd": alpha + lambda_ - 1}
    assert model.term_weights() == pytest.approx(expected)
    found = scores(model)
    total = sum(weight * found[name] for name, weight in expected.items())
    assert found["loss"] == pytest.approx(total, rel=1e-5)


def test_a_negative_weight_of_the_discrepancy_is_refused():
    with pytest.raises(ValueError, match=r"alpha \+ lambda_ must be at least 1"):
        create("info_vae", alpha=0, lambda_=0.5)
    with pytest.raises(ValueError, match="InfoVAE's alpha must be a number of"):
        create("info_vae", alpha=1.5)
    with pytest.raises(ValueError, match="kernel must be one of"):
        create("info_vae", kernel="linear")


def test_a_batch_of_one_is_finite():
    _, terms = run(create("info_vae"), X[:1], X[:1])
    assert terms["mmd"].tolist() == [0.0]
