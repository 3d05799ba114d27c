"""The networks of the samplers, for `keras.ops` while they learn and numpy when they draw."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def silu(x: Any, ops: Any) -> Any:
    """Returns `x * sigmoid(x)`, by a tanh that cannot overflow.

    Args:
        x: Array or tensor.
        ops: numpy or `keras.ops`.
    """
    half = 0.5 * x
    return half + half * ops.tanh(half)


def shapes(sizes: Sequence[int], prefix: str = "") -> dict[str, tuple[int, ...]]:
    """Returns the shapes of a network's parameters by name.

    Args:
        sizes: Numbers of inputs, of the units of each hidden layer, and of outputs.
        prefix: What all names begin with.
    """
    found: dict[str, tuple[int, ...]] = {}
    for index, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        found[f"{prefix}kernel_{index}"] = (inputs, outputs)
        found[f"{prefix}bias_{index}"] = (outputs,)
    return found


def initialise(
    sizes: Sequence[int], rng: np.random.Generator, prefix: str = ""
) -> dict[str, np.ndarray]:
    """Returns parameters with which a network gives zero, whatever its input.

    The last layer is zero, the kernels before it are normal with the variance of LeCun.

    Args:
        sizes: See `shapes`.
        rng: Source of the kernels.
        prefix: What all names begin with.
    """
    parameters = {name: np.zeros(shape, "float32") for name, shape in shapes(sizes, prefix).items()}
    for index, (inputs, outputs) in enumerate(itertools.pairwise(sizes[:-1])):
        kernel = rng.standard_normal((inputs, outputs)) / np.sqrt(max(inputs, 1))
        parameters[f"{prefix}kernel_{index}"] = kernel.astype("float32")
    return parameters


def apply(
    parameters: Mapping[str, Any],
    x: Any,
    ops: Any,
    *,
    layers: int,
    prefix: str = "",
    masks: Sequence[np.ndarray] | None = None,
) -> Any:
    """Runs a network: `silu` after every layer but the last, and steps over layers of equal width.

    Args:
        parameters: Name to array.
        x: Inputs `(n, inputs)`.
        ops: numpy or `keras.ops`.
        layers: Number of layers, the last one included.
        prefix: What the names begin with.
        masks: Zeros and ones, one array for each kernel, which multiply it.

    Returns:
        Outputs `(n, outputs)`.
    """
    for index in range(layers):
        kernel = parameters[f"{prefix}kernel_{index}"]
        if masks is not None:
            kernel = kernel * masks[index]
        y = ops.matmul(x, kernel) + parameters[f"{prefix}bias_{index}"]
        if index < layers - 1:
            y = silu(y, ops)
        x = x + y if 0 < index < layers - 1 else y
    return x
