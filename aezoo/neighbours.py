"""Nearest neighbours among many samples."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

Metric = Literal["euclidean", "cosine", "hellinger"]
COMPONENTS = 100
"""Principal components in which neighbours are sought: the others hold more noise than likeness."""
TINY = 1e-12


def nearest(x: np.ndarray, k: int, *, metric: Metric = "euclidean") -> np.ndarray:
    """Return the nearest neighbours of each sample.

    Samples of more than 100 numbers are compared by their first 100 principal components. Every
    sample is compared with every other: twice as many take four times as long.

    Args:
        x: Samples `(n, ...)`, uint8 or float, at least two.
        k: Neighbours of each; fewer where there are not so many others.
        metric: The distance: `"euclidean"`; `"cosine"`, that of samples scaled to length 1, which
            does not see their strength; or `"hellinger"`, that of square roots scaled to length 1,
            for samples of at least 0, such as images, where it sees faint parts, too.

    Returns:
        Their indices, the nearest first, shape `(n, k)`, int32.

    Raises:
        ValueError: There are fewer than two samples, `k` is below 1, or the metric does not exist
            or does not fit the samples.

    Example:
        >>> nearest(np.array([[0.0], [5.0], [1.0], [6.0]]), 1)[:, 0].tolist()
        [2, 3, 0, 1]
    """
    from sklearn.decomposition import PCA
    from sklearn.neighbors import NearestNeighbors

    if len(x) < 2 or k < 1:
        raise ValueError(
            "Neighbours need at least two samples, and k must be at least 1. "
            f"Received: {len(x)} samples, {k=!r}."
        )
    flat = _placed(x.reshape(len(x), -1).astype(np.float32), metric)
    flat -= flat.mean(axis=0)  # squares lose less of small distances
    if min(flat.shape) > COMPONENTS:
        flat = PCA(COMPONENTS, random_state=0).fit_transform(flat)
    search = NearestNeighbors(n_neighbors=min(k, len(x) - 1), algorithm="brute").fit(flat)
    return np.asarray(search.kneighbors(return_distance=False), np.int32)


def _placed(flat: np.ndarray, metric: str) -> np.ndarray:
    """Return places `(n, d)` whose Euclidean distances are those of the metric, or grow with it."""
    if metric not in get_args(Metric):
        raise ValueError(f"metric must be one of {', '.join(get_args(Metric))}. Received: {metric}")
    if metric == "euclidean":
        return flat
    if metric == "hellinger":
        if flat.min() < 0:
            raise ValueError(
                "The metric 'hellinger' is for samples of at least 0: use 'euclidean' or 'cosine'. "
                f"Received: samples down to {flat.min():.6g}."
            )
        flat = np.sqrt(flat)
    lengths = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(lengths, TINY))
