"""Fully connected networks, for samples of any shape."""

import math
from typing import Literal

import keras
from keras import layers

from aezoo.schema import Sizes

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]


class MLP:
    """Fully connected encoder and decoder; samples are flattened.

    Args:
        hidden: Units of the encoder's hidden layers; the decoder's are the reverse.
        activation: Activation of the hidden layers.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(784,), body={"name": "mlp", "hidden": [512]})
        ```
    """

    def __init__(self, *, hidden: Sizes = (512,), activation: Activation = "relu"):
        self.hidden, self.activation = hidden, activation

    def check(self, sample_shape):
        """Accepts every shape."""

    def encoder(self, sample_shape, output_shape):
        """Returns the network from `(n, *sample_shape)` to `(n, *output_shape)`."""
        return self._network(sample_shape, self.hidden, output_shape, "encoder_network")

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, *code_shape)` to `(n, *output_shape)`."""
        return self._network(code_shape, self.hidden[::-1], output_shape, "decoder_network")

    def _network(self, input_shape, hidden, output_shape, name):
        stack = [keras.Input(tuple(input_shape)), layers.Flatten()]
        stack += [layers.Dense(units, activation=self.activation) for units in hidden]
        stack += [layers.Dense(math.prod(output_shape), dtype="float32")]
        stack += [layers.Reshape(tuple(output_shape), dtype="float32")]
        return keras.Sequential(stack, name=name)
