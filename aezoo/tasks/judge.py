"""Who says what an image shows, where a task is scored."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aezoo.arrays import to_unit
from aezoo.data import Dataset
from aezoo.metrics import classifier
from aezoo.noise import some

KNOWN = "fashion_mnist"
"""The dataset whose classes aezoo's classifier knows."""
_MOST = 20_000


def judge_of(train: Dataset, *, seed: int = 0) -> tuple[str, Callable[[np.ndarray], np.ndarray]]:
    """Return a classifier that shares nothing with the models that it judges.

    aezoo's own for Fashion-MNIST; else the 5 nearest, pixel by pixel, of up to 20,000 training
    images.

    Args:
        train: The training split, with labels.
        seed: Seed of the choice of training images.

    Returns:
        What to call it, and a function from images `(n, h, w, c)` in [0, 1] to labels `(n,)`, as
        text.

    Example:
        >>> import aezoo
        >>> name, judge = judge_of(aezoo.data.load("digits"))
        >>> test = aezoo.data.load("digits", "test")
        >>> bool(np.mean(judge(test.x) == test.labels.astype(str)) > 0.95)
        True
    """
    if train.name == KNOWN:
        return (
            "aezoo's classifier of Fashion-MNIST",
            lambda x: classifier.logits(classifier.features(x)).argmax(axis=1).astype(str),
        )
    from sklearn.neighbors import KNeighborsClassifier

    rows = some(np.arange(len(train.x)), _MOST, seed=seed)
    labels = np.asarray(train.labels)[rows].astype(str)
    flat = to_unit(train.x[rows]).reshape(len(rows), -1)
    neighbours = KNeighborsClassifier(5).fit(flat, labels)
    return "5 nearest training images", lambda x: neighbours.predict(x.reshape(len(x), -1))
