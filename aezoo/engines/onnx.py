"""Runs a model's exported graphs on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_BFLOAT16 = 16  # ONNX' number of the type
_QUIET = 3  # errors only
_SPIN, _BACKOFF = "200", "8"  # microseconds, pauses


class OnnxEngine:
    """Sessions of one model, each made when it is first needed.

    Args:
        sessions: Name of a function to what makes its session.
        sample_range: What uint8 samples are mapped onto; None for [0, 1].
    """

    def __init__(
        self,
        sessions: Mapping[str, Callable[[], Any]],
        sample_range: tuple[float, float] | None,
    ):
        low, high = sample_range or (0.0, 1.0)
        self._scale, self._low = np.float32((high - low) / 255.0), np.float32(low)
        self._make = sessions
        self._made: dict[str, tuple[Any, list[str], list[str]]] = {}

    def has(self, function: str) -> bool:
        """Returns whether the model has this function."""
        return function in self._make

    def __call__(self, function: str, *arrays: np.ndarray) -> np.ndarray:
        """Runs a function on one batch.

        Args:
            function: Name of the function.
            *arrays: Its inputs, `(n, ...)` each, with the same `n`.

        Returns:
            The result for these `n`, as numpy.
        """
        if function not in self._made:
            session = self._make[function]()
            values = session.get_inputs(), session.get_outputs()
            self._made[function] = session, *([value.name for value in side] for side in values)
        session, names, outputs = self._made[function]
        if arrays[0].dtype == np.uint8:
            arrays = (arrays[0] * self._scale + self._low, *arrays[1:])
        result: np.ndarray = session.run(outputs, dict(zip(names, arrays, strict=True)))[0]
        return result


def require() -> None:
    """Raises ModuleNotFoundError, saying what to install, where ONNX Runtime is missing."""
    try:
        import onnxruntime  # noqa: F401
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "engine='onnx' needs ONNX Runtime: pip install 'aezoo[onnx]'.", name=error.name
        ) from error


def session(graph: bytes, weights: Mapping[str, np.ndarray]) -> Any:
    """Makes a session of ONNX Runtime from memory: no file is read.

    Args:
        graph: Content of a checked graph's file.
        weights: Exactly the arrays that it has outside of itself, by name; float32, float16 or
            bfloat16.

    Returns:
        An `onnxruntime.InferenceSession` on the CPU.

    Raises:
        ValueError: ONNX Runtime refuses the graph.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _QUIET
    # Threads that wait busily answer the next call sooner, but take the cores from the threads of
    # the model's other functions: they wait so only for as long as a user's own code may take.
    options.add_session_config_entry("session.intra_op.spin_duration_us", _SPIN)
    options.add_session_config_entry("session.intra_op.spin_backoff_max", _BACKOFF)
    values = [_value(array) for array in weights.values()]
    options.add_external_initializers([*weights], values)
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own classes, which derive from Exception
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"ONNX Runtime refuses it ({reason})") from error


def _value(array: np.ndarray) -> Any:
    from onnxruntime import OrtValue

    if array.dtype.name == "bfloat16":
        return OrtValue.ortvalue_from_numpy_with_onnx_type(array, _BFLOAT16)
    return OrtValue.ortvalue_from_numpy(array)
