"""Strided convolutions over time."""

import math
from typing import Annotated

import keras
from aezoo.schema import Length, Size
from keras import layers


class Conv1D:
    """Convolutions of stride 2 down, repetition and convolutions up, for sequences.

    Args:
        channels: Channels of each stage; every stage halves the length, rounded up.

    Example:
        ```python
        body = {"name": "acme/conv1d", "channels": [8, 16]}
        model = aezoo.create("ae", sample_shape=(50, 3), body=body)
        ```
    """

    def __init__(self, *, channels: Annotated[tuple[Size, ...], Length(1, 12)] = (32, 64)):
        self.channels = channels

    def check(self, sample_shape):
        """Raises ValueError unless samples are sequences `(t, c)`."""
        if len(sample_shape) != 2:
            raise ValueError(f"acme/conv1d needs sequences (t, c). Received: {sample_shape=}.")

    def encoder(self, sample_shape, output_shape):
        """Returns the network from `(n, t, c)` to `(n, *output_shape)`."""
        stack = [keras.Input(tuple(sample_shape))]
        stack += [layers.Conv1D(c, 5, 2, "same", activation="relu") for c in self.channels]
        stack += [layers.Flatten(), layers.Dense(math.prod(output_shape), dtype="float32")]
        stack += [layers.Reshape(tuple(output_shape), dtype="float32")]
        return keras.Sequential(stack, name="encoder_network")

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, *code_shape)` to `(n, t, c)`."""
        length, features = output_shape
        step = 2 ** len(self.channels)
        short = -(-length // step)
        stack = [keras.Input(tuple(code_shape)), layers.Flatten()]
        stack += [layers.Dense(short * self.channels[-1], activation="relu")]
        stack += [layers.Reshape((short, self.channels[-1]))]
        for c in reversed(self.channels):
            stack += [layers.UpSampling1D(2)]
            stack += [layers.Conv1D(c, 5, padding="same", activation="relu")]
        stack += [layers.Conv1D(features, 5, padding="same", dtype="float32")]
        stack += [layers.Cropping1D((0, short * step - length), dtype="float32")]
        return keras.Sequential(stack, name="decoder_network")
