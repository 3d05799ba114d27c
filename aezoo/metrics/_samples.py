"""What every metric asks of the two arrays it compares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.arrays import check_samples


class NotApplicable(ValueError):
    """A metric has no meaning for samples of this shape or range."""


def check_pair(target: ArrayLike, reconstruction: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return both arrays as float32, uint8 divided by 255.

    Args:
        target: Samples, shape `(n, *sample_shape)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.

    Returns:
        The two arrays, float32.

    Raises:
        ValueError: If the shapes differ, there are no samples, or a value is not a finite
            real number.
    """
    first, second = np.shape(target), np.shape(reconstruction)
    if first != second:
        raise ValueError(
            "target and reconstruction must have the same shape. "
            f"Received: target of shape {first}, reconstruction of shape {second}."
        )
    return _as_floats(target, "target"), _as_floats(reconstruction, "reconstruction")


def _as_floats(values: ArrayLike, name: str) -> np.ndarray:
    samples = check_samples(values, np.shape(values)[1:], sample_range=None, name=name)
    return samples / np.float32(255) if samples.dtype == np.uint8 else samples


def check_range(metric: str, sample_range: tuple[float, float] | None) -> float:
    """Return the width of `sample_range`.

    Args:
        metric: Name of the metric, for the error.
        sample_range: Lowest and highest value of a sample, or None if it has no bounds.

    Returns:
        `high - low`, positive.

    Raises:
        NotApplicable: If the samples have no bounds.
        ValueError: If `high` is not above `low`.
    """
    if sample_range is None:
        raise NotApplicable(f"{metric} needs samples with a lowest and a highest value.")
    low, high = sample_range
    if not high > low:
        raise ValueError(
            "sample_range must be (low, high) with high above low. "
            f"Received: sample_range={sample_range!r}."
        )
    return float(high) - float(low)
