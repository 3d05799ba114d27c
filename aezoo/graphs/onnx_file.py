"""Graphs as ONNX files: the part of the format that a model's graph files may use.

No functions, no subgraphs, no other domain than ONNX' own, no file but `model.safetensors`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from aezoo.graphs.graph import CODES, Graph, Node, Tensor, Weight, stored_weights
from aezoo.graphs.protobuf import Field, Message, decode, encode
from aezoo.layout import WEIGHTS

OPSET = 18
BATCH = "n"
"""What the first axis of inputs and outputs is called."""

_NAMES = {code: name for name, code in CODES.items()}
_CONSTANTS = ("float32", "int32", "int64", "bool")
_IR_VERSION = 8
_PRODUCER = "aezoo"
_EXTERNAL = 1

_ENTRY = {1: Field("key", "text"), 2: Field("value", "text")}
_DIMENSION = {1: Field("size", "int"), 2: Field("name", "text")}
_SHAPE = {1: Field("dimensions", _DIMENSION, True)}
_TENSOR_TYPE = {1: Field("dtype", "int"), 2: Field("shape", _SHAPE)}
_VALUE = {1: Field("name", "text"), 2: Field("type", {1: Field("tensor", _TENSOR_TYPE)})}
_TENSOR = {
    1: Field("shape", "int", True),
    2: Field("dtype", "int"),
    8: Field("name", "text"),
    9: Field("data", "bytes"),
    13: Field("external", _ENTRY, True),
    14: Field("location", "int"),
}
_ATTRIBUTE = {
    1: Field("name", "text"),
    2: Field("float", "float"),
    3: Field("int", "int"),
    4: Field("text", "bytes"),
    8: Field("ints", "int", True),
    20: Field("type", "int"),
}
_ATTRIBUTE_TYPES = {"float": 1, "int": 2, "text": 3, "ints": 7}
_NODE = {
    1: Field("inputs", "text", True),
    2: Field("outputs", "text", True),
    4: Field("operator", "text"),
    5: Field("attributes", _ATTRIBUTE, True),
}
_GRAPH = {
    1: Field("nodes", _NODE, True),
    2: Field("name", "text"),
    5: Field("tensors", _TENSOR, True),
    11: Field("inputs", _VALUE, True),
    12: Field("outputs", _VALUE, True),
}
_OPSET = {1: Field("domain", "text"), 2: Field("version", "int")}
_MODEL = {
    1: Field("ir_version", "int"),
    2: Field("producer", "text"),
    7: Field("graph", _GRAPH),
    8: Field("opsets", _OPSET, True),
    14: Field("facts", _ENTRY, True),
}


def dump(graph: Graph) -> bytes:
    """Serialise a graph as an ONNX file.

    Args:
        graph: The graph.

    Returns:
        The bytes, which `parse` reads back.
    """
    weights = [_dump_weight(name, weight) for name, weight in graph.weights.items()]
    constants = [
        {
            "shape": list(array.shape),
            "dtype": CODES[array.dtype.name],
            "name": name,
            "data": array.astype(array.dtype.newbyteorder("<")).tobytes(),
        }
        for name, array in graph.constants.items()
    ]
    message = {
        "ir_version": _IR_VERSION,
        "producer": _PRODUCER,
        "graph": {
            "nodes": [_dump_node(node) for node in graph.nodes],
            "name": graph.name,
            "tensors": weights + constants,
            "inputs": [_dump_value(*item) for item in graph.inputs.items()],
            "outputs": [_dump_value(*item) for item in graph.outputs.items()],
        },
        "opsets": [{"domain": "", "version": OPSET}],
        "facts": _entries(graph.facts),
    }
    return encode(message, _MODEL)


def parse(data: bytes) -> Graph:
    """Read an ONNX file that `dump` could have written.

    Args:
        data: The whole file.

    Returns:
        The graph. What it computes with is not looked at: see `aezoo.graphs.check`.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    try:
        message = decode(data, _MODEL)
        graph = message["graph"]
        weights, constants = {}, {}
        for tensor in graph["tensors"]:
            if "location" in tensor:
                weights[tensor["name"]] = _parse_weight(tensor)
            else:
                constants[tensor["name"]] = _parse_constant(tensor)
        parsed = Graph(
            graph["name"],
            {value["name"]: _parse_value(value) for value in graph["inputs"]},
            {value["name"]: _parse_value(value) for value in graph["outputs"]},
            tuple(_parse_node(node) for node in graph["nodes"]),
            weights,
            constants,
            {entry["key"]: entry["value"] for entry in message["facts"]},
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"a graph that lacks a field ({error})") from None
    # What the object does not show, such as a repeated name, is not in the bytes either.
    if dump(parsed) != data:
        raise ValueError("a graph that is not written as aezoo writes it")
    return parsed


