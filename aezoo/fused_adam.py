"""Adam in one pass over the weights."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="aezoo")
class FusedAdam(keras.optimizers.Adam):
    """Adam whose update of a weight is one operation where the backend has it.

    The arithmetic is that of `keras.optimizers.Adam`, up to rounding. On TensorFlow one kernel
    reads and writes weight and moments once, where Keras' own update takes a dozen passes over
    them, which wide layers on a CPU wait for. Elsewhere it is Keras' own update.

    Args:
        *args: See `keras.optimizers.Adam`.
        **kwargs: See `keras.optimizers.Adam`.

    Example:
        ```python
        from aezoo.fused_adam import FusedAdam

        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.compile(FusedAdam(1e-3))
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Kingma and Ba, 2015](https://arxiv.org/abs/1412.6980)
    """

    def update_step(self, gradient, variable, learning_rate):
        """Updates one weight from its gradient."""
        if keras.backend.backend() != "tensorflow" or self.amsgrad or _is_sparse(gradient):
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        dtype = variable.dtype
        step = ops.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            beta1_power=ops.power(ops.cast(self.beta_1, dtype), step),
            beta2_power=ops.power(ops.cast(self.beta_2, dtype), step),
            lr=ops.cast(learning_rate, dtype),
            beta1=ops.cast(self.beta_1, dtype),
            beta2=ops.cast(self.beta_2, dtype),
            epsilon=ops.cast(self.epsilon, dtype),
            grad=ops.cast(gradient, dtype),
        )


def _handle(variable):
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle


def _is_sparse(gradient):
    return type(gradient).__name__ == "IndexedSlices"
