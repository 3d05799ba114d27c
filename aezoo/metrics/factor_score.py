"""The score of FactorVAE."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.codes import check_factors
from aezoo.noise import generator

SAMPLES_A_VOTE = 64
LEAST_A_VALUE = 10


def factor_score(
    codes: ArrayLike, factors: ArrayLike, *, votes: int = 2000, seed: int = 0
) -> float:
    """Accuracy at which the stillest unit tells the fixed factor. Up to 1; higher is better.

    A vote draws a factor at random, then 64 samples that share the value it has in a random
    sample; the unit whose variance is the smallest part of its variance over all samples votes
    for that factor. Each unit stands for the factor that it was voted for most often in half of
    the votes, and the score is the share of the other half that this gets right. As in the
    paper, but samples are drawn from the given ones, with replacement, instead of being
    rendered. Chance is about one in the number of factors; constant units have no vote. Factors
    that do not vary are left out.

    Args:
        codes: Posterior means, shape `(n, *code_shape)`.
        factors: Integer values of the factors behind each sample, shape `(n, k)`.
        votes: Number of votes, of which half are scored.
        seed: Seed of the votes.

    Returns:
        The accuracy.

    Raises:
        NotApplicable: If fewer than two units or fewer than two factors vary.
        ValueError: If the factors do not fit the codes, or a value of a factor is that of fewer
            than 10 samples.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import factor_score

        factors = np.random.default_rng(0).integers(0, 4, (1000, 3))
        assert factor_score(factors.astype(float), factors) > 0.99
        ```

    Reference:
        [Kim and Mnih, 2018](https://arxiv.org/abs/1802.05983)
    """
    codes, factors = check_factors(codes, factors)
    rarest = min(np.bincount(factor).min() for factor in factors.T)
    if rarest < LEAST_A_VALUE or votes < 2:
        raise ValueError(
            f"factor_score needs at least {LEAST_A_VALUE} samples of each value of a factor, and "
            f"two votes. Received: {rarest} samples of the rarest value, votes={votes!r}."
        )
    rng = generator(seed)
    constant = np.ptp(codes, axis=0) == 0
    units = codes / np.where(constant, 1.0, codes.std(axis=0))
    drawn = rng.integers(factors.shape[1], size=votes)
    voters = np.empty(votes, int)
    for i, factor in enumerate(factors.T[drawn]):
        alike = np.flatnonzero(factor == factor[rng.integers(len(factor))])
        variances = units[rng.choice(alike, SAMPLES_A_VOTE)].var(axis=0)
        voters[i] = np.argmin(np.where(constant, np.inf, variances))
    half = votes // 2
    counts = np.zeros((units.shape[1], factors.shape[1]), int)
    np.add.at(counts, (voters[:half], drawn[:half]), 1)
    return float(np.mean(counts.argmax(axis=1)[voters[half:]] == drawn[half:]))
