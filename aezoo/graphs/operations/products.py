"""Matrix products and recurrences."""

from __future__ import annotations

import numpy as np

from aezoo.graphs.operations import Conversion


def _matmul(builder, operation, a, b):
    flags = ("transpose_a", "transpose_b") if operation.type == "MatMul" else ("adj_x", "adj_y")
    a, b = (
        _swap(builder, value) if operation.get_attr(flag) else value
        for value, flag in zip((a, b), flags, strict=True)
    )
    return builder.add("MatMul", a, b)


def _swap(builder, x):
    *axes, row, column = range(len(builder.shapes[x]))
    return builder.transpose(x, [*axes, column, row])


def _einsum(builder, operation, *inputs):
    equation = operation.get_attr("equation").decode()
    return builder.add("Einsum", *inputs, equation=equation)


def _gru(builder, operation, x, state, kernel, recurrent, bias, *_):
    """Converts a call that `aezoo.graphs.tracing.marked` made of a GRU."""
    units = builder.shapes[recurrent][0]
    weights = [_directed(builder, kernel), _directed(builder, recurrent)]
    weights.append(builder.reshape(bias, (1, 6 * units)))
    return _recurrent(builder, operation, "GRU", x, [state], weights, linear_before_reset=1)


def _lstm(builder, operation, x, h, c, kernel, recurrent, bias, *_):
    """Converts a call that `aezoo.graphs.tracing.marked` made of an LSTM."""
    units = builder.shapes[recurrent][0]
    kernel, recurrent, bias = (
        _reordered(builder, value, units) for value in (kernel, recurrent, bias)
    )
    weights = [_directed(builder, kernel), _directed(builder, recurrent)]
    bias = builder.reshape(bias, (1, 4 * units))
    zeros = builder.constant([[0.0] * 4 * units], "float32")
    weights.append(builder.add("Concat", bias, zeros, axis=1))
    return _recurrent(builder, operation, "LSTM", x, [h, c], weights)


def _recurrent(builder, operation, operator, x, states, weights, **attributes):
    time, units = builder.shapes[x][1], builder.shapes[weights[1]][-1]
    start = []
    if any(builder.constants.get(state, np.ones(1)).any() for state in states):
        shape = (1, builder.shapes[x][0], units)
        start = ["", *(builder.reshape(state, shape) for state in states)]  # "": no lengths
    x = builder.transpose(x, (1, 0, 2))
    attributes["hidden_size"] = units
    outputs = builder.add_many(1 + len(states), operator, x, *weights, *start, **attributes)
    last = [builder.reshape(value, (-1, units)) for value in outputs[1:]]
    if operation.outputs[1].shape[1] == time:
        steps = builder.reshape(outputs[0], (time, -1, units))
        return [last[0], builder.transpose(steps, (1, 0, 2)), *last]
    return [last[0], builder.reshape(last[0], (-1, 1, units)), *last]


def _directed(builder, weights):
    """Returns `(1, gates, inputs)`, with an axis for the direction, of `(inputs, gates)`."""
    turned = builder.transpose(weights, (1, 0))
    return builder.reshape(turned, (1, *builder.shapes[turned]))


def _reordered(builder, weights, units):
    """Returns the gates input, forget, cell, output in ONNX' order: input, output, forget, cell."""
    i, f, c, o = builder.add_many(4, "Split", weights, builder.integers([units] * 4), axis=-1)
    return builder.add("Concat", i, o, f, c, axis=-1)


CONVERSIONS = {
    "BatchMatMulV2": Conversion(_matmul),
    "BatchMatMulV3": Conversion(_matmul),
    "Einsum": Conversion(_einsum),
    "MatMul": Conversion(_matmul),
}
MARKED = {"GRU": Conversion(_gru), "LSTM": Conversion(_lstm)}
