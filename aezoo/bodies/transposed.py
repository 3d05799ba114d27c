"""A transposed convolution by matrix products."""

import itertools

import keras
from keras import ops

from aezoo.bodies.stride_two import StrideTwo


@keras.saving.register_keras_serializable(package="aezoo")
class TransposedConvolution(StrideTwo):
    """Transposed convolution of stride 2 by matrix products.

    What `keras.layers.Conv2DTranspose` with "valid" padding gives, cropped. There is a product for
    each parity of row and column: pixels of the output that lie two apart see the same taps of the
    kernel. On a CPU these products and their gradients run at the speed of the processor's matrix
    units, also in bfloat16, where the backends' transposed convolutions do not; it pays for wide
    layers on small maps.

    Args:
        filters: Channels of the output.
        kernel_size: Width of the kernel, in pixels.
        height: Height to crop to.
        width: Width to crop to.
        padding: Pixels cropped at the top and on the left.
        activation: Activation, as Keras names it.
        **kwargs: See `keras.layers.Layer`.

    Example:
        ```python
        import numpy as np
        from aezoo.bodies.transposed import TransposedConvolution

        doubled = TransposedConvolution(8, 4, height=14, width=14, padding=1)
        assert doubled(np.zeros((2, 7, 7, 16), "float32")).shape == (2, 14, 14, 8)
        ```

    Reference:
        [Dumoulin and Visin, 2016](https://arxiv.org/abs/1603.07285)
    """

    def __init__(self, filters, kernel_size, *, height, width, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.height, self.width = height, width

    def _kernel_channels(self, channels):
        return self.filters, channels

    def _linear(self, x, training):
        height, width, channels = x.shape[1:]
        taps = [_taps(parity + self.padding, self.kernel_size) for parity in (0, 1)]
        shifts = [shift for found in taps for _, shift in found]
        before, beyond = max(0, -min(shifts)), max(0, *shifts)
        rows, columns = -(-self.height // 2), -(-self.width // 2)
        after = [max(0, m + beyond - size) for m, size in ((rows, height), (columns, width))]
        x = ops.pad(x, ((0, 0), (before, after[0]), (before, after[1]), (0, 0)))
        parts = []
        for both in itertools.product(taps, taps):
            patches, kernels = [], []
            for (row, down), (column, right) in itertools.product(*both):
                top, left = before + down, before + right
                patches.append(x[:, top : top + rows, left : left + columns])
                kernels.append(self.kernel[row, column])
            patch = ops.reshape(ops.concatenate(patches, -1), (-1, len(patches) * channels))
            parts.append(ops.matmul(patch, ops.transpose(ops.concatenate(kernels, -1))))
        y = ops.reshape(ops.concatenate(parts, -1), (-1, rows, columns, 4 * self.filters))
        y = ops.depth_to_space(y, 2, data_format="channels_last")
        return y[:, : self.height, : self.width]

    def compute_output_shape(self, input_shape):
        """Returns `(n, height, width, filters)`."""
        return (input_shape[0], self.height, self.width, self.filters)

    def get_config(self):
        """Returns the constructor's arguments."""
        return {**super().get_config(), "height": self.height, "width": self.width}


def _taps(place, size):
    """Returns `(tap, shift)`: output `place + 2 m` is a sum of taps on inputs `m + shift`."""
    return [(tap, (place - tap) // 2) for tap in range(size) if (place - tap) % 2 == 0]
