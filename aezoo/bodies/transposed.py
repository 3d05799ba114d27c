"""A transposed convolution that is a matrix product."""

from typing import Annotated

import keras
from keras import layers, ops

from aezoo.schema import Interval, Size


@keras.saving.register_keras_serializable(package="aezoo")
class TransposedConvolution(layers.Layer):
    """Transposed convolution of stride 2: one matrix product, then a sum of overlapping patches.

    What `keras.layers.Conv2DTranspose` with "valid" padding gives, cropped. On a CPU the product
    runs at the speed of the processor's matrix units, also in bfloat16, where the transposed
    kernels of the backends do not; it pays for wide layers.

    Args:
        filters: Channels of the output.
        kernel_size: Width of the kernel, in pixels.
        height: Height to crop to.
        width: Width to crop to.
        padding: Pixels cropped at the top and on the left.
        activation: Activation, as Keras names it.
        **kwargs: See `keras.layers.Layer`.

    Example:
        ```python
        import numpy as np
        from aezoo.bodies.transposed import TransposedConvolution

        doubled = TransposedConvolution(8, 4, height=14, width=14, padding=1)
        assert doubled(np.zeros((2, 7, 7, 16), "float32")).shape == (2, 14, 14, 8)
        ```

    Reference:
        [Dumoulin and Visin, 2016](https://arxiv.org/abs/1603.07285)
    """

    def __init__(
        self,
        filters: Size,
        kernel_size: Annotated[int, Interval(2, 31)],
        *,
        height: Size,
        width: Size,
        padding: int = 0,
        activation: str | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.height, self.width, self.padding = height, width, padding
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Makes kernel and bias."""
        size, channels = self.kernel_size, input_shape[-1]
        reach = size * size
        limit = (6.0 / (reach * (channels + self.filters))) ** 0.5  # Glorot's, of the convolution
        self.kernel = self.add_weight(
            name="kernel",
            shape=(channels, reach * self.filters),
            initializer=keras.initializers.RandomUniform(-limit, limit),
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, x):
        """Maps `(n, h, w, c)` to `(n, height, width, filters)`."""
        size, (height, width, channels) = self.kernel_size, x.shape[1:]
        patches = ops.matmul(ops.reshape(x, (-1, channels)), self.kernel)
        patches = ops.reshape(patches, (-1, height, width, size, size, self.filters))
        rows = _overlap([patches[:, :, :, row] for row in range(size)], 1)
        rows = rows[:, self.padding : self.padding + self.height]
        columns = _overlap([rows[:, :, :, column] for column in range(size)], 2)
        columns = columns[:, :, self.padding : self.padding + self.width]
        return self.activation(columns + self.bias)

    def compute_output_shape(self, input_shape):
        """Returns `(n, height, width, filters)`."""
        return (input_shape[0], self.height, self.width, self.filters)

    def get_config(self):
        """Returns the constructor's arguments."""
        names = ("filters", "kernel_size", "height", "width", "padding")
        config = {name: getattr(self, name) for name in names}
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), **config, "activation": activation}


def _overlap(taps, axis):
    """Adds up taps `(n, ...)` of a kernel, tap `k` of place `i` at `2 i + k` along an axis."""
    reach = -(-len(taps) // 2) - 1

    def placed(tap, shift):
        missing = [(0, 0)] * len(tap.shape)
        missing[axis] = (shift, reach - shift)
        return ops.pad(tap, missing)

    even, odd = (
        sum(placed(tap, shift) for shift, tap in enumerate(taps[parity::2])) for parity in (0, 1)
    )
    shape = list(even.shape)
    shape[0], shape[axis] = -1, 2 * shape[axis]
    return ops.reshape(ops.stack([even, odd], axis + 1), shape)
