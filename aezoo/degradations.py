"""What happens to a sample before anyone sees it, and the classical estimate of what it was.

A degradation gives the code of a `restorer`: `observe` is what is seen of a sample, `corrupt` the
same at random for training, `start` a layer that estimates the sample from it, `view` what the
network that corrects the estimate looks at, and `free` where it may.
"""

from typing import Annotated

import keras
import numpy as np
from keras import layers, ops

from aezoo import draws
from aezoo.pyramid import PyramidFill
from aezoo.resampling import bicubic
from aezoo.schema import Interval, choose
from aezoo.subpixel import Subpixel

Sigma = Annotated[float, Interval(0.0, 10.0)]
LARGEST = 2048
"""Pixels each way of an image to shrink: its matrix has a quarter of their square, or more."""

AROUND = 9
"""Side of the surroundings that a pixel is compared with, in pixels."""


class Degradation:
    """What most degradations have in common: nothing random, and all may be corrected."""

    small = True  # whether corrections are as small as contrasts

    def code_shape(self, sample_shape):
        """Returns the shape of what is seen: that of a sample."""
        return tuple(sample_shape)

    def corrupt(self, x, seed):
        """Returns what is seen in training."""
        return self.observe(x)

    def view(self, z, estimate, contrast):
        """Returns what the network looks at: what is seen, as contrasts with what is around."""
        return contrast * contrasts(z) if contrast else z

    def free(self, z):
        """Returns 1 where the estimate may be corrected, and 0 elsewhere."""
        return 1.0


class Noise(Degradation):
    """White Gaussian noise of unknown strength.

    Args:
        low: Least standard deviation, in units of the preprocessed sample.
        high: Greatest standard deviation.
        clip: Whether noisy values are cut to [0, 1], as image files hold them.
    """

    def __init__(self, *, low: Sigma = 0.02, high: Sigma = 0.2, clip: bool = False):
        if low > high:
            raise ValueError(f"low must be at most high. Received: {low=!r}, {high=!r}.")
        self.low, self.high, self.clip = low, high, clip

    def observe(self, x):
        """Returns samples as they come."""
        return layers.Identity(dtype="float32")(x)

    def corrupt(self, x, seed):
        """Returns samples with noise, each with a standard deviation of its own."""
        shape = (ops.shape(x)[0], *[1] * (len(x.shape) - 1))
        sigma = draws.uniform(shape, seed, self.low, self.high)
        noisy = x + sigma * draws.normal(ops.shape(x), seed)
        return ops.clip(noisy, 0.0, 1.0) if self.clip else noisy

    def start(self, sample_shape):
        """Returns the layer of the estimate: what is seen."""
        return layers.Identity(dtype="float32", name="start")


