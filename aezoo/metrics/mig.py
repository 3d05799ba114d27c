"""Mutual information gap."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_factors
from aezoo.metrics.information import discretise, entropy, mutual_information


def mig(codes: ArrayLike, factors: ArrayLike, *, bins: int = 20) -> float:
    """How far each factor is known to one unit alone. From 0 to 1; higher is better.

    `mean_k (I(z_1; v_k) - I(z_2; v_k)) / H(v_k)`, where `z_1` and `z_2` are the two units that
    know most about factor `v_k`. Units are discretised into bins of equal width. Factors that do
    not vary are left out.

    Args:
        codes: Posterior means, shape `(n, *code_shape)`.
        factors: Integer values of the factors behind each sample, shape `(n, k)`.
        bins: Number of bins a unit.

    Returns:
        The mean over the factors.

    Raises:
        NotApplicable: If fewer than two units or fewer than two factors vary.
        ValueError: If the factors do not fit the codes.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import mig

        factors = np.random.default_rng(0).integers(0, 4, (1000, 3))
        assert mig(factors.astype(float), factors) > 0.9
        ```

    Reference:
        [Chen et al., 2018](https://arxiv.org/abs/1802.04942)
    """
    codes, factors = check_factors(codes, factors)
    units = discretise(codes, bins=bins)
    gaps = []
    for factor in factors.T:
        second, first = np.sort([mutual_information(unit, factor) for unit in units.T])[-2:]
        gaps.append((first - second) / entropy(np.bincount(factor)))
    return float(np.mean(gaps))
