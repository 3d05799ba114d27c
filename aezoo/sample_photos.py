"""Seven free photos that come with scikit-image and scikit-learn: what tasks are measured on."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "camera")
"""Those of scikit-image; scikit-learn's are `china.jpg` and `flower.jpg`."""


def whole() -> list[np.ndarray]:
    """Return the photos as they are, uint8 `(h, w, 3)`; the grey one with three equal channels.

    Raises:
        ModuleNotFoundError: scikit-image is not installed.

    Example:
        >>> [photo.shape for photo in whole()][-1]
        (427, 640, 3)
    """
    try:
        from skimage import data
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The photos are scikit-image's: pip install 'aezoo[tasks]'.", name=error.name
        ) from error
    from sklearn.datasets import load_sample_images

    arrays = [*(getattr(data, name)() for name in NAMES), *load_sample_images().images]
    return [np.asarray(Image.fromarray(array).convert("RGB")) for array in arrays]


def squares(size: int) -> list[np.ndarray]:
    """Return the middle square of each photo, resized by Lanczos' filter.

    Args:
        size: Height and width in pixels.

    Returns:
        Images `(size, size, 3)`, uint8.

    Raises:
        ModuleNotFoundError: scikit-image is not installed.

    Example:
        >>> len(squares(64)), squares(64)[0].shape
        (7, (64, 64, 3))
    """
    fitted = (
        ImageOps.fit(Image.fromarray(photo), (size, size), Image.Resampling.LANCZOS)
        for photo in whole()
    )
    return [np.asarray(photo) for photo in fitted]
