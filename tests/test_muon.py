from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aezoo
from aezoo.fused_adam import FusedAdam
from aezoo.muon import SIZE, Muon, orthogonal

X = np.random.default_rng(0).random((32, 6)).astype("float32")
numpy = keras.ops.convert_to_numpy


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 99), st.floats(1e-3, 1e3))
def test_singular_values_become_about_one(height, width, seed, scale):
    matrix = scale * np.random.default_rng(seed).normal(size=(height, width)).astype("float32")
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    found = numpy(orthogonal(keras.ops.convert_to_tensor(matrix)))
    seen = s > 0.02 * np.linalg.norm(s)  # smaller ones take more iterations
    values = np.diag(u.T @ found @ v.T)
    assert ((values[seen] > 0.6) & (values[seen] < 1.3)).all()
    # The directions are those of the matrix.
    np.testing.assert_allclose(u * values @ v, found, atol=1e-3)


def test_no_gradient_is_no_update():
    assert not numpy(orthogonal(keras.ops.zeros((3, 5)))).any()


def _updated(optimizer, value, *gradients):
    variable = keras.Variable(value)
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return numpy(variable)


@pytest.mark.parametrize("shape", [(6, 4), (3, 3, 5, 7)])
def test_kernels_move_by_the_orthogonal_momentum(shape):
    rng = np.random.default_rng(1)
    start, *gradients = rng.normal(size=(3, *shape)).astype("float32")
    expected, moment = start.copy(), np.zeros(shape, "float32")
    for gradient in gradients:
        moment = 0.9 * moment + gradient
        matrix = (gradient + 0.9 * moment).reshape(-1, shape[-1])
        update = numpy(orthogonal(keras.ops.convert_to_tensor(matrix))).reshape(shape)
        expected -= 0.01 * SIZE * np.sqrt(max(matrix.shape)) * update
    found = _updated(Muon(0.01, momentum=0.9), start, *gradients)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # As large as the learning rate says, whatever the gradients are.
    large = _updated(Muon(0.01), start, 1e4 * gradients[0]) - start
    assert 0.5 < np.sqrt(np.mean(large**2)) / (0.01 * SIZE) < 1.5


def test_other_weights_are_those_of_adam():
    rng = np.random.default_rng(1)
    start, *gradients = rng.normal(size=(4, 5)).astype("float32")
    np.testing.assert_allclose(
        _updated(Muon(0.1, beta_1=0.5), start, *gradients),
        _updated(FusedAdam(0.1, beta_1=0.5), start, *gradients),
        rtol=1e-6,
    )


@pytest.mark.parametrize("jit", [False, True])
def test_a_model_learns_with_it(jit):
    model = aezoo.create("vae", sample_shape=(6,), latent_dim=2)
    model.compile(Muon(0.01), jit_compile=jit)
    history = model.fit(X, epochs=8, batch_size=8, shuffle=False, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_keras_stores_it_and_reads_it_back():
    optimizer = Muon(0.01, momentum=0.8)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(copy) is Muon
    assert copy.get_config() == optimizer.get_config()
