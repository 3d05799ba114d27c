"""Filling holes of images from around them, inside a graph."""

import keras
import numpy as np
from keras import ops

LEAST = 1e-6
LAPLACIAN = np.pad([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], 1)
BILAPLACIAN = np.array(
    [[0, 0, 1, 0, 0], [0, 2, -8, 2, 0], [1, -8, 20, -8, 1], [0, 2, -8, 2, 0], [0, 0, 1, 0, 0]]
)
PULL = 0.3
"""Weight of the Laplacian beside the bilaplacian, as in `aezoo.fills.tension`."""
SWEEPS = 8
SPREAD = 20.0
"""Ratio of the largest to the smallest eigenvalue that the sweeps of one size work on; what is
smoother, the smaller images have done."""
SMALLEST = 4
"""Height and width from which on there are sweeps."""


@keras.saving.register_keras_serializable(package="aezoo")
class PyramidFill(keras.layers.Layer):
    """Fills holes with a plate under tension, nearly: `aezoo.fills.tension` has the exact one.

    Means over a pyramid of ever smaller images are bent towards the plate at each size, from the
    smallest to the largest. What is known stays. It has no weights.

    Reference:
        [Gortler et al., 1996](https://doi.org/10.1145/237170.237200), section 3.5;
        [Franke, 1985](https://doi.org/10.1016/0167-8396(85)90011-1);
        [Adams et al., 2003](https://doi.org/10.1016/S0021-9991(03)00194-3), section 2
    """

    def call(self, z):
        """Fills the holes of `(n, h, w, c + 1)`, the last channel 1 in holes and 0 elsewhere."""
        known, hole = z[..., :-1], z[..., -1:]
        weight = ops.clip(1.0 - hole, 0.0, 1.0)
        return ops.concatenate([fill(known, weight), hole], axis=-1)


def fill(image, weight, pull=PULL):
    """Returns images with the pixels of weight 0 filled.

    Args:
        image: Images `(n, h, w, c)`.
        weight: How far each pixel is known, from 0 to 1, `(n, h, w, 1)`.
        pull: Weight of the Laplacian beside the bilaplacian, at this size.
    """
    height, width = image.shape[1:3]
    if max(height, width) == 1:
        return image
    halved, there = _halved(image * weight), _halved(weight)
    smaller = halved / ops.maximum(there, LEAST)
    # Half of a pixel's four neighbours are enough to know it.
    guess = fill(smaller, ops.minimum(2.0 * there, 1.0), 4.0 * pull)
    guess = ops.image.resize(
        guess, (height, width), interpolation="bilinear", data_format="channels_last"
    )
    guess = weight * image + (1.0 - weight) * guess
    return guess if min(height, width) < SMALLEST else _bent(guess, 1.0 - weight, pull)


def _bent(x, free, pull):
    """Returns images nearer to the plate where they are free, by Chebyshev's iteration."""
    largest = 64.0 + 8.0 * pull
    middle, half = (largest * (1.0 + sign / SPREAD) / 2.0 for sign in (1.0, -1.0))
    factor = half / middle
    step = -free * _plate(x, pull) / middle
    for _ in range(SWEEPS):
        x = x + step
        force = -free * _plate(x, pull)
        following = 1.0 / (2.0 * middle / half - factor)
        step = following * factor * step + (2.0 * following / half) * force
        factor = following
    return x


def _plate(x, pull):
    """Returns what bends a plate under tension: its bilaplacian and `pull` times its Laplacian."""
    kernel = (BILAPLACIAN + pull * LAPLACIAN)[..., None, None] * np.eye(x.shape[-1])
    mirrored = ops.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)], mode="reflect")
    return ops.conv(mirrored, kernel.astype("float32"), data_format="channels_last")


def _halved(x):
    return ops.average_pool(x, 2, strides=2, padding="same", data_format="channels_last")
