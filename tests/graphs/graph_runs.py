"""Running what a function was converted to, without a model."""

from __future__ import annotations

import numpy as np

from aezoo.engines import onnx
from aezoo.graphs import check, conversion, tracing
from aezoo.graphs.builder import Builder
from aezoo.graphs.graph import Graph, Tensor, stored_weights
from aezoo.graphs.onnx_file import dump
from aezoo.tensors import dump as dump_arrays
from aezoo.tensors import parse as parse_arrays

NAMES = {1: "encode", 2: "posterior"}


def graph_of(function, shapes, output_shape, variables=None) -> tuple[bytes, Graph, dict]:
    """Return the file, the checked graph and the arrays of a function of one or two inputs."""
    variables = variables or {}
    arrays = {name: np.asarray(variable.value) for name, variable in variables.items()}
    weights = dump_arrays(arrays)
    places = stored_weights(weights)
    name = NAMES[len(shapes)]
    inputs = {
        key: Tensor("float32", tuple(shape))
        for key, shape in zip(check.INPUTS[name], shapes, strict=True)
    }
    builder = Builder(inputs, places)
    with tracing.marked():
        value = conversion.convert(tracing.trace(function, inputs, variables), builder)
    output = {check.OUTPUTS[name]: Tensor("float32", tuple(output_shape))}
    data = dump(builder.finish(name, value, output, {}))
    return data, check.read(data, name, places), parse_arrays(weights)


def converted(function, shapes, output_shape, variables=None):
    """Return a function of batches that ONNX Runtime runs."""
    data, graph, arrays = graph_of(function, shapes, output_shape, variables)
    session = onnx.session(data, {name: arrays[name] for name in graph.weights})
    names = [value.name for value in session.get_inputs()]
    return lambda *batches: session.run(None, dict(zip(names, batches, strict=True)))[0]
