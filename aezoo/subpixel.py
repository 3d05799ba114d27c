"""The linear sub-pixel filter: a convolution and a pixel shuffle, fitted in closed form."""

import keras
import numpy as np
from keras import ops

from aezoo.resampling import bicubic

SIZE = 7
RIDGE = 1e-3
"""Weight of the squared filter beside the mean squared error, for values in [0, 1]."""


@keras.saving.register_keras_serializable(package="aezoo")
class Subpixel(keras.layers.Layer):
    """Enlarges images by a linear filter of 7x7 pixels, the same for every channel.

    It starts as the bicubic interpolation. Borders are mirrored.

    Args:
        factor: Whole factor of height and width.

    Reference:
        [Shi et al., 2016](https://arxiv.org/abs/1609.05158)
    """

    def __init__(self, factor, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.factor = factor
        self.kernel = self.add_weight(name="kernel", shape=(SIZE, SIZE, 1, factor**2))
        self.kernel.assign(interpolation(factor))
        self.built = True

    def call(self, x):
        """Maps `(n, h, w, c)` to `(n, factor h, factor w, c)`."""
        height, width, channels = x.shape[1:]
        planes = ops.reshape(ops.transpose(x, (0, 3, 1, 2)), (-1, height, width, 1))
        large = ops.depth_to_space(
            ops.conv(mirrored(planes, SIZE // 2), self.kernel, data_format="channels_last"),
            self.factor,
            data_format="channels_last",
        )
        shape = (-1, channels, self.factor * height, self.factor * width)
        return ops.transpose(ops.reshape(large, shape), (0, 2, 3, 1))

    def fit(self, small, large):
        """Sets the filter to the best linear one, by ridge regression.

        Args:
            small: Images `(n, h, w, c)`, float32 in [0, 1].
            large: What they shall become, `(n, factor h, factor w, c)`.
        """
        self.kernel.assign(ridge(small, large, self.factor))

    def get_config(self):
        """Returns the constructor's arguments."""
        return {"factor": self.factor, "name": self.name}


def interpolation(factor):
    """Returns the bicubic interpolation as a kernel `(7, 7, 1, factor**2)`, float32."""
    rows = bicubic(SIZE, SIZE * factor)[SIZE // 2 * factor :][:factor]
    kernel = np.einsum("ai,bj->ijab", rows, rows)
    return kernel.reshape(SIZE, SIZE, 1, factor**2)


def ridge(small, large, factor, chunk=64):
    """Returns the kernel with the least squared error, `(7, 7, 1, factor**2)`, float32.

    The regression is of the differences from the pixel in the middle, so that a flat image stays
    as it is.

    Args:
        small: Images `(n, h, w, c)`, float32 in [0, 1].
        large: What they shall become, `(n, factor h, factor w, c)`.
        factor: Whole factor of height and width.
        chunk: Images at once.
    """
    middle, edge = SIZE**2 // 2, ((0, 0), (SIZE // 2,) * 2, (SIZE // 2,) * 2, (0, 0))
    gram, moment = np.zeros((SIZE**2, SIZE**2)), np.zeros((SIZE**2, factor**2))
    for start in range(0, len(small), chunk):
        padded = np.pad(small[start : start + chunk], edge, mode="reflect")
        views = np.lib.stride_tricks.sliding_window_view(padded, (SIZE, SIZE), axis=(1, 2))
        n, height, width, channels = views.shape[:4]
        x = views.reshape(-1, SIZE**2).astype(np.float32)
        y = large[start : start + chunk].reshape(n, height, factor, width, factor, channels)
        y = y.transpose(0, 1, 3, 5, 2, 4).reshape(-1, factor**2)
        centre = x[:, middle, None]
        x, y = x - centre, y - centre
        gram += x.T @ x
        moment += x.T @ y
    penalty = RIDGE * max(len(small) * height * width / 1e4, 1.0)
    weights = np.linalg.solve(gram + penalty * np.eye(SIZE**2), moment)
    weights[middle] = 1 - (weights.sum(axis=0) - weights[middle])
    return weights.reshape(SIZE, SIZE, 1, factor**2).astype(np.float32)


def mirrored(x, width):
    """Returns images `(n, h, w, c)` with mirrored borders, repeated where they are too small."""
    while width:
        step = min(width, x.shape[1] - 1, x.shape[2] - 1)
        if step < 1:
            raise ValueError(f"Images need at least 2 x 2 pixels. Received: shape={x.shape[1:]!r}.")
        x = ops.pad(x, ((0, 0), (step, step), (step, step), (0, 0)), mode="reflect")
        width -= step
    return x
