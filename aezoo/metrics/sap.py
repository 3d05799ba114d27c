"""Separated attribute predictability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_factors
from aezoo.metrics.probes import folds


def sap(codes: ArrayLike, factors: ArrayLike, *, seed: int = 0) -> float:
    """How much better the best unit alone tells a factor than the second. Higher is better.

    `mean_k (A_1k - A_2k)`, where `A_1k` and `A_2k` are the two highest accuracies at which a
    linear classifier reads factor k from a single standardised unit, on the half of the samples
    that it was not fitted to. As in disentanglement_lib it is a support vector machine with
    balanced classes and `C = 0.01` for a fit to 10,000 samples; for fewer samples C is larger in
    proportion. Factors that do not vary are left out.

    From 0 to `1 - 1/v` for factors of v values at best; below that where v is large, because a
    linear classifier hardly tells the values in the middle. The factors of `mini_dsprites`, taken
    as codes, score 0.5.

    Args:
        codes: Posterior means, shape `(n, *code_shape)`.
        factors: Integer values of the factors behind each sample, shape `(n, k)`.
        seed: Seed of the halves.

    Returns:
        The mean over the factors.

    Raises:
        NotApplicable: If fewer than two units or fewer than two factors vary.
        ValueError: If the factors do not fit the codes.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import sap

        factors = np.random.default_rng(0).integers(0, 2, (1000, 3))
        assert sap(factors.astype(float), factors) > 0.4
        ```

    Reference:
        [Kumar et al., 2018](https://arxiv.org/abs/1711.00848);
        [Locatello et al., 2019](https://arxiv.org/abs/1811.12359)
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    codes, factors = check_factors(codes, factors)
    c = 0.01 * 10_000 / (len(codes) / 2)
    svm = LinearSVC(C=c, class_weight="balanced", dual=False, random_state=0)
    classifier = make_pipeline(StandardScaler(), svm)
    gaps = []
    for factor in factors.T:
        fitted = folds(factor, 2, seed=seed) == 0
        accuracies = []
        for unit in codes.T[:, :, None]:
            classifier.fit(unit[fitted], factor[fitted])
            accuracies.append(classifier.score(unit[~fitted], factor[~fitted]))
        second, first = np.sort(accuracies)[-2:]
        gaps.append(first - second)
    return float(np.mean(gaps))
