"""Training steps of dense networks, many in one compiled program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from aezoo.acceleration import has_accelerator
from aezoo.batches import check_batch_size, check_count

LARGEST = 64 << 20  # bytes of the batches of one execution


class CompiledSteps:
    """A mixin for `keras.Model`: many training steps in one program where that is faster."""

    def compile(self, *args, steps_per_execution=1, **kwargs):
        """Configures training as `keras.Model.compile` does.

        Raises:
            ValueError: `steps_per_execution` is no integer of at least 1.
        """
        check_count("steps_per_execution", steps_per_execution)
        super().compile(*args, steps_per_execution=steps_per_execution, **kwargs)

    def fit(self, x=None, y=None, batch_size=None, *args, **kwargs):
        """Trains as `keras.Model.fit` does.

        Raises:
            ValueError: `batch_size` is no integer of at least 1.
        """
        if batch_size is not None:
            check_batch_size(batch_size)
        return super().fit(x, y, batch_size, *args, **kwargs)

    def make_train_function(self, force=False):
        """Makes the function that `fit` calls, as `keras.Model.make_train_function` does."""
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = train_function(self, self.train_function)
        return self.train_function


def train_function(model: Any, default: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Returns the function that `fit` calls with an iterator of batches.

    Keras starts a compiled program for every step, which a small dense network's steps wait for on
    a CPU. Here one program runs the loop over the `steps_per_execution` steps, with the same
    results. XLA takes many times longer for the gradients of convolutions within a
    loop, so that networks that have any are left out.

    Args:
        model: A compiled `keras.Model`.
        default: Keras' own function.

    Returns:
        A function of an iterator to the metrics after the batches of one execution: `default` on
        other backends than TensorFlow, with an accelerator or a strategy, for steps that are not
        compiled, are the model's own or run one at a time, for weights of more than two axes, and
        for batches of several shapes or of more than `LARGEST` bytes in an execution.
    """
    if keras.backend.backend() != "tensorflow" or not _suits(model):
        return default
    import tensorflow as tf

    steps = model.steps_per_execution

    @tf.function(autograph=False)
    def take(iterator):
        """Returns the next batches, stacked and filled up with zeros, and their number."""
        specs = tf.nest.flatten(iterator.element_spec)
        arrays = [tf.TensorArray(s.dtype, steps, element_shape=s.shape) for s in specs]
        nothing = tf.experimental.Optional.empty(iterator.element_spec)

        def put(count, batch, arrays):
            values = tf.nest.flatten(batch.get_value())
            arrays = [a.write(count, value) for a, value in zip(arrays, values, strict=True)]
            count = count + 1
            batch = tf.cond(count < steps, iterator.get_next_as_optional, lambda: nothing)
            return count, batch, arrays

        count, _, arrays = tf.while_loop(
            lambda count, batch, arrays: batch.has_value(),
            put,
            [0, iterator.get_next_as_optional(), arrays],
        )
        stacked = [array.stack() for array in arrays]
        return tf.nest.pack_sequence_as(iterator.element_spec, stacked), count

    @tf.function(autograph=False, jit_compile=True)
    def run(batches, count):
        def step(index):
            model.train_step(tf.nest.map_structure(lambda array: array[index], batches))
            return (index + 1,)

        tf.while_loop(lambda index: index < count, step, [0])
        return model.get_metrics_result()

    def execute(iterator):
        if not _fits(iterator, steps):
            return default(iterator)
        batches, count = take(iterator)
        if not count:
            raise StopIteration
        return run(batches, count)

    return execute


def _suits(model: Any) -> bool:
    import tensorflow as tf

    return (
        model.steps_per_execution > 1
        and bool(model.jit_compile)
        and not model.run_eagerly
        and type(model).train_step is keras.Model.train_step
        and not tf.distribute.has_strategy()
        and not has_accelerator()
        and all(len(variable.shape) <= 2 for variable in model.variables)
    )


def _fits(iterator: Any, steps: int) -> bool:
    """Returns whether all batches have one known shape, and `steps` of them at most `LARGEST`."""
    import tensorflow as tf

    if not isinstance(iterator, tf.data.Iterator):
        return False
    specs = tf.nest.flatten(iterator.element_spec)
    if not all(isinstance(s, tf.TensorSpec) and s.shape.is_fully_defined() for s in specs):
        return False
    return steps * sum(s.shape.num_elements() * s.dtype.size for s in specs) <= LARGEST
