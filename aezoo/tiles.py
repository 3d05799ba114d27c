"""Large images by parts: a function of tiles of one size over an image of any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aezoo.heap import keep_memory

BATCH = 4


def over(
    image: np.ndarray,
    work: Callable[[np.ndarray], np.ndarray],
    *,
    size: tuple[int, int],
    margin: int,
    factor: int = 1,
) -> np.ndarray:
    """Work on an image tile by tile, in bounded memory.

    Tiles overlap by twice the margin, of which nothing is kept: where a pixel of the result
    depends on pixels nearer than the margin alone, the result is that of the whole image. Beyond
    the border the image is mirrored.

    Args:
        image: Shape `(h, w, c)`, at least 1 x 1.
        work: Maps tiles `(n, *size, c)` to `(n, factor * height, factor * width, d)`.
        size: Height and width of a tile, more than twice the margin.
        margin: Pixels on each side that are thrown away.
        factor: Whole factor from the image to the result.

    Returns:
        Shape `(factor * h, factor * w, d)`, of the dtype that `work` gives.

    Example:
        >>> image = np.arange(35.0).reshape(5, 7, 1)
        >>> np.array_equal(over(image, lambda tiles: 2 * tiles, size=(4, 4), margin=1), 2 * image)
        True
    """
    keep_memory()
    height, width = image.shape[:2]
    rows, columns = (
        range(0, length, tile - 2 * margin)
        for length, tile in zip((height, width), size, strict=True)
    )
    places = [(top, left) for top in rows for left in columns]
    result = None
    for start in range(0, len(places), BATCH):
        batch = places[start : start + BATCH]
        tiles = np.stack([_tile(image, place, size, margin) for place in batch])
        for (top, left), done in zip(batch, work(tiles), strict=True):
            if result is None:
                shape = (factor * height, factor * width, done.shape[-1])
                result = np.empty(shape, done.dtype)
            kept = done[factor * margin : done.shape[0] - factor * margin]
            kept = kept[:, factor * margin : done.shape[1] - factor * margin]
            place = result[factor * top :, factor * left :][: len(kept), : kept.shape[1]]
            place[:] = kept[: place.shape[0], : place.shape[1]]
    assert result is not None  # noqa: S101  (an image has at least one pixel, so one tile)
    return result


def _tile(
    image: np.ndarray, place: tuple[int, int], size: tuple[int, int], margin: int
) -> np.ndarray:
    rows, columns = (
        mirrored(np.arange(first - margin, first - margin + tile), length)
        for first, tile, length in zip(place, size, image.shape[:2], strict=True)
    )
    return image[np.ix_(rows, columns)]


def mirrored(positions: np.ndarray, length: int) -> np.ndarray:
    """Return positions on an axis, those beyond its ends mirrored at the last pixel.

    Example:
        >>> mirrored(np.arange(-2, 5), 3).tolist()
        [2, 1, 0, 1, 2, 1, 0]
    """
    if length == 1:
        return np.zeros_like(positions)
    folded = np.abs(positions) % (2 * length - 2)
    return np.where(folded < length, folded, 2 * length - 2 - folded)
