"""Reading the samples that a command names."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import aezoo_registry
from aezoo import data
from aezoo.batches import progress
from aezoo.cli import numbers
from aezoo.cli.console import show_warning
from aezoo.cli.outputs import is_image
from aezoo.data import Dataset, images
from aezoo.data.rows import StoredRows
from aezoo.paths import is_path

_BATCH = 256


class ImageFiles:
    """Image files as batches of uint8 arrays, read when they are iterated over.

    Files that cannot be used are left out, with one warning at the end.

    Args:
        paths: The files.
        sample_shape: `(height, width, 1 or 3)` that images are cropped and resized to.

    Attributes:
        read: The files that have been read so far, in their order.
        left_out: The number of those that cannot be used.
    """

    def __init__(self, paths: list[Path], sample_shape: tuple[int, ...]):
        self.paths, self.sample_shape = paths, sample_shape
        self.read: list[Path] = []
        self.left_out = 0

    def __len__(self) -> int:
        return -(-len(self.paths) // _BATCH)

    def __iter__(self) -> Iterator[np.ndarray]:
        height, width, channels = self.sample_shape
        errors: list[images.ImageError] = []
        self.read, self.left_out = [], 0
        for start in range(0, len(self.paths), _BATCH):
            part = self.paths[start : start + _BATCH]
            found = images.read_all(part, channels=channels, size=(height, width))
            errors += found.errors
            self.read += found.paths
            self.left_out = len(errors)
            if found.images:
                yield np.stack(found.images)
        if errors and not self.read:
            raise errors[0]
        if errors:
            listing = "".join(f"\n  {error.path}: {error.reason}" for error in errors)
            show_warning(f"{len(errors)} of {len(self.paths)} images were left out:{listing}")


@dataclass
class Inputs:
    """Samples, and what is known about each.

    Attributes:
        x: An array `(n, *sample_shape)`, or files that are read batch by batch.
        labels: One class label each, or None.
    """

    x: np.ndarray | ImageFiles | StoredRows
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of samples; of image files, of those that may be used."""
        return len(self.x.paths) if isinstance(self.x, ImageFiles) else self.x.shape[0]

    @property
    def left_out(self) -> int:
        """The number of files that could not be used, once they have been read."""
        return self.x.left_out if isinstance(self.x, ImageFiles) else 0

    def array(self) -> np.ndarray:
        """Return all samples in memory."""
        return self.x if isinstance(self.x, np.ndarray) else np.concatenate([*self.x])

    def known(self) -> dict[str, Any]:
        """Return what is known about each sample, by name, once they have been read."""
        found = {} if self.labels is None else {"labels": self.labels}
        if isinstance(self.x, ImageFiles):
            found["files"] = np.asarray([*map(str, self.x.read)])
        return found

    def parts(self) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
        """Yield some samples at a time, and what is known about each, by name."""
        place = 0
        for x in progress(_Slices(self.x) if isinstance(self.x, np.ndarray) else self.x):
            known: dict[str, Any] = {}
            if self.labels is not None:
                known["labels"] = self.labels[place : place + len(x)]
            if isinstance(self.x, ImageFiles):
                known["files"] = [*map(str, self.x.read[place:])]
            place += len(x)
            yield x, known


