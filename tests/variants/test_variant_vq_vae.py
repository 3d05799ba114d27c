"""Codes that are grids of entries of a codebook."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import aezoo
from aezoo.noise import generator

to_numpy = ops.convert_to_numpy
CONV = {"name": "conv", "channels": [4, 6]}
X = generator(0).random((6, 8, 12, 1)).astype("float32")


def create(sample_shape=(8, 12, 1), latent_dim=3, *, body=CONV, codebook_size=7, **config):
    return aezoo.create(
        "vq_vae",
        sample_shape=sample_shape,
        latent_dim=latent_dim,
        body=body,
        codebook_size=codebook_size,
        **config,
    )


def numpy(values):
    return {name: to_numpy(value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("config", "grid"),
    [
        ({}, (2, 3)),
        ({"sample_shape": (9, 11, 3)}, (3, 3)),
        ({"body": {"name": "resnet", "channels": [4, 4, 4], "blocks": 1}}, (1, 2)),
        ({"body": {"name": "conv", "channels": [4], "hidden": [5]}}, (1,)),
        ({"body": "mlp"}, (1,)),
        ({"body": "mlp", "grid": (5,)}, (5,)),
        ({"body": "rnn", "sample_shape": (6, 2), "grid": [2, 2]}, (2, 2)),
        ({"grid": (2, 2)}, (2, 2)),
        ({"grid": (1,)}, (1,)),
    ],
)
def test_a_code_has_the_places_of_its_grid(config, grid):
    model = create(**config)
    assert model.token_shape == grid
    assert model.code_shape == (*grid, 3)
    x = generator(0).random((2, *model.sample_shape)).astype("float32")
    assert model.encode(x).shape == (2, *grid, 3)
    assert model.tokenize(x).shape == (2, *grid)
    assert model.decode(model.encode(x)).shape == x.shape
    assert model.get_config()["grid"] == (list(config["grid"]) if "grid" in config else None)


@pytest.mark.parametrize("body", [CONV, {"name": "resnet", "channels": [4, 6], "blocks": 1}])
def test_a_spatial_code_sees_and_draws_its_own_surroundings(body):
    model = create((32, 32, 1), body=body, likelihood={"name": "gaussian"})
    layers = [*model.encoder._flatten_layers(), *model.decoder._flatten_layers()]
    assert not [layer for layer in layers if isinstance(layer, keras.layers.Dense)]
    x = generator(0).random((1, 32, 32, 1)).astype("float32")
    changed = x.copy()
    changed[:, :4, :4] = 0.0
    first, second = (to_numpy(model.posterior(a)["output"]) for a in (x, changed))
    assert first.shape == (1, 8, 8, 3)
    assert np.abs(first - second)[0, 0, 0].max() > 1e-4
    assert np.abs(first - second)[0, 7, 7].max() == 0.0
    code = model.encode(x)
    moved = code.copy()
    moved[0, 7, 7] += 1.0
    difference = np.abs(model.decode(moved) - model.decode(code))[0, ..., 0]
    assert difference[30, 30] > 0.0
    assert difference[:4, :4].max() == 0.0


def test_a_grid_that_is_not_the_bodys_goes_through_dense_layers():
    layers = create(grid=(3, 2)).encoder._flatten_layers()
    assert [layer for layer in layers if isinstance(layer, keras.layers.Dense)]


def test_a_code_is_the_nearest_entry_at_every_place():
    model = create()
    entries = to_numpy(model.quantizer.vectors())
    output = to_numpy(model.posterior(X)["output"])
    distances = np.linalg.norm(output[..., None, :] - entries, axis=-1)
    np.testing.assert_array_equal(model.tokenize(X), distances.argmin(axis=-1))
    np.testing.assert_allclose(model.encode(X), entries[distances.argmin(axis=-1)], atol=1e-6)


def test_tokens_are_all_that_a_reconstruction_needs():
    model = create()
    np.testing.assert_allclose(model.detokenize(model.tokenize(X)), model.reconstruct(X), atol=1e-6)
    with pytest.raises(ValueError, match="tokens"):
        model.detokenize(np.full((1, 2, 3), 7))


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_the_terms_are_those_of_the_paper(codebook):
    model = create(codebook=codebook, commitment=0.4)
    outputs = model.forward(X)
    terms, found = numpy(model.terms(X, X, outputs)), numpy(outputs)
    squares = ((found["output"] - found["quantised"]) ** 2).sum(axis=-1).mean(axis=(1, 2))
    np.testing.assert_allclose(terms["commitment"], squares, rtol=1e-5)
    error = 0.5 * ((found["x"] - X) ** 2).sum(axis=(1, 2, 3)) + 48 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms["nll"], error, rtol=1e-5)
    weights = {"nll": 1.0, "commitment": 0.4}
    if codebook == "gradient":
        np.testing.assert_allclose(terms["codebook"], squares, rtol=1e-5)
        weights["codebook"] = 1.0
    assert model.term_weights() == weights
    assert set(terms) == set(weights)


def test_each_term_reaches_what_it_is_for():
    model = create(codebook="gradient")
    encoder, offset = model.encoder.trainable_variables, model.quantizer.offset
    with tf.GradientTape(persistent=True) as tape:
        outputs = model.forward(X)
        terms = model.terms(X, X, outputs)
        losses = {name: ops.sum(value) for name, value in terms.items()}

    def reached(name, variables):
        gradients = tape.gradient(losses[name], [v.value for v in variables])
        return any(g is not None and np.abs(tf.convert_to_tensor(g)).max() > 0 for g in gradients)

    assert [name for name in losses if reached(name, encoder)] == ["nll", "commitment"]
    assert [name for name in losses if reached(name, [offset])] == ["codebook"]
    assert [name for name in losses if reached(name, model.decoder.trainable_variables)] == ["nll"]


def test_the_encoder_gets_the_gradient_of_the_decoders_input():
    model = create()
    with tf.GradientTape() as tape:
        outputs = model.forward(X)
        nll = ops.sum(model.likelihood.nll(X, outputs["parameters"]))
    through, direct = tape.gradient(nll, [outputs["output"], outputs["code"]])
    np.testing.assert_allclose(through, direct, rtol=1e-5)
    assert np.abs(through).max() > 0


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_training_reports_how_much_of_the_codebook_is_used(codebook):
    model = create(codebook=codebook, codebook_size=16)
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    history = model.fit(X, epochs=3, validation_data=X, verbose=0).history
    used = len(np.unique(model.tokenize(X)))
    assert history["val_usage"][-1] == pytest.approx(used / 16)
    for name in ("perplexity", "val_perplexity"):
        assert all(1.0 <= value <= 16.0 for value in history[name])
    assert history["perplexity"][0] > 4.0


def test_validation_leaves_the_codebook_as_it_is():
    model = create()
    model.compile(run_eagerly=True)
    before = [to_numpy(weight) for weight in model.quantizer.weights]
    model.evaluate(X, verbose=0)
    after = [to_numpy(weight) for weight in model.quantizer.weights]
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


def test_moving_averages_leave_nothing_of_the_codebook_to_gradients():
    assert not create(codebook="ema").quantizer.trainable_variables
    assert len(create(codebook="gradient").quantizer.trainable_variables) == 1


def test_there_is_no_prior_and_samplers_of_vectors_are_refused():
    model = create()
    with pytest.raises(ValueError, match="code_transformer"):
        model.generate(1)
    with pytest.raises(ValueError, match="code_transformer"):
        model.fit_sampler("normal", X)


def test_generated_samples_are_decoded_tokens_of_the_sampler(tmp_path):
    model = create()
    x = np.repeat(X, 3, axis=0)
    sampler = model.fit_sampler("code_transformer", x, width=4, depth=1, heads=1, iterations=1)
    drawn = sampler.transform(generator(3).standard_normal((5, 6))).reshape(5, 2, 3)
    np.testing.assert_allclose(model.generate(5, seed=3), model.detokenize(drawn), atol=1e-6)
    loaded = aezoo.load(aezoo.save(model, tmp_path / "model"))
    np.testing.assert_array_equal(loaded.generate(5, seed=3), model.generate(5, seed=3))
    np.testing.assert_array_equal(loaded.tokenize(X), model.tokenize(X))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"codebook_size": 1}, "codebook_size"),
        ({"grid": ()}, "grid"),
        ({"grid": (0, 2)}, "grid"),
        ({"grid": (200, 200)}, "grid"),
        ({"codebook": "kmeans"}, "codebook"),
        ({"decay": 1.5}, "decay"),
    ],
)
def test_bad_arguments_are_refused(config, message):
    with pytest.raises(ValueError, match=rf"VQVAE's {message} must be"):
        create(**config)
