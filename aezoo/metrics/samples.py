"""What every metric asks of the two arrays it compares."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.arrays import check_samples


class NotApplicable(ValueError):
    """A metric has no meaning for these samples or this model, or lacks what it needs."""


def check_pair(
    target: ArrayLike, reconstruction: ArrayLike, sample_range: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return both arrays as float32, see `as_floats`.

    Args:
        target: Samples, shape `(n, *sample_shape)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.
        sample_range: Lowest and highest value of a sample, or None.

    Returns:
        The two arrays.

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
    target = as_floats(target, sample_range, name="target")
    return target, as_floats(reconstruction, sample_range, name="reconstruction")


def as_floats(
    samples: ArrayLike, sample_range: tuple[float, float] | None, *, name: str
) -> np.ndarray:
    """Return samples as float32, where the 0 to 255 of uint8 stand for the whole range.

    Args:
        samples: Shape `(n, *sample_shape)`, uint8 or float.
        sample_range: Lowest and highest value of a sample; None counts as 0 and 1 for uint8.
        name: What error messages call the samples.

    Returns:
        Samples of the same shape.

    Raises:
        ValueError: If there are no samples, or a value is not a finite real number.
    """
    array = check_samples(samples, np.shape(samples)[1:], sample_range=None, name=name)
    if array.dtype != np.uint8:
        return array
    low, high = sample_range or (0.0, 1.0)
    floats: np.ndarray = array * np.float32((high - low) / 255) + np.float32(low)
    return floats


def as_unit(
    samples: ArrayLike, sample_range: tuple[float, float] | None, *, metric: str, name: str
) -> np.ndarray:
    """Return samples as float32 in [0, 1], the values that networks of features know.

    Args:
        samples: Shape `(n, *sample_shape)`, uint8 or float in `sample_range`.
        sample_range: Lowest and highest value of a sample, which become 0 and 1.
        metric: What errors call the metric.
        name: What error messages call the samples.

    Returns:
        Samples of the same shape.

    Raises:
        NotApplicable: If the samples have no bounds.
        ValueError: If there are no samples, or a value is not a finite real number in the range.
    """
    width = np.float32(check_range(metric, sample_range))
    low = np.float32(sample_range[0] if sample_range else 0.0)
    array = check_samples(samples, np.shape(samples)[1:], sample_range=sample_range, name=name)
    if array.dtype == np.uint8:
        return np.divide(array, 255, dtype=np.float32)
    unit: np.ndarray = np.clip((array - low) / width, 0.0, 1.0)
    return unit


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
