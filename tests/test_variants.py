from __future__ import annotations

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf
from keras import ops

import aezoo
import aezoo_registry
from aezoo import schema
from aezoo.core import Autoencoder
from aezoo.dead_units import DeadUnits
from aezoo.variants import dae, sparse_ae

D = 5
X = np.random.default_rng(0).random((16, D)).astype("float32")
SEED = keras.random.SeedGenerator(0)
LIKELIHOODS = ["gaussian", "laplace", "bernoulli", {"name": "gaussian", "scale": 0.3}]


def create(name, likelihood="gaussian", *, latent_dim=3, hidden=(4,), **config):
    body = {"name": "mlp", "hidden": list(hidden), "activation": "tanh"}
    return aezoo.create(
        name, sample_shape=(D,), latent_dim=latent_dim, body=body, likelihood=likelihood, **config
    )


def numpy(values):
    return {name: ops.convert_to_numpy(value).astype("float64") for name, value in values.items()}


def run(model, x=X, target=X):
    outputs = model.forward(x)
    return numpy(outputs), numpy(model.terms(x, target, outputs))


def nll(likelihood, target, parameters):
    if likelihood == "bernoulli":
        rate = scipy.special.expit(parameters)
        return -(target * np.log(rate) + (1 - target) * np.log1p(-rate)).sum(axis=1)
    if likelihood == "laplace":
        return -scipy.stats.laplace.logpdf(target, parameters).sum(axis=1)
    scale = 1.0 if likelihood == "gaussian" else likelihood["scale"]
    return -scipy.stats.norm.logpdf(target, parameters, scale).sum(axis=1)


def trained(model):
    """Gives a model weights that matter, by a few steps on data with structure."""
    model.compile(keras.optimizers.Adam(0.02))
    shift = np.random.default_rng(1).random((256, 1)) * 0.6
    model.fit((shift + 0.4 * np.linspace(0, 1, D)).astype("float32"), epochs=5, verbose=0)
    return model


@pytest.fixture(
    scope="module", params=LIKELIHOODS, ids=["gaussian", "laplace", "bernoulli", "scaled"]
)
def likelihood(request):
    return request.param


@pytest.fixture(scope="module")
def vae(likelihood):
    return trained(create("vae", likelihood))


@pytest.mark.parametrize("name", aezoo_registry.names("variants"))
def test_every_argument_is_bounded_by_its_annotation(name):
    cls = aezoo_registry.load("variants", name)
    for parameter in schema.parameters(cls, root=Autoencoder).values():
        assert schema.describe(parameter.annotation) != "any JSON value", parameter


def test_an_autoencoder_scores_the_reconstruction_of_its_code(likelihood):
    model = create("ae", likelihood)
    outputs, terms = run(model)
    assert set(terms) == set(model.term_weights()) == {"nll"}
    np.testing.assert_allclose(terms["nll"], nll(likelihood, X, outputs["parameters"]), rtol=1e-4)
    np.testing.assert_allclose(outputs["code"], model.encode(X), atol=1e-6)
    np.testing.assert_allclose(np.clip(outputs["x"], 0, 1), model.reconstruct(X), atol=1e-6)


def test_the_target_is_what_is_scored():
    model = create("ae")
    outputs, terms = run(model, target=1 - X)
    np.testing.assert_allclose(
        terms["nll"], nll("gaussian", 1 - X, outputs["parameters"]), rtol=1e-4
    )


