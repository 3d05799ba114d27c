from __future__ import annotations

import numpy as np
import pytest
from keras import ops
from tiny_models import X, create, run, scores, spread, value

import aezoo

WARM_UP = {"name": "warm_up", "steps": 4}


def test_without_a_penalty_nothing_changes():
    plain = create("vae")
    assert plain.term_weights() == {"nll": 1.0, "kl": 1.0}
    assert plain.get_config()["kl_penalty"] is None
    config = {key: v for key, v in plain.get_config().items() if key != "kl_penalty"}
    assert type(plain).from_config(config).term_weights() == plain.term_weights()


@pytest.mark.parametrize("spec", ["free_bits", WARM_UP, "capacity"])
@pytest.mark.parametrize(
    ("name", "config", "weight"),
    [("vae", {}, 1), ("beta_vae", {"beta": 3}, 3), ("info_vae", {"alpha": 0.25}, 0.75)],
)
def test_a_penalty_takes_the_place_of_the_kl(name, config, weight, spec):
    model = spread(create(name, kl_penalty=spec, **config))
    outputs, terms = run(model)
    mean, variance = outputs["mean"], np.exp(outputs["log_variance"])
    kl = 0.5 * (variance + mean**2 - 1 - np.log(variance))
    np.testing.assert_allclose(terms["kl"], kl.sum(axis=1), rtol=1e-4)
    expected = value(model.kl_penalty.penalty(kl.astype("float32")))
    np.testing.assert_allclose(terms["kl_penalty"], expected, rtol=1e-4)
    assert model.term_weights()["kl"] == 0
    assert model.term_weights()["kl_penalty"] == weight


def test_the_weight_of_the_kl_warms_up_while_training():
    model = create("vae", kl_penalty=WARM_UP)
    model.compile("adam")
    history = model.fit(X, validation_data=(X, X), epochs=6, batch_size=16, verbose=0).history
    levels = np.divide(history["kl_penalty"], history["kl"])
    np.testing.assert_allclose(levels, [0, 0.25, 0.5, 0.75, 1, 1], atol=1e-5)
    after = np.divide(history["val_kl_penalty"], history["val_kl"])
    np.testing.assert_allclose(after, [0.25, 0.5, 0.75, 1, 1, 1], atol=1e-5)
    np.testing.assert_allclose(
        history["val_loss"], np.add(history["val_nll"], history["val_kl_penalty"]), rtol=1e-5
    )


def test_a_stored_model_remembers_how_far_it_has_warmed_up(tmp_path):
    model = create("beta_vae", kl_penalty=WARM_UP)
    model.compile("adam")
    model.fit(X, batch_size=8, verbose=0)
    loaded = aezoo.load(aezoo.save(model, tmp_path / "model"))
    assert "kl_penalty/0.ramp/step" in loaded.named_weights()
    assert float(ops.convert_to_numpy(loaded.kl_penalty.step)) == 2
    assert loaded.get_config()["kl_penalty"] == WARM_UP


def test_free_bits_keep_units_alive_that_the_kl_would_empty():
    """At a weight that makes every code pointless, the units stay in use."""
    position = np.random.default_rng(0).random((256, 1))
    x = (position * np.linspace(0, 1, 5)).astype("float32")
    found = {}
    for spec in (None, {"name": "free_bits", "nats": 0.5}):
        model = create("beta_vae", beta=1000, latent_dim=2, kl_penalty=spec)
        model.compile(model.default_optimizer(0.02))
        model.fit(x, epochs=10, batch_size=32, verbose=0)
        found[spec is None] = scores(model, x)["kl"]
    assert found[True] < 0.02
    assert found[False] > 10 * found[True]


@pytest.mark.parametrize("name", ["iwae", "beta_tc_vae"])
def test_variants_without_a_kl_in_their_loss_refuse_a_penalty(name):
    with pytest.raises(ValueError, match="has no KL term in its loss"):
        create(name, kl_penalty="free_bits")


@pytest.mark.parametrize("spec", ["annealing", {"name": "free_bits", "bits": 1}, 3, []])
def test_bad_penalties_are_refused(spec):
    with pytest.raises(ValueError, match="Received"):
        create("vae", kl_penalty=spec)
