"""A transposed convolution by matrix products."""

import functools
import itertools

import keras
from keras import ops

from aezoo.bodies.stride_two import StrideTwo

FEW = 128  # places of the input, from all samples of a batch


@keras.saving.register_keras_serializable(package="aezoo")
class TransposedConvolution(StrideTwo):
    """Transposed convolution of stride 2 by matrix products.

    What `keras.layers.Conv2DTranspose` with "valid" padding gives, cropped. There is a product for
    each tap of the kernel: pixels of the output that lie two apart see the same ones. On a CPU
    these products and their gradients run at the speed of the processor's matrix units, also in
    bfloat16, where the backends' transposed convolutions do not; it pays for wide layers on small
    maps.

    Args:
        filters: Channels of the output.
        kernel_size: Width of the kernel, in pixels.
        height: Height to crop to.
        width: Width to crop to.
        padding: Pixels cropped at the top and on the left.
        activation: Activation, as Keras names it.
        **kwargs: See `keras.layers.Layer`.

    Raises:
        ValueError: The kernel is narrower than the stride.

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
        if kernel_size < 2:
            raise ValueError(
                "kernel_size must be at least 2, the stride, or pixels of the result would be sums "
                f"of nothing. Received: kernel_size={kernel_size!r}."
            )
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
        kernels = ops.unstack(ops.reshape(self.kernel, (-1, self.filters, channels)))

        @functools.cache
        def met(down, right):
            shifted = x[:, before + down :, before + right :][:, :rows, :columns]
            return ops.reshape(shifted, (-1, channels))

        parts = [
            sum(
                _product(met(down, right), kernels[row * self.kernel_size + column])
                for (row, down), (column, right) in itertools.product(*both)
            )
            for both in itertools.product(taps, taps)
        ]
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


def _product(x, kernel):
    """Returns `x @ kernel.T`."""
    if x.shape[0] is not None and x.shape[0] <= FEW:
        # The left operand is read as it lies in memory; the right one is rearranged before, which
        # takes longer than a product with few rows.
        return ops.transpose(ops.matmul(kernel, ops.transpose(x)))
    return ops.matmul(x, ops.transpose(kernel))
