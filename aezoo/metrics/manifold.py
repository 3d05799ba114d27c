"""Which points of one set lie in the nearest-neighbour balls of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aezoo.metrics.remembered import remembered

NEIGHBOURS = 5
_ROWS = 1000
_ROUNDING = 1e-12


@remembered
def memberships(points: np.ndarray, centres: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Count how points and balls meet.

    The ball around a centre reaches as far as the k-th nearest other centre, which it includes.
    The union of the balls is the estimate of the centres' manifold.

    Args:
        points: Vectors `(n, d)`.
        centres: Vectors `(m, d)`, m above k.
        k: Number of neighbours, at least 1.

    Returns:
        For each point the number of balls that it lies in, `(n,)`, and for each ball the number
        of points in it, `(m,)`.

    Raises:
        ValueError: If there are not more centres than k.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics.manifold import memberships

        centres = np.array([[0.0], [1.0], [3.0]])  # balls: 0 +- 1, 1 +- 1, 3 +- 2
        points = np.array([[-0.5], [0.5], [9.0]])
        balls, inside = memberships(points, centres, 1)
        assert balls.tolist() == [1, 2, 0] and inside.tolist() == [2, 1, 0]
        ```
    """
    reach = _squared_radii(centres, k)
    of_points, of_balls = [], np.zeros(len(centres), np.int64)
    for squared in _squared_distances(points, centres):
        inside = squared <= reach
        of_points.append(np.count_nonzero(inside, axis=1))
        of_balls += np.count_nonzero(inside, axis=0)
    return np.concatenate(of_points), of_balls


@remembered
def _squared_radii(centres: np.ndarray, k: int) -> np.ndarray:
    if not 1 <= k < len(centres):
        raise ValueError(
            f"k must be at least 1, and k neighbours need {max(k, 1) + 1} samples in each set: "
            f"give more samples. Received: k={k!r}, {len(centres)} samples."
        )
    # The nearest of all is the centre itself, or a copy of it, at the same distance 0.
    return np.concatenate(
        [np.partition(squared, k, axis=1)[:, k] for squared in _squared_distances(centres, centres)]
    )


def _squared_distances(points: np.ndarray, centres: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the squared distances of so many points at a time to all centres, float64."""
    shift = centres.mean(axis=0, dtype=np.float64)
    points, centres = points - shift, centres - shift
    lengths = np.square(centres).sum(axis=1)
    for start in range(0, len(points), _ROWS):
        part = points[start : start + _ROWS]
        scale = np.square(part).sum(axis=1, keepdims=True) + lengths
        squared = part @ centres.T
        squared *= -2.0
        squared += scale
        # What rounding leaves of a distance of zero would decide whether copies count.
        scale *= _ROUNDING
        squared[squared < scale] = 0.0
        yield squared
