"""Multi-scale structural similarity."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.ssim import WINDOW, check_images, mean_over_images, structure

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ms_ssim(
    target: ArrayLike,
    reconstruction: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
) -> float:
    """Mean structural similarity of images over up to five scales. Higher is better; 1 is exact.

    `ssim_M^w_M prod_{j<M} cs_j^w_j`, where `ssim` and `cs` are the similarity index of `ssim`
    and its contrast-structure factor, and each scale halves the one before by averaging 2x2
    pixels. As in the paper `M = 5`, where even the coarsest image holds the 11x11 window: from
    161 pixels on. Smaller images have fewer scales, whose weights are divided by their sum: 1 to
    20 pixels, 2 to 40, 3 to 80, 4 to 160; with one scale it is `ssim`. Scores of images of
    different sizes cannot be compared. Each channel is scored by itself; a factor below 0, of
    negated images, counts as 0.

    Args:
        target: Images, shape `(n, height, width, channels)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.
        sample_range: Lowest and highest value of a pixel.

    Returns:
        The mean over images, from 0 to 1.

    Raises:
        NotApplicable: If the samples are not images, are smaller than the window, or
            `sample_range` is None.
        ValueError: If the arrays do not have one shape, are empty or are not finite, or
            `sample_range` is empty.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import ms_ssim

        images = np.random.default_rng(0).random((2, 28, 28, 1))
        assert abs(ms_ssim(images, images) - 1.0) < 1e-9
        ```

    Reference:
        [Wang et al., 2003](https://doi.org/10.1109/ACSSC.2003.1292216)
    """
    target, reconstruction, width = check_images("ms_ssim", target, reconstruction, sample_range)
    weights = _weights(min(target.shape[1:3]))

    def score(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        product = np.ones(x.shape[:2])
        for weight in weights[:-1]:
            product *= np.maximum(structure(x, y, width)[1], 0) ** weight
            x, y = _halve(x), _halve(y)
        product *= np.maximum(structure(x, y, width)[0], 0) ** weights[-1]
        return product.mean(axis=1)

    return mean_over_images(score, target, reconstruction)


def _weights(size: int) -> np.ndarray:
    """Weights of the scales that images of this many pixels have."""
    scales = 1
    while scales < len(WEIGHTS) and (size := -(-size // 2)) >= WINDOW:
        scales += 1
    weights = np.array(WEIGHTS[:scales])
    return weights if scales == len(WEIGHTS) else weights / weights.sum()


def _halve(images: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels, the last row or column repeated where their number is odd."""
    height, width = images.shape[2:]
    padding = ((0, 0), (0, 0), (0, height % 2), (0, width % 2))
    even = np.pad(images, padding, mode="edge")
    quarters = [even[:, :, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    mean: np.ndarray = np.add.reduce(quarters) / 4
    return mean
