"""Mean squared error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.samples import check_pair


def mse(
    target: ArrayLike,
    reconstruction: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
) -> float:
    """Mean squared error per element. Lower is better; 0 is exact.

    Args:
        target: Samples, shape `(n, *sample_shape)`, uint8 or float.
        reconstruction: The model's output for them, of the same shape.
        sample_range: Lowest and highest value of a sample, what uint8 stands for; None for
            samples without bounds. The error is in the samples' own units, squared.

    Returns:
        The mean over samples and their elements.

    Raises:
        ValueError: If the arrays do not have one shape, are empty or are not finite.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import mse

        assert mse(np.zeros((2, 3)), np.full((2, 3), 0.5)) == 0.25
        ```
    """
    target, reconstruction = check_pair(target, reconstruction, sample_range)
    return float(np.mean(np.square(target - reconstruction), dtype=np.float64))
