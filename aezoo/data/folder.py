"""A folder of images as a dataset."""

from __future__ import annotations

import itertools
import pathlib
import warnings

import numpy as np

from aezoo.data import images
from aezoo.data.dataset import SPLITS, Dataset, locate_split


def load(
    path: pathlib.Path, split: str = "train", *, size: tuple[int, int] | None = None
) -> Dataset:
    """Load the images of one split of a folder.

    Subfolders `train`, `validation` and `test` are the splits where they exist;
    otherwise the sorted files are divided 80/10/10 by seed 0. Images are grey
    if all files of the folder are, else RGB. Files that cannot be read are left
    out and listed in one `BadImagesWarning`.

    Args:
        path: The folder, searched with its subfolders.
        split: `"train"`, `"validation"` or `"test"`.
        size: `(height, width)` to resize to; without it all images must have
            one size.

    Returns:
        uint8 images of shape `(n, height, width, 1 or 3)`, without labels.

    Raises:
        LookupError: The folder has no images for this split.
        ValueError: No image can be read, or the sizes differ and `size` was not
            given.
    """
    parts = {s: images.scan(path / s) for s in SPLITS if (path / s).is_dir()}
    parts = parts or {"all": images.scan(path)}
    received = f"Received: path={str(path)!r}."
    if not any(parts.values()):
        raise LookupError(
            f"The folder holds no image files ({', '.join(images.SUFFIXES)}). {received}"
        )
    part, rows = locate_split({key: len(files) for key, files in parts.items()}, split)
    # Every split must have the same channels, so the headers of all files count.
    channels = 3 if any(map(images.is_colour, itertools.chain(*parts.values()))) else 1
    found = images.read_all([parts[part][row] for row in rows], channels=channels, size=size)
    if found.errors:
        listing = "\n".join(f"  {error.path}: {error.reason}" for error in found.errors)
        problem = f"{len(found.errors)} of {len(rows)} image files could not be read:\n{listing}"
        if not found.images:
            raise ValueError(f"{problem}\n{received}")
        warnings.warn(f"{problem}\n{received}", images.BadImagesWarning, stacklevel=3)
    shapes = sorted({image.shape[:2] for image in found.images})
    if len(shapes) > 1:
        raise ValueError(
            f"The images have {len(shapes)} different sizes, from {shapes[0]} to {shapes[-1]}: "
            f"pass size=(height, width) to resize them. {received}"
        )
    return Dataset(
        path.resolve().name,
        split,
        np.stack(found.images),
        None,
        licence="not stated",
        source=f"the folder {path.resolve().name}",
    )
