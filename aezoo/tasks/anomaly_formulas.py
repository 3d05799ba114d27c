"""The formulas of anomaly scores: distances, densities and grids, of arrays alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from aezoo.noise import generator

GRIDS, PARTS = 3, 4
"""Number of random grids, and in how many parts each is erased."""
_CELLS = 7


def mahalanobis(
    features: np.ndarray, mean: np.ndarray, basis: np.ndarray, variances: np.ndarray, floor: float
) -> np.ndarray:
    """Return mean squares of features in units of their spread.

    Args:
        features: Shape `(n, d)`.
        mean: Shape `(d,)`.
        basis: Orthonormal rows, shape `(k, d)`, k at most d.
        variances: Variance along each of them, above 0, shape `(k,)`.
        floor: Variance in every direction across them, above 0.

    Returns:
        Squared Mahalanobis distances over d, shape `(n,)`, float64.

    Example:
        >>> found = mahalanobis(np.array([[3.0, 0], [0, 3]]), np.zeros(2), np.eye(2)[:1], [9], 1)
        >>> found.tolist()
        [0.5, 4.5]
    """
    centred = features.astype(np.float64) - mean
    along = np.square(centred @ basis.T)
    total = along @ (1 / np.asarray(variances))
    if len(basis) < len(mean):
        across = np.square(centred).sum(axis=1) - along.sum(axis=1)
        total += np.maximum(across, 0.0) / floor
    found: np.ndarray = total / len(mean)
    return found


def shrinkage(centred: np.ndarray, gram: np.ndarray) -> float:
    """Return the share of Ledoit and Wolf, by which a covariance becomes that of a sphere.

    Args:
        centred: Features without their mean, shape `(n, d)`.
        gram: `centred @ centred.T` or `centred.T @ centred`, the smaller one.

    Returns:
        From 0 to 1; 0 for features without spread.

    Reference:
        [Ledoit and Wolf, 2004](https://doi.org/10.1016/S0047-259X(03)00096-4)
    """
    n, d = centred.shape
    lengths = np.square(centred).sum(axis=1, dtype=np.float64)
    squares = np.square(gram, dtype=np.float64).sum() / n**2
    distance = squares - (lengths.sum() / n) ** 2 / d
    error = (np.square(lengths).sum() / n - squares) / n
    return float(np.clip(error / distance, 0, 1)) if distance > 0 else 0.0


def mixture_nll(
    codes: np.ndarray, weights: np.ndarray, means: np.ndarray, factors: np.ndarray
) -> np.ndarray:
    """Return negative log densities under a mixture of Gaussians.

    Args:
        codes: Shape `(n, d)`.
        weights: Shape `(k,)`.
        means: Shape `(k, d)`.
        factors: Shape `(k, d, d)`; covariances are `factor @ factor.T`, with a ridge of 1e-6 of
            their mean variance.

    Returns:
        Nats, shape `(n,)`, float64.

    Example:
        >>> found = mixture_nll(np.zeros((1, 2)), np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
        >>> bool(np.isclose(found[0], np.log(2 * np.pi)))
        True
    """
    d = codes.shape[1]
    logs = []
    for weight, mean, factor in zip(weights, means, factors, strict=True):
        covariance = factor @ factor.T
        ridge = 1e-6 * max(np.trace(covariance) / d, 1e-12)
        root = np.linalg.cholesky(covariance + ridge * np.eye(d))
        white = np.linalg.solve(root, (codes - mean).T)
        volume = np.log(np.diag(root)).sum() + 0.5 * d * math.log(2 * math.pi)
        logs.append(np.log(max(weight, 1e-300)) - volume - 0.5 * np.square(white).sum(axis=0))
    found: np.ndarray = -np.logaddexp.reduce(logs)
    return found


def grids(height: int, width: int, *, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield masks of erased cells, `(height, width)`, True in holes: 3 times 4, seeded.

    Example:
        >>> holes = np.array([*grids(28, 28)])
        >>> bool((holes.sum(axis=0) == 3).all())
        True
    """
    side = max(1, round(min(height, width) / _CELLS))
    rows, columns = np.arange(height) // side, np.arange(width) // side
    rng = generator(seed)
    cells = (rows[-1] + 1) * (columns[-1] + 1)
    for _ in range(GRIDS):
        part = rng.permutation(cells).reshape(rows[-1] + 1, -1) % PARTS
        for number in range(PARTS):
            yield part[np.ix_(rows, columns)] == number
