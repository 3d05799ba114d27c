"""What convolutions of stride 2 by matrix products have in common."""

import keras
from keras import layers


class StrideTwo(layers.Layer):
    """Base of `StridedConvolution` and `TransposedConvolution`.

    A subclass gives `_kernel_channels`, and `_linear`: the result before bias and activation.

    Args:
        filters: Channels of the output.
        kernel_size: Width of the kernel, in pixels.
        padding: See the subclass.
        activation: Activation, as Keras names it.
        **kwargs: See `keras.layers.Layer`.
    """

    def __init__(self, filters, kernel_size, *, padding=0, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.padding = filters, kernel_size, padding
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        """Makes kernel and bias."""
        width, channels = self.kernel_size, self._kernel_channels(input_shape[-1])
        self.kernel = self.add_weight(name="kernel", shape=(width, width, *channels))
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, x, training=False):
        """Maps images `(n, h, w, c)` to images of `filters` channels."""
        return self.activation(self._linear(x, training) + self.bias)

    def get_config(self):
        """Returns the constructor's arguments."""
        config = {name: getattr(self, name) for name in ("filters", "kernel_size", "padding")}
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), **config, "activation": activation}
