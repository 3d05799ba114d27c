"""A function of a Keras model as a TensorFlow graph."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aezoo.graphs.graph import Tensor

BATCH = 8191
"""Size of the batch in a trace: a prime, so that sizes that depend on it can be told."""

RECURRENT = "aezoo."
"""How the mark of a recurrent layer begins; the name of its class follows."""


@dataclasses.dataclass(frozen=True)
class Trace:
    """What a function does to a batch of `BATCH`.

    Attributes:
        inputs: Its inputs.
        output: Its result.
        variables: Name of the weight that each resource in the graph is, by the resource's name.
        captured: Values from outside of it, by tensor name.
        marks: Names of the layers that function calls stand for, by the function's name.
    """

    inputs: list[tf.Tensor]
    output: tf.Tensor
    variables: dict[str, str]
    captured: dict[str, np.ndarray]
    marks: dict[str, str]


def trace(
    function: Callable[..., Any],
    inputs: Mapping[str, Tensor],
    weights: Mapping[str, keras.Variable],
) -> Trace:
    """Traces a function.

    Args:
        function: One of `Autoencoder.graph_functions()`.
        inputs: What it takes, by name, in order.
        weights: What `Autoencoder.named_weights()` returned.

    Returns:
        The graph, in which a GRU or an LSTM is one function call.
    """
    specs = [
        tf.TensorSpec((BATCH, *value.shape), value.dtype, name) for name, value in inputs.items()
    ]
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    handles = {id(weight.value.handle): name for name, weight in weights.items()}
    variables, captured = {}, {}
    placeholders = traced.inputs[len(specs) :]
    for outer, inner in zip(traced.captured_inputs, placeholders, strict=True):
        if outer.dtype != tf.resource:
            captured[inner.name] = outer.numpy()
        elif id(outer) in handles:
            variables[inner.name] = handles[id(outer)]
    marks = {
        definition.signature.name: definition.attr["_implements"].s.decode()
        for definition in traced.graph.as_graph_def().library.function
    }
    return Trace(traced.inputs[: len(specs)], traced.outputs[0], variables, captured, marks)


@contextlib.contextmanager
def marked() -> Iterator[None]:
    """Lets each GRU and LSTM appear in a trace as one call of a marked function, not as a loop.

    The call's inputs begin with the sequences, the initial states, the kernel, the recurrent kernel
    and the bias; its outputs are the last output, all outputs, and the states.
    """
    loops = {cls: cls.inner_loop for cls in (keras.layers.GRU, keras.layers.LSTM)}
    for cls, loop in loops.items():
        cls.inner_loop = functools.partialmethod(_mark, loop)
    try:
        yield
    finally:
        for cls, loop in loops.items():
            cls.inner_loop = loop


def _mark(layer, loop, sequences, initial_state, mask=None, training=False):
    if mask is not None or training or not _is_plain(layer):
        return loop(layer, sequences, initial_state, mask, training)
    cell, units = layer.cell, layer.units
    states = keras.tree.flatten(initial_state)
    variables = (cell.kernel, cell.recurrent_kernel, cell.bias)
    arguments = [sequences, *states, *(tf.convert_to_tensor(v.value) for v in variables)]

    def stand_in(sequences, *_):
        """Has the shapes of what the layer returns; nobody runs it."""
        last = tf.zeros((sequences.shape[0], units))
        steps = sequences.shape[1] if layer.return_sequences else 1
        return last, tf.tile(last[:, None], (1, steps, 1)), [tf.identity(last) for _ in states]

    mark = RECURRENT + type(layer).__name__
    return tf.function(stand_in, autograph=False, experimental_implements=mark)(*arguments)


def _is_plain(layer: Any) -> bool:
    """Whether a layer is what ONNX means by GRU or LSTM."""
    return (
        layer.use_bias
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and getattr(layer, "reset_after", True)
        and not layer.go_backwards
    )
