"""Runs a Keras model's graph functions, compiled once for each batch bucket and dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np


class KerasEngine:
    """Compiled functions of one model.

    Batches are padded to the next power of two (their *bucket*), so that any number of samples
    meets a handful of compiled functions and a second call never compiles again.

    Args:
        functions: Name to function of tensors `(n, ...)`.
        variables: The variables that the functions read; their current values are used.
    """

    def __init__(self, functions: dict[str, Callable[..., Any]], variables: list[Any]):
        self._functions = functions
        self._variables = variables
        self._compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def has(self, function: str) -> bool:
        """Returns whether the model has this function."""
        return function in self._functions

    def __call__(self, function: str, *arrays: np.ndarray) -> np.ndarray:
        """Runs a function on one batch.

        Args:
            function: Name of the function.
            *arrays: Its inputs, `(n, ...)` each, with the same `n`.

        Returns:
            The result for these `n`, as numpy.
        """
        n = len(arrays[0])
        bucket = 1 << (n - 1).bit_length()
        padded = [_pad(array, bucket) for array in arrays]
        key = (function, *((array.shape, array.dtype.str) for array in padded))
        if key not in self._compiled:
            self._compiled[key] = _compile(self._functions[function], padded, self._variables)
        return np.asarray(self._compiled[key](*padded))[:n]

    @property
    def compiled(self) -> int:
        """Number of functions compiled so far."""
        return len(self._compiled)


def _pad(array: np.ndarray, bucket: int) -> np.ndarray:
    missing = bucket - len(array)
    if not missing:
        return array
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])


def _compile(function: Callable[..., Any], arrays: list[np.ndarray], variables: list[Any]):
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        specs = [tf.TensorSpec(array.shape, array.dtype) for array in arrays]
        traced = tf.function(function, autograph=False).get_concrete_function(*specs)
        if _origin(traced.outputs[0]) is traced.inputs[0]:  # such as the prior N(0, I)
            return lambda *inputs: inputs[0].copy()
        captured, types = traced.captured_inputs, [output.dtype for output in traced.outputs]

        def run(*inputs):
            # The bare operation: calling `traced` binds arguments to names and watches for
            # gradients, which takes longer than a small network.
            tensors = [*map(tf.constant, inputs), *captured]
            called = tf.raw_ops.StatefulPartitionedCall(args=tensors, Tout=types, f=traced)
            return called[0].numpy()

        return run
    if backend == "jax":
        import jax

        @jax.jit
        def stateless(values, *inputs):
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                return function(*inputs)

        return lambda *inputs: stateless([v.value for v in variables], *inputs)

    def eager(*inputs):
        import torch

        with torch.no_grad():
            tensors = [keras.ops.convert_to_tensor(i) for i in inputs]
            return keras.ops.convert_to_numpy(function(*tensors))

    return eager


def _origin(tensor):
    """Returns the tensor of a graph that a tensor is a copy of."""
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor
