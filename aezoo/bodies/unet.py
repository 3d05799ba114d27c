"""Residual convolutions with skips, for codes that are images themselves."""

from typing import Annotated

import keras
from keras import layers

from aezoo.bodies.conv import Channels, Upsample, halvings
from aezoo.bodies.mlp import Activation
from aezoo.bodies.resnet import MAX_BLOCKS, ResNet, conv
from aezoo.schema import Interval


class UNet(ResNet):
    """Residual U-Net from codes that are images to samples of their size or a multiple of it.

    The first stage works at the size of the code, or with `patch` at a part of it; each further one
    halves it, and what it finds is added to the stage before on the way back. The last convolution
    starts at zero: the network says nothing at first, as the residual of a `restorer` should.
    Encoders, and decoders of codes that are no images, are those of `resnet`.

    Args:
        channels: Channels of each stage.
        blocks: Residual blocks of each stage, on either way; at most 16 in all stages together.
        silent: Whether the network starts at zero, as a residual should; False for one that has to
            find something, such as what is `hidden`, and learns that far sooner.
        patch: Side in pixels of the squares that the first stage takes for one pixel with more
            channels. With 2 a network of as many channels takes about a quarter of the time, or
            has twice the channels for its time.
        activation: Activation of the blocks. Channels of `"relu"` may die where blocks start at
            zero, those of `"leaky_relu"` do not.

    Example:
        ```python
        body = {"name": "unet", "channels": [16, 32], "blocks": 1}
        model = aezoo.create("restorer", sample_shape=(45, 80, 3), body=body)
        ```

    Reference:
        [Ronneberger et al., 2015](https://arxiv.org/abs/1505.04597);
        [Lim et al., 2017](https://arxiv.org/abs/1707.02921);
        [Zhang et al., 2018](https://arxiv.org/abs/1710.04026), section III-B
    """

    def __init__(
        self,
        *,
        channels: Channels = (32, 64),
        blocks: Annotated[int, Interval(1, MAX_BLOCKS)] = 2,
        silent: bool = True,
        patch: Annotated[int, Interval(1, 8)] = 1,
        activation: Activation = "relu",
    ):
        super().__init__(channels=channels, blocks=blocks)
        self.silent, self.patch, self.activation = silent, patch, activation
        self.branches = "zeros" if silent else "glorot_uniform"

    def decoder(self, code_shape, output_shape):
        """Returns the network from `(n, *code_shape)` to `(n, h, w, c)`."""
        factor = enlargement(code_shape, output_shape)
        if not factor:
            return super().decoder(code_shape, output_shape)
        size = [-(-length // self.patch) for length in code_shape[:2]]
        sizes = halvings(size, len(self.channels) - 1)
        inputs = keras.Input(tuple(code_shape))
        x, skips = conv(self.channels[0], self.patch, 3 * self.patch)(inputs), []
        for stage, channels in enumerate(self.channels):
            if stage:
                skips.append(x)
                x = conv(channels, strides=2)(x)
            x = self._stage(x, channels)
        for stage, skip in reversed(list(enumerate(skips))):
            x = Upsample(*sizes[stage])(conv(4 * self.channels[stage])(x))
            x = self._stage(layers.Add()([x, skip]), self.channels[stage])
        x = layers.Activation(self.activation)(x)
        larger = factor * self.patch
        last = larger**2 * output_shape[-1]
        x = conv(last, kernel_initializer=self.branches, dtype="float32")(x)
        if larger > 1:
            x = Upsample(*output_shape[:2], larger, dtype="float32")(x)
        return keras.Model(inputs, x, name="decoder_network")


def enlargement(code_shape, output_shape):
    """Returns the whole factor from codes `(h, w, d)` to images `(h, w, c)`; 0 without one."""
    if len(code_shape) != 3:
        return 0
    factor, rest = divmod(output_shape[0], code_shape[0])
    exact = not rest and output_shape[1] == factor * code_shape[1]
    return factor if exact else 0
