"""Recurrent networks over time steps, or over the rows of an image."""

import math
from typing import Literal

import keras
from keras import layers

from aezoo.schema import Size


class RNN:
    """A recurrent encoder whose last state becomes the code, and a recurrent decoder.

    The first axis of a sample is time (an image is read row by row), the others are features. The
    decoder sees the code at every step.

    Args:
        units: Units of the recurrent layers.
        cell: `"gru"` or `"lstm"`.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(100, 3), body={"name": "rnn", "cell": "lstm"})
        ```

    Reference:
        [Srivastava et al., 2015](https://arxiv.org/abs/1502.04681)
    """

    def __init__(self, *, units: Size = 128, cell: Literal["gru", "lstm"] = "gru"):
        self.units, self.cell = units, cell

    def check(self, sample_shape):
        """Raises ValueError unless samples have a time axis and at least one more."""
        if len(sample_shape) < 2:
            raise ValueError(
                "RNN needs sequences (t, c) or images, with time first; use body='mlp' for "
                f"vectors. Received: sample_shape={tuple(sample_shape)!r}."
            )

    def encoder(self, sample_shape, output_shape):
        """Returns the network from `(n, t, ...)` to `(n, *output_shape)`."""
        time, features = sample_shape[0], math.prod(sample_shape[1:])
        stack = [keras.Input(tuple(sample_shape)), layers.Reshape((time, features))]
        stack += [self._recurrent(return_sequences=False)]
        stack += [layers.Dense(math.prod(output_shape), dtype="float32")]
        stack += [layers.Reshape(tuple(output_shape), dtype="float32")]
        return keras.Sequential(stack, name="encoder_network")

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, *code_shape)` to `(n, t, ...)`."""
        time, features = output_shape[0], math.prod(output_shape[1:])
        stack = [keras.Input(tuple(code_shape)), layers.Flatten(), layers.RepeatVector(time)]
        stack += [self._recurrent(return_sequences=True), layers.Dense(features, dtype="float32")]
        stack += [layers.Reshape(tuple(output_shape), dtype="float32")]
        return keras.Sequential(stack, name="decoder_network")

    def _recurrent(self, return_sequences):
        layer = {"gru": layers.GRU, "lstm": layers.LSTM}[self.cell]
        return layer(self.units, return_sequences=return_sequences)
