"""The pretrained models of tasks, loaded once."""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

from aezoo import factory


@functools.lru_cache(maxsize=4)
def load(name: str) -> Any:
    """Return a preset, on ONNX Runtime where that is installed: it starts and answers sooner.

    Args:
        name: Name of the preset.

    Returns:
        The model; the same one each time.
    """
    quick = importlib.util.find_spec("onnxruntime") is not None
    return factory.load(name, engine="onnx" if quick else "keras")
