"""The features that samples are compared by, whichever network knows their shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics import classifier, imagenet


def perceptual_features(
    real: ArrayLike, generated: ArrayLike, *, sample_range: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Describe two sets of images by one network.

    Grey images of 28x28 pixels go through the classifier, all others through the ImageNet
    network.

    Args:
        real: Images `(n, height, width, channels)`, uint8 or float in `sample_range`.
        generated: Images `(m, height, width, channels)`.
        sample_range: Lowest and highest value of a sample.

    Returns:
        Features `(n, d)` and `(m, d)`, float32: 64 of the classifier, or 1280.

    Raises:
        NotApplicable: If the samples are no images or have no bounds, or the ImageNet network is
            needed and not installed.
        ValueError: If the shapes of the images differ, there are none, or a value is not a finite
            real number.
    """
    if np.shape(real)[1:] != np.shape(generated)[1:]:
        raise ValueError(
            "real and generated must hold samples of one shape. Received: real of shape "
            f"{np.shape(real)}, generated of shape {np.shape(generated)}."
        )
    network = classifier if np.shape(real)[1:] == classifier.SHAPE else imagenet
    return (
        network.features(real, sample_range=sample_range, name="real"),
        network.features(generated, sample_range=sample_range, name="generated"),
    )
