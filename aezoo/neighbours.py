"""Nearest neighbours among many samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK = 10_000
_ROWS = 1_000


def nearest(x: np.ndarray, k: int, *, block: int = BLOCK) -> np.ndarray:
    """Return the nearest neighbours of each sample, by Euclidean distance.

    Of more than `block` samples, every so many-th are searched together, so that time grows in
    proportion to their number: neighbours are then the nearest of about `block` others.

    Args:
        x: Samples `(n, ...)`, uint8 or float, at least two.
        k: Neighbours of each; fewer where there are not so many others.
        block: Samples that are searched together.

    Returns:
        Their indices, in no order, shape `(n, k)`, int32.

    Raises:
        ValueError: There are fewer than two samples, or `k` is below 1.

    Example:
        >>> nearest(np.array([[0.0], [5.0], [1.0], [6.0]]), 1)[:, 0].tolist()
        [2, 3, 0, 1]
    """
    if len(x) < 2 or k < 1:
        raise ValueError(
            "Neighbours need at least two samples, and k must be at least 1. "
            f"Received: {len(x)} samples, {k=!r}."
        )
    blocks = max(1, min(-(-len(x) // block), len(x) // 2))
    k = min(k, len(x) // blocks - 1)
    found = np.empty((len(x), k), np.int32)
    for first in range(blocks):
        places = np.arange(first, len(x), blocks, dtype=np.int32)
        flat = x[places].reshape(len(places), -1).astype(np.float32)
        flat -= flat.mean(axis=0)  # the squares below lose less of small distances
        for rows, distances in _distances(flat):
            found[places[rows]] = places[np.argpartition(distances, k - 1, axis=1)[:, :k]]
    return found


def _distances(flat: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield rows and their squared distances, less their own squares; infinite to themselves."""
    squares = np.square(flat).sum(axis=1)
    for start in range(0, len(flat), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(flat)))
        distances = squares - 2.0 * (flat[rows] @ flat.T)
        distances[rows - start, rows] = np.inf
        yield rows, distances