def moved(files: Mapping[str, bytes], weights: bytes) -> dict[str, bytes]:
    """Returns graphs that read the same arrays of another `model.safetensors`.

    Args:
        files: Content of graphs' files, by name.
        weights: Content of the other file, where their arrays are elsewhere.

    Returns:
        Content by name.

    Raises:
        ValueError: A graph is not valid, or the other file lacks an array.
    """
    places = stored_weights(weights)
    graphs = {name: parse(data) for name, data in files.items()}
    for name, graph in graphs.items():
        missing = [weight for weight in graph.weights if weight not in places]
        if missing:
            raise ValueError(f"{name}: {missing[0][:200]!r} is not in {WEIGHTS}.")
    return {
        name: dump(dataclasses.replace(graph, weights={n: places[n] for n in graph.weights}))
        for name, graph in graphs.items()
    }


def _entries(texts: Mapping[str, str]) -> list[Message]:
    return [{"key": key, "value": value} for key, value in texts.items()]


def _dump_value(name: str, value: Tensor) -> Message:
    dimensions = [{"name": BATCH}, *({"size": size} for size in value.shape)]
    tensor = {"dtype": CODES[value.dtype], "shape": {"dimensions": dimensions}}
    return {"name": name, "type": {"tensor": tensor}}


def _parse_value(value: Message) -> Tensor:
    tensor = value["type"]["tensor"]
    dimensions = tensor["shape"]["dimensions"]
    if not dimensions or "name" not in dimensions[0]:
        raise ValueError(f"{value['name'][:200]!r} without an axis for the batch")
    return Tensor(_dtype(tensor), tuple(size["size"] for size in dimensions[1:]))


def _dump_weight(name: str, weight: Weight) -> Message:
    place = {"location": WEIGHTS, "offset": str(weight.offset), "length": str(weight.length)}
    return {
        "shape": list(weight.shape),
        "dtype": CODES[weight.dtype],
        "name": name,
        "external": _entries(place),
        "location": _EXTERNAL,
    }


def _parse_weight(tensor: Message) -> Weight:
    place = {entry["key"]: entry["value"] for entry in tensor["external"]}
    if place["location"] != WEIGHTS:
        raise ValueError(f"weights in {place['location'][:200]!r}, expected {WEIGHTS}")
    offset, length = (_number(place[key]) for key in ("offset", "length"))
    return Weight(_dtype(tensor), tuple(tensor["shape"]), offset, length)


def _parse_constant(tensor: Message) -> np.ndarray:
    if _dtype(tensor) not in _CONSTANTS:
        raise ValueError(f"a constant of {_dtype(tensor)}, which no graph of aezoo has")
    dtype, shape = np.dtype(_dtype(tensor)).newbyteorder("<"), tuple(tensor["shape"])
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != len(tensor["data"]):
        raise ValueError(f"a constant of shape {shape[:9]} in {len(tensor['data'])} bytes")
    return np.frombuffer(tensor["data"], dtype).reshape(shape)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(f"a place {text[:40]!r} in {WEIGHTS}, expected a number of bytes")
    return int(text)


def _dtype(tensor: Message) -> str:
    if tensor["dtype"] not in _NAMES:
        raise ValueError(f"values of ONNX' type {tensor['dtype']}, which no graph of aezoo has")
    return _NAMES[tensor["dtype"]]


def _dump_node(node: Node) -> Message:
    attributes = [_dump_attribute(*item) for item in node.attributes.items()]
    return {
        "inputs": node.inputs,
        "outputs": node.outputs,
        "operator": node.operator,
        "attributes": attributes,
    }


def _parse_node(node: Message) -> Node:
    attributes = {a["name"]: _parse_attribute(a) for a in node["attributes"]}
    return Node(node["operator"], tuple(node["inputs"]), tuple(node["outputs"]), attributes)


def _dump_attribute(name: str, value: Any) -> Message:
    kind = {float: "float", int: "int", str: "text", tuple: "ints"}[type(value)]
    content = value.encode() if isinstance(value, str) else value
    return {"name": name, kind: content, "type": _ATTRIBUTE_TYPES[kind]}


def _parse_attribute(attribute: Message) -> Any:
    for kind, number in _ATTRIBUTE_TYPES.items():
        if attribute["type"] == number:
            value = attribute[kind]
            return (
                tuple(value)
                if kind == "ints"
                else value.decode(errors="replace")
                if kind == "text"
                else value
            )
    raise ValueError(f"an attribute of ONNX' type {attribute['type']}, which no graph of aezoo has")
