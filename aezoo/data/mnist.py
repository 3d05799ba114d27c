"""MNIST: 70,000 grey images of handwritten digits."""

from __future__ import annotations

from aezoo.data.dataset import Dataset, data_folder
from aezoo.data.idx import load_official


def mnist(split: str = "train") -> Dataset:
    """Load MNIST.

    Looks for the four official files in `$AEZOO_DATA/mnist`, then asks
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
        >>> data = aezoo.data.load("mnist", "test")  # doctest: +SKIP

    Reference:
        [LeCun et al., 1998](https://doi.org/10.1109/5.726791)
    """
    home = data_folder()
    return load_official(
        "mnist",
        split,
        folders=[home / "mnist"] if home else [],
        licence="CC-BY-SA-3.0, as stated by the documentation of keras.datasets",
        source="Y. LeCun, C. Cortes and C. Burges, derived from NIST Special Databases 1 and 3",
    )