def test_the_vae_terms_are_the_evidence_bound(vae, likelihood):
    outputs, terms = run(vae)
    mean, variance = outputs["mean"], np.exp(outputs["log_variance"])
    kl = 0.5 * (variance + mean**2 - 1 - np.log(variance)).sum(axis=1)
    np.testing.assert_allclose(terms["kl"], kl, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(terms["nll"], nll(likelihood, X, outputs["parameters"]), rtol=1e-4)
    assert vae.term_weights() == {"nll": 1.0, "kl": 1.0}
    scores = vae.evaluate(X, return_dict=True, verbose=0)
    assert scores["loss"] == pytest.approx(scores["nll"] + scores["kl"], rel=1e-5)


def test_the_vae_reconstructs_from_a_posterior_draw_in_validation_too(vae):
    first, second = run(vae)[0], run(vae)[0]
    np.testing.assert_array_equal(first["mean"], second["mean"])
    assert not np.array_equal(first["code"], second["code"])
    decoded = ops.convert_to_numpy(vae.likelihood_parameters(first["code"].astype("float32")))
    np.testing.assert_allclose(first["parameters"], decoded, rtol=1e-4, atol=1e-5)


def test_posterior_draws_have_the_posteriors_moments(vae):
    posterior = numpy(vae.posterior(X[:1]))
    draws = vae.encode(np.repeat(X[:1], 20_000, axis=0), sample=True, seed=0, batch_size=20_000)
    scale = np.exp(0.5 * posterior["log_variance"][0])
    np.testing.assert_allclose(draws.mean(axis=0), posterior["mean"][0], atol=0.04 * scale.max())
    np.testing.assert_allclose(draws.std(axis=0), scale, rtol=0.03)
    np.testing.assert_allclose(vae.encode(X[:1]), posterior["mean"], rtol=1e-4, atol=1e-6)


def test_the_log_weight_is_the_ratio_of_the_densities(vae, likelihood):
    noise = np.random.default_rng(2).normal(size=(16, 3)).astype("float32")
    posterior = numpy(vae.posterior(X))
    scale = np.exp(0.5 * posterior["log_variance"])
    z = posterior["mean"] + scale * noise
    parameters = ops.convert_to_numpy(vae.likelihood_parameters(z.astype("float32")))
    expected = (
        -nll(likelihood, X, parameters)
        + scipy.stats.norm.logpdf(z).sum(axis=1)
        - scipy.stats.norm.logpdf(z, posterior["mean"], scale).sum(axis=1)
    )
    np.testing.assert_allclose(vae.log_weight(X, noise), expected, rtol=1e-4, atol=1e-3)


def test_importance_samples_close_the_gap_to_the_exact_likelihood():
    scale = 0.5
    model = create("vae", {"name": "gaussian", "scale": scale}, latent_dim=2, hidden=())
    kernel, bias = (ops.convert_to_numpy(w) for w in model.decoder.network.weights)
    covariance = kernel.T @ kernel + scale**2 * np.eye(D)
    exact = scipy.stats.multivariate_normal.logpdf(X, bias, covariance)
    many = np.repeat(X, 64, axis=0)
    bounds = [model.log_prob(many, k=k, batch_size=1024).mean() for k in (1, 3, 30)]
    assert bounds[0] + 1 < bounds[1]
    assert bounds[1] + 0.3 < bounds[2] < exact.mean() + 0.02
    np.testing.assert_allclose(model.log_prob(X, k=1000), exact, atol=0.2)


def test_the_prior_of_the_vae_is_standard_normal(vae):
    noise = np.random.default_rng(3).normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(vae.prior(noise), noise)
    assert vae.generate(4, seed=0).shape == (4, D)


def test_beta_weighs_the_kl_term():
    model = create("beta_vae", beta=3)
    model.compile("adam")
    scores = model.evaluate(X, return_dict=True, verbose=0)
    assert scores["loss"] == pytest.approx(scores["nll"] + 3 * scores["kl"], rel=1e-5)
    assert create("beta_vae", beta=1).term_weights() == create("vae").term_weights()
    for beta in (-1, float("nan"), "4", None):
        with pytest.raises(ValueError, match="BetaVAE's beta must be a number of 0 to"):
            create("beta_vae", beta=beta)


def corrupt(corruption, x):
    return ops.convert_to_numpy(schema.build(corruption, dae.find, "corruption")(x, SEED))


GREY = np.full((100, 1000), 0.5, "float32")


def test_gaussian_corruption_adds_noise_of_its_scale():
    noise = corrupt({"name": "gaussian", "scale": 0.2}, GREY) - GREY
    assert noise.mean() == pytest.approx(0, abs=0.003)
    assert noise.std() == pytest.approx(0.2, rel=0.02)
    assert scipy.stats.kstest(noise[0] / 0.2, "norm").pvalue > 1e-3
    np.testing.assert_array_equal(corrupt({"name": "gaussian", "scale": 0}, GREY), GREY)


def test_masking_sets_its_share_to_zero_and_leaves_the_rest():
    masked = corrupt({"name": "masking", "rate": 0.3}, GREY)
    assert set(np.unique(masked)) == {0.0, 0.5}
    assert (masked == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert (corrupt({"name": "masking", "rate": 1}, GREY) == 0).all()
    assert (corrupt({"name": "masking", "rate": 0}, GREY) == 0.5).all()


def test_salt_and_pepper_are_equally_frequent():
    noisy = corrupt({"name": "salt_and_pepper", "rate": 0.4}, GREY)
    assert set(np.unique(noisy)) == {0.0, 0.5, 1.0}
    for value, share in {0.0: 0.2, 0.5: 0.6, 1.0: 0.2}.items():
        assert (noisy == value).mean() == pytest.approx(share, abs=0.01)


def test_the_denoising_autoencoder_reconstructs_the_clean_sample_from_the_corrupted(likelihood):
    model = create("dae", likelihood, corruption={"name": "masking", "rate": 1.0})
    outputs, terms = run(model)
    hidden = model.reconstruct(np.zeros_like(X))
    np.testing.assert_allclose(np.clip(outputs["x"], 0, 1), hidden, atol=1e-6)
    np.testing.assert_allclose(terms["nll"], nll(likelihood, X, outputs["parameters"]), rtol=1e-4)
    assert not np.allclose(model.reconstruct(X), hidden, atol=1e-3)


def test_encode_of_the_denoising_autoencoder_adds_no_noise():
    model = create("dae")
    np.testing.assert_array_equal(model.encode(X), model.encode(X))
    assert not np.array_equal(run(model)[0]["x"], run(model)[0]["x"])


def test_without_a_corruption_the_samples_bring_their_own():
    model = create("dae", corruption=None)
    np.testing.assert_array_equal(run(model)[0]["x"], run(model)[0]["x"])
    assert model.get_config()["corruption"] is None
    assert create("dae").get_config()["corruption"] == {"name": "gaussian", "scale": 0.3}


@pytest.mark.parametrize(
    "corruption",
    ["", {}, [], "blur", {"name": "masking", "rate": 1.1}, {"name": "masking", "scale": 1}],
)
def test_bad_corruptions_are_refused(corruption):
    with pytest.raises(ValueError, match="Received"):
        create("dae", corruption=corruption)


H = np.array([[3.0, -2.0, 0.5, 0.0], [-0.1, 4.0, -5.0, 1.0]], "float32")


def sparsity(spec):
    return schema.build(spec, sparse_ae.find, "sparsity")


def test_l1_codes_are_positive_and_pay_for_their_sum():
    l1 = sparsity("l1")
    code = ops.convert_to_numpy(l1.code(H))
    np.testing.assert_array_equal(code, np.maximum(H, 0))
    np.testing.assert_allclose(l1.penalty(code), [3.5, 5.0])


def test_kl_sparsity_compares_the_mean_activation_with_the_rate():
    kl = sparsity({"name": "kl", "rate": 0.2, "weight": 2.0})
    code = ops.convert_to_numpy(kl.code(H))
    np.testing.assert_allclose(code, scipy.special.expit(H), rtol=1e-5)
    activity = code.mean(axis=0)
    expected = sum(scipy.stats.entropy([0.2, 0.8], [a, 1 - a]) for a in activity)
    np.testing.assert_allclose(kl.penalty(code), [expected, expected], rtol=1e-4)
    assert kl.weight == 2.0


def test_top_k_keeps_the_largest_magnitudes():
    top = sparsity({"name": "top_k", "active": 2})
    np.testing.assert_array_equal(top.code(H), [[3, -2, 0, 0], [0, 4, -5, 0]])
    np.testing.assert_array_equal(top.penalty(H), [0, 0])
    np.testing.assert_array_equal(sparsity({"name": "top_k", "active": 99}).code(H), H)


@pytest.mark.parametrize("spec", ["l1", {"name": "kl", "weight": 0.5}, "top_k"])
def test_the_sparse_terms_are_the_penalty_and_the_share_of_active_units(spec, likelihood):
    model = create("sparse_ae", likelihood, latent_dim=8, sparsity=spec, threshold=0.05)
    outputs, terms = run(model)
    code = outputs["code"]
    np.testing.assert_allclose(code, model.encode(X), atol=1e-6)
    np.testing.assert_allclose(terms["nll"], nll(likelihood, X, outputs["parameters"]), rtol=1e-4)
    np.testing.assert_allclose(
        terms["sparsity"], model.sparsity.penalty(code.astype("float32")), rtol=1e-4
    )
    np.testing.assert_allclose(terms["active"], (np.abs(code) > 0.05).mean(axis=1), atol=1e-6)
    weights = {"nll": 1.0, "sparsity": model.sparsity.weight, "active": 0.0}
    assert model.term_weights() == weights
    if spec == "top_k":
        assert ((code != 0).sum(axis=1) == 4).all()


def test_dead_units_are_those_no_sample_woke():
    dead = DeadUnits(4)
    assert float(dead.result()) == 1.0
    dead.update_state(np.array([[1.0, 0, 0, 0], [1, 1, 0, 0]], "float32"))
    assert float(dead.result()) == 0.5
    dead.update_state(np.array([[0.0, 0, 1, 0]], "float32"))
    assert float(dead.result()) == 0.25
    dead.reset_state()
    assert float(dead.result()) == 1.0


def test_training_reports_dead_and_active_units():
    model = create("sparse_ae", latent_dim=8, sparsity={"name": "top_k", "active": 2})
    model.compile("adam")
    history = model.fit(X, validation_data=(X, X), verbose=0).history
    for prefix in ("", "val_"):
        assert history[f"{prefix}active"] == [pytest.approx(0.25)]
        assert history[f"{prefix}dead"][0] in np.arange(9) / 8
    codes = model.encode(X)
    expected = 1 - (np.abs(codes) > 0.01).any(axis=0).mean()
    assert model.evaluate(X, return_dict=True, verbose=0)["dead"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "spec",
    [None, "l2", {"name": "top_k", "active": 0}, {"name": "kl", "rate": 0}, {"name": "l1", "k": 1}],
)  # fmt: skip
def test_bad_sparsities_are_refused(spec):
    with pytest.raises(ValueError, match="Received"):
        create("sparse_ae", sparsity=spec)


def test_the_adversarial_terms_are_the_non_saturating_game(likelihood):
    model = create("aae", likelihood, critic=[6], adversarial=2.5)
    outputs, terms = run(model)
    np.testing.assert_allclose(terms["nll"], nll(likelihood, X, outputs["parameters"]), rtol=1e-4)
    fake = ops.convert_to_numpy(model.critic_network(outputs["code"].astype("float32")))[:, 0]
    np.testing.assert_allclose(terms["adversarial"], np.logaddexp(0, -fake), rtol=1e-4)
    real = terms["critic"] - np.logaddexp(0, fake)
    assert real.min() > 0
    noise = np.random.default_rng(0).normal(size=(4000, 3)).astype("float32")
    logits = ops.convert_to_numpy(model.critic_network(noise))[:, 0]
    assert real.mean() == pytest.approx(np.logaddexp(0, -logits).mean(), abs=0.3)
    assert model.term_weights() == {"nll": 1.0, "kl": 0.0, "adversarial": 2.5, "critic": 1.0}


@pytest.mark.parametrize(
    ("term", "reached"),
    [
        ("nll", {"encoder", "decoder"}),
        ("adversarial", {"encoder"}),
        ("critic", {"critic_network"}),
    ],
)
def test_every_adversarial_term_trains_its_own_network(term, reached):
    model = create("aae", critic=[6])
    networks = ("encoder", "decoder", "critic_network")
    with tf.GradientTape(persistent=True) as tape:
        value = tf.reduce_sum(model.terms(X, X, model.forward(X))[term])
    found = {
        name
        for name in networks
        if any(
            gradient is not None and float(tf.reduce_sum(tf.abs(gradient))) > 0
            for gradient in tape.gradient(value, [w.value for w in getattr(model, name).weights])
        )
    }
    assert found == reached


def test_the_critics_own_optimizer_takes_its_weights():
    model = create("aae", critic=[6])
    model.compile()
    model.fit(X, verbose=0)
    critic, others = model.optimizer.optimizers
    assert critic.beta_1 == 0.5
    assert others.beta_1 == 0.9
    weights = model.critic_network.trainable_variables
    assert len(critic.variables) - len(others.variables) == 2 * (len(weights) - 8)


def test_bernoulli_refuses_samples_outside_the_unit_interval():
    with pytest.raises(ValueError, match=r"needs preprocessed samples in \[0, 1\]"):
        create("vae", "bernoulli", preprocess="standardise")
    scaled = create("vae", "bernoulli", preprocess={"name": "scale", "low": -1, "high": 1})
    assert scaled.generate(2, seed=0).min() >= -1
