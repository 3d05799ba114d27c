"""Scikit-learn's digits: 1,797 grey images of 8x8 pixels, on every machine."""

from __future__ import annotations

import numpy as np

from aezoo.data.dataset import Dataset, seeded_split


def digits(split: str = "train") -> Dataset:
    """Load scikit-learn's handwritten digits; needs no download.

    Args:
        split: `"train"` (1,297), `"validation"` (200) or `"test"` (300),
            divided at random by seed 0.

    Returns:
        float32 images in [0, 1] (sixteenths) of shape `(n, 8, 8, 1)`, with
        labels from 0 to 9.

    Example:
        >>> import aezoo
        >>> aezoo.data.load("digits", "test").x.shape
        (300, 8, 8, 1)

    Reference:
        [Alpaydin and Kaynak, 1998](https://doi.org/10.24432/C50P49)
    """
    from sklearn.datasets import load_digits  # scikit-learn takes a second to import

    bunch = load_digits()
    rows = seeded_split(len(bunch.images), split, validation=200, test=300)
    return Dataset(
        "digits",
        split,
        (bunch.images[rows, ..., None] / 16).astype(np.float32),
        bunch.target[rows],
        licence="CC-BY-4.0, as stated by the UCI Machine Learning Repository",
        source="Optical Recognition of Handwritten Digits (test part), shipped with scikit-learn",
    )
