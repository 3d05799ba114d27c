"""Accuracy of nearest neighbours in the latent space."""

from __future__ import annotations

from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_labelled
from aezoo.metrics.probes import FOLDS, cross_validated_accuracy


def knn_accuracy(codes: ArrayLike, labels: ArrayLike, *, k: int = 5, seed: int = 0) -> float:
    """Share of samples whose class their nearest codes tell. From 0 to 1; higher is better.

    The class of each sample is the vote of its k nearest codes, by Euclidean distance, among
    four fifths of the samples that it is not one of (5-fold cross-validation, stratified by
    class). Codes that are not vectors are flattened. Chance is the share of the largest class.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        labels: One label a code, integers or strings, shape `(n,)`.
        k: Number of neighbours that vote.
        seed: Seed of the folds.

    Returns:
        The accuracy.

    Raises:
        NotApplicable: If fewer than two classes have two samples or more.
        ValueError: If the labels do not fit the codes, or these are too few for k neighbours.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import knn_accuracy

        labels = np.arange(60) % 3
        assert knn_accuracy(labels[:, None] * [1.0, 2.0], labels) == 1.0
        ```

    Reference:
        [Cover and Hart, 1967](https://doi.org/10.1109/TIT.1967.1053964)
    """
    from sklearn.neighbors import KNeighborsClassifier

    codes, classes = check_labelled(codes, labels)
    needed = -(-k * FOLDS // (FOLDS - 1))
    if k < 1 or len(codes) < needed:
        raise ValueError(
            f"k must be at least 1, and k neighbours need {max(needed, 2)} samples: give more "
            f"samples. Received: k={k!r}, {len(codes)} samples."
        )
    return cross_validated_accuracy(KNeighborsClassifier(k), codes, classes, seed=seed)
