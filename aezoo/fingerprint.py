"""A short digest of all that a model has learned: whether two models are the same one."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def fingerprint(model: Any, *, sampler: bool = True) -> bytes:
    """Return the SHA-256 of a model's weights and of what its sampler learned.

    It is the same whatever runs the model, and whether it was stored in half precision: what counts
    is the values.

    Args:
        model: An `aezoo.Autoencoder`, or an `aezoo.served.Served`.
        sampler: Whether the sampler counts.

    Returns:
        32 bytes.

    Example:
        ```python
        from aezoo.fingerprint import fingerprint

        keras, onnx = (aezoo.load("vae.digits", engine=engine) for engine in ("keras", "onnx"))
        assert fingerprint(keras) == fingerprint(onnx)
        ```
    """
    arrays = {name: np.asarray(weight, "<f4") for name, weight in model.named_weights().items()}
    if sampler and model.sampler is not None:
        arrays |= {f"sampler/{name}": array for name, array in model.sampler.arrays().items()}
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array, "<f4").tobytes())
    return digest.digest()
