"""Kernel distance of the features of a Fashion-MNIST classifier."""

from __future__ import annotations

from numpy.typing import ArrayLike

from aezoo.metrics import classifier
from aezoo.metrics.kernel_distance import kernel_distance


def kid_classifier(
    real: ArrayLike,
    generated: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    seed: int = 0,
) -> float:
    """Kernel distance between images in the features of aezoo's classifier. Lower is better.

    The unbiased squared maximum mean discrepancy with the kernel `(x . y / 64 + 1)^3`, the mean
    over 100 pairs of random subsets of 1000 images where there are more. The features are not
    Inception's: the values compare with those of this function alone, not with a published KID.

    Args:
        real: Grey images, shape `(n, 28, 28, 1)`, uint8 or float; n at least 2.
        generated: Images of a model, shape `(m, 28, 28, 1)`; m at least 2.
        sample_range: Lowest and highest value of a pixel.
        seed: Seed of the subsets.

    Returns:
        The distance: about 0, as often below as above, for images of one distribution.

    Raises:
        NotApplicable: If the samples are not 28x28 grey images, or `sample_range` is None.
        ValueError: If there are too few images, or a value is not a finite number in the range.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import kid_classifier

        x, y = np.random.default_rng(0).random((2, 100, 28, 28, 1))
        assert kid_classifier(x, y) < kid_classifier(x, 0.5 * y)
        ```

    Reference:
        [Binkowski et al., 2018](https://arxiv.org/abs/1801.01401)
    """
    return kernel_distance(
        classifier.features(real, sample_range=sample_range, name="real"),
        classifier.features(generated, sample_range=sample_range, name="generated"),
        seed=seed,
    )
