"""Accuracy of a linear classifier on codes."""

from __future__ import annotations

from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_labelled
from aezoo.metrics.probes import cross_validated_accuracy, linear


def linear_probe(codes: ArrayLike, labels: ArrayLike, *, seed: int = 0) -> float:
    """Share of samples whose class a linear classifier reads. From 0 to 1; higher is better.

    Multinomial logistic regression (scikit-learn's, `C=1`) on standardised codes, predicting
    the fifth of the samples that it was not fitted to (5-fold cross-validation, stratified by
    class). Codes that are not vectors are flattened. Chance is the share of the largest class.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        labels: One label a code, integers or strings, shape `(n,)`.
        seed: Seed of the folds.

    Returns:
        The accuracy.

    Raises:
        NotApplicable: If fewer than two classes have two samples or more.
        ValueError: If the labels do not fit the codes.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import linear_probe

        labels = np.arange(60) % 2
        assert linear_probe(labels[:, None] * [1.0, 2.0], labels) == 1.0
        ```

    Reference:
        [Alain and Bengio, 2016](https://arxiv.org/abs/1610.01644)
    """
    codes, classes = check_labelled(codes, labels)
    return cross_validated_accuracy(linear(), codes, classes, seed=seed)
