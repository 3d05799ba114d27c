"""Finishing touches on generated images: histogram, brightness, contrast, gamma, sharpness.

Every function takes images of shape `(..., h, w, c)`, uint8 or floats in
[0, 1], and returns float32 of the same shape, clipped to [0, 1].
"""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from aezoo.arrays import to_unit


def brightness(x: Any, amount: float) -> np.ndarray:
    """Add an amount to every value: `x + amount`.

    Args:
        x: Images, shape `(..., h, w, c)`.
        amount: From -1, all black, to 1, all white; 0 changes nothing.

    Returns:
        Images of the same shape, float32 in [0, 1].

    Raises:
        ValueError: The images or the amount are out of bounds.

    Example:
        >>> brightness(np.full((1, 1, 1), 0.25), 0.5).item()
        0.75
    """
    x = _images(x)
    amount = _bounded("amount", amount, -1.0, 1.0)
    return _clipped(x + amount)


def contrast(x: Any, factor: float) -> np.ndarray:
    """Scale the distance from the mean of image and channel: `mean + factor * (x - mean)`.

    Args:
        x: Images, shape `(..., h, w, c)`.
        factor: At least 0; 0 leaves the mean only, 1 changes nothing.

    Returns:
        Images of the same shape, float32 in [0, 1].

    Raises:
        ValueError: The images or the factor are out of bounds.

    Example:
        >>> contrast(np.array([[[0.25], [0.75]]]), 2.0).ravel().tolist()
        [0.0, 1.0]
    """
    x = _images(x)
    factor = _bounded("factor", factor, 0.0, math.inf)
    mean = x.mean(axis=(-3, -2), keepdims=True)
    return _clipped(mean + factor * (x - mean))


def gamma(x: Any, exponent: float) -> np.ndarray:
    """Raise every value to a power: `x ** exponent`.

    Args:
        x: Images, shape `(..., h, w, c)`.
        exponent: Above 0; below 1 brightens, above 1 darkens the mid-tones.

    Returns:
        Images of the same shape, float32 in [0, 1].

    Raises:
        ValueError: The images or the exponent are out of bounds.

    Example:
        >>> gamma(np.full((1, 1, 1), 0.5), 2.0).item()
        0.25
    """
    x = _images(x)
    exponent = _bounded("exponent", exponent, float(np.finfo(np.float32).tiny), math.inf)
    return _clipped(x**exponent)


def sharpness(x: Any, amount: float) -> np.ndarray:
    """Unsharp masking: `x + amount * (x - blur(x))`.

    The blur is the 3x3 binomial kernel `[1, 2, 1] / 4` along each axis, with
    the border pixels repeated outwards.

    Args:
        x: Images, shape `(..., h, w, c)`.
        amount: At least -1, which is the blur itself; 0 changes nothing.

    Returns:
        Images of the same shape, float32 in [0, 1].

    Raises:
        ValueError: The images or the amount are out of bounds.

    Example:
        >>> sharpness(np.array([[[0.0], [1.0], [0.0]]]), -1.0).ravel().tolist()
        [0.25, 0.5, 0.25]
    """
    x = _images(x)
    amount = _bounded("amount", amount, -1.0, math.inf)
    return _clipped(x + amount * (x - _blur(x)))


