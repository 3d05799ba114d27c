"""10,000 images of MNIST, in one small file."""

from __future__ import annotations

import dataclasses

from aezoo.data import npz
from aezoo.data.dataset import Dataset, check_split, stored_file

_FILE = "mnist_10k.npz"


def mnist_10k(split: str = "train") -> Dataset:
    """Load 10,000 images of MNIST that are not its official test set.

    They come without a split; numbers on them must not be compared with
    numbers on `mnist`, whose test images may be among them.

    Args:
        split: `"train"` (8,000), `"validation"` or `"test"` (1,000 each),
            divided at random by seed 0.

    Returns:
        uint8 images of shape `(n, 28, 28, 1)`, with labels from 0 to 9.

    Raises:
        FileNotFoundError: `$AEZOO_DATA/mnist_10k.npz` does not exist.
        ValueError: The file is damaged.

    Example:
        >>> import aezoo
        >>> data = aezoo.data.load("mnist_10k", "test")  # doctest: +SKIP
    """
    check_split(split)
    contents = "`x` uint8 of shape (10000, 28, 28) and `y`"
    data = npz.load(stored_file("mnist_10k", _FILE, contents), split)
    if data.sample_shape != (28, 28, 1) or len(data.x) != (8_000 if split == "train" else 1_000):
        raise ValueError(f"{_FILE} must hold 10,000 images of 28x28 pixels. Received: {data!r}.")
    return dataclasses.replace(
        data,
        name="mnist_10k",
        licence="MNIST's own terms are not stated; the package it comes from is under MIT",
        source="10,000 images of MNIST, not the official test set",
    )
