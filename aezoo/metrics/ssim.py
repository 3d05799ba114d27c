"""Structural similarity."""

from __future__ import annotations

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
    target, reconstruction = check_pair(target, reconstruction, sample_range)
    width_of_range = check_range("ssim", sample_range)
    if target.ndim != 4:
        raise NotApplicable(
            "ssim needs images of shape (n, height, width, channels). "
            f"Received: samples of shape {target.shape[1:]}."
        )
    count, height, width, channels = target.shape
    if min(height, width) < WINDOW:
        raise NotApplicable(
            f"ssim needs images of at least {WINDOW}x{WINDOW} pixels, the size of its window. "
            f"Received: images of {height}x{width} pixels."
        )
    down, across = _window_matrix(height), _window_matrix(width)
    batch = max(1, _PIXELS_AT_ONCE // (height * width * channels))
    total = sum(
        _similarity(
            target[start : start + batch],
            reconstruction[start : start + batch],
            down,
            across,
            width_of_range,
        ).sum()
        for start in range(0, count, batch)
    )
    return float(total / count)


def _window_matrix(length: int) -> np.ndarray:
    """Banded `(length - 10, length)` matrix: a product with it is the valid 1-D filtering."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    kernel = np.exp(-0.5 * np.square(offsets / SIGMA))
    matrix = np.zeros((length - WINDOW + 1, length))
    for row in range(len(matrix)):
        matrix[row, row : row + WINDOW] = kernel / kernel.sum()
    return matrix


def _similarity(
    target: np.ndarray,
    reconstruction: np.ndarray,
    down: np.ndarray,
    across: np.ndarray,
    width_of_range: float,
) -> np.ndarray:
    """Index of each image: `(n, h, w, c)` to `(n,)`."""
    # Variances are differences of nearly equal means: float32 loses them.
    x, y = (np.moveaxis(images, -1, 1).astype(np.float64) for images in (target, reconstruction))

    def local_mean(images: np.ndarray) -> np.ndarray:
        means: np.ndarray = down @ images @ across.T
        return means

    mean_x, mean_y = local_mean(x), local_mean(y)
    variance_x = local_mean(x * x) - mean_x**2
    variance_y = local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * width_of_range) ** 2, (0.03 * width_of_range) ** 2
    index = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    index /= (mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2)
    scores: np.ndarray = index.mean(axis=(1, 2, 3))
    return scores