def match_histogram(x: Any, reference: Any) -> np.ndarray:
    """Give each channel of every image the distribution of values that a reference has.

    The pixels in the order of their values take the reference's values in their order; equal ones
    stay equal and take the mean of theirs, so that a black ground that is larger than the
    reference's stays dark. The mean becomes the reference's.

    Args:
        x: Images, shape `(..., h, w, c)`.
        reference: One image of any size, shape `(height, width, c)`, uint8 or floats in [0, 1].

    Returns:
        Images of the same shape as `x`, float32 in [0, 1].

    Raises:
        ValueError: The images or the reference are out of bounds, or differ in their channels.

    Example:
        >>> x = np.array([[[0.0], [0.1]], [[0.1], [0.3]]])
        >>> match_histogram(x, np.array([[[0.25], [0.375], [0.625], [0.75]]])).ravel().tolist()
        [0.25, 0.5, 0.5, 0.75]

    Reference:
        Gonzalez and Woods, Digital Image Processing, section 3.3
    """
    x, reference = _images(x), _images(reference, name="reference")
    if reference.ndim != 3 or reference.size == 0 or reference.shape[-1] != x.shape[-1]:
        raise ValueError(
            f"reference must be one image with as many channels as x, shape (height, width, "
            f"{x.shape[-1]}). Received: reference.shape={reference.shape!r}."
        )
    matched = np.empty_like(x)
    for channel in range(x.shape[-1]):
        levels = np.sort(reference[..., channel], axis=None)
        integral = np.insert(np.cumsum(levels, dtype=np.float64), 0, 0.0) / len(levels)
        shares = np.linspace(0.0, 1.0, len(integral))
        for index in np.ndindex(x.shape[:-3]):
            plane = x[(*index, ..., channel)]
            _, places, counts = np.unique(plane, return_inverse=True, return_counts=True)
            edges = np.insert(np.cumsum(counts), 0, 0) / plane.size
            means = np.diff(np.interp(edges, shares, integral)) / np.diff(edges)
            matched[(*index, ..., channel)] = means[places].reshape(plane.shape)
    return _clipped(matched)


def adjust(
    x: Any,
    *,
    histogram: Any = None,
    brightness: float = 0.0,
    contrast: float = 1.0,
    gamma: float = 1.0,
    sharpness: float = 0.0,
) -> np.ndarray:
    """Apply histogram, brightness, contrast, gamma and sharpness in this order.

    Each step is clipped to [0, 1]; the defaults change nothing.

    Args:
        x: Images, shape `(..., h, w, c)`, uint8 or floats in [0, 1].
        histogram: The reference of `match_histogram`, or None.
        brightness: See `brightness`.
        contrast: See `contrast`.
        gamma: See `gamma`.
        sharpness: See `sharpness`.

    Returns:
        Images of the same shape, float32 in [0, 1].

    Raises:
        ValueError: The images or an argument are out of bounds.

    Example:
        >>> adjust(np.full((1, 1, 1), 0.5), brightness=0.25, gamma=2.0).item()
        0.5625
    """
    images = _images(x)
    if histogram is not None:
        images = match_histogram(images, histogram)
    steps = {"brightness": brightness, "contrast": contrast, "gamma": gamma, "sharpness": sharpness}
    for name, (function, neutral) in _STEPS.items():
        if steps[name] != neutral:
            images = function(images, steps[name])
    return images


_STEPS = {
    "brightness": (brightness, 0.0),
    "contrast": (contrast, 1.0),
    "gamma": (gamma, 1.0),
    "sharpness": (sharpness, 0.0),
}


def _images(x: Any, *, name: str = "x") -> np.ndarray:
    images = to_unit(x, name=name)
    if images.ndim < 3:
        raise ValueError(
            f"{name} must be images of shape (..., h, w, c). "
            f"Received: {name}.shape={images.shape!r}."
        )
    return images


def _bounded(name: str, value: float, low: float, high: float) -> float:
    if not isinstance(value, numbers.Real) or not low <= value <= high or math.isinf(value):
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be a number {bounds}. Received: {name}={value!r}.")
    return float(value)


def _blur(x: np.ndarray) -> np.ndarray:
    for axis in (-3, -2):
        edges = [(0, 0)] * x.ndim
        edges[axis] = (1, 1)
        padded = np.moveaxis(np.pad(x, edges, mode="edge"), axis, 0)
        x = np.moveaxis((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, 0, axis)
    return x


def _clipped(x: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.clip(x, 0.0, 1.0)
    return clipped
