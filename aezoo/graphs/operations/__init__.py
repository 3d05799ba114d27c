"""TensorFlow's operations in ONNX, a family a file.

Each file ends in `CONVERSIONS`: TensorFlow's name of an operation to its `Conversion`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aezoo.graphs.check import SIZE
from aezoo.graphs.graph import CODES
from aezoo.graphs.tracing import BATCH


class Conversion(NamedTuple):
    """How an operation of TensorFlow is said in ONNX.

    Attributes:
        function: Takes the builder, the operation, and the name of each input that is data;
            returns the name of its output, or of each output.
        data: Which inputs are data; the others are constants that `static` returns.
    """

    function: Callable[..., Any]
    data: slice = slice(None)


def static(tensor: tf.Tensor) -> np.ndarray:
    """Returns the values of a tensor that does not depend on data.

    Raises:
        ValueError: It does.
    """
    value = tf.get_static_value(tensor)
    if value is None:
        raise ValueError(f"{tensor.name} is no constant")
    return np.asarray(value)


def sizes(tensor: tf.Tensor, *, batch: int = SIZE) -> list[int]:
    """Returns the shape of a tensor.

    Args:
        tensor: Of a trace.
        batch: What to put for the batch that was traced.

    Raises:
        ValueError: It is not known.
    """
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"the shape of {tensor.name} is not known")
    return [size // BATCH * batch if size % BATCH == 0 else size for size in tensor.shape]


def one_row(tensor: tf.Tensor) -> list[int]:
    """Returns the shape of a tensor with 1 for the batch: what follows broadcasts."""
    return [1 if size % BATCH == 0 else size for size in sizes(tensor, batch=BATCH)]


def code(dtype: tf.DType) -> int:
    """Returns ONNX' number of an element type.

    Raises:
        ValueError: No graph of aezoo has it.
    """
    if dtype.name not in CODES:
        raise ValueError(f"values are {dtype.name}, expected one of {', '.join(CODES)}")
    return CODES[dtype.name]
