"""Density: how closely generated images keep to the real ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.features import perceptual_features
from aezoo.metrics.manifold import NEIGHBOURS, memberships


def density(
    real: ArrayLike,
    generated: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    k: int = NEIGHBOURS,
) -> float:
    """How closely generated images keep to where real ones are dense. Higher is better.

    The mean number of real images' balls that a generated image lies in, divided by k. A ball
    reaches to the k-th nearest other real image. Unlike `precision` it is not fooled by one far
    real image with a large ball. The features are those of aezoo's classifier for 28x28 grey
    images, and of the ImageNet network for all others.

    Args:
        real: Images, shape `(n, height, width, channels)`, uint8 or float; n above k.
        generated: Images of a model, shape `(m, height, width, channels)`.
        sample_range: Lowest and highest value of a pixel.
        k: Number of neighbours that a ball reaches to.

    Returns:
        The density, at least 0; its expectation is 1 for images of the real distribution, and it
        exceeds 1 where the generated images crowd round the densest real ones.

    Raises:
        NotApplicable: If the samples are not images, `sample_range` is None, or the ImageNet
            network is needed and not installed.
        ValueError: If there are too few images, their shapes differ, or a value is not a finite
            number in the range.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import density

        x = np.random.default_rng(0).random((100, 28, 28, 1))
        assert 0.0 == density(x, 0.2 * x) < density(x, x)
        ```

    Reference:
        [Naeem et al., 2020](https://arxiv.org/abs/2002.09797)
    """
    x, y = perceptual_features(real, generated, sample_range=sample_range)
    balls, _ = memberships(y, x, k)
    return float(np.mean(balls) / k)
