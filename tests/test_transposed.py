from __future__ import annotations

import keras
import numpy as np
import pytest

from aezoo.bodies.transposed import TransposedConvolution


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("n", [2, 16])  # a few places, and more
@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5])
@pytest.mark.parametrize("padding", [0, 1])
def test_it_is_the_transposed_convolution_of_keras(training, n, kernel_size, padding):
    x = np.random.default_rng(0).normal(size=(n, 3, 5, 4)).astype("float32")
    reference = keras.layers.Conv2DTranspose(6, kernel_size, 2, "valid")
    expected = keras.ops.convert_to_numpy(reference(x))[:, padding:, padding:]
    layer = TransposedConvolution(
        6, kernel_size, height=5, width=8, padding=padding, activation="relu"
    )
    layer.build(x.shape)
    kernel = keras.ops.convert_to_numpy(reference.kernel)
    layer.kernel.assign(kernel)
    found = keras.ops.convert_to_numpy(layer(x, training=training))
    assert found.shape == (n, 5, 8, 6) == layer.compute_output_shape(x.shape)
    height, width = (min(a, b) for a, b in zip(found.shape[1:3], expected.shape[1:3], strict=True))
    expected = np.maximum(expected[:, :height, :width], 0)
    np.testing.assert_allclose(found[:, :height, :width], expected, atol=1e-5)


def test_keras_builds_it_from_its_config():
    layer = TransposedConvolution(2, 3, height=4, width=4, padding=1, activation="relu")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert copy(np.zeros((1, 2, 2, 1), "float32")).shape == (1, 4, 4, 2)


def test_a_kernel_narrower_than_the_stride_is_refused():
    with pytest.raises(ValueError, match=r"at least 2.*Received: kernel_size=1"):
        TransposedConvolution(2, 1, height=4, width=4)
