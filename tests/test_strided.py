from __future__ import annotations

import keras
import numpy as np
import pytest

from aezoo.bodies.strided import StridedConvolution

LARGE = [
    (kernel_size, padding, size)
    for kernel_size in (2, 3, 4, 5)
    for padding in (0, 1, 2)
    for size in ((7, 8), (6, 5))
]
SMALL = [(4, 1, (3, 3)), (4, 2, (1, 4)), (3, 1, (1, 1)), (5, 2, (2, 1)), (1, 1, (1, 1))]
"""Maps on which parts of the kernel, or all of it, meet nothing but padding."""


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("n", [1, 5])  # a few places of the output, and more
@pytest.mark.parametrize(("kernel_size", "padding", "size"), LARGE + SMALL)
def test_it_is_the_padded_convolution_of_keras(training, n, kernel_size, padding, size):
    x = np.random.default_rng(0).normal(size=(n, *size, 4)).astype("float32")
    padded = np.pad(x, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
    reference = keras.layers.Conv2D(6, kernel_size, 2, activation="relu")
    expected = keras.ops.convert_to_numpy(reference(padded))
    layer = StridedConvolution(6, kernel_size, padding=padding, activation="relu")
    layer.build(x.shape)
    layer.set_weights(reference.get_weights())
    found = keras.ops.convert_to_numpy(layer(x, training=training))
    assert found.shape == layer.compute_output_shape(x.shape)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_keras_builds_it_from_its_config():
    layer = StridedConvolution(2, 3, padding=1, activation="relu")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert copy(np.zeros((1, 4, 4, 1), "float32")).shape == (1, 2, 2, 2)
