"""A strided convolution that is trained by a matrix product."""

import keras
from keras import ops

from aezoo.bodies.stride_two import StrideTwo


@keras.saving.register_keras_serializable(package="aezoo")
class StridedConvolution(StrideTwo):
    """Convolution of stride 2, trained by a matrix product.

    What `keras.layers.ZeroPadding2D` and `keras.layers.Conv2D` with "valid" padding give. In
    training it is the product of kernel and patches, which are made of blocks of 2 x 2 pixels. On a
    CPU the product and its gradients run at the speed of the processor's matrix units, where the
    backends' gradients of the convolution do not; it pays for wide layers whose output has few
    places.

    Args:
        filters: Channels of the output.
        kernel_size: Width of the kernel, in pixels.
        padding: Pixels of zeros around the input.
        activation: Activation, as Keras names it.
        **kwargs: See `keras.layers.Layer`.

    Example:
        ```python
        import numpy as np
        from aezoo.bodies.strided import StridedConvolution

        halved = StridedConvolution(16, 4, padding=1)
        assert halved(np.zeros((2, 14, 14, 8), "float32")).shape == (2, 7, 7, 16)
        ```

    Reference:
        [Dumoulin and Visin, 2016](https://arxiv.org/abs/1603.07285)
    """

    def _kernel_channels(self, channels):
        return channels, self.filters

    def _linear(self, x, training):
        return self._product(x) if training else self._convolution(x)

    def _convolution(self, x):
        around = (self.padding, self.padding)
        x = ops.pad(x, ((0, 0), around, around, (0, 0)))
        return ops.conv(x, self.kernel, 2, "valid", data_format="channels_last")

    def _product(self, x):
        channels, (rows, columns) = x.shape[-1], self._size(x.shape)
        blocks = -(-self.kernel_size // 2)  # of two pixels, in a patch
        wanted = [2 * (size + blocks - 1) for size in (rows, columns)]
        after = [
            max(0, w - size - self.padding) for w, size in zip(wanted, x.shape[1:3], strict=True)
        ]
        x = ops.pad(x, ((0, 0), (self.padding, after[0]), (self.padding, after[1]), (0, 0)))
        x = x[:, : wanted[0], : wanted[1]]
        x = ops.space_to_depth(x, 2, data_format="channels_last")
        patches = [
            x[:, row : row + rows, column : column + columns]
            for row in range(blocks)
            for column in range(blocks)
        ]
        odd = self.kernel_size % 2
        kernel = ops.pad(self.kernel, ((0, odd), (0, odd), (0, 0), (0, 0)))
        kernel = ops.reshape(kernel, (blocks, 2, blocks, 2, channels, self.filters))
        kernel = ops.reshape(ops.transpose(kernel, (0, 2, 1, 3, 4, 5)), (-1, self.filters))
        patches = ops.reshape(ops.concatenate(patches, -1), (-1, kernel.shape[0]))
        return ops.reshape(ops.matmul(patches, kernel), (-1, rows, columns, self.filters))

    def compute_output_shape(self, input_shape):
        """Returns `(n, rows, columns, filters)`."""
        return (input_shape[0], *self._size(input_shape), self.filters)

    def _size(self, shape):
        return tuple((s + 2 * self.padding - self.kernel_size) // 2 + 1 for s in shape[1:3])