class Downscale(Degradation):
    """Fewer pixels: Pillow's antialiased bicubic, with 8 bits a value.

    Args:
        factor: Whole factor by which height and width shrink.
    """

    def __init__(self, *, factor: Annotated[int, Interval(2, 8)] = 2):
        self.factor = factor

    def code_shape(self, sample_shape):
        """Returns the shape of the small image."""
        fits = len(sample_shape) == 3 and all(
            size % self.factor == 0 and 2 * self.factor <= size <= LARGEST
            for size in sample_shape[:2]
        )
        if not fits:
            raise ValueError(
                f"The degradation 'downscale' needs images (h, w, c) whose height and width are "
                f"multiples of factor={self.factor}, from {2 * self.factor} to {LARGEST}. "
                f"Received: sample_shape={tuple(sample_shape)!r}."
            )
        height, width, channels = sample_shape
        return (height // self.factor, width // self.factor, channels)

    def observe(self, x):
        """Returns small images, not rounded."""
        height, width, _ = x.shape[1:]
        rows, columns = (bicubic(n, n // self.factor).copy() for n in (height, width))
        halfway = ops.matmul(rows, ops.reshape(x, (-1, height, width * x.shape[3])))
        halfway = ops.reshape(halfway, (-1, len(rows), width, x.shape[3]))
        return ops.matmul(columns, halfway)

    def corrupt(self, x, seed):
        """Returns small images as a file has them, in steps of 1/255."""
        return ops.round(255.0 * ops.clip(self.observe(x), 0.0, 1.0)) / 255.0

    def start(self, sample_shape):
        """Returns the layer of the estimate: a linear filter, the bicubic one at first."""
        return Subpixel(self.factor, name="start")


class Holes(Degradation):
    """Pixels that are missing; which, the last channel of a sample says: 1 in a hole, 0 elsewhere.

    The estimate fills them from around; what is known stays to the last bit.
    """

    def code_shape(self, sample_shape):
        """Returns the shape of what is seen: that of a sample."""
        if len(sample_shape) != 3 or sample_shape[-1] < 2:
            raise ValueError(
                "The degradation 'holes' needs images whose last channel is the mask, (h, w, 2) or "
                f"(h, w, 4). Received: sample_shape={tuple(sample_shape)!r}."
            )
        return tuple(sample_shape)

    def observe(self, x):
        """Returns samples with holes of 0."""
        hole = x[..., -1:]
        return ops.concatenate([x[..., :-1] * (1.0 - hole), hole], axis=-1)

    def start(self, sample_shape):
        """Returns the layer of the estimate, see `aezoo.pyramid`."""
        return PyramidFill(dtype="float32", name="start")

    def view(self, z, estimate, contrast):
        """Returns the estimate, as contrasts with what is around, and the mask."""
        image, hole = estimate[..., :-1], estimate[..., -1:]
        seen = contrast * contrasts(image) if contrast else image
        return ops.concatenate([seen, hole], axis=-1)

    def free(self, z):
        """Returns 1 in holes, and 0 for the mask."""
        return ops.clip(z[..., -1:], 0.0, 1.0) * (1.0 - _last(z.shape[-1]))


@keras.saving.register_keras_serializable(package="aezoo")
class Mean(layers.Layer):
    """Adds a channel of one number: 0, or what `fit` finds to be the mean of that channel."""

    def __init__(self, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.mean = self.add_weight(name="mean", shape=(), initializer="zeros", trainable=False)
        self.built = True

    def call(self, z):
        """Maps `(n, h, w, c)` to `(n, h, w, c + 1)`."""
        return ops.concatenate([z, 0.0 * z[..., :1] + self.mean], axis=-1)

    def fit(self, z, x):
        """Sets the number to the mean of the last channel of `x`."""
        self.mean.assign(x[..., -1].mean())


class Hidden(Degradation):
    """A channel that nobody sees, the last one, such as where a photo is damaged.

    The estimate of it is its mean; the other channels stay to the last bit.
    """

    small = False

    def code_shape(self, sample_shape):
        """Returns the shape of what is seen: an image with a channel less."""
        if len(sample_shape) != 3 or sample_shape[-1] < 2:
            raise ValueError(
                "The degradation 'hidden' needs images whose last channel is to be found, "
                f"(h, w, 2) or (h, w, 4). Received: sample_shape={tuple(sample_shape)!r}."
            )
        return (*sample_shape[:-1], sample_shape[-1] - 1)

    def observe(self, x):
        """Returns samples without the last channel."""
        return x[..., :-1]

    def start(self, sample_shape):
        """Returns the layer of the estimate."""
        return Mean(name="start")

    def view(self, z, estimate, contrast):
        """Returns what is seen with the contrasts of small things, which marks are, increased."""
        return z - 0.5 + contrast * contrasts(z)

    def free(self, z):
        """Returns 1 for the last channel, and 0 for the others."""
        return _last(z.shape[-1] + 1)


def contrasts(x):
    """Returns images less the mean around each pixel, over 9x9 of them; other samples as they are.

    Args:
        x: Shape `(n, h, w, c)`, or another.
    """
    if len(x.shape) != 4:
        return x
    return x - ops.average_pool(x, AROUND, strides=1, padding="same", data_format="channels_last")


def _last(channels):
    """Returns 1 for the last channel, and 0 for the others."""
    return (np.arange(channels) == channels - 1).astype("float32")


find = choose(
    {"noise": Noise, "downscale": Downscale, "holes": Holes, "hidden": Hidden}, "degradation"
)
