from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from aezoo import losses
from aezoo.adversary import frozen, latent_critic, two_optimizers

X = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
REAL = np.random.default_rng(1).normal(size=(8, 3)).astype("float32")


@pytest.fixture
def encoder():
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)], name="encoder")


@pytest.fixture
def critic():
    return latent_critic(3, hidden=(4, 4))


def test_frozen_gives_the_layers_own_values(critic):
    np.testing.assert_allclose(frozen(critic)(REAL), critic(REAL), rtol=1e-6)


def test_frozen_lets_gradients_reach_the_input_only(encoder, critic):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(frozen(critic)(encoder(X)))
    weights = [w.value for w in encoder.trainable_variables + critic.trainable_variables]
    gradients = tape.gradient(loss, weights)
    assert all(float(tf.reduce_sum(tf.abs(g))) > 0 for g in gradients[:2])
    assert gradients[2:] == [None] * 6


def test_frozen_leaves_the_state_of_the_layer_alone():
    layer = keras.layers.BatchNormalization()
    layer.build((None, 3))
    before = [ops.convert_to_numpy(v) for v in layer.non_trainable_variables]
    frozen(layer)(REAL, training=True)
    for old, new in zip(before, layer.non_trainable_variables, strict=True):
        np.testing.assert_array_equal(old, new)


def test_one_pass_gives_the_gradients_of_two(encoder, critic):
    def critic_loss(code):
        real = losses.logistic_loss(critic(REAL), real=True)
        return tf.reduce_mean(real + losses.logistic_loss(critic(code), real=False))

    encoder_weights = [w.value for w in encoder.trainable_variables]
    critic_weights = [w.value for w in critic.trainable_variables]
    with tf.GradientTape() as tape:
        code = encoder(X)
        deceit = losses.logistic_loss(frozen(critic)(code), real=True)
        loss = critic_loss(tf.stop_gradient(code)) + tf.reduce_mean(deceit)
    one_pass = tape.gradient(loss, encoder_weights + critic_weights)

    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(losses.logistic_loss(critic(encoder(X)), real=True))
    two_passes = tape.gradient(loss, encoder_weights)
    with tf.GradientTape() as tape:
        loss = critic_loss(encoder(X))
    two_passes += tape.gradient(loss, critic_weights)

    for one, two in zip(one_pass, two_passes, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-8)


def test_two_optimizers_move_each_network_at_its_own_rate(encoder, critic):
    optimizer = two_optimizers(keras.optimizers.SGD(0.1), critic, keras.optimizers.SGD(10.0))
    variables = encoder.trainable_variables + critic.trainable_variables
    before = [ops.convert_to_numpy(v) for v in variables]
    optimizer.apply([tf.ones(v.shape) for v in variables], variables)
    for variable, old, rate in zip(variables, before, [0.1] * 2 + [10.0] * 6, strict=True):
        np.testing.assert_allclose(old - ops.convert_to_numpy(variable), rate, rtol=1e-4)


def test_two_optimizers_find_a_rebuilt_critic(critic):
    config = keras.optimizers.serialize(
        two_optimizers(keras.optimizers.SGD(0.1), critic, keras.optimizers.SGD(10.0))
    )
    rebuilt = latent_critic(3, hidden=(4,))
    assert rebuilt.weights[0].path != critic.weights[0].path
    weight = rebuilt.trainable_variables[0]
    before = ops.convert_to_numpy(weight)
    keras.optimizers.deserialize(config).apply([tf.ones(weight.shape)], [weight])
    np.testing.assert_allclose(before - ops.convert_to_numpy(weight), 10.0, rtol=1e-4)


def test_the_critic_answers_in_float32_whatever_the_policy():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        critic = latent_critic(3, hidden=(4,), name="judge")
    finally:
        keras.config.set_dtype_policy(policy)
    assert critic.name == "judge"
    assert critic(REAL).dtype == "float32"
    assert critic(REAL).shape == (8, 1)
