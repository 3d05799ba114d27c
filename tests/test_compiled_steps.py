"""The loop over training steps within one program, against Keras' function that starts one each."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import aezoo
from aezoo import compiled_steps
from aezoo.divergence import DivergenceError
from aezoo.shuffling import shuffled
from aezoo.variants.vae import VAE

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a loop of TensorFlow's"
)
X = np.random.default_rng(0).random((27, 6)).astype("float32")
MLP = {"name": "mlp", "hidden": [5]}


def model_of(variant="vae", sample_shape=(6,), body=MLP, **arguments):
    model = aezoo.create(variant, sample_shape=sample_shape, latent_dim=2, body=body)
    model.compile(**{"jit_compile": True, "steps_per_execution": 4, **arguments})
    return model


def default(iterator):
    return "Keras"


def batches(x=X, size=4):
    import tensorflow as tf

    return iter(tf.data.Dataset.from_tensor_slices(x).batch(size, drop_remainder=True))


@pytest.mark.parametrize("variant", ["vae", "aae", "vq_vae", "beta_tc_vae"])
def test_history_and_weights_are_those_of_keras(variant, monkeypatch):
    def trained():
        model = model_of(variant)
        fit = model.fit(shuffled(X, batch_size=4, seed=0), epochs=3, shuffle=False, verbose=0)
        return model, fit.history

    model, history = trained()
    with monkeypatch.context() as patch:
        patch.setattr(compiled_steps, "train_function", lambda model, default: default)
        expected, expected_history = trained()
    assert model.train_function.__name__ == "execute"
    assert expected.train_function.__name__ != "execute"
    assert history.keys() == expected_history.keys()
    for name, values in history.items():
        np.testing.assert_allclose(values, expected_history[name], rtol=1e-5, err_msg=name)
    for found, weight in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(found, weight, atol=1e-5)
    assert int(model.optimizer.iterations) == int(expected.optimizer.iterations) == 3 * 6


def test_an_execution_takes_its_steps_and_the_last_one_what_is_left():
    model = model_of()
    execute = compiled_steps.train_function(model, default)
    iterator = batches()
    done = []
    for _ in range(2):
        assert set(execute(iterator)) == {"loss", "nll", "kl", "mse"}
        done.append(int(model.optimizer.iterations))
    assert done == [4, 6]
    with pytest.raises(StopIteration):
        execute(iterator)


@pytest.mark.parametrize(
    "arguments",
    [
        {"steps_per_execution": 1},
        {"jit_compile": False},
        {"run_eagerly": True, "jit_compile": False},
        {"sample_shape": (8, 8, 1), "body": {"name": "conv", "channels": [2]}},
    ],
)
def test_what_a_loop_does_not_suit_is_left_to_keras(arguments):
    assert compiled_steps.train_function(model_of(**arguments), default) is default


def test_a_models_own_step_is_left_to_keras():
    class Own(VAE):
        def train_step(self, data):
            return super().train_step(data)

    model = Own(sample_shape=(6,), latent_dim=2, body=MLP)
    model.compile(jit_compile=True, steps_per_execution=4)
    assert compiled_steps.train_function(model, default) is default


def test_batches_of_several_or_of_great_sizes_are_left_to_keras(monkeypatch):
    import tensorflow as tf

    execute = compiled_steps.train_function(model_of(), default)
    assert execute(iter(tf.data.Dataset.from_tensor_slices(X).batch(4))) == "Keras"
    monkeypatch.setattr(compiled_steps, "LARGEST", 4 * 4 * 6 * 4)
    assert execute(batches()) != "Keras"
    monkeypatch.setattr(compiled_steps, "LARGEST", 4 * 4 * 6 * 4 - 1)
    assert execute(batches()) == "Keras"
    assert execute(iter([X[:4]])) == "Keras"
    history = model_of().fit(X, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_a_training_that_diverges_is_stopped():
    model = model_of(optimizer=keras.optimizers.SGD(1e30))
    with pytest.raises(DivergenceError, match=r"step [46] of epoch 1"):
        model.fit(shuffled(X, batch_size=4, seed=0), epochs=2, shuffle=False, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize("value", [0, -3, 2.5, "10", None, True])
def test_a_number_of_steps_that_is_none_is_refused(value):
    model = aezoo.create("vae", sample_shape=(6,), latent_dim=2, body=MLP)
    with pytest.raises(ValueError, match=r"steps_per_execution must be an integer of at least 1"):
        model.compile(steps_per_execution=value)


@pytest.mark.parametrize("value", [0, -1, 2.5, "32", True])
def test_a_batch_size_that_is_none_is_refused(value):
    model = model_of(steps_per_execution=1)
    with pytest.raises(ValueError, match=rf"batch_size must be .* Received: batch_size={value!r}"):
        model.fit(X, batch_size=value, verbose=0)
    with pytest.raises(ValueError, match="batch_size must be"):
        model.fit(X, None, value, verbose=0)
