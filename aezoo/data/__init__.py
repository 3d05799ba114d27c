"""Datasets by name, folders of images and `.npz` files, as one `Dataset` per split."""

from __future__ import annotations

import os
import pathlib

import aezoo_registry
from aezoo.data.dataset import SPLITS, Dataset, check_split
from aezoo.paths import is_path

__all__ = ["SPLITS", "Dataset", "load"]


def load(
    name: str | os.PathLike[str], split: str = "train", *, size: tuple[int, int] | None = None
) -> Dataset:
    """Load one split of a dataset into memory.

    Args:
        name: A registered dataset (`aezoo list` names them), or a folder of
            images or an `.npz` file: a `Path`, or a string that starts with
            `./`, `../`, `/` or `~`.
        split: `"train"`, `"validation"` or `"test"`. Folders and files without
            splits of their own are divided 80/10/10 by a fixed seed.
        size: `(height, width)` that the images of a folder are resized to,
            keeping their aspect and cropping around the centre.

    Returns:
        The split, with its licence and source.

    Raises:
        LookupError: No such dataset or split.
        FileNotFoundError: The data is not on this machine; the message says
            where it is looked for.
        ValueError: An argument or a file is wrong.

    Example:
        >>> load("digits", "test")
        Dataset(name='digits', split='test', n=300, sample_shape=(8, 8, 1), dtype='float32')
    """
    check_split(split)
    if is_path(name):
        return _load_path(pathlib.Path(name).expanduser(), split, size)
    if size is not None:
        raise ValueError(
            f"size= is for folders of images; {name!r} has its own size. Received: size={size!r}."
        )
    try:
        function = aezoo_registry.load("datasets", str(name))
    except aezoo_registry.UnknownName as error:
        if not os.path.exists(name):
            raise
        hint = f"To load the file or folder of this name write './{name}'."
        raise LookupError(f"{error} {hint}") from error
    data = function(split)
    if not isinstance(data, Dataset):
        raise TypeError(
            f"The dataset {name!r} must be a function that returns an aezoo.data.Dataset. "
            f"Received: type={type(data).__name__!r}."
        )
    return data


def _load_path(path: pathlib.Path, split: str, size: tuple[int, int] | None) -> Dataset:
    if path.is_dir():
        from aezoo.data import folder  # Pillow is imported only for images

        return folder.load(path, split, size=size)
    if path.suffix != ".npz":
        problem = "is neither a folder of images nor an .npz file" if path.exists() else "not found"
        raise FileNotFoundError(
            f"The dataset path must be a folder of images or an .npz file; it {problem}. "
            f"Received: name={str(path)!r}."
        )
    if size is not None:
        raise ValueError(
            f"size= is for folders of images, not for .npz files. Received: size={size!r}."
        )
    from aezoo.data import npz

    return npz.load(path, split)
