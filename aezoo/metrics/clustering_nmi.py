"""Mutual information of clusters of codes with classes."""

from __future__ import annotations

from numpy.typing import ArrayLike

from aezoo.metrics.clustering_accuracy import cluster


def clustering_nmi(codes: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> float:
    """Normalised mutual information of clusters and classes. From 0 to 1; higher is better.

    `2 I(cluster; class) / (H(cluster) + H(class))` for the clusters of `clustering_accuracy`.
    It is not adjusted for chance: with few samples a class, random clusters score above 0.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        labels: One label a code, integers or strings, shape `(n,)`.
        seed: Seed of k-means, the best of 10 starts.

    Returns:
        The normalised mutual information.

    Raises:
        NotApplicable: If fewer than two classes have two samples or more.
        ValueError: If the labels do not fit the codes.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import clustering_nmi

        labels = np.arange(60) % 3
        assert clustering_nmi(labels[:, None] * [1.0, 2.0], labels) > 0.999
        ```

    Reference:
        [Strehl and Ghosh, 2002](https://www.jmlr.org/papers/v3/strehl02a.html)
    """
    from sklearn.metrics import normalized_mutual_info_score

    classes, clusters = cluster(codes, labels, seed=seed)
    return float(normalized_mutual_info_score(classes, clusters))
