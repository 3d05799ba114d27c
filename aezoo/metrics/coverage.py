"""Coverage: how many real images have a generated one near."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.features import perceptual_features
from aezoo.metrics.manifold import NEIGHBOURS, memberships


def coverage(
    real: ArrayLike,
    generated: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    k: int = NEIGHBOURS,
) -> float:
    """Share of real images with a generated one near. Higher is better; 1 is the most.

    A generated image is near where it lies in the ball of the real one, which reaches to the k-th
    nearest other real image. Unlike `recall` it is not fooled by far generated images. The
    features are those of aezoo's classifier for 28x28 grey images, and of the ImageNet network
    for all others.

    Args:
        real: Images, shape `(n, height, width, channels)`, uint8 or float; n above k.
        generated: Images of a model, shape `(m, height, width, channels)`.
        sample_range: Lowest and highest value of a pixel.
        k: Number of neighbours that a ball reaches to.

    Returns:
        The share, from 0 to 1; it grows with the number of generated images, and is expected to be
        `1 - 2^-k`, 0.97 for k of 5, for as many images of the real distribution.

    Raises:
        NotApplicable: If the samples are not images, `sample_range` is None, or the ImageNet
            network is needed and not installed.
        ValueError: If there are too few images, their shapes differ, or a value is not a finite
            number in the range.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import coverage

        x = np.random.default_rng(0).random((100, 28, 28, 1))
        assert coverage(x, x) == 1.0 and coverage(x, 0.2 * x) == 0.0
        ```

    Reference:
        [Naeem et al., 2020](https://arxiv.org/abs/2002.09797)
    """
    x, y = perceptual_features(real, generated, sample_range=sample_range)
    _, inside = memberships(y, x, k)
    return float(np.mean(inside > 0))
