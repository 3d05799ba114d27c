"""Coordinates in which codes have mean zero and unit covariance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aezoo.samplers import check_reach

NEGLIGIBLE = 1e-8
"""Variance of a direction, relative to the largest, below which codes are constant along it."""


class Whitening(NamedTuple):
    """An affine map between codes of `d` numbers and white ones of `r`, at most `d`.

    Attributes:
        mean: Mean of the codes, shape `(d,)`.
        factor: Matrix of orthogonal columns, shape `(d, r)`, whose product with its transpose is
            the covariance of the codes.
    """

    mean: np.ndarray
    factor: np.ndarray

    def forward(self, codes: np.ndarray) -> np.ndarray:
        """Maps codes `(n, d)` to white ones `(n, r)`, float32."""
        scaled = self.factor / np.sum(self.factor**2, axis=0)
        return ((np.asarray(codes, "float64") - self.mean) @ scaled).astype("float32")

    def inverse(self, white: np.ndarray) -> np.ndarray:
        """Maps white codes `(n, r)` to codes `(n, d)`, float32."""
        return (self.mean + white @ self.factor.T).astype("float32")

    def log_determinant(self) -> float:
        """Returns the logarithm by which `inverse` stretches the volume of `r` dimensions."""
        return float(0.5 * np.sum(np.log(np.sum(self.factor**2, axis=0))))

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns both arrays by name, float32."""
        return {name: array.astype("float32") for name, array in self._asdict().items()}


def whiten(codes: np.ndarray, sampler: str) -> Whitening:
    """Learns to whiten codes along their principal axes; constant directions are left out.

    Args:
        codes: Shape `(n, d)`.
        sampler: Name of the sampler, for the error.

    Returns:
        The map, its axes in the order of falling variance.

    Raises:
        ValueError: The codes are all the same, or not finite.

    Example:
        ```python
        import numpy as np
        from aezoo.samplers.whitening import whiten

        codes = np.array([[1.0, 2.0, 5.0], [3.0, 6.0, 5.0]])
        whitening = whiten(codes, "mine")
        assert whitening.forward(codes).shape == (2, 1)
        ```
    """
    codes = np.asarray(codes, "float64")
    if not np.isfinite(codes).all():
        raise ValueError(f"{sampler} needs codes that are finite. Received: {codes!r:.200}.")
    mean = codes.mean(axis=0)
    centred = codes - mean
    values, axes = np.linalg.eigh(centred.T @ centred / max(len(codes) - 1, 1))
    kept = values > NEGLIGIBLE * values[-1]
    if not kept.any():
        raise ValueError(
            f"{sampler} learns how codes differ, but they are all the same: use 'normal'. "
            f"Received: {len(codes)} codes."
        )
    return Whitening(mean, (axes * np.sqrt(np.maximum(values, 0.0)))[:, kept][:, ::-1])


def load_whitening(arrays: dict[str, np.ndarray], sampler: str) -> Whitening:
    """Takes `mean` and `factor` out of a sampler's arrays.

    Args:
        arrays: What a sampler's `load` received.
        sampler: Name of the sampler, for the error.

    Returns:
        The map.

    Raises:
        ValueError: The arrays are missing, do not fit together, or reach codes that overflow.
    """
    mean, factor = (np.asarray(arrays.get(name, ()), "float64") for name in ("mean", "factor"))
    d, r = factor.shape if factor.ndim == 2 else (0, 0)
    if mean.shape != (d,) or not 0 < r <= d:
        raise ValueError(
            f"The arrays of sampler {sampler!r} do not fit together: expected mean (d,) and "
            f"factor (d, r) with r from 1 to d. Received: {mean.shape} and {factor.shape}."
        )
    check_reach(mean, factor, sampler)
    return Whitening(mean, factor)
