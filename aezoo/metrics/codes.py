"""What every metric asks of codes, and of the labels and factors beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.arrays import check_codes
from aezoo.metrics.samples import NotApplicable


def as_vectors(codes: ArrayLike) -> np.ndarray:
    """Return codes as vectors.

    Args:
        codes: Codes, shape `(n, *code_shape)`.

    Returns:
        Shape `(n, units)`, float64.

    Raises:
        ValueError: If there are no codes, or they are not finite real numbers.
    """
    codes = check_codes(codes, np.shape(codes)[1:], name="codes")
    return codes.reshape(len(codes), -1).astype(np.float64)


def check_labelled(codes: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return codes as vectors, and labels as the indices of their classes.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        labels: One label a code, integers or strings, shape `(n,)`.

    Returns:
        Codes `(n, units)`, float64, and classes `(n,)` from 0 in the order of the labels.

    Raises:
        NotApplicable: If there is only one class.
        ValueError: If the labels do not fit the codes.
    """
    codes, labels = as_vectors(codes), np.asarray(labels)
    if labels.shape != (len(codes),) or labels.dtype.kind not in "biuU":
        raise ValueError(
            f"labels must be one integer or string a code, shape ({len(codes)},). "
            f"Received: labels.shape={labels.shape}, labels.dtype={labels.dtype.name!r}."
        )
    names, classes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise NotApplicable(f"Labels of at least two classes are needed; all are {names[0]!r}.")
    return codes, classes


def check_factors(codes: ArrayLike, factors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return codes as vectors, and the factors that vary as indices of their values.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        factors: Integer values of the factors behind each sample, shape `(n, k)`.

    Returns:
        Codes `(n, units)`, float64, and factors `(n, varying)`, each from 0 to one below the
        number of its values.

    Raises:
        NotApplicable: If fewer than two units or fewer than two factors vary.
        ValueError: If the factors do not fit the codes.
    """
    codes, factors = as_vectors(codes), np.asarray(factors)
    if factors.ndim != 2 or len(factors) != len(codes) or factors.dtype.kind not in "biu":
        raise ValueError(
            f"factors must be integers of shape ({len(codes)}, number of factors). "
            f"Received: factors.shape={factors.shape}, factors.dtype={factors.dtype.name!r}."
        )
    values = [np.unique(column, return_inverse=True)[1] for column in factors.T]
    varying = [column for column in values if column.any()]
    if len(varying) < 2 or codes.shape[1] < 2:
        raise NotApplicable(
            "At least two factors that vary and two code units are needed. "
            f"Received: {len(varying)} such factors, {codes.shape[1]} units."
        )
    return codes, np.stack(varying, axis=1)
