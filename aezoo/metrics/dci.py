"""Disentanglement, completeness and informativeness."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_factors
from aezoo.metrics.information import entropy
from aezoo.metrics.probes import folds


def dci(codes: ArrayLike, factors: ArrayLike, *, seed: int = 0) -> dict[str, float]:
    """Disentanglement, completeness and informativeness. From 0 to 1 each; higher is better.

    `R_ij` is the importance of unit i to a classifier that reads factor j from all units.

    - disentanglement: `1 - H(R_i.) / log k`, whether a unit serves one factor only; the mean
      over units, weighted by their importance.
    - completeness: `1 - H(R_.j) / log d`, whether a factor is kept in one unit only; the mean
      over factors.
    - informativeness: the classifiers' mean accuracy on the half of the samples that they were
      not fitted to; chance is the mean share of the factors' most frequent values.

    The classifier is a forest of 50 trees with at least 5 samples a leaf, each split chosen
    among all units, and importance is the decrease of impurity: close to the gradient boosting
    of disentanglement_lib, at a tenth of its time. Factors that do not vary are left out.

    Args:
        codes: Posterior means, shape `(n, *code_shape)`.
        factors: Integer values of the factors behind each sample, shape `(n, k)`.
        seed: Seed of the halves and of the forest.

    Returns:
        `disentanglement`, `completeness` and `informativeness`.

    Raises:
        NotApplicable: If fewer than two units or fewer than two factors vary.
        ValueError: If the factors do not fit the codes.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import dci

        factors = np.random.default_rng(0).integers(0, 4, (1000, 3))
        assert dci(factors.astype(float), factors)["disentanglement"] > 0.99
        ```

    Reference:
        [Eastwood and Williams, 2018](https://openreview.net/forum?id=By-7dz-AZ)
    """
    from sklearn.ensemble import RandomForestClassifier

    codes, factors = check_factors(codes, factors)
    forest = RandomForestClassifier(50, max_features=None, min_samples_leaf=5, random_state=seed)
    columns, accuracies = [], []
    for factor in factors.T:
        fitted = folds(factor, 2, seed=seed) == 0
        forest.fit(codes[fitted], factor[fitted])
        columns.append(forest.feature_importances_)
        accuracies.append(forest.score(codes[~fitted], factor[~fitted]))
    importance = np.stack(columns, axis=1)
    weights = importance.sum(axis=1)
    return {
        "disentanglement": _weighted_mean(_concentration(importance), weights),
        "completeness": _weighted_mean(_concentration(importance.T), importance.sum(axis=0)),
        "informativeness": float(np.mean(accuracies)),
    }


def _concentration(importance: np.ndarray) -> np.ndarray:
    """`1 - H / log m` of each row of m weights: 1 where one has it all, 0 where all are equal."""
    most = math.log(importance.shape[1])
    return np.array([1 - entropy(row) / most if row.any() else 0.0 for row in importance])


def _weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(values, weights=weights)) if weights.any() else 0.0
