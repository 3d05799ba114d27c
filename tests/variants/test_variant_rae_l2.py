from __future__ import annotations

import numpy as np
import pytest
from tiny_models import X, create, run, scores, spread, value


def test_the_terms_are_the_norms_of_code_and_decoder():
    model = spread(create("rae_l2"))
    outputs, terms = run(model)
    np.testing.assert_allclose(outputs["code"], model.encode(X), atol=1e-6)
    code_norm = 0.5 * np.square(outputs["code"]).sum(axis=1)
    np.testing.assert_allclose(terms["code_norm"], code_norm, rtol=1e-5)
    weights = [value(weight) for weight in model.decoder.network.trainable_variables]
    decoder_norm = sum(np.square(weight).sum() for weight in weights)
    np.testing.assert_allclose(terms["decoder_norm"], np.full(16, decoder_norm), rtol=1e-5)


def test_the_loss_weighs_them():
    model = spread(create("rae_l2", code_weight=0.5, decoder_weight=0.25))
    found = scores(model)
    expected = found["nll"] + 0.5 * found["code_norm"] + 0.25 * found["decoder_norm"]
    assert found["loss"] == pytest.approx(expected, rel=1e-5)


def test_without_weights_it_is_the_autoencoder():
    model = create("rae_l2", code_weight=0, decoder_weight=0)
    found, expected = scores(model), scores(create("ae"))
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)


@pytest.mark.parametrize(
    ("config", "reached"), [({"code_weight": 100}, "encoder"), ({"decoder_weight": 100}, "decoder")]
)
def test_a_large_weight_shrinks_its_norm(config, reached):
    model = spread(create("rae_l2", **config))
    name = {"encoder": "code_norm", "decoder": "decoder_norm"}[reached]
    before = scores(model)[name]
    model.compile(model.default_optimizer(0.02))
    model.fit(X, epochs=30, batch_size=16, verbose=0)
    assert scores(model)[name] < before / 4


def test_it_generates_from_a_fitted_sampler_only():
    model = create("rae_l2")
    with pytest.raises(ValueError, match="fit_sampler"):
        model.generate(2)
    model.fit_sampler("normal", X)
    assert model.generate(2, seed=0).shape == (2, 5)


def test_weights_are_at_least_0():
    for name in ("code_weight", "decoder_weight"):
        with pytest.raises(ValueError, match=f"RAEL2's {name} must be a number of 0 to"):
            create("rae_l2", **{name: -1})
