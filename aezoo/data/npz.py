"""Datasets in an `.npz` file: arrays only, never pickles."""

from __future__ import annotations

import contextlib
import pathlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from aezoo.arrays import check_samples
from aezoo.data.dataset import SPLITS, Dataset, locate_split


def load(path: pathlib.Path, split: str = "train") -> Dataset:
    """Load one split of an `.npz` file.

    The samples are under `x`, or under `x_train`, `x_validation` and `x_test`;
    labels, where there are any, likewise under `y` or `labels`. A file without
    splits is divided 80/10/10 by seed 0; one that lacks only validation gives a
    tenth of its training samples. uint8 of shape `(n, h, w)` are grey images
    and get their channel axis.

    Args:
        path: The file.
        split: `"train"`, `"validation"` or `"test"`.

    Returns:
        The split, uint8 or float32.

    Raises:
        FileNotFoundError: There is no such file.
        LookupError: The file has no samples for this split.
        ValueError: The file is damaged, or its arrays are no samples.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "noise.npz")
        >>> np.savez(path, x=np.zeros((50, 4, 4), "uint8"))
        >>> load(path, "test")
        Dataset(name='noise', split='test', n=5, sample_shape=(4, 4, 1), dtype='uint8')
    """
    received = f"Received: path={str(path)!r}."
    with reading(path) as file:
        parts = {s: f"_{s}" for s in SPLITS if f"x_{s}" in file} or {"all": ""}
        if parts == {"all": ""} and "x" not in file:
            raise LookupError(
                f"The .npz file needs `x`, or `x_train` and `x_test`; it holds "
                f"{', '.join(file.files) or 'nothing'}. {received}"
            )
        arrays = {part: file[f"x{suffix}"] for part, suffix in parts.items()}
        part, rows = locate_split({key: len(x) for key, x in arrays.items()}, split)
        labels = _labels(file, parts[part])
    x = arrays[part]
    if labels is not None and labels.shape != x.shape[:1]:
        raise ValueError(
            f"The labels must have one entry for each of the {len(x)} samples. "
            f"Received: labels.shape={labels.shape!r}, path={str(path)!r}."
        )
    x = check_samples(x[rows], x.shape[1:], sample_range=None, name=f"x{parts[part]}")
    return Dataset(
        path.stem,
        split,
        x[..., None] if x.dtype == np.uint8 and x.ndim == 3 else x,
        None if labels is None else labels[rows],
        licence="not stated",
        source=f"the file {path.name}",
    )


@contextlib.contextmanager
def reading(path: pathlib.Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Open an `.npz` file, and say in one error what makes it unusable while it is read.

    Args:
        path: The file. Pickled objects in it are refused.

    Yields:
        Its arrays by name, read when they are asked for.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or what the caller made of its arrays failed.
    """
    received = f"Received: path={str(path)!r}."
    if not path.is_file():
        raise FileNotFoundError(f"The .npz file does not exist. {received}")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"The file is not an .npz archive, or it is damaged. {received}")
    try:
        with np.load(path, allow_pickle=False) as file:
            yield file
    except (ValueError, TypeError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"The .npz file cannot be used: {error} {received}") from error


def _labels(file: np.lib.npyio.NpzFile, suffix: str) -> np.ndarray | None:
    keys: Sequence[str] = [key for key in (f"y{suffix}", f"labels{suffix}") if key in file]
    return file[keys[0]] if keys else None
