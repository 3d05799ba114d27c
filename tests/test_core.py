from __future__ import annotations

import copy
import itertools
import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import aezoo
from aezoo import losses, schema
from aezoo.variants.ae import AE
from aezoo.variants.vae import VAE

D = 6
BODY = {"name": "mlp", "hidden": [4]}
X = np.random.default_rng(0).random((64, D)).astype("float32")
CONDITION = np.eye(3, dtype="float32")[np.arange(64) % 3]


def create(name="ae", **config):
    return aezoo.create(name, **{"sample_shape": (D,), "latent_dim": 2, "body": BODY, **config})


def compiled(name="ae", **config):
    model = create(name, **config)
    model.compile("adam")
    return model


@keras.saving.register_keras_serializable(package="tests")
class ConditionalVAE(VAE):
    """What a plugin author would write: the condition shifts the code on both sides."""

    conditional = True

    def __init__(self, sample_shape, latent_dim=16, *, classes: schema.Size = 3, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.classes = classes
        with self.construction():
            self.shift = keras.Sequential(
                [keras.Input((classes,)), keras.layers.Dense(self.latent_dim)], name="shift"
            )

    def posterior(self, x, training=False, condition=None):
        posterior = super().posterior(x, training=training, condition=condition)
        return {**posterior, "mean": posterior["mean"] + self.shift(condition)}

    def likelihood_parameters(self, z, training=False, condition=None):
        return super().likelihood_parameters(z - self.shift(condition), training=training)


@keras.saving.register_keras_serializable(package="tests")
class Stacked(AE):
    """Further networks in a list, and a term of its own."""

    def __init__(self, sample_shape, latent_dim=16, *, depth: schema.Size = 2, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.depth = depth
        with self.construction():
            self.stack = [
                keras.Sequential([keras.Input((self.latent_dim,)), keras.layers.Dense(latent_dim)])
                for _ in range(depth)
            ]

    def posterior(self, x, training=False, condition=None):
        code = super().posterior(x, training=training, condition=condition)["code"]
        for network in self.stack:
            code = network(code)
        return {"code": code}

    def terms(self, x, target, outputs, training=False, condition=None):
        terms = super().terms(x, target, outputs, condition=condition, training=training)
        return {**terms, "decay": losses.squared_error(outputs["code"], 0.0)}

    def term_weights(self):
        return {**super().term_weights(), "decay": 0.5}


@pytest.fixture(scope="module")
def vae():
    return compiled("vae")


@pytest.fixture(scope="module")
def conditional():
    model = ConditionalVAE((D,), 2, body=BODY)
    model.compile("adam")
    return model


def test_the_textbook_program_has_its_counterpart():
    model = create(body={"name": "mlp", "hidden": [16]})
    model.compile("adam")
    history = model.fit(X, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert set(history) == {"loss", "nll", "mse"}


def test_targets_and_their_absence(vae):
    model = compiled()
    same = model.evaluate(X, X, return_dict=True, verbose=0)
    assert same == pytest.approx(model.evaluate(X, return_dict=True, verbose=0))
    other = model.evaluate(X, 1 - X, return_dict=True, verbose=0)
    expected = np.mean((1 - X - ops.convert_to_numpy(model(X)["x"])) ** 2)
    assert other["mse"] == pytest.approx(expected, rel=1e-4)
    assert other["mse"] != pytest.approx(same["mse"])


@pytest.mark.parametrize(
    "data",
    [
        lambda: {"x": tf.data.Dataset.from_tensor_slices(X).batch(32)},
        lambda: {"x": tf.data.Dataset.from_tensor_slices((X, X)).batch(32)},
        lambda: {"x": ((X[i : i + 32],) for i in (0, 32)), "steps_per_epoch": 2},
        lambda: {"x": X, "validation_split": 0.5},
        lambda: {"x": X, "validation_data": X},
        lambda: {"x": X, "validation_data": (X,)},
        lambda: {"x": X, "validation_data": (X, X, np.ones(64))},
        lambda: {"x": X, "y": X[::-1], "sample_weight": np.ones(64)},
        lambda: {"x": (X * 255).astype("uint8")},
        lambda: {"x": X.astype("float64")},
    ],
)
def test_fit_takes_what_keras_takes(vae, data):
    arguments = data()
    history = vae.fit(**arguments, verbose=0).history
    expected = {"loss", "nll", "kl", "mse"}
    if any(name.startswith("validation") for name in arguments):
        expected |= {f"val_{name}" for name in expected}
    assert set(history) == expected
    assert np.isfinite(list(history.values())).all()


def test_weights_of_zero_drop_their_samples():
    weights = np.r_[np.ones(16), np.zeros(48)]
    optimizer = {"optimizer": keras.optimizers.SGD(0.1)}
    models = [create(), create()]
    for model, arguments in zip(
        models, [{"x": X, "sample_weight": weights}, {"x": X[:16]}], strict=True
    ):
        model.compile(**copy.deepcopy(optimizer))
        arguments["history"] = model.fit(**arguments, batch_size=64, shuffle=False, verbose=0)
    np.testing.assert_allclose(models[0].encode(X), models[1].encode(X), atol=1e-5)


def test_terms_add_up_to_the_loss_with_their_weights():
    model = Stacked((D,), 2, body=BODY)
    model.compile("adam", metrics=["mae"])
    scores = model.evaluate(X, batch_size=24, return_dict=True, verbose=0)
    assert scores["loss"] == pytest.approx(scores["nll"] + 0.5 * scores["decay"], rel=1e-5)
    outputs = model(X)
    decay = np.sum(ops.convert_to_numpy(outputs["code"]) ** 2, axis=1).mean()
    assert scores["decay"] == pytest.approx(decay, rel=1e-4)
    mae = np.abs(X - ops.convert_to_numpy(outputs["x"])).mean()
    assert scores["mae"] == pytest.approx(mae, rel=1e-4)


def test_layer_losses_count():
    model = compiled()
    before = model.evaluate(X, return_dict=True, verbose=0)["loss"]
    kernel = model.encoder.network.weights[0]
    kernel.regularizer = keras.regularizers.L2(1.0)
    model.compile("adam")
    penalty = float(np.sum(ops.convert_to_numpy(kernel) ** 2))
    after = model.evaluate(X, return_dict=True, verbose=0)["loss"]
    assert after == pytest.approx(before + penalty, rel=1e-4)


def test_terms_without_weights_are_an_error():
    class Forgetful(AE):
        def term_weights(self):
            return {"nll": 1.0, "kl": 1.0}

    model = Forgetful((D,), 2, body=BODY)
    model.compile("adam")
    with pytest.raises(ValueError, match="must have the same names"):
        model.fit(X, verbose=0)


def test_predict_and_summary_are_those_of_keras(vae):
    outputs = vae.predict(X[:5], verbose=0)
    assert outputs["x"].shape == (5, D)
    lines = []
    vae.summary(print_fn=lines.append)
    assert "encoder" in "\n".join(lines)


def test_the_halves_work_in_other_graphs(vae):
    inputs = keras.Input((D,))
    model = keras.Model(inputs, vae.decoder(vae.encoder(inputs)))
    np.testing.assert_allclose(model.predict(X, verbose=0), vae.reconstruct(X), atol=1e-5)
    assert len(model.weights) == len(vae.weights)
    codes = keras.Model(inputs, keras.layers.Dense(1)(vae.encoder(inputs)))
    assert codes(X).shape == (64, 1)
    levels = keras.Input((D,), dtype="uint8")
    images = (X * 255).astype("uint8")
    found = keras.Model(levels, vae.encoder(levels))(images)
    np.testing.assert_allclose(found, vae.encode(images), atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the format is TensorFlow's")
def test_exports_are_those_of_keras_and_need_no_call_before(tmp_path):
    import tensorflow as tf

    model = create("vae")
    parts = {
        model: lambda: model(X)["x"],
        model.encoder: lambda: model.encode(X),
        model.decoder: lambda: model.decode(model.encode(X)),
    }
    for part, expected in parts.items():
        inputs = X if part is not model.decoder else model.encode(X)
        part.export(tmp_path / part.name, verbose=False)
        exported = tf.saved_model.load(str(tmp_path / part.name))
        result = exported.serve(tf.constant(inputs))
        result = result["x"] if part is model else result
        np.testing.assert_allclose(result, ops.convert_to_numpy(expected()), atol=1e-5)


@pytest.mark.parametrize("name", ["vae", "aae"])
def test_keras_files_restore_model_and_optimizer(name, tmp_path):
    model = create(name)
    model.compile()
    model.fit(X, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model.encode(X), again.encode(X))
    for old, new in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(old), ops.convert_to_numpy(new))
    again.fit(X, verbose=0)
    assert int(again.optimizer.iterations.numpy()) == 4


def test_copies_are_whole():
    model = create("dae", corruption={"name": "masking", "rate": 0.25}, likelihood="bernoulli")
    twin = type(model).from_config(model.get_config())
    assert twin.get_config() == model.get_config()
    np.testing.assert_array_equal(twin.encode(X), model.encode(X))
    twin.encoder.network.weights[0].assign(np.zeros((D, 4)))
    clone = copy.deepcopy(twin)
    np.testing.assert_array_equal(clone.encode(X), twin.encode(X))


def test_the_config_is_json_of_the_constructors_arguments():
    config = create("beta_vae", beta=2, preprocess={"name": "scale", "low": -1}).get_config()
    assert config.pop("name").startswith("beta_vae")
    assert config == {
        "sample_shape": [D],
        "latent_dim": 2,
        "beta": 2,
        "kl_penalty": None,
        "body": {"name": "mlp", "hidden": [4], "activation": "relu"},
        "likelihood": {"name": "gaussian", "scale": 1.0, "link": "identity"},
        "preprocess": [{"name": "scale", "low": -1, "high": 1.0}],
        "seed": 0,
        "dtype": "float32",
    }


def test_half_precision_computes_in_it_and_answers_in_float32():
    model = create("vae", dtype="mixed_bfloat16")
    model.compile("adam", metrics=["mae"])
    history = model.fit(X, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert all(weight.dtype == "float32" for weight in model.weights)
    assert any(layer.compute_dtype == "bfloat16" for layer in model.encoder.network.layers)
    for array in (model.encode(X), model.decode(X[:, :2]), model.generate(2), model(X)["x"]):
        assert array.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_half_precision_does_not_round_the_target():
    fine = np.full((8, D), 0.5 + 2.0**-12, "float32")
    model = create(dtype="mixed_bfloat16")
    outputs = {"parameters": ops.zeros((8, D))}
    target = model.preprocess.forward(fine)
    found = model.terms(target, target, outputs)["nll"]
    expected = 0.5 * (fine**2).sum(axis=1) + 0.5 * D * np.log(2 * np.pi)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_seed_decides_the_weights_and_nothing_global_changes():
    random.seed(1)
    keras.utils.set_random_seed(3)
    state, noise = random.getstate(), np.random.get_state()[1].tolist()
    first = create("aae", seed=7)
    assert random.getstate() == state
    assert np.random.get_state()[1].tolist() == noise
    random.seed(2)
    second, other = create("aae", seed=7), create("aae", seed=8)
    pairs = list(zip(first.weights, second.weights, strict=True))
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in pairs)
    assert not np.array_equal(first.weights[0].numpy(), other.weights[0].numpy())
    kernels = [w.numpy() for w in first.weights if w.shape == (4, 2)]
    assert all(not np.array_equal(a, b) for a, b in itertools.pairwise(kernels))


def test_a_conditional_variant_works_from_end_to_end(conditional):
    data = {"x": X, "condition": CONDITION}
    history = conditional.fit(data, validation_data=(data,), verbose=0).history
    assert set(history) >= {"loss", "kl", "val_nll"}
    conditional.fit(data, X, sample_weight=np.ones(64), verbose=0)
    conditional.fit(data, sample_weight=np.ones(64), verbose=0)
    conditional.fit(tf.data.Dataset.from_tensor_slices(((data),)).batch(32), verbose=0)
    conditional.shift.layers[-1].kernel.assign(3 * np.eye(3, 2))
    codes = conditional.encode(X, condition=CONDITION)
    other = conditional.encode(X, condition=np.roll(CONDITION, 1, axis=1))
    assert np.abs(codes - other).max() > 1
    samples = conditional.generate(3, seed=0, condition=np.eye(3))
    assert samples.shape == (3, D)
    assert not np.array_equal(samples, conditional.generate(3, seed=0, condition=np.eye(3)[::-1]))
    np.testing.assert_allclose(
        conditional.reconstruct(X, condition=CONDITION),
        conditional.decode(codes, condition=CONDITION),
        atol=1e-6,
    )
    assert conditional.log_prob(X, k=2, condition=CONDITION).shape == (64,)
    assert conditional.interpolate(X[:3], X[3:6], steps=4, condition=np.eye(3)).shape == (3, 4, D)
    np.testing.assert_allclose(
        conditional.encoder(X, condition=CONDITION), codes, rtol=1e-4, atol=1e-5
    )
    assert conditional.predict(data, verbose=0)["x"].shape == (64, D)


def test_conditions_are_demanded_and_refused_in_training(conditional, vae):
    with pytest.raises(ValueError, match=r"ConditionalVAE needs \{'x': samples, 'condition'"):
        conditional.fit(X, verbose=0)
    with pytest.raises(ValueError, match=r"ConditionalVAE needs \{'x': samples, 'condition'"):
        conditional.fit({"x": X}, verbose=0)
    with pytest.raises(ValueError, match="VAE takes no condition"):
        vae.fit({"x": X, "condition": CONDITION}, verbose=0)
    with pytest.raises(ValueError, match="looks like pixel values"):
        conditional.fit({"x": 255 * X, "condition": CONDITION}, verbose=0)


def test_networks_in_a_list_are_weights_with_names():
    model = Stacked((D,), 2, body=BODY)
    names = list(model.named_weights())
    assert len(names) == len(model.weights)
    assert names[-4:] == [
        "stack.0/0.dense/kernel",
        "stack.0/0.dense/bias",
        "stack.1/0.dense/kernel",
        "stack.1/0.dense/bias",
    ]


def test_names_of_weights_do_not_depend_on_what_was_built_before():
    names = list(create("aae").named_weights())
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    assert list(create("aae").named_weights()) == names
    assert names[0] == "encoder/0.dense/kernel"
    assert len(set(names)) == len(names) == len(create("aae").weights)


def test_a_weight_outside_the_layers_has_no_name():
    model = create()
    model.add_weight(shape=(1,), name="loose")
    with pytest.raises(ValueError, match="AE holds weights outside its layers"):
        model.named_weights()


def test_a_class_without_a_registered_name_has_no_variant():
    assert create().variant == "ae"
    with pytest.raises(LookupError, match=r"`name = \"[\w.]+:Stacked\"` under the entry-point"):
        _ = Stacked((D,), 2, body=BODY).variant


def test_a_second_call_compiles_nothing():
    model = create("vae")

    def use():
        for n in (1, 3, 64):
            model.reconstruct(X[:n])
            model.encode(X[:n], sample=True)
            model.generate(n)
            model.log_prob(X[:n])
        return model.engine.compiled

    assert use() == use() == 15


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"x": X * 255}, "x looks like pixel values from 0 to 255"),
        ({"x": np.where(X > 0.9, np.nan, X)}, "x must be finite"),
        ({"x": X[:, :3]}, "x has the wrong shape"),
        ({"x": X, "y": np.arange(64)}, "y"),
        ({"x": X, "y": 255 * X}, "y looks like pixel values"),
        ({"x": X, "validation_data": (X, 255 * X)}, "validation_data looks like pixel"),
        ({"x": X, "validation_data": X[:, :2]}, "validation_data has the wrong shape"),
        ({"x": X.astype("complex64")}, "complex"),
    ],
)
def test_fit_checks_arrays_as_encode_does(vae, arguments, reason):
    before = vae.encode(X)
    with pytest.raises(ValueError, match=reason):
        vae.fit(**arguments, verbose=0)
    np.testing.assert_array_equal(vae.encode(X), before)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"sample_shape": ()}, "AE's sample_shape must be a list of"),
        ({"sample_shape": (0,)}, "AE's sample_shape"),
        ({"sample_shape": 6}, "AE's sample_shape"),
        ({"sample_shape": (2,) * 6}, "AE's sample_shape"),
        ({"latent_dim": 0}, "AE's latent_dim must be an integer of 1 to 65536"),
        ({"latent_dim": 2.0}, "AE's latent_dim"),
        ({"latent_dim": 10**9}, "AE's latent_dim"),
        ({"seed": -1}, "AE's seed"),
        ({"beta": 2}, "AE has no argument 'beta'. It takes: sample_shape, latent_dim, body"),
        ({"body": "conv"}, "Conv needs images"),
        ({"likelihood": "poisson"}, "likelihood must be one of"),
        ({"preprocess": "whiten"}, "preprocess must be one of"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_built(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        create(**arguments)


def test_compile_brings_the_loss_itself(vae):
    with pytest.raises(ValueError, match=r"brings its own loss.*likelihood='gaussian'"):
        create().compile("adam", "mse")
    model = create()
    model.compile()
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    with pytest.raises(ValueError, match="compile"):
        create().fit(X, verbose=0)
