"""Filling holes of images from around them, inside a graph."""

import keras
from keras import ops

LEAST = 1e-6


@keras.saving.register_keras_serializable(package="aezoo")
class PyramidFill(keras.layers.Layer):
    """Fills holes by normalised means over a pyramid of ever smaller images.

    What is known stays. It has no weights.

    Reference:
        [Gortler et al., 1996](https://doi.org/10.1145/237170.237200), section 3.5
    """

    def call(self, z):
        """Fills the holes of `(n, h, w, c + 1)`, the last channel 1 in holes and 0 elsewhere."""
        known, hole = z[..., :-1], z[..., -1:]
        weight = ops.clip(1.0 - hole, 0.0, 1.0)
        return ops.concatenate([fill(known, weight), hole], axis=-1)


def fill(image, weight):
    """Returns images with the pixels of weight 0 filled.

    Args:
        image: Images `(n, h, w, c)`.
        weight: How far each pixel is known, from 0 to 1, `(n, h, w, 1)`.
    """
    height, width = image.shape[1:3]
    if max(height, width) == 1:
        return image
    halved, there = _halved(image * weight), _halved(weight)
    smaller = halved / ops.maximum(there, LEAST)
    # Half of a pixel's four neighbours are enough to know it.
    guess = fill(smaller, ops.minimum(2.0 * there, 1.0))
    guess = ops.image.resize(
        guess, (height, width), interpolation="bilinear", data_format="channels_last"
    )
    return weight * image + (1.0 - weight) * guess


def _halved(x):
    return ops.average_pool(x, 2, strides=2, padding="same", data_format="channels_last")
