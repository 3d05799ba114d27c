"""Whether a graph may be run: what it reads, what it computes with, and how much that takes.

ONNX Runtime would follow a path out of the directory, and allocate whatever a shape asks for. So a
graph is looked at before, in bounded time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from reprlib import repr as short

import numpy as np

from aezoo.graphs import operators
from aezoo.graphs.graph import Graph, Node, Weight
from aezoo.graphs.onnx_file import parse
from aezoo.layout import WEIGHTS

MAX_VALUES = 2**26
"""Numbers for one sample in anything that a graph computes; as many as a sample may have."""

MAX_WORK = 2**33
"""Multiplications that depend on no input: what it takes to make a session of a graph."""

MAX_FIXED = 2**26
"""Numbers that depend on no input, beside four times as many as there are weights: they all stay in
memory until the session is made."""

MAX_NODES = 2**13
SIZE = 2**31 - 1
"""What stands for the batch size while shapes are computed: a prime, so that it can be told."""

INPUTS = {
    "encode": ("x",),
    "decode": ("z",),
    "posterior": ("x", "noise"),
    "prior": ("noise",),
    "log_weight": ("x", "noise"),
    "tokens": ("x",),
    "embed": ("tokens",),
}
"""Names of the inputs of each function, in order."""

OUTPUTS = {
    "encode": "z",
    "decode": "x",
    "posterior": "z",
    "prior": "z",
    "log_weight": "log_weight",
    "tokens": "tokens",
    "embed": "z",
}
"""Name of the output of each function."""


def read(data: bytes, function: str, weights: Mapping[str, Weight]) -> Graph:
    """Parse a graph and check all of it.

    Args:
        data: Content of the graph's file.
        function: What it has to compute, one of `INPUTS`.
        weights: The arrays of the model's `model.safetensors`, by name.

    Returns:
        The graph.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    graph = parse(data)
    _check_interface(graph, function)
    for name, weight in graph.weights.items():
        if weights.get(name) != weight:
            raise ValueError(
                f"{name[:200]!r} is not where {WEIGHTS} has it, or not what it has: "
                "export the model again"
            )
    shapes = shapes_of(graph)
    for name, value in graph.outputs.items():
        found, declared = shapes.get(name), (SIZE, *value.shape)
        if found != declared:
            raise ValueError(f"an output {name!r} of shape {_named(found)}, not {_named(declared)}")
    return graph


def infer(
    node: Node, shapes: Mapping[str, operators.Shape], constants: Mapping[str, np.ndarray]
) -> tuple[list[operators.Shape], int]:
    """Returns the shapes of what a node gives, and about how many multiplications it takes.

    Args:
        node: The node.
        shapes: Shape of every value before it, by name.
        constants: The graph's own arrays, by name.

    Raises:
        ValueError: The node is not one of `aezoo.graphs.operators`, or its inputs do not fit.
    """
    operator = operators.find(node.operator)
    for name, value in node.attributes.items():
        if operator.attributes.get(name) is not type(value):
            raise ValueError(f"{node.operator} with an attribute {name[:40]!r}")
    unknown = [name for name in node.inputs if name and name not in shapes]
    if unknown:
        raise ValueError(f"{node.operator} of {unknown[0][:200]!r}, which is not there")
    call = operators.Call(
        [shapes.get(name, ()) for name in node.inputs],
        [constants.get(name) for name in node.inputs],
        node.attributes,
        len(node.outputs),
    )
    try:
        found = operator.rule(call)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{node.operator}: {error}") from None
    if len(found) != len(node.outputs):
        raise ValueError(f"{node.operator} with {len(node.outputs)} outputs, not {len(found)}")
    return found, sum(operator.work(call, values(shape)) for shape in found)


def values(shape: operators.Shape) -> int:
    """Returns how many numbers an array of this shape holds, for one sample.

    Raises:
        ValueError: More than `MAX_VALUES`, none at all, or not a multiple of the batch.
    """
    total = math.prod(shape)
    batches = sum(size % SIZE == 0 for size in shape)
    count = total // SIZE if batches else total
    if min(shape, default=1) < 1 or batches > 1 or not 1 <= count <= MAX_VALUES:
        raise ValueError(f"an array of shape {_named(shape)}")
    return count


def _named(shape: operators.Shape | None) -> str:
    return short(shape).replace(str(SIZE), "n")


def _check_interface(graph: Graph, function: str) -> None:
    named = (graph.name, (*graph.inputs,), (*graph.outputs,))
    expected = (function, INPUTS[function], (OUTPUTS[function],))
    if named != expected:
        raise ValueError(f"a graph of {short(named)}, expected {expected}")
    for value in (*graph.inputs.values(), *graph.outputs.values()):
        values((SIZE, *value.shape))


def shapes_of(graph: Graph) -> dict[str, operators.Shape]:
    """Returns the shape of every value in a graph."""
    shapes: dict[str, operators.Shape] = {
        name: (SIZE, *value.shape) for name, value in graph.inputs.items()
    }
    shapes |= {name: weight.shape for name, weight in graph.weights.items()}
    shapes |= {name: array.shape for name, array in graph.constants.items()}
    if len(shapes) != len(graph.inputs) + len(graph.weights) + len(graph.constants):
        raise ValueError("two values of the same name")
    if len(graph.nodes) > MAX_NODES:
        raise ValueError(f"{len(graph.nodes)} operations, more than the {MAX_NODES} allowed")
    fixed = {*graph.weights, *graph.constants, ""}
    work, kept = 0, -4 * sum(values(weight.shape) for weight in graph.weights.values())
    for node in graph.nodes:
        found, effort = infer(node, shapes, graph.constants)
        repeated = [name for name in node.outputs if name in shapes or not name]
        if repeated:
            raise ValueError(f"two values called {repeated[0][:200]!r}")
        shapes |= zip(node.outputs, found, strict=True)
        if fixed.issuperset(node.inputs):
            fixed.update(node.outputs)
            work, kept = work + effort, kept + sum(map(values, found))
            if work > MAX_WORK or kept > MAX_FIXED:
                raise ValueError("too much to compute before anything is put in")
    return shapes
