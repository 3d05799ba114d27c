"""What every metric asks of codes, and of the labels and factors beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.arrays import check_codes
from aezoo.metrics.samples import NotApplicable


def as_vectors(codes: ArrayLike, *, name: str = "codes") -> np.ndarray:
    """Return codes, or samples, as vectors.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        name: What error messages call them.

    Returns:
        Shape `(n, units)`, float64.

    Raises:
        ValueError: If there are no codes, or they are not finite real numbers.
    """
    codes = check_codes(codes, np.shape(codes)[1:], name=name)
    return codes.reshape(len(codes), -1).astype(np.float64)


def check_labelled(codes: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return codes as vectors, and labels as the indices of their classes.

    Args:
        codes: Codes, shape `(n, *code_shape)`.
        labels: One label a code, integers or strings, shape `(n,)`.

    Returns:
        Codes `(n, units)`, float64, and classes `(n,)` from 0 in the order of the labels.

    Raises:
        NotApplicable: If fewer than two classes have two samples or more.
        ValueError: If the labels do not fit the codes.
    """
    codes, labels = as_vectors(codes), np.asarray(labels)
    if labels.shape != (len(codes),) or labels.dtype.kind not in "biuU":
        raise ValueError(
            f"labels must be one integer or string a code, shape ({len(codes)},). "
            f"Received: labels.shape={labels.shape}, labels.dtype={labels.dtype.name!r}."
        )
    names, classes, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if not _varies(classes):
        largest = names[sizes.argmax()]
        raise NotApplicable(
            "At least two classes of two samples or more are needed. "
            f"Received: {sizes.max()} of {len(labels)} labels are {largest}."
        )
    return codes, classes


def check_factors(codes: ArrayLike, factors: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return codes as vectors, and the factors that vary as indices of their values.

    A factor varies where at least two of its values have two samples or more.

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
    varying = [column for column in values if _varies(column)]
    if len(varying) < 2 or codes.shape[1] < 2:
        raise NotApplicable(
            "At least two factors that vary and two code units are needed. "
            f"Received: {len(varying)} such factors, {codes.shape[1]} units."
        )
    return codes, np.stack(varying, axis=1)


def _varies(classes: np.ndarray) -> bool:
    return bool(np.count_nonzero(np.bincount(classes) > 1) > 1)
