"""A learned density of independent numbers, and the bits of what is rounded under it."""

import math

import keras
import numpy as np
from keras import ops


class Density(keras.layers.Layer):
    """Learned density of independent numbers, each a mixture of logistic distributions.

    Args:
        shape: Shape of one code.
        components: Logistic distributions a number.

    Reference:
        [Salimans et al., 2017](https://arxiv.org/abs/1701.05517)
    """

    def __init__(self, shape, components):
        super().__init__(name="density", dtype="float32")
        shape = (*shape, components)
        spread = keras.initializers.RandomUniform(-1.0, 1.0)
        self.locations = self.add_weight(name="locations", shape=shape, initializer=spread)
        self.log_scales = self.add_weight(name="log_scales", shape=shape, initializer="zeros")
        self.logits = self.add_weight(name="logits", shape=shape, initializer="zeros")
        self.built = True

    def call(self, code, step):
        """Returns the information of what is rounded, in nats.

        Args:
            code: Codes `(n, *shape)`.
            step: What they are rounded to, broadcast against them.

        Returns:
            Minus the log of the mass within half a step of each number, shape `(n, *shape)`.
        """
        z, half = ops.cast(code, "float32")[..., None], 0.5 * step[..., None]
        scales = ops.exp(ops.negative(self.log_scales))
        # Mirrored to the lower tail, where the difference of two sigmoids keeps its digits.
        distance = ops.negative(ops.abs(z - self.locations))
        mass = ops.sigmoid((distance + half) * scales) - ops.sigmoid((distance - half) * scales)
        weights = ops.softmax(self.logits, axis=-1)
        return ops.negative(ops.log(ops.sum(weights * mass, axis=-1) + 1e-9))

    def fit(self, deviations):
        """Starts at numbers around zero of these standard deviations, `shape`."""
        log_scales = np.log(np.asarray(deviations) * math.sqrt(3.0) / math.pi)[..., None]
        self.log_scales.assign(np.broadcast_to(log_scales, self.log_scales.shape))
        self.locations.assign(ops.multiply(self.locations, ops.exp(self.log_scales)))