class _Slices:
    """The batches of an array."""

    def __init__(self, x: np.ndarray):
        self._x = x

    def __len__(self) -> int:
        return -(-len(self._x) // _BATCH)

    def __iter__(self) -> Iterator[np.ndarray]:
        yield from (self._x[start : start + _BATCH] for start in range(0, len(self._x), _BATCH))


def read(source: str, model: Any, *, split: str = "test", count: int | None = None) -> Inputs:
    """Read samples for a model.

    Args:
        source: A dataset's name, or a path to an image, a folder of images, or a `.npz` or `.npy`
            file; `source:3` is the sample at index 3.
        model: The model that they are for.
        split: Split of a dataset.
        count: Only the first so many; None for all.

    Returns:
        At least one sample.

    Raises:
        LookupError: If there is no such dataset, path or index.
        ValueError: If the source holds no samples of the model's kind.
    """
    name, rows = _rows(source, count)
    place = find(name)
    if isinstance(place, Path) and (place.is_dir() or place.suffix.lower() in images.SUFFIXES):
        paths = (images.scan(place) if place.is_dir() else [place])[rows]
        found = Inputs(ImageFiles(paths, _image_shape(model)))
    else:
        found = _arrays(place, split, rows, tuple(model.sample_shape))
    if len(found) == 0:
        raise LookupError(f"There is no such sample. Received: {source!r}.")
    return found


def split_of(source: str, split: str, *, size: tuple[int, int] | None = None) -> Dataset:
    """Load a split of a dataset that is named as on the command line.

    Args:
        source: A dataset's name, or the path of a folder of images or an `.npz` file.
        split: `"train"`, `"validation"` or `"test"`.
        size: `(height, width)` that the images of a folder are resized to; ignored elsewhere.

    Returns:
        The split.
    """
    return data.load(find(source), split, size=size if is_folder(source) else None)


def splits_of(source: str, *, size: tuple[int, int] | None = None) -> dict[str, Dataset]:
    """Load every split of a dataset, by name; image files that cannot be used are not listed.

    Args:
        source: See `split_of`.
        size: See `split_of`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", images.BadImagesWarning)
        return {split: split_of(source, split, size=size) for split in data.SPLITS}


def all_of(source: str, parts: Mapping[str, Dataset], model: Any) -> Inputs:
    """Return all samples of a dataset: a folder's files in their order, else split after split.

    Args:
        source: See `split_of`.
        parts: What `splits_of` returned.
        model: The model that they are for.
    """
    if is_folder(source):
        return read(source, model)
    labels = [part.labels for part in parts.values() if part.labels is not None]
    return Inputs(
        np.concatenate([part.x for part in parts.values()]),
        np.concatenate(labels) if len(labels) == len(parts) else None,
    )


def is_folder(source: str) -> bool:
    """Return whether a dataset is a folder of images."""
    place = find(source)
    return isinstance(place, Path) and place.is_dir()


def find(source: str) -> str | Path:
    """Return the name of a dataset as it is, and anything else that exists as a path.

    Raises:
        LookupError: If it is neither.
    """
    if is_path(source):
        return Path(source).expanduser()
    try:
        aezoo_registry.find("datasets", source)
    except aezoo_registry.UnknownName as error:
        if os.path.exists(source):
            return Path(source)
        error.add_note("There is no file or folder of that name either.")
        raise
    return source


def _rows(source: str, count: int | None) -> tuple[str, slice]:
    name, _, index = source.rpartition(":")
    if name and index.isdecimal() and not os.path.exists(source):
        return name, slice(int(index), int(index) + 1)
    return source, slice(count)


def _arrays(place: str | Path, split: str, rows: slice, sample_shape: tuple[int, ...]) -> Inputs:
    if isinstance(place, Path) and (place.suffix == ".npy" or numbers.holds(place, "x")):
        labels = numbers.read(place, "labels")[rows] if numbers.holds(place, "labels") else None
        return Inputs(StoredRows(place, rows=rows, sample_shape=sample_shape), labels)
    dataset = data.load(place, split)
    x = dataset.x[..., None] if (*dataset.sample_shape, 1) == sample_shape else dataset.x
    return Inputs(x[rows], None if dataset.labels is None else dataset.labels[rows])


def _image_shape(model: Any) -> tuple[int, ...]:
    if not is_image(model):
        raise ValueError(
            f"The model takes samples of shape {tuple(model.sample_shape)}, which are no images: "
            "give it a dataset, an .npz or an .npy file."
        )
    return tuple(model.sample_shape)
