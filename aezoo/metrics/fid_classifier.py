"""Frechet distance of the features of a Fashion-MNIST classifier."""

from __future__ import annotations

from numpy.typing import ArrayLike

from aezoo.metrics import classifier
from aezoo.metrics.frechet import frechet_distance


def fid_classifier(
    real: ArrayLike,
    generated: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
) -> float:
    """Frechet distance between images in the features of aezoo's classifier. Lower is better.

    The squared Frechet distance of two Gaussians fitted to 64 features. The features are not
    Inception's: the values compare with those of this function alone, not with a published FID.
    It falls with the number of images: compare values of equally many.

    Args:
        real: Grey images, shape `(n, 28, 28, 1)`, uint8 or float; n at least 128.
        generated: Images of a model, shape `(m, 28, 28, 1)`; m at least 128.
        sample_range: Lowest and highest value of a pixel.

    Returns:
        The distance, at least 0.

    Raises:
        NotApplicable: If the samples are not 28x28 grey images, or `sample_range` is None.
        ValueError: If there are too few images, or a value is not a finite number in the range.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import fid_classifier

        x, y = np.random.default_rng(0).random((2, 200, 28, 28, 1))
        assert fid_classifier(x, y) < fid_classifier(x, 0.5 * y)
        ```

    Reference:
        [Heusel et al., 2017](https://arxiv.org/abs/1706.08500)
    """
    return frechet_distance(
        classifier.features(real, sample_range=sample_range, name="real"),
        classifier.features(generated, sample_range=sample_range, name="generated"),
    )
