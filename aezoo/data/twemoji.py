"""Twemoji: 3,786 emoji in colour."""

from __future__ import annotations

import numpy as np

from aezoo.data import npz
from aezoo.data.dataset import Dataset, check_split, seeded_split, stored_file

CATEGORIES = (
    "Activities",
    "Animals & Nature",
    "Component",
    "Flags",
    "Food & Drink",
    "Objects",
    "People & Body",
    "Smileys & Emotion",
    "Symbols",
    "Travel & Places",
)
_FILE, _N, _SHAPE = "twemoji_64.npz", 3_786, (64, 64, 3)


def twemoji(split: str = "train") -> Dataset:
    """Load Twemoji, the emoji drawn by Twitter, on white.

    Divided by emoji, not by image: the skin tones of one emoji, which share its name, are in one
    split, and so are emoji whose images are the same to the pixel (the flags of Norway and of
    Svalbard). Emoji that are only alike, such as a man and a woman who run, may be apart.

    Args:
        split: `"train"` (3,057 images), `"validation"` (377) or `"test"` (352): 80/10/10 of the
            emoji, divided at random by seed 0.

    Returns:
        uint8 images of shape `(n, 64, 64, 3)`, with labels from 0 to 9, the indices of
        `CATEGORIES`.

    Raises:
        FileNotFoundError: `$AEZOO_DATA/twemoji_64.npz` does not exist.
        LookupError: The file lacks an array.
        ValueError: The file is damaged, or not this dataset.

    Example:
        >>> import aezoo
        >>> data = aezoo.data.load("twemoji", "test")  # doctest: +SKIP

    Reference:
        https://github.com/jdecked/twemoji
    """
    check_split(split)
    contents = f"`x` uint8 of shape {(_N, *_SHAPE)}, `name` and `category`"
    path = stored_file("twemoji", _FILE, contents)
    with npz.reading(path) as file:
        if not {"x", "name", "category"} <= set(file):
            raise LookupError(f"{_FILE} must hold {contents}; it holds {', '.join(file)}.")
        x, names, categories = (file[key] for key in ("x", "name", "category"))
    if x.shape != (_N, *_SHAPE) or x.dtype != np.uint8 or not set(categories) <= set(CATEGORIES):
        raise ValueError(
            f"{_FILE} must hold {contents}. Received: x.shape={x.shape!r}, "
            f"x.dtype={x.dtype.name!r}, {len(set(categories))} categories."
        )
    groups = _groups(names, x.reshape(_N, -1))
    number = groups.max() + 1
    chosen = seeded_split(number, split, validation=number // 10, test=number // 10)
    shuffled = seeded_split(_N, "train", validation=0, test=0)
    rows = shuffled[np.isin(groups[shuffled], chosen)]
    return Dataset(
        "twemoji",
        split,
        x[rows],
        np.searchsorted(CATEGORIES, categories[rows]),
        licence="CC-BY-4.0",
        source="Twemoji, (c) Twitter, Inc and other contributors",
    )


def _groups(names: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Numbers from 0 that are equal where names or images are, directly or through others."""
    keys = [names, np.array([image.tobytes() for image in images], object)]
    links = [np.unique(key, return_inverse=True)[1] for key in keys]
    group = np.arange(len(names))
    while True:
        before = group
        for link in links:
            lowest = np.full(link.max() + 1, len(group))
            np.minimum.at(lowest, link, group)
            group = lowest[link]
        if np.array_equal(group, before):
            return np.unique(group, return_inverse=True)[1]
