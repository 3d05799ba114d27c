from __future__ import annotations

import keras
import numpy as np
import pytest

import aezoo
from aezoo.fused_adam import FusedAdam

X = np.random.default_rng(0).random((32, 6)).astype("float32")


def trained(optimizer, **compile_arguments):
    model = aezoo.create(
        "vae", sample_shape=(6,), latent_dim=2, body={"name": "mlp", "hidden": [5]}
    )
    model.compile(optimizer, **compile_arguments)
    model.fit(X, epochs=3, batch_size=8, shuffle=False, verbose=0)
    return [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(
    "arguments",
    [
        {"learning_rate": 0.05},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.05, 12), "beta_1": 0.5},
        {"learning_rate": 0.05, "weight_decay": 0.1, "clipnorm": 0.5, "use_ema": True},
        {"learning_rate": 0.05, "amsgrad": True},
        {"learning_rate": 0.05, "gradient_accumulation_steps": 2},
    ],
)
def test_the_weights_are_those_of_adam(arguments, jit):
    expected = trained(keras.optimizers.Adam(**arguments), jit_compile=jit)
    found = trained(FusedAdam(**arguments), jit_compile=jit)
    start = [
        keras.ops.convert_to_numpy(w)
        for w in aezoo.create(
            "vae", sample_shape=(6,), latent_dim=2, body={"name": "mlp", "hidden": [5]}
        ).trainable_variables
    ]
    for weight, other, first in zip(found, expected, start, strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-5)
        assert np.abs(weight - first).max() > 1e-2


def test_rows_that_are_looked_up_are_updated_as_adam_does():
    def embedded(optimizer):
        model = keras.Sequential(
            [
                keras.Input((3,), dtype="int32"),
                keras.layers.Embedding(4, 2, embeddings_initializer="ones"),
            ]
        )
        model.compile(optimizer, "mse")
        model.fit(np.array([[0, 1, 1], [3, 3, 0]]), np.zeros((2, 3, 2)), epochs=2, verbose=0)
        return keras.ops.convert_to_numpy(model.weights[0])

    expected = embedded(keras.optimizers.Adam(0.1))
    np.testing.assert_allclose(embedded(FusedAdam(0.1)), expected, atol=1e-6)
    assert expected[2, 0] == 1.0


def test_keras_stores_it_and_reads_it_back():
    optimizer = FusedAdam(0.01, beta_2=0.9)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(copy) is FusedAdam
    assert copy.get_config() == optimizer.get_config()
