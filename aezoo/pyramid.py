"""Filling holes of images from around them, inside a graph."""

import keras
import numpy as np
from keras import ops

LEAST = 1e-6
PULL = 0.3
"""Weight of the Laplacian beside the bilaplacian, see `aezoo.fills.tension`."""
SWEEPS = 12
SMOOTHED = 0.02
"""What sweeps have to take away of a difference from the plate: its parts whose eigenvalues are
between this share of the largest one and the largest; the slower ones fall to smaller images."""


@keras.saving.register_keras_serializable(package="aezoo")
class PyramidFill(keras.layers.Layer):
    """Fills holes by a plate under tension, solved over a pyramid of ever smaller images.

    What is known stays. It has no weights.

    Reference:
        [Gortler et al., 1996](https://doi.org/10.1145/237170.237200), section 3.5 (the pyramid);
        [Terzopoulos, 1983](https://doi.org/10.1016/0734-189X(83)90020-8) (plates on pyramids)
    """

    def call(self, z):
        """Fills the holes of `(n, h, w, c + 1)`, the last channel 1 in holes and 0 elsewhere."""
        known, hole = z[..., :-1], z[..., -1:]
        weight = ops.clip(1.0 - hole, 0.0, 1.0)
        return ops.concatenate([fill(known, weight), hole], axis=-1)


def fill(image, weight, pull=PULL):
    """Returns images with the pixels of weight 0 filled.

    Each level starts from the one of half its size and comes nearer to the plate by sweeps of
    Richardson's iteration, whose steps are Chebyshev's.

    Args:
        image: Images `(n, h, w, c)`.
        weight: How far each pixel is known, from 0 to 1, `(n, h, w, 1)`.
        pull: Weight of the Laplacian beside the bilaplacian.
    """
    height, width = image.shape[1:3]
    if max(height, width) == 1:
        return image
    halved, there = _halved(image * weight), _halved(weight)
    smaller = halved / ops.maximum(there, LEAST)
    # Half of a pixel's four neighbours are enough to know it; pixels twice as far pull four times.
    guess = fill(smaller, ops.minimum(2.0 * there, 1.0), 4.0 * pull)
    guess = ops.image.resize(
        guess, (height, width), interpolation="bilinear", data_format="channels_last"
    )
    filled = weight * image + (1.0 - weight) * guess
    return _swept(filled, 1.0 - weight, pull) if min(height, width) > 1 else filled


def steps(largest):
    """Returns the lengths of the sweeps' steps, for eigenvalues up to the largest one.

    They are the reciprocals of the roots of a Chebyshev polynomial, in an order in which rounding
    errors do not grow.
    """
    nodes = np.cos(np.pi * (2 * np.arange(SWEEPS) + 1) / (2 * SWEEPS))
    roots = largest * ((1 + SMOOTHED) + (1 - SMOOTHED) * nodes) / 2
    return 1 / roots[5 * np.arange(SWEEPS) % SWEEPS]


def differences(length):
    """Returns minus the second differences along an axis, mirrored ends, `(length, length)`."""
    matrix = 2 * np.eye(length) - np.eye(length, k=1) - np.eye(length, k=-1)
    matrix[0, 0] = matrix[-1, -1] = 1
    return matrix.astype("float32")


def _swept(image, free, pull):
    """Returns images nearer to the plate, changed by the parts that are free."""
    rows, columns = (ops.convert_to_tensor(differences(size)) for size in image.shape[1:3])

    def laplacian(u):
        return ops.matmul(rows, u) + ops.matmul(u, columns)

    u, free = ops.transpose(image, (0, 3, 1, 2)), ops.transpose(free, (0, 3, 1, 2))
    for step in steps(64 + 8 * pull):  # 8 and its square are the largest eigenvalues
        u = u - float(step) * free * laplacian(laplacian(u) + pull * u)
    return ops.transpose(u, (0, 2, 3, 1))


def _halved(x):
    return ops.average_pool(x, 2, strides=2, padding="same", data_format="channels_last")
