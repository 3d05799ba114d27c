"""Entropy and mutual information of discrete values, in nats."""

from __future__ import annotations

import numpy as np


def discretise(codes: np.ndarray, *, bins: int = 20) -> np.ndarray:
    """Return the bin of each unit's values, of equal widths from its lowest to its highest.

    Args:
        codes: Shape `(n, units)`.
        bins: Number of bins a unit, at least 1.

    Returns:
        Integers from 0 to `bins - 1`, shape `(n, units)`; 0 for a unit that is constant.
    """
    low, high = codes.min(axis=0), codes.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return np.minimum((codes - low) / width * bins, bins - 1).astype(int)


def entropy(counts: np.ndarray) -> float:
    """Return `-sum p log p` of counts, or of weights that need not sum to 1.

    Args:
        counts: Non-negative numbers of any shape, not all 0.

    Returns:
        The entropy, from 0 to the logarithm of their number.
    """
    p = counts[counts > 0] / counts.sum()
    return float(-np.sum(p * np.log(p)))


def mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mutual information of two discrete variables, from their joint counts.

    Args:
        first: Integers of at least 0, shape `(n,)`.
        second: Integers of at least 0, shape `(n,)`.

    Returns:
        `H(first) + H(second) - H(first, second)`, at least 0.
    """
    joint = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(joint, (first, second), 1)
    information = entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1)) - entropy(joint)
    return max(0.0, information)
