"""Accuracy of clusters of codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_labelled


def clustering_accuracy(codes: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> float:
    """Share of samples in the cluster of their class. From above 0 to 1; higher is better.

    The codes are clustered by k-means into as many clusters as there are classes, and clusters
    are matched with classes one to one so that the share is highest (Hungarian method). Codes
    that are not vectors are flattened.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        labels: One label a code, integers or strings, shape `(n,)`.
        seed: Seed of k-means, the best of 10 starts.

    Returns:
        The share.

    Raises:
        NotApplicable: If fewer than two classes have two samples or more.
        ValueError: If the labels do not fit the codes.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import clustering_accuracy

        labels = np.arange(60) % 3
        assert clustering_accuracy(labels[:, None] * [1.0, 2.0], labels) == 1.0
        ```

    Reference:
        [Xie et al., 2016](https://arxiv.org/abs/1511.06335)
    """
    return matched(*cluster(codes, labels, seed=seed))


def matched(classes: np.ndarray, clusters: np.ndarray) -> float:
    """Return the share of samples whose cluster is that of their class, matched one to one.

    Args:
        classes: Integers of at least 0, shape `(n,)`.
        clusters: Integers of at least 0, shape `(n,)`.
    """
    from scipy.optimize import linear_sum_assignment

    together = np.zeros((classes.max() + 1, clusters.max() + 1), int)
    np.add.at(together, (classes, clusters), 1)
    return float(together[linear_sum_assignment(together, maximize=True)].sum() / len(classes))


def cluster(codes: ArrayLike, labels: ArrayLike, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the class and the k-means cluster of each sample, integers `(n,)` each."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    codes, classes = check_labelled(codes, labels)
    kmeans = KMeans(classes.max() + 1, n_init=10, random_state=seed)
    with threadpool_limits(1):  # on small arrays threads wait far longer than they work
        return classes, kmeans.fit_predict(codes)
