"""Strided convolutions, for images of any height, width and number of channels."""

import math
from typing import Annotated

import keras
from keras import layers, ops

from aezoo.bodies.mlp import Activation
from aezoo.schema import Interval, Length, Size, Sizes

Channels = Annotated[tuple[Size, ...], Length(1, 12)]


@keras.saving.register_keras_serializable(package="aezoo")
class Upsample(layers.Layer):
    """Multiplies height and width by `depth_to_space` and crops to a size.

    Faster on a CPU than a transposed convolution with the same result shape.

    Args:
        height: Height to crop to, at most `factor * h`.
        width: Width to crop to, at most `factor * w`.
        factor: Whole factor of both.
    """

    def __init__(self, height, width, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.height, self.width, self.factor = height, width, factor

    def call(self, x):
        """Maps `(n, h, w, factor**2 c)` to `(n, height, width, c)`."""
        larger = ops.depth_to_space(x, self.factor, data_format="channels_last")
        if tuple(larger.shape[1:3]) == (self.height, self.width):
            return larger  # a slice that cuts nothing off still has a gradient to compute
        return larger[:, : self.height, : self.width]

    def get_config(self):
        """Returns the constructor's arguments."""
        sizes = {"height": self.height, "width": self.width, "factor": self.factor}
        return {**super().get_config(), **sizes}


class Conv:
    """Convolutions of stride 2 down, convolutions and pixel shuffles up.

    Every stage halves the size, rounded up; the decoder crops to the sizes that the encoder went
    through, so odd sizes come back exactly. Codes of the shape of the last stage, `(h, w, d)`, keep
    their places: a convolution gives them, not a fully connected layer.

    Args:
        channels: Channels of each stage.
        hidden: Units of fully connected layers between the last stage and the code.
        kernel_size: Width of the kernels, in pixels.
        activation: Activation of the hidden layers.

    Example:
        ```python
        body = {"name": "conv", "channels": [16, 32]}
        model = aezoo.create("vae", sample_shape=(45, 80, 3), body=body)
        ```
    """

    def __init__(
        self,
        *,
        channels: Channels = (32, 64),
        hidden: Sizes = (),
        kernel_size: Annotated[int, Interval(1, 31)] = 3,
        activation: Activation = "relu",
    ):
        self.channels, self.hidden = channels, hidden
        self.kernel_size, self.activation = kernel_size, activation

    def check(self, sample_shape):
        """Raises ValueError unless samples are images `(h, w, c)`."""
        check_image(sample_shape, type(self).__name__)

    def grid(self, sample_shape):
        """Returns the size `(h, w)` of the last stage; None where no place is kept to the code."""
        return None if self.hidden else halvings(sample_shape, len(self.channels))[-1]

    def encoder(self, sample_shape, output_shape):
        """Returns the network from `(n, h, w, c)` to `(n, *output_shape)`."""
        stack = [keras.Input(tuple(sample_shape))]
        stack += [self._conv(channels, strides=2) for channels in self.channels]
        if is_spatial(output_shape, self.grid(sample_shape)):
            stack += [pointwise(output_shape[-1], dtype="float32")]
            return keras.Sequential(stack, name="encoder_network")
        stack += [layers.Flatten(), *self._dense(self.hidden)]
        stack += [layers.Dense(math.prod(output_shape), dtype="float32")]
        stack += [layers.Reshape(tuple(output_shape), dtype="float32")]
        return keras.Sequential(stack, name="encoder_network")

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, *code_shape)` to `(n, h, w, c)`."""
        *sizes, (height, width) = halvings(output_shape, len(self.channels))
        stack = [keras.Input(tuple(code_shape))]
        if is_spatial(code_shape, self.grid(output_shape)):
            stack += [self._conv(self.channels[-1])]
        else:
            stack += [layers.Flatten(), *self._dense(self.hidden[::-1])]
            stack += self._dense([height * width * self.channels[-1]])
            stack += [layers.Reshape((height, width, self.channels[-1]))]
        outputs = [*self.channels[:-1][::-1], output_shape[-1]]
        for channels, size in zip(outputs[:-1], sizes[:0:-1], strict=True):
            stack += [self._conv(4 * channels), Upsample(*size)]
        last = layers.Conv2D(
            4 * outputs[-1], self.kernel_size, padding="same", dtype="float32",
            data_format="channels_last",
        )  # fmt: skip
        stack += [last, Upsample(*sizes[0], dtype="float32")]
        return keras.Sequential(stack, name="decoder_network")

    def _conv(self, channels, strides=1):
        return layers.Conv2D(
            channels,
            self.kernel_size,
            strides,
            padding="same",
            activation=self.activation,
            data_format="channels_last",
        )

    def _dense(self, hidden):
        return [layers.Dense(units, activation=self.activation) for units in hidden]


def check_image(sample_shape, body):
    """Raises ValueError unless `sample_shape` is an image `(h, w, c)`."""
    if len(sample_shape) != 3:
        raise ValueError(
            f"{body} needs images (h, w, c); use body='mlp' or 'rnn' for other samples. "
            f"Received: sample_shape={tuple(sample_shape)!r}."
        )


def halvings(shape, stages):
    """Returns the sizes `(h, w)` from an image's own through `stages` halvings, rounded up."""
    sizes = [tuple(shape[:2])]
    for _ in range(stages):
        sizes.append(tuple(-(-size // 2) for size in sizes[-1]))
    return sizes


def is_spatial(code_shape, grid):
    """Returns whether codes are vectors at the places of a grid, `(*grid, d)`."""
    return grid is not None and tuple(code_shape[:-1]) == tuple(grid)


def pointwise(channels, **kwargs):
    """Returns a layer that maps the vector at each place of an image, `(n, h, w, c)`."""
    return layers.Conv2D(channels, 1, data_format="channels_last", **kwargs)
