"""Fashion-MNIST: 70,000 grey photographs of clothing."""

from __future__ import annotations

import pathlib

from aezoo.data.dataset import Dataset, data_folder
from aezoo.data.idx import load_official

_DEBIAN = pathlib.Path("/usr/share/datasets/fashion-mnist")


def fashion_mnist(split: str = "train") -> Dataset:
    """Load Fashion-MNIST.

    Looks for the four official files in `$AEZOO_DATA/fashion_mnist`, then where
    the Debian package `dataset-fashion-mnist` puts them, then asks
    `keras.datasets`.

    Args:
        split: `"train"`, the first 55,000 images of the official training set,
            `"validation"`, its last 5,000, or `"test"`, the official 10,000.

    Returns:
        uint8 images of shape `(n, 28, 28, 1)`, with labels from 0 to 9.

    Raises:
        FileNotFoundError: The data is nowhere to be had.
        ValueError: A file is damaged.

    Example:
        >>> import aezoo
        >>> data = aezoo.data.load("fashion_mnist", "test")  # doctest: +SKIP

    Reference:
        [Xiao et al., 2017](https://arxiv.org/abs/1708.07747)
    """
    home = data_folder()
    folders = [home / "fashion_mnist", _DEBIAN] if home else [_DEBIAN]
    return load_official(
        "fashion_mnist",
        split,
        folders=folders,
        licence="MIT",
        source="Zalando Research, https://github.com/zalandoresearch/fashion-mnist",
    )
