"""One split of a dataset, and how a seed divides samples into splits."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import pathlib
from collections.abc import Mapping

import numpy as np

from aezoo.noise import generator

SPLITS = ("train", "validation", "test")
SPLIT_SEED = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a dataset, in memory.

    Args:
        name: Dataset id, as `aezoo.data.load` takes it.
        split: `"train"`, `"validation"` or `"test"`.
        x: Samples, shape `(n, *sample_shape)`, uint8 or float32.
        labels: One class label per sample, shape `(n,)`, or `None`.
        licence: The terms of the data, or that none are stated.
        source: Where the data comes from.
        factors: The factors that each sample was made from, integers of shape `(n, k)`, or
            `None`.

    Raises:
        ValueError: Split, samples, labels and factors do not fit this description.

    Example:
        >>> x = np.zeros((10, 8, 8, 1), "uint8")
        >>> data = Dataset("zeros", "train", x, None, "CC0-1.0", "generated")
        >>> data.sample_shape, data.sample_range
        ((8, 8, 1), (0.0, 1.0))
    """

    name: str
    split: str
    x: np.ndarray
    labels: np.ndarray | None
    licence: str
    source: str
    factors: np.ndarray | None = None

    def __post_init__(self) -> None:
        check_split(self.split)
        if self.x.dtype not in (np.uint8, np.float32) or self.x.ndim < 2 or len(self.x) == 0:
            raise ValueError(
                f"A dataset needs at least one sample, as uint8 or float32 of shape "
                f"(n, *sample_shape). Received: x.dtype={self.x.dtype.name!r}, "
                f"x.shape={self.x.shape!r}."
            )
        if self.labels is not None and self.labels.shape != self.x.shape[:1]:
            raise ValueError(
                f"labels must have one entry per sample, shape ({len(self.x)},). "
                f"Received: labels.shape={self.labels.shape!r}."
            )
        if self.factors is not None and not (
            self.factors.dtype.kind in "iu"
            and self.factors.ndim == 2
            and len(self.factors) == len(self.x)
            and self.factors.shape[1] > 0
        ):
            raise ValueError(
                f"factors must be integers of shape ({len(self.x)}, number of factors). "
                f"Received: factors.dtype={self.factors.dtype.name!r}, "
                f"factors.shape={self.factors.shape!r}."
            )

    def __repr__(self) -> str:
        return (
            f"Dataset(name={self.name!r}, split={self.split!r}, n={len(self.x)}, "
            f"sample_shape={self.sample_shape}, dtype={self.x.dtype.name!r})"
        )

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.x.shape[1:]

    @functools.cached_property
    def sample_range(self) -> tuple[float, float] | None:
        """`(0.0, 1.0)` for uint8 and for floats that lie in it, else `None` (unbounded)."""
        if self.x.dtype == np.uint8 or (np.min(self.x) >= 0 and np.max(self.x) <= 1):
            return (0.0, 1.0)
        return None

    def examples(self, label: object) -> np.ndarray:
        """Return the samples that have a label, at least one, in their order.

        Args:
            label: A label of the dataset, or the same as text.

        Raises:
            LookupError: No sample has it.
            ValueError: The dataset has no labels.
        """
        if self.labels is None:
            raise ValueError(f"The dataset {self.name!r} has no labels. Received: {label=!r}.")
        names = self.labels.astype(str)
        found: np.ndarray = self.x[names == str(label)]
        if len(found) == 0:
            known = ", ".join(sorted(set(names.tolist()))[:30])
            raise LookupError(
                f"No sample of {self.name!r} has this label; there are {known}. "
                f"Received: {label=!r}."
            )
        return found

    def fingerprint(self) -> str:
        """Return the SHA-256 of the samples' bytes in C order, as hexadecimal digits."""
        return hashlib.sha256(np.ascontiguousarray(self.x).data).hexdigest()


def check_split(split: str) -> None:
    """Raise `ValueError` unless `split` is one of `SPLITS`."""
    if split not in SPLITS:
        raise ValueError(
            f"split must be one of {', '.join(map(repr, SPLITS))}. Received: split={split!r}."
        )


def seeded_split(
    n: int, split: str, *, validation: int, test: int, seed: int = SPLIT_SEED
) -> np.ndarray:
    """Return the indices of one split of `n` samples, divided at random by `seed`.

    Args:
        n: Number of samples in all.
        split: One of `SPLITS`.
        validation: Number of validation samples.
        test: Number of test samples; the other `n - validation - test` train.
        seed: The same seed gives the same splits on every machine.

    Returns:
        Distinct indices below `n`, in random order.

    Raises:
        ValueError: The split is unknown, or too few samples are left to train.

    Example:
        >>> len(seeded_split(10, "train", validation=2, test=3))
        5
    """
    check_split(split)
    train = n - validation - test
    if train < 1:
        raise ValueError(
            f"A dataset of {n} samples is too small for {validation} validation and {test} test "
            f"samples: at least one must be left to train. Received: n={n!r}."
        )
    # Sorting raw bits: numpy promises to keep this stream, not that of `permutation`.
    order = np.argsort(generator(seed).bit_generator.random_raw(n), kind="stable")
    parts = dict(zip(SPLITS, np.split(order, [train, train + validation]), strict=True))
    return parts[split]


def locate_split(sizes: Mapping[str, int], split: str) -> tuple[str, np.ndarray]:
    """Return which stored part holds a split, and the indices of the split in it.

    Data that is stored without splits is divided 80/10/10 by `SPLIT_SEED`; where
    only validation is missing, it is a tenth of what is stored as train.

    Args:
        sizes: Number of samples of each stored part: keys from `SPLITS`, or the
            one key `"all"`.
        split: One of `SPLITS`.

    Returns:
        A key of `sizes`, and indices into that part.

    Raises:
        LookupError: The split is neither stored nor can be divided off.
        ValueError: The split is unknown, or the part too small to be divided.

    Example:
        >>> part, indices = locate_split({"train": 50, "test": 20}, "validation")
        >>> part, len(indices)
        ('train', 5)
    """
    check_split(split)
    if "all" in sizes:
        tenth = max(1, sizes["all"] // 10)
        return "all", seeded_split(sizes["all"], split, validation=tenth, test=tenth)
    if "train" in sizes and "validation" not in sizes and split != "test":
        tenth = max(1, sizes["train"] // 10)
        return "train", seeded_split(sizes["train"], split, validation=tenth, test=0)
    if split in sizes:
        return split, np.arange(sizes[split])
    raise LookupError(f"There is no {split!r} split; there is {', '.join(map(repr, sizes))}.")


def stored_file(dataset: str, file: str, contents: str) -> pathlib.Path:
    """Return the path of a file in `AEZOO_DATA` that cannot be downloaded.

    Args:
        dataset: Dataset id, for the error.
        file: Name of the file.
        contents: What the file must hold, for the error.

    Raises:
        FileNotFoundError: There is no such file; the message says where to put it.
    """
    home = data_folder()
    if home is None or not (home / file).is_file():
        raise FileNotFoundError(
            f"The dataset {dataset} cannot be downloaded. Put {file} ({contents}) into a folder "
            f"and set the environment variable AEZOO_DATA to it. "
            f"Received: AEZOO_DATA={str(home) if home else None!r}."
        )
    return home / file


def data_folder() -> pathlib.Path | None:
    """Return the folder that the environment variable `AEZOO_DATA` names, if any."""
    value = os.environ.get("AEZOO_DATA")
    return pathlib.Path(value).expanduser() if value else None
