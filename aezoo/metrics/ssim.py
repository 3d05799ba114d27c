"""Structural similarity."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.samples import NotApplicable, check_pair, check_range

SIGMA = 1.5
WINDOW = 11
_PIXELS_AT_ONCE = 2**18


def ssim(
    target: ArrayLike,
    reconstruction: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
) -> float:
    """Mean structural similarity index of images. Higher is better; 1 is exact.

    As in the paper: an 11x11 Gaussian window with a standard deviation of 1.5 pixels,
    `K1 = 0.01`, `K2 = 0.03`, population covariances, each channel by itself, and the mean over
    the positions where the whole window lies inside the image.

    Args:
        target: Images, shape `(n, height, width, channels)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.
        sample_range: Lowest and highest value of a pixel.

    Returns:
        The mean over images, at most 1.

    Raises:
        NotApplicable: If the samples are not images, are smaller than the window, or
            `sample_range` is None.
        ValueError: If the arrays do not have one shape, are empty or are not finite, or
            `sample_range` is empty.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import ssim

        images = np.random.default_rng(0).random((2, 28, 28, 1))
        assert abs(ssim(images, images) - 1.0) < 1e-9
        ```

    Reference:
        [Wang et al., 2004](https://doi.org/10.1109/TIP.2003.819861)
    """
    target, reconstruction, width = check_images("ssim", target, reconstruction, sample_range)
    return mean_over_images(
        lambda x, y: structure(x, y, width)[0].mean(axis=1), target, reconstruction
    )


def check_images(
    metric: str,
    target: ArrayLike,
    reconstruction: ArrayLike,
    sample_range: tuple[float, float] | None,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return both arrays as float32, and the width of the range of their pixels.

    Args:
        metric: Name of the metric, for the errors.
        target: Images, shape `(n, height, width, channels)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.
        sample_range: Lowest and highest value of a pixel.

    Returns:
        The two arrays and the width.

    Raises:
        NotApplicable: If the samples are not images, are smaller than the window, or
            `sample_range` is None.
        ValueError: If the arrays do not have one shape, are empty or are not finite, or
            `sample_range` is empty.
    """
    target, reconstruction = check_pair(target, reconstruction, sample_range)
    width_of_range = check_range(metric, sample_range)
    if target.ndim != 4:
        raise NotApplicable(
            f"{metric} needs images of shape (n, height, width, channels). "
            f"Received: samples of shape {target.shape[1:]}."
        )
    height, width = target.shape[1:3]
    if min(height, width) < WINDOW:
        raise NotApplicable(
            f"{metric} needs images of at least {WINDOW}x{WINDOW} pixels, the size of its window. "
            f"Received: images of {height}x{width} pixels."
        )
    return target, reconstruction, width_of_range


def mean_over_images(
    score: Callable[[np.ndarray, np.ndarray], np.ndarray],
    target: np.ndarray,
    reconstruction: np.ndarray,
) -> float:
    """Return the mean of a score of each image, computed batch by batch.

    Args:
        score: Maps two arrays of images, channels first in float64, to one number an image:
            twice `(m, c, h, w)` to `(m,)`.
        target: Images, shape `(n, h, w, c)`.
        reconstruction: Images of the same shape.

    Returns:
        The mean over the n images.
    """
    batch = max(1, _PIXELS_AT_ONCE // math.prod(target.shape[1:]))
    total = 0.0
    for start in range(0, len(target), batch):
        # Variances are differences of nearly equal means: float32 loses them.
        x, y = (
            np.moveaxis(images[start : start + batch], -1, 1).astype(np.float64)
            for images in (target, reconstruction)
        )
        total += score(x, y).sum()
    return float(total / len(target))


def structure(x: np.ndarray, y: np.ndarray, width_of_range: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the similarity index and its contrast-structure factor of each channel.

    Args:
        x: Images, shape `(n, c, h, w)`, float64.
        y: Images of the same shape.
        width_of_range: Highest less lowest value of a pixel.

    Returns:
        Means over the positions of the window of `luminance * contrast * structure` and of
        `contrast * structure`, shape `(n, c)` each, at most 1.
    """
    down, across = _window_matrix(x.shape[2]), _window_matrix(x.shape[3])

    def local_mean(images: np.ndarray) -> np.ndarray:
        means: np.ndarray = down @ images @ across.T
        return means

    mean_x, mean_y = local_mean(x), local_mean(y)
    variance_x = local_mean(x * x) - mean_x**2
    variance_y = local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * width_of_range) ** 2, (0.03 * width_of_range) ** 2
    shared, own = 2 * covariance + c2, variance_x + variance_y + c2
    index = (2 * mean_x * mean_y + c1) * shared / ((mean_x**2 + mean_y**2 + c1) * own)
    return index.mean(axis=(2, 3)), (shared / own).mean(axis=(2, 3))


@functools.cache
def _window_matrix(length: int) -> np.ndarray:
    """Banded `(length - 10, length)` matrix: a product with it is the valid 1-D filtering."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-0.5 * np.square(offsets / SIGMA))
    matrix = np.zeros((length - WINDOW + 1, length))
    for row in range(len(matrix)):
        matrix[row, row : row + WINDOW] = kernel / kernel.sum()
    return matrix
