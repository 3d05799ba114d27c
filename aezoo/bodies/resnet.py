"""Residual convolutions, for images of any height, width and number of channels."""

import math
from typing import Annotated

import keras
from keras import layers

from aezoo.bodies.conv import Channels, Upsample, check_image, halvings, is_spatial, pointwise
from aezoo.schema import Interval

MAX_BLOCKS = 16


class ResNet:
    """Pre-activation residual blocks between halvings of the image, without normalisation.

    The second convolution of each block starts at zero, so that a deep network starts as a shallow
    one and trains without batch statistics. Codes of the shape of the last stage, `(h, w, d)`, keep
    their places: a convolution gives them, not a fully connected layer.

    Args:
        channels: Channels of each stage; every stage halves the size, rounded up.
        blocks: Residual blocks a stage; at most 16 in all stages together.

    Example:
        ```python
        model = aezoo.create("vae", sample_shape=(64, 64, 3), body={"name": "resnet", "blocks": 1})
        ```

    Reference:
        [He et al., 2016](https://arxiv.org/abs/1603.05027);
        [Zhang et al., 2019](https://arxiv.org/abs/1901.09321)
    """

    activation = "silu"
    branches = "zeros"  # how the second convolution of a block starts

    def __init__(
        self, *, channels: Channels = (32, 64), blocks: Annotated[int, Interval(1, MAX_BLOCKS)] = 2
    ):
        if blocks * len(channels) > MAX_BLOCKS:  # what builds within a second, hostile or not
            kind, stages = type(self).__name__, len(channels)
            raise ValueError(
                f"{kind} takes at most {MAX_BLOCKS} blocks in all its stages: use fewer blocks or "
                f"wider channels. Received: {stages} stages of blocks={blocks!r}."
            )
        self.channels, self.blocks = channels, blocks

    def check(self, sample_shape):
        """Raises ValueError unless samples are images `(h, w, c)`."""
        check_image(sample_shape, type(self).__name__)

    def grid(self, sample_shape):
        """Returns the size `(h, w)` of the last stage."""
        return halvings(sample_shape, len(self.channels))[-1]

    def encoder(self, sample_shape, output_shape):
        """Returns the network from `(n, h, w, c)` to `(n, *output_shape)`."""
        x = inputs = keras.Input(tuple(sample_shape))
        for channels in self.channels:
            x = self._stage(conv(channels, strides=2)(x), channels)
        x = layers.Activation(self.activation)(x)
        if is_spatial(output_shape, self.grid(sample_shape)):
            x = pointwise(output_shape[-1], dtype="float32")(x)
            return keras.Model(inputs, x, name="encoder_network")
        x = layers.Flatten()(x)
        x = layers.Dense(math.prod(output_shape), dtype="float32")(x)
        x = layers.Reshape(tuple(output_shape), dtype="float32")(x)
        return keras.Model(inputs, x, name="encoder_network")

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, *code_shape)` to `(n, h, w, c)`."""
        *sizes, (height, width) = halvings(output_shape, len(self.channels))
        inputs = keras.Input(tuple(code_shape))
        if is_spatial(code_shape, self.grid(output_shape)):
            x = conv(self.channels[-1])(inputs)
        else:
            x = layers.Dense(height * width * self.channels[-1])(layers.Flatten()(inputs))
            x = layers.Reshape((height, width, self.channels[-1]))(x)
        for stage, channels in reversed(list(enumerate(self.channels))):
            x = layers.Activation(self.activation)(self._stage(x, channels))
            if stage:
                x = Upsample(*sizes[stage])(conv(4 * self.channels[stage - 1])(x))
        x = conv(4 * output_shape[-1], dtype="float32")(x)
        x = Upsample(*sizes[0], dtype="float32")(x)
        return keras.Model(inputs, x, name="decoder_network")

    def _stage(self, x, channels):
        for _ in range(self.blocks):
            y = conv(channels)(layers.Activation(self.activation)(x))
            y = conv(channels, kernel_initializer=self.branches)(
                layers.Activation(self.activation)(y)
            )
            x = layers.Add()([x, y])
        return x


def conv(channels, strides=1, kernel_size=3, **kwargs):
    """Returns a convolution that keeps the size, or divides it by `strides`."""
    return layers.Conv2D(
        channels, kernel_size, strides, padding="same", data_format="channels_last", **kwargs
    )
