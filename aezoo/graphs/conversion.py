"""From a TensorFlow graph to an ONNX graph, operation by operation."""

from __future__ import annotations

import tensorflow as tf

from aezoo.graphs.builder import Builder
from aezoo.graphs.operations import Conversion, elementwise, images, products, reductions, shapes
from aezoo.graphs.tracing import RECURRENT, Trace

_TABLE = {
    **elementwise.CONVERSIONS,
    **images.CONVERSIONS,
    **products.CONVERSIONS,
    **reductions.CONVERSIONS,
    **shapes.CONVERSIONS,
}

_LOOPS = ("TensorListStack", "While", "StatelessWhile")


def convert(trace: Trace, builder: Builder) -> str:
    """Adds what a trace computes to a graph.

    Args:
        trace: The traced function; its inputs are in the builder already, under their names.
        builder: The graph.

    Returns:
        The name of the value that is the function's result.

    Raises:
        ValueError: The trace holds an operation that cannot be converted.
    """
    names = {tensor.name: tensor.op.name for tensor in trace.inputs}
    names |= {name: builder.constant(values) for name, values in trace.captured.items()}
    waiting = [trace.output]
    while waiting:
        operation = waiting[-1].op
        conversion = _find(operation, trace)
        data = operation.inputs[conversion.data]
        missing = [tensor for tensor in data if tensor.name not in names]
        waiting += missing
        if missing:
            continue
        if waiting.pop().name not in names:
            try:
                found = conversion.function(builder, operation, *(names[t.name] for t in data))
            except ValueError as error:
                raise _refusal(operation, str(error)) from error
            outputs = [found] if isinstance(found, str) else found
            names |= {t.name: name for t, name in zip(operation.outputs, outputs, strict=True)}
    return names[trace.output.name]


def _find(operation: tf.Operation, trace: Trace) -> Conversion:
    kind = operation.type
    if kind == "ReadVariableOp":
        weight = trace.variables.get(operation.inputs[0].name)
        if weight is None:
            raise _refusal(operation, "it reads a variable that is not among named_weights()")
        return Conversion(lambda builder, _: builder.weight(weight), slice(0))
    if kind in ("PartitionedCall", "StatefulPartitionedCall"):
        mark = trace.marks.get(operation.get_attr("f").name, "")
        conversion = products.MARKED.get(mark.removeprefix(RECURRENT))
    else:
        conversion = _TABLE.get(kind)
    if conversion is None and kind in _LOOPS:
        raise _refusal(
            operation, "it is a loop; GRU and LSTM with their default activations can be"
        )
    if conversion is None:
        raise _refusal(operation, "no operation of ONNX is known for it")
    return conversion


def _refusal(operation: tf.Operation, reason: str) -> ValueError:
    return ValueError(
        f"TensorFlow's {operation.type} {operation.name!r} cannot be exported: {reason}"
    )
