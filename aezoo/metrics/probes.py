"""Classifiers that read codes, scored on samples that they were not fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np

from aezoo.noise import generator

FOLDS = 5


def folds(classes: np.ndarray, number: int, *, seed: int) -> np.ndarray:
    """Return the fold of each sample: at random, and even in every class.

    Args:
        classes: Integers of at least 0, shape `(n,)`.
        number: Number of folds. A class is in as many as it has samples for.
        seed: Seed of the division.

    Returns:
        Integers from 0 to `number - 1`, shape `(n,)`; folds differ by at most one sample.
    """
    shuffled = np.argsort(generator(seed).random(len(classes)))
    order = shuffled[np.argsort(classes[shuffled], kind="stable")]
    fold = np.empty(len(classes), int)
    fold[order] = np.arange(len(classes)) % number
    return fold


def linear() -> Any:
    """Return an unfitted linear classifier: logistic regression, `C=1`, on standardised codes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def cross_validated_accuracy(
    classifier: Any, codes: np.ndarray, classes: np.ndarray, *, seed: int
) -> float:
    """Return the share of samples whose class is predicted right by a fit to the other folds.

    Args:
        classifier: A scikit-learn classifier, fitted anew for each of 5 folds.
        codes: Shape `(n, units)`.
        classes: Integers of at least 0, shape `(n,)`.
        seed: Seed of the folds.

    Returns:
        The accuracy, from 0 to 1.
    """
    from threadpoolctl import threadpool_limits

    fold = folds(classes, FOLDS, seed=seed)
    predicted = np.empty_like(classes)
    with threadpool_limits(1):  # on small arrays threads wait far longer than they work
        for held_out in (fold == number for number in range(FOLDS)):
            classifier.fit(codes[~held_out], classes[~held_out])
            predicted[held_out] = classifier.predict(codes[held_out])
    return float(np.mean(predicted == classes))
