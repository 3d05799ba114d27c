"""Muon: steps of the same size in every direction that a layer's weights can turn to."""

import math

import keras
from keras import ops

from aezoo.fused_adam import FusedAdam

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
SIZE = 0.2
"""Root mean square of an update of a kernel at a learning rate of 1, about that of Adam's."""


@keras.saving.register_keras_serializable(package="aezoo")
class Muon(FusedAdam):
    """Muon for the kernels of layers, Adam for all other weights.

    The update of a kernel is its momentum made orthogonal: the directions that gradients rarely
    point to are learned as fast as the others. Convolutions count as matrices with a column for
    each filter, which `keras.optimizers.Muon` leaves to Adam. Deep networks of convolutions learn
    in fewer steps; learning rates are about as large as Adam's.

    Args:
        learning_rate: Learning rate, or a schedule.
        momentum: Share of the momentum that a step keeps; Adam's are `beta_1` and `beta_2`.
        **kwargs: See `keras.optimizers.Adam`.

    Example:
        ```python
        from aezoo.muon import Muon

        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.compile(Muon(1e-3))
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Jordan et al., 2024](https://kellerjordan.github.io/posts/muon/);
        [Liu et al., 2025](https://arxiv.org/abs/2502.16982), section 2.2
    """

    def __init__(self, learning_rate=1e-3, *, momentum=0.95, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.momentum = momentum

    def update_step(self, gradient, variable, learning_rate):
        """Updates one weight from its gradient."""
        name = getattr(variable, "path", variable.name)  # TensorFlow's own have no path
        if len(variable.shape) < 2 or "embedding" in name:
            super().update_step(gradient, variable, learning_rate)
            return
        moment = self._momentums[self._get_variable_index(variable)]
        gradient = ops.cast(gradient, variable.dtype)
        self.assign(moment, self.momentum * moment + gradient)
        ahead = gradient + self.momentum * moment
        matrix = ops.reshape(ahead, (-1, variable.shape[-1]))
        scale = SIZE * math.sqrt(max(matrix.shape))
        update = ops.reshape(orthogonal(matrix), variable.shape)
        self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * scale * update)

    def get_config(self):
        """Returns the arguments that make the same optimizer."""
        return super().get_config() | {"momentum": self.momentum}


def orthogonal(matrix):
    """Returns a matrix with its singular values moved to about 1: from 0.7 to 1.2.

    Args:
        matrix: Shape `(n, m)`, floats.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = ops.transpose(matrix) if tall else matrix
    x = x / (ops.norm(x) + 1e-7)
    for _ in range(ITERATIONS):
        gram = ops.matmul(x, ops.transpose(x))
        x = a * x + ops.matmul(b * gram + c * ops.matmul(gram, gram), x)
    return ops.transpose(x) if tall else x
