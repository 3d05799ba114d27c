"""The kernel distance between two sets of feature vectors."""

from __future__ import annotations

import numpy as np

from aezoo.noise import generator

SUBSETS = 100
SUBSET_SIZE = 1000


def kernel_distance(first: np.ndarray, second: np.ndarray, *, seed: int = 0) -> float:
    """Squared maximum mean discrepancy with the kernel `(x . y / d + 1)^3`, without bias.

    Sets of at most 1000 vectors are compared whole. Of larger ones, 100 pairs of random subsets
    of 1000 are, and the result is their mean.

    Args:
        first: Vectors `(n, d)`, n at least 2.
        second: Vectors `(m, d)`, m at least 2.
        seed: Seed of the subsets.

    Returns:
        The distance, about 0 for two sets of one distribution and then as often below as above.

    Raises:
        ValueError: If there are fewer than 2 vectors in a set.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics.kernel_distance import kernel_distance

        x, y = np.random.default_rng(0).normal(size=(2, 500, 8))
        assert kernel_distance(x, y) < 0.05 < kernel_distance(x, y + 1)
        ```

    Reference:
        [Binkowski et al., 2018](https://arxiv.org/abs/1801.01401)
    """
    for vectors in (first, second):
        if len(vectors) < 2:
            raise ValueError(
                "A kernel distance needs at least 2 samples in each set. "
                f"Received: {len(first)} and {len(second)}."
            )
    if max(len(first), len(second)) <= SUBSET_SIZE:
        return _squared_mmd(first, second)
    rng = generator(seed)
    distances = [_squared_mmd(_subset(first, rng), _subset(second, rng)) for _ in range(SUBSETS)]
    return float(np.mean(distances))


def _subset(vectors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if len(vectors) <= SUBSET_SIZE:
        return vectors
    return vectors[rng.choice(len(vectors), SUBSET_SIZE, replace=False)]


def _squared_mmd(first: np.ndarray, second: np.ndarray) -> float:
    # The distance is a small difference of large means: float32 would lose it.
    first, second = first.astype(np.float64), second.astype(np.float64)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        base: np.ndarray = x @ y.T / x.shape[1] + 1.0
        return base * base * base  # three times as fast as a power

    def mean_of_pairs(x: np.ndarray) -> float:
        values = kernel(x, x)
        return float((values.sum() - np.trace(values)) / (len(x) * (len(x) - 1)))

    return mean_of_pairs(first) + mean_of_pairs(second) - 2.0 * float(kernel(first, second).mean())
