"""Adversarial terms without a second training loop."""

import re

import keras
from keras import ops


def frozen(layer):
    """Returns `layer` as a function with its weights constant: gradients reach its input only.

    Args:
        layer: A built `keras.Layer`, for example a critic.

    Returns:
        A function with the layer's call signature.
    """

    def call(*args, **kwargs):
        weights = [ops.stop_gradient(ops.convert_to_tensor(v)) for v in layer.trainable_variables]
        state = [ops.convert_to_tensor(v) for v in layer.non_trainable_variables]
        return layer.stateless_call(weights, state, *args, **kwargs)[0]

    return call


def latent_critic(latent_dim, *, hidden=(256, 256), name="critic"):
    """Returns an MLP from codes `(n, latent_dim)` to log odds `(n, 1)`.

    Args:
        latent_dim: Size of a code.
        hidden: Units of the hidden layers.
        name: Name of the network; optimizers find its weights by it.
    """
    layers = [keras.layers.Dense(units, activation="leaky_relu") for units in hidden]
    last = keras.layers.Dense(1, dtype="float32")
    return keras.Sequential([keras.Input((latent_dim,)), *layers, last], name=name)


def two_optimizers(optimizer, critic, critic_optimizer):
    """Returns one optimizer that trains `critic` with its own and everything else with another.

    Args:
        optimizer: Optimizer of everything else.
        critic: A network; its weights are found by its name, which survives saving.
        critic_optimizer: Optimizer of the critic's weights.
    """
    pattern = f"(?:.*/)?{re.escape(critic.name)}/.*"
    optimizers = keras.optimizers.OptimizerMap(optimizer, {pattern: critic_optimizer})
    return keras.optimizers.MultiOptimizer(optimizers)
