"""The Frechet distance between two sets of feature vectors."""

from __future__ import annotations

import numpy as np


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared Frechet distance between the Gaussians with the sets' means and covariances.

    `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`. Its bias is positive and falls with the number
    of vectors: compare only values of equally many.

    Args:
        first: Vectors `(n, d)`, n at least `2 d`.
        second: Vectors `(m, d)`, m at least `2 d`.

    Returns:
        The distance, at least 0.

    Raises:
        ValueError: If there are too few vectors for covariances.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics.frechet import frechet_distance

        x = np.random.default_rng(0).normal(size=(500, 8))
        assert abs(frechet_distance(x, x + 1) - 8) < 1e-6
        ```

    Reference:
        [Heusel et al., 2017](https://arxiv.org/abs/1706.08500)
    """
    least = 2 * first.shape[1]
    if min(len(first), len(second)) < least:
        raise ValueError(
            f"A Frechet distance of {first.shape[1]} features needs at least {least} samples in "
            f"each set. Received: {len(first)} and {len(second)}."
        )
    shift = first.mean(axis=0, dtype=np.float64) - second.mean(axis=0, dtype=np.float64)
    spread, other = (np.atleast_2d(np.cov(v.T, dtype=np.float64)) for v in (first, second))
    root = _root(spread)
    # (C1 C2)^(1/2) has the trace of this root, whose argument is symmetric.
    common = np.trace(_root(root @ other @ root))
    return max(0.0, float(shift @ shift + np.trace(spread) + np.trace(other) - 2.0 * common))


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return the square root of a symmetric, positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    root: np.ndarray = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return root
