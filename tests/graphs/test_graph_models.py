"""Models on ONNX Runtime answer as those of Keras do."""

from __future__ import annotations

import json

import keras
import numpy as np
import onnx
import pytest

import aezoo
import aezoo_registry
from aezoo import store
from aezoo.graphs import check
from aezoo.graphs.graph import stored_weights
from aezoo.graphs.onnx_file import parse
from aezoo.layout import GRAPH_FILES, MANIFEST
from aezoo.served import Served

RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 9, 8, 1)).astype("float32")
SETTINGS = {
    "bernoulli": {"likelihood": "bernoulli"},
    "sigmoid": {"likelihood": {"name": "gaussian", "scale": "batch", "link": "sigmoid"}},
    "resized": {
        "likelihood": "gaussian",
        "preprocess": [
            {"name": "resize", "height": 5, "width": 12},
            {"name": "standardise", "mean": [0.4], "std": [0.3]},
        ],
    },
    "scaled": {"preprocess": {"name": "scale", "low": -2.0, "high": 3.0}},
    "unbounded": {"preprocess": {"name": "standardise", "mean": 0.2, "std": 2.0}},
}


def trained(variant, body, **settings):
    """A small model whose weights, biases too, are not what they were at first."""
    model = aezoo.create(
        variant, sample_shape=IMAGES.shape[1:], latent_dim=3, body=body, **settings
    )
    for weight in model.named_weights().values():
        value = keras.ops.convert_to_numpy(weight)
        weight.assign(value + RNG.uniform(-0.1, 0.1, weight.shape).astype("float32"))
    return model


def both(model, folder, dtype="float16"):
    """The stored model in Keras, and served."""
    directory = aezoo.export(model, folder / "model", dtype=dtype)
    return aezoo.load(directory), aezoo.load(directory, engine="onnx"), directory


def same(found, expected, tolerance=1e-5):
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    scale = max(1.0, float(np.max(np.abs(expected))))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def agree(keras_model, served, x=IMAGES):
    """Assert that everything the interface offers is answered alike."""
    for name in ("sample_shape", "sample_range", "code_shape", "token_shape", "codebook_size"):
        assert getattr(served, name) == getattr(keras_model, name)
    for name in ("prior_noise_shape", "conditional", "latents", "variant", "source"):
        assert getattr(served, name) == getattr(keras_model, name)
    functions = set(keras_model.graph_functions())
    assert {name for name in GRAPH_FILES if served.engine.has(name)} == functions
    for n in (4, 1):
        codes = keras_model.encode(x[:n])
        same(served.encode(x[:n]), codes)
        same(served.decode(codes), keras_model.decode(codes))
    same(served.reconstruct(x), keras_model.reconstruct(x))
    same(served.reconstruct(x, batch_size=3), keras_model.reconstruct(x))
    walks = (m.interpolate(x[:1], x[1:2], steps=4) for m in (served, keras_model))
    same(*walks)
    if "posterior" in functions:
        same(served.encode(x, sample=True, seed=1), keras_model.encode(x, sample=True, seed=1))
    if "log_weight" in functions:
        same(served.log_prob(x), keras_model.log_prob(x))
    if "prior" in functions:
        same(*(m.generate(4, seed=2, sampler="prior") for m in (served, keras_model)))
    if "tokens" in functions:
        tokens = keras_model.tokenize(x)
        same(served.tokenize(x), tokens)
        same(served.detokenize(tokens), keras_model.detokenize(tokens))


@pytest.mark.parametrize("variant", aezoo.list_variants())
def test_variants(variant, tmp_path):
    keras_model, served, directory = both(trained(variant, "mlp"), tmp_path)
    assert isinstance(served, Served)
    assert not isinstance(served, keras.Model)
    agree(keras_model, served)
    sizes = [(directory / name).stat().st_size for name in store.read(directory).files]
    assert max(sizes) < 20_000


@pytest.mark.parametrize(
    "body",
    [{"name": name} for name in aezoo.list_bodies()] + [{"name": "rnn", "cell": "lstm"}],
    ids=lambda body: "-".join(body.values()),
)
def test_bodies(body, tmp_path):
    agree(*both(trained("vae", body), tmp_path)[:2])


