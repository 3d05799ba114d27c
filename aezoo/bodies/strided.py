"""A strided convolution that is trained by matrix products."""

import itertools
import math

import keras
from keras import ops

from aezoo.bodies.stride_two import StrideTwo

FEW = 4  # places of the output, from all samples of a batch


@keras.saving.register_keras_serializable(package="aezoo")
class StridedConvolution(StrideTwo):
    """Convolution of stride 2, trained by matrix products.

    What `keras.layers.ZeroPadding2D` and `keras.layers.Conv2D` with "valid" padding give. In
    training there is a product for each tap of the kernel. On a CPU these products and their
    gradients run at the speed of the processor's matrix units, where the backends' gradients of the
    convolution do not; it pays for wide layers whose output has few places. For a place or a few,
    as of one sample, products are faster without gradients, too: they read the kernel once.

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
        n, size = x.shape[0], self._size(x.shape)
        x, rows, columns = self._met(x)
        if training or (n is not None and n * math.prod(size) <= FEW):
            return self._products(x, rows, columns, *size)
        kernel = self.kernel[rows.start : rows.stop, columns.start : columns.stop]
        return ops.conv(x, kernel, 2, "valid", data_format="channels_last")

    def _met(self, x):
        """Returns what the kernel meets of `x`, with zeros around, and its taps that meet any.

        On a small map whole rows of a kernel see nothing but padding.
        """
        around, part, taps = [(0, 0)], [], []
        for size, places in zip(x.shape[1:3], self._size(x.shape), strict=True):
            first, last = _live(self.kernel_size, self.padding, size, places)
            before, end = self.padding - first, 2 * (places - 1) + last + 1 - self.padding
            around += [(before, max(0, end - size))]
            part += [slice(None, end)]
            taps += [range(first, last + 1)]
        return ops.pad(x[:, part[0], part[1]], (*around, (0, 0))), *taps

    def _products(self, x, rows, columns, height, width):
        channels = x.shape[-1]
        taps = ops.unstack(ops.reshape(self.kernel, (-1, channels, self.filters)))
        y = 0
        for row, column in itertools.product(rows, columns):
            down, right = row - rows.start, column - columns.start
            met = x[:, down : down + 2 * height - 1 : 2, right : right + 2 * width - 1 : 2]
            tap = taps[row * self.kernel_size + column]
            y = y + ops.matmul(ops.reshape(met, (-1, channels)), tap)
        return ops.reshape(y, (-1, height, width, self.filters))

    def compute_output_shape(self, input_shape):
        """Returns `(n, rows, columns, filters)`."""
        return (input_shape[0], *self._size(input_shape), self.filters)

    def _size(self, shape):
        return tuple((s + 2 * self.padding - self.kernel_size) // 2 + 1 for s in shape[1:3])


def _live(taps, padding, size, places):
    """Returns the first and the last tap that meet one of `size` pixels from one of `places`."""
    met = [
        tap
        for tap in range(taps)
        if any(0 <= 2 * place + tap - padding < size for place in range(places))
    ]
    return (met[0], met[-1]) if met else (0, taps - 1)
