"""The IDX file format, and datasets in the four files that MNIST was published in."""

from __future__ import annotations

import gzip
import math
import pathlib
import struct
import zlib
from collections.abc import Sequence

import numpy as np

from aezoo.data.dataset import Dataset, check_split, data_folder

_UINT8 = 0x08
_TRAIN, _VALIDATION, _TEST = 55_000, 5_000, 10_000


def read(path: pathlib.Path, shape: tuple[int, ...]) -> np.ndarray:
    """Read a gzipped IDX file of bytes.

    Args:
        path: The `.gz` file.
        shape: The shape that the file must declare.

    Returns:
        The array, uint8, shape `shape`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged or holds something else.
    """
    received = f"Received: path={str(path)!r}."
    header = struct.pack(f">HBB{len(shape)}I", 0, _UINT8, len(shape), *shape)
    size = math.prod(shape)
    try:
        with gzip.open(path) as file:
            found = file.read(len(header))
            # One byte more than there should be, so that a longer file shows.
            data = file.read(size + 1) if found == header else b""
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"The IDX file is damaged: {error}. {received}") from error
    if found != header:
        raise ValueError(f"The file is not IDX data of bytes with shape {shape}. {received}")
    if len(data) != size:
        problem = "longer" if len(data) > size else "shorter"
        raise ValueError(f"The IDX file is {problem} than the {size} bytes it declares. {received}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def load_official(
    name: str, split: str, *, folders: Sequence[pathlib.Path], licence: str, source: str
) -> Dataset:
    """Load a 28x28 grey dataset with MNIST's files: 60,000 to train on and 10,000 to test on.

    Train is the first 55,000 of the training files, validation their last
    5,000. The first of `folders` that exists is read; without one
    `keras.datasets` provides the data, by download if it has to.

    Args:
        name: The dataset's id, here and in `keras.datasets`.
        split: `"train"`, `"validation"` or `"test"`.
        folders: Where the four `.gz` files may be.
        licence: See `Dataset`.
        source: See `Dataset`.

    Returns:
        The split: uint8 of shape `(n, 28, 28, 1)`, with labels from 0 to 9.

    Raises:
        FileNotFoundError: The data is nowhere to be had.
        ValueError: A file is damaged.
    """
    check_split(split)
    folder = next((folder for folder in folders if folder.is_dir()), None)
    official, n = ("t10k", _TEST) if split == "test" else ("train", _TRAIN + _VALIDATION)
    if folder is not None:
        x = read(folder / f"{official}-images-idx3-ubyte.gz", (n, 28, 28))
        labels = read(folder / f"{official}-labels-idx1-ubyte.gz", (n,))
    else:
        x, labels = _from_keras(name, split, folders)
    part = {"train": slice(_TRAIN), "validation": slice(_TRAIN, None), "test": slice(None)}[split]
    return Dataset(name, split, x[part, ..., None], labels[part], licence, source)


def _from_keras(
    name: str, split: str, folders: Sequence[pathlib.Path]
) -> tuple[np.ndarray, np.ndarray]:
    try:
        import keras  # the last resort: importing it takes seconds

        train, test = getattr(keras.datasets, name).load_data()
    except Exception as error:  # a failed download raises a bare Exception
        unset = [] if data_folder() else [f"$AEZOO_DATA/{name} (AEZOO_DATA is not set)"]
        places = " or ".join([*unset, *map(str, folders)])
        raise FileNotFoundError(
            f"The dataset is not on this machine, and keras.datasets could not fetch it: "
            f"{str(error).strip()}. Put its four idx .gz files into {places}, or connect to the "
            f"network once. Received: name={name!r}."
        ) from error
    x, labels = test if split == "test" else train
    return x, labels