@pytest.mark.parametrize("name", SETTINGS)
def test_likelihoods_and_preprocessing(name, tmp_path):
    keras_model, served, _ = both(trained("vae", "conv", **SETTINGS[name]), tmp_path)
    low, high = keras_model.sample_range or (-3.0, 3.0)
    agree(keras_model, served, low + (high - low) * IMAGES)
    pixels = np.round(IMAGES * 255).astype("uint8")
    same(served.reconstruct(pixels), keras_model.reconstruct(pixels))


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_storage_dtype(dtype, tmp_path):
    keras_model, served, directory = both(trained("vae", "conv"), tmp_path, dtype)
    assert store.read(directory).config["dtype"] == dtype
    agree(keras_model, served)


def test_vectors_and_sequences(tmp_path):
    for shape in ((6,), (7, 2)):
        x = RNG.random((4, *shape)).astype("float32")
        model = aezoo.create("ae", sample_shape=shape, latent_dim=2)
        directory = aezoo.export(model, tmp_path / str(len(shape)))
        agree(aezoo.load(directory), aezoo.load(directory, engine="onnx"), x)


@pytest.mark.parametrize("sampler", ["normal", "gmm"])
def test_fitted_samplers(sampler, tmp_path):
    model = trained("vae", "mlp")
    model.fit_sampler(sampler, RNG.random((60, *IMAGES.shape[1:])).astype("float32"))
    keras_model, served, _ = both(model, tmp_path)
    assert served.sampler.spec == keras_model.sampler.spec
    same(served.generate(4, seed=3), keras_model.generate(4, seed=3))
    same(served.sample_codes(6, seed=3), keras_model.sample_codes(6, seed=3), 1e-7)


def test_a_policy_of_training_is_none_of_serving(tmp_path):
    model = aezoo.create("vae", sample_shape=(9, 8, 1), latent_dim=3, dtype="mixed_bfloat16")
    keras_model, served, _ = both(model, tmp_path)
    agree(keras_model, served)


@pytest.mark.parametrize("variant", ["vae", "vq_vae"])
def test_the_onnx_library_agrees_about_every_graph(variant, tmp_path):
    _, _, directory = both(trained(variant, "conv"), tmp_path)
    stored = store.read(directory)
    places = stored_weights(stored.weights)
    for name, data in stored.files.items():
        onnx.checker.check_model(str(directory / name), full_check=True)
        graph = parse(data)
        found = check.shapes_of(graph)
        inferred = onnx.shape_inference.infer_shapes_path(
            str(directory / name), str(tmp_path / "o")
        )
        assert inferred is None
        model = onnx.load(tmp_path / "o", load_external_data=False)
        for value in model.graph.value_info:
            sizes = [d.dim_value or d.dim_param for d in value.type.tensor_type.shape.dim]
            for size, expected in zip(found[value.name], sizes, strict=True):
                known = "n" if size == check.SIZE else size
                assert known == expected or isinstance(expected, str)
        assert set(graph.weights) <= set(places)


def test_weights_are_stored_once(tmp_path):
    model = trained("vae", {"name": "mlp", "hidden": [256]})
    plain = aezoo.save(model, tmp_path / "plain")
    exported = aezoo.export(plain, tmp_path / "exported")
    assert (exported / "model.safetensors").read_bytes() == (
        plain / "model.safetensors"
    ).read_bytes()
    listed = json.loads((exported / MANIFEST).read_bytes())["files"]
    graphs = set(listed) - set(json.loads((plain / MANIFEST).read_bytes())["files"])
    assert graphs == {
        f"{name}.onnx" for name in ("encoder", "decoder", "prior", "posterior", "log_weight")
    }
    assert sum(listed[name]["size"] for name in graphs) < 10_000


@pytest.mark.parametrize("name", aezoo.list_presets())
def test_presets(name):
    keras_model, served = aezoo.load(name), aezoo.load(name, engine="onnx")
    x = RNG.random((4, *served.sample_shape)).astype("float32")
    agree(keras_model, served, x)
    assert served.learns_code == keras_model.learns_code
    with_prior = (aezoo_registry.preset(name).path / "prior.onnx").exists()
    if keras_model.sampler is not None or with_prior:
        same(served.generate(4, seed=0), keras_model.generate(4, seed=0))
    else:
        with pytest.raises(ValueError, match="a prior or a fitted sampler"):
            served.generate(4)
