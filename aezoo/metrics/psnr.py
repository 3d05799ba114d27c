"""Peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.samples import check_pair, check_range

HIGHEST = 100.0


def psnr(
    target: ArrayLike,
    reconstruction: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
) -> float:
    """Peak signal-to-noise ratio in decibels. Higher is better.

    `10 log10((high - low)^2 / MSE)` of each sample, then the mean over samples. A sample is
    scored at most 100 dB (a root-mean-square error of 1e-5 of the range), so that one exact
    match does not make the mean infinite.

    Args:
        target: Samples, shape `(n, *sample_shape)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.
        sample_range: Lowest and highest value of a sample.

    Returns:
        The mean over samples, in dB, at most 100.

    Raises:
        NotApplicable: If `sample_range` is None.
        ValueError: If the arrays do not have one shape, are empty or are not finite, or
            `sample_range` is empty.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import psnr

        assert abs(psnr(np.zeros((2, 3)), np.full((2, 3), 0.1)) - 20.0) < 1e-6
        ```
    """
    target, reconstruction = check_pair(target, reconstruction, sample_range)
    peak = check_range("psnr", sample_range)
    axes = tuple(range(1, target.ndim))
    error = np.mean(np.square(target - reconstruction), axis=axes, dtype=np.float64)
    lowest_error = 10.0 ** (-HIGHEST / 10.0)
    decibels = -10.0 * np.log10(np.maximum(error / peak**2, lowest_error))
    return float(np.mean(decibels))
