"""The ways from one code to another."""

from __future__ import annotations

from typing import Literal

import numpy as np


def between(
    start: np.ndarray, end: np.ndarray, steps: int, kind: Literal["linear", "spherical"]
) -> np.ndarray:
    """Returns the points of walks between codes.

    Args:
        start: Codes `(n, d)`.
        end: Codes `(n, d)`.
        steps: Number of points of each walk, ends included; at least 2.
        kind: `"linear"`, or `"spherical"` along the great circle, where ends that lie in one
            direction or in opposite ones are joined by a line.

    Returns:
        Codes `(n, steps, d)`, float32.

    Example:
        >>> between(np.array([[0.0]]), np.array([[1.0]]), 3, "linear").ravel().tolist()
        [0.0, 0.5, 1.0]

    Reference:
        [Shoemake, 1985](https://doi.org/10.1145/325334.325242)
    """
    t = np.linspace(0.0, 1.0, steps, dtype="float32")[None, :, None]
    linear = (1 - t) * start[:, None] + t * end[:, None]
    if kind == "linear":
        return linear
    norms = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    cosine = np.sum(start * end, axis=-1) / np.maximum(norms, 1e-12)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))[:, None, None]
    sine = np.sin(angle)
    safe = np.where(sine < 1e-4, 1.0, sine)
    arc = (np.sin((1 - t) * angle) * start[:, None] + np.sin(t * angle) * end[:, None]) / safe
    return np.where(sine < 1e-4, linear, arc).astype("float32")
