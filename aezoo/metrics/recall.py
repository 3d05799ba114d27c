"""Improved recall: how many real images a model could have made."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.features import perceptual_features
from aezoo.metrics.manifold import NEIGHBOURS, memberships


def recall(
    real: ArrayLike,
    generated: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    k: int = NEIGHBOURS,
) -> float:
    """Share of real images within reach of the generated ones. Higher is better; 1 is the most.

    A real image is within reach where its features lie in a ball around those of some generated
    image; the ball reaches to its k-th nearest other generated image. The features are those of
    aezoo's classifier for 28x28 grey images, and of the ImageNet network for all others.

    Args:
        real: Images, shape `(n, height, width, channels)`, uint8 or float; n above k.
        generated: Images of a model, shape `(m, height, width, channels)`;
            m above k.
        sample_range: Lowest and highest value of a pixel.
        k: Number of neighbours that a ball reaches to.

    Returns:
        The share, from 0 to 1.

    Raises:
        NotApplicable: If the samples are not images, `sample_range` is None, or the ImageNet
            network is needed and not installed.
        ValueError: If there are too few images, their shapes differ, or a value is not a finite
            number in the range.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import recall

        x = np.random.default_rng(0).random((100, 28, 28, 1))
        assert recall(x, x) == 1.0 and recall(x, 0.2 * x) == 0.0
        ```

    Reference:
        [Kynkaanniemi et al., 2019](https://arxiv.org/abs/1904.06991)
    """
    x, y = perceptual_features(real, generated, sample_range=sample_range)
    balls, _ = memberships(x, y, k)
    return float(np.mean(balls > 0))
