"""Trustworthiness of neighbours in the latent space."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import as_vectors
from aezoo.noise import generator

LARGEST = 5_000


def trustworthiness(target: ArrayLike, codes: ArrayLike, *, k: int = 5, seed: int = 0) -> float:
    """Share of neighbours among codes that samples confirm. From 0 to 1; higher is better.

    `1 - 2 / (n k (2n - 3k - 1)) sum_i sum_j max(0, r(i, j) - k)`, where j runs over the k
    nearest codes of code i, and sample j is the r-th nearest to sample i; both by Euclidean
    distance. Random codes score about 0.5. The sum takes memory quadratic in n, so of more than
    5,000 samples as many are drawn.

    Args:
        target: Samples, shape `(n, *sample_shape)`, uint8 or float.
        codes: Their codes, shape `(n, *code_shape)`.
        k: Number of neighbours, below half the number of samples.
        seed: Seed of the draw.

    Returns:
        The trustworthiness.

    Raises:
        ValueError: If the codes do not fit the samples, or these are too few for k neighbours.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import trustworthiness

        target = np.random.default_rng(0).random((50, 8))
        assert trustworthiness(target, 2 * target) == 1.0
        ```

    Reference:
        [Venna and Kaski, 2001](https://doi.org/10.1007/3-540-44668-0_68)
    """
    from sklearn import manifold

    samples, codes = np.atleast_1d(target), np.atleast_1d(codes)
    if len(samples) != len(codes):
        raise ValueError(
            "target and codes must hold equally many samples. "
            f"Received: {len(samples)} and {len(codes)}."
        )
    if k < 1 or len(samples) <= 2 * k:
        raise ValueError(
            f"k must be at least 1, and k neighbours need {2 * max(k, 1) + 1} samples: give more "
            f"samples. Received: k={k!r}, {len(samples)} samples."
        )
    if len(samples) > LARGEST:
        drawn = np.sort(generator(seed).permutation(len(samples))[:LARGEST])
        samples, codes = samples[drawn], codes[drawn]
    samples, codes = as_vectors(samples, name="target"), as_vectors(codes)
    return float(manifold.trustworthiness(samples, codes, n_neighbors=k))
