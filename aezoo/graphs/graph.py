"""A graph: what a function of a model computes, operation by operation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from aezoo import tensors

CODES = {
    "float32": 1, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "bfloat16": 16,
}  # fmt: skip
"""ONNX' numbers of element types, by their names."""

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Tensor:
    """What goes in or comes out: its element type's name, and the shape of one sample of it."""

    dtype: str
    shape: Shape


@dataclasses.dataclass(frozen=True)
class Weight:
    """An array of `model.safetensors`: its storage dtype and shape, and where its bytes are."""

    dtype: str
    shape: Shape
    offset: int
    length: int


@dataclasses.dataclass(frozen=True)
class Node:
    """One operation: values by name in and out (`""` for an input that is left out)."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Graph:
    """A graph before it is bytes, or after.

    Attributes:
        name: What it computes, one of `aezoo.interface.FUNCTIONS`.
        inputs: By name, in order.
        outputs: By name, in order.
        nodes: In an order in which they can run.
        weights: Arrays of `model.safetensors`, by their names there.
        constants: Small arrays of its own, by name.
        facts: Texts by key, which say what no shape does.
    """

    name: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    weights: Mapping[str, Weight]
    constants: Mapping[str, np.ndarray]
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)


def stored_weights(data: bytes) -> dict[str, Weight]:
    """Returns what and where each array of a `model.safetensors` is, by name.

    Args:
        data: The whole file.

    Raises:
        ValueError: With the reason, phrased to follow a file's name and a colon.
    """
    header, places = tensors.describe(data, len(data)), tensors.places(data)
    return {name: Weight(*header[name], *places[name]) for name in header}
