"""Building a graph, one operation after another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aezoo.graphs.check import SIZE, infer
from aezoo.graphs.graph import CODES, Graph, Node, Tensor, Weight

FLOAT = CODES["float32"]


class Builder:
    """A graph while it grows.

    What is built twice is there once, and what nothing needs is left out in the end.

    Args:
        inputs: What goes in, by name.
        weights: The arrays of the model's `model.safetensors`, by name.
    """

    def __init__(self, inputs: Mapping[str, Tensor], weights: Mapping[str, Weight]):
        self._inputs, self._stored = inputs, weights
        self._weights: dict[str, Weight] = {}
        self._nodes: list[Node] = []
        self._makers: dict[str, Node] = {}
        self._known: dict[Any, tuple[str, ...]] = {}
        self.constants: dict[str, np.ndarray] = {}
        """Arrays that the graph holds itself."""
        self.shapes: dict[str, tuple[int, ...]] = {
            name: (SIZE, *value.shape) for name, value in inputs.items()
        }
        """Shape of every value, with `aezoo.graphs.check.SIZE` for the batch."""

    def weight(self, name: str) -> str:
        """Returns the float32 values of a stored array."""
        weight = self._weights[name] = self._stored[name]
        self.shapes[name] = weight.shape
        return name if weight.dtype == "float32" else self.add("Cast", name, to=FLOAT)

    def constant(self, values: Any, dtype: str | None = None) -> str:
        """Returns the name of an array that the graph holds itself."""
        array = np.asarray(values, dtype)
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self._known:
            name = f"c{len(self.constants)}"
            self.constants[name], self.shapes[name] = array, array.shape
            self._known[key] = (name,)
        return self._known[key][0]

    def integers(self, values: Sequence[int]) -> str:
        """Returns the name of a list of sizes, axes or indices."""
        return self.constant(values, "int64")

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operation with one output.

        Args:
            operator: Its name in ONNX, one of `aezoo.graphs.operators`.
            *inputs: Names of values.
            **attributes: Its attributes in ONNX; lists are tuples.

        Returns:
            The name of what it gives.
        """
        return self.add_many(1, operator, *inputs, **attributes)[0]

    def add_many(self, outputs: int, operator: str, *inputs: str, **attributes: Any):
        """Adds an operation with several outputs and returns their names."""
        key = (operator, inputs, tuple(attributes.items()), outputs)
        if key not in self._known:
            names = tuple(f"v{len(self.shapes)}.{i}" for i in range(outputs))
            node = Node(operator, inputs, names, attributes)
            shapes, _ = infer(node, self.shapes, self.constants)
            self.shapes |= zip(names, shapes, strict=True)
            self._nodes.append(node)
            self._makers |= dict.fromkeys(names, node)
            self._known[key] = names
        return self._known[key]

    def each(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operation on each number: transposed inputs are transposed after it.

        So it stays beside a convolution before it, and transpositions meet and cancel.
        """
        straight, orders = [*inputs], set()
        for position, value in enumerate(inputs):
            if self.shapes.get(value):  # no scalar, and not left out
                node = self.maker(value)
                orders.add(node.attributes.get("perm") if node else None)
                straight[position] = node.inputs[0] if node else value
        order = orders.pop() if len(orders) == 1 else None
        if order is None:
            return self.add(operator, *inputs, **attributes)
        return self.transpose(self.add(operator, *straight, **attributes), order)

    def reshape(self, value: str, sizes: Sequence[int]) -> str:
        """Reshapes a value; one of `sizes` may be -1. What was reshaped before is reshaped once."""
        node = self.maker(value)
        if node is not None and node.operator == "Reshape":
            value = node.inputs[0]
        shape = self.shapes[value]
        known = math.prod(size for size in sizes if size != -1)
        wanted = tuple(math.prod(shape) // known if size == -1 else size for size in sizes)
        if wanted == shape:
            return value
        target = [-1 if size % SIZE == 0 else size for size in wanted]
        return self.add("Reshape", value, self.integers(target))

    def transpose(self, value: str, axes: Sequence[int]) -> str:
        """Transposes a value; two transpositions in a row become one, or none."""
        node = self.maker(value)
        if node is not None and node.operator == "Transpose":
            value, axes = node.inputs[0], [node.attributes["perm"][axis] for axis in axes]
        if [*axes] == [*range(len(axes))]:
            return value
        return self.add("Transpose", value, perm=tuple(axes))

    def maker(self, value: str) -> Node | None:
        """Returns the operation that a value is the output of, None for an input or a constant."""
        return self._makers.get(value)

    def finish(
        self, function: str, value: str, output: Mapping[str, Tensor], facts: Mapping[str, str]
    ) -> Graph:
        """Returns the graph.

        Args:
            function: What it computes.
            value: Name of the value that it gives.
            output: What that is called, and is.
            facts: Texts to keep with it.
        """
        needed, nodes = {value}, []
        for node in reversed(self._nodes):
            if needed.intersection(node.outputs):
                nodes.append(node)
                needed.update(node.inputs)
        return Graph(
            function,
            self._inputs,
            output,
            (*reversed(nodes), Node("Identity", (value,), (*output,))),
            {name: weight for name, weight in self._weights.items() if name in needed},
            {name: array for name, array in self.constants.items() if name in needed},
            facts,
        )
