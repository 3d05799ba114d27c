"""Moving one cloud of vectors onto another: what style transfer does with features.

A method is fitted to a sample of either cloud, `fit(x, y, rng)` with x `(n, d)` and y `(m, d)`, and
returns a function that moves vectors `(..., d)` of the first cloud to where the second lies. Any
number of vectors will do, one or equal ones too: directions in which nothing varies stay as they
are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Map = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray, np.random.Generator], Map]

FLOOR = 1e-6
"""Least variance that counts, in parts of the largest."""
ROUNDING = 1e-5
"""Differences below this part of the values themselves are rounding, not variance."""
SHARES = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, 256))
"""Quantiles that tell a distribution, closer to each other in its tails."""


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean `(d,)` and covariance `(d, d)` of vectors `(n, d)`, float64.

    Example:
        >>> mean, covariance = moments(np.array([[0.0, 1.0], [2.0, 1.0]]))
        >>> mean.tolist(), covariance.tolist()
        ([1.0, 1.0], [[1.0, 0.0], [0.0, 0.0]])
    """
    mean = np.asarray(np.mean(x, axis=0, dtype=np.float64))
    centred = x - mean.astype(x.dtype)
    covariance = (centred.T @ centred).astype(np.float64) / len(x)
    rounding = ROUNDING**2 * np.mean(np.square(x), dtype=np.float64) * x.shape[1]
    return mean, covariance * (np.trace(covariance) > rounding)


def power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Return a symmetric positive semidefinite matrix to a power, by its eigenvalues.

    Directions whose eigenvalue is below `FLOOR` times the largest have 0 in the result, as in a
    pseudo-inverse.

    Example:
        >>> power(np.diag([4.0, 0.0]), -0.5).tolist()
        [[0.5, 0.0], [0.0, 0.0]]
    """
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    there = values > max(FLOOR * values[-1], np.finfo(np.float64).tiny)
    raised = np.where(there, np.where(there, values, 1.0) ** exponent, 0.0)
    return np.asarray((vectors * raised) @ vectors.T)


def adain(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Map:
    """Fit the map that gives every channel the other's mean and standard deviation.

    Args:
        x: Vectors `(n, d)` to move.
        y: Vectors `(m, d)`, where to.
        rng: Not used.

    Returns:
        A function of vectors `(..., d)`.

    Example:
        >>> move = adain(np.array([[0.0], [2.0]]), np.array([[5.0], [9.0]]), None)
        >>> move(np.array([[1.0], [2.0]])).tolist()
        [[7.0], [9.0]]

    Reference:
        [Huang and Belongie, 2017](https://arxiv.org/abs/1703.06868)
    """
    (centre, own), (target, other) = moments(x), moments(y)
    variances = np.diag(own)
    there = variances > max(FLOOR * variances.max(), np.finfo(np.float64).tiny)
    ratio = np.sqrt(np.diag(other) / np.where(there, variances, 1.0))
    return _affine(np.diag(np.where(there, ratio, 1.0)), centre, target)


def wct(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Map:
    """Fit the whitening and colouring transform, `A = S_y^(1/2) S_x^(-1/2)`.

    Vectors moved have the mean and the covariance of `y`; `A` is not symmetric, so that they are
    turned on the way more than `ot` turns them.

    Args:
        x: Vectors `(n, d)` to move.
        y: Vectors `(m, d)`, where to.
        rng: Not used.

    Returns:
        A function of vectors `(..., d)`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, y = rng.normal(size=(99, 2)), rng.normal(size=(50, 2)) @ [[2, 1], [0, 1]]
        >>> np.allclose(moments(wct(x, y, rng)(x))[1], moments(y)[1])
        True

    Reference:
        [Li et al., 2017](https://arxiv.org/abs/1705.08086)
    """
    (centre, own), (target, other) = moments(x), moments(y)
    return _affine(power(other, 0.5) @ power(own, -0.5) + _null(own), centre, target)


def ot(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Map:
    """Fit the linear optimal transport map, which moves vectors least of all with that covariance.

    `A = S_x^(-1/2) (S_x^(1/2) S_y S_x^(1/2))^(1/2) S_x^(-1/2)` is symmetric and positive.

    Args:
        x: Vectors `(n, d)` to move.
        y: Vectors `(m, d)`, where to.
        rng: Not used.

    Returns:
        A function of vectors `(..., d)`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(size=(99, 2))
        >>> np.allclose(ot(x, 3 * x + 1, rng)(x), 3 * x + 1)
        True

    Reference:
        [Olkin and Pukelsheim, 1982](https://doi.org/10.1016/0024-3795(82)90112-4);
        [Pitie and Kokaram, 2007](https://doi.org/10.1049/cp:20070055)
    """
    (centre, own), (target, other) = moments(x), moments(y)
    return _affine(_least(own, other), centre, target)


def knothe(x: np.ndarray, y: np.ndarray, *, still: bool = False) -> Map:
    """Fit the linear map that moves the first number of a vector by itself, the others around it.

    Vectors moved have the mean and the covariance of `y`, and the order of their first numbers
    stays: of normal distributions it is the rearrangement of Knothe and Rosenblatt. What the others
    are, given the first, moves by `ot`.

    Args:
        x: Vectors `(n, d)` to move.
        y: Vectors `(m, d)`, where to.
        still: Whether the first numbers and all means stay, and only the others' covariance moves.

    Returns:
        A function of vectors `(..., d)`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, y = rng.normal(size=(99, 3)), rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3))
        >>> moved = knothe(x, y)(x)
        >>> np.allclose(moments(moved)[1], moments(y)[1], rtol=1e-3)
        True
        >>> bool((np.argsort(moved[:, 0]) == np.argsort(x[:, 0])).all())
        True

    Reference:
        [Rosenblatt, 1952](https://doi.org/10.1214/aoms/1177729394)
    """
    (centre, own), (target, other) = moments(x), moments(y)
    (slope, rest), (wanted, left) = _given_first(own), _given_first(other)
    gain = np.sqrt(other[0, 0] / own[0, 0]) if own[0, 0] > 0 else 1.0
    matrix = np.eye(len(own))
    matrix[1:, 1:] = _least(rest, left)
    matrix[1:, 0] = wanted * gain - matrix[1:, 1:] @ slope
    matrix[0, 0] = 1.0 if still else gain
    return _affine(matrix, centre, centre if still else target)


def sliced(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Map:
    """Fit optimal transport along each axis of a random orthonormal basis, after `ot`.

    Moved along a direction, a vector keeps its rank: the k-th smallest of `x` becomes the k-th
    smallest of `y`. Repeated with new bases, distributions become the same in all directions, of
    which the sliced Wasserstein distance is the mean. The basis is one of the space where `y` is
    white, so that what is moved looks like `y`, not like noise.

    Args:
        x: Vectors `(n, d)` to move.
        y: Vectors `(m, d)`, where to.
        rng: Where the basis comes from.

    Returns:
        A function of vectors `(..., d)`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, y = np.array([[1.0], [0.0]]), np.array([[3.0], [5.0]])
        >>> np.round(sliced(x, y, rng)(x), 4).tolist()
        [[5.0], [3.0]]

    Reference:
        [Pitie et al., 2007](https://doi.org/10.1016/j.cviu.2006.11.011);
        [Bonneel et al., 2015](https://doi.org/10.1007/s10851-014-0506-3)
    """
    straight, basis = ot(x, y, rng), _alike(moments(y)[1], rng)
    before, after = (quantiles((each @ basis).T) for each in (straight(x), y))
    lines = [_line(*pair) for pair in zip(before, after, strict=True)]

    def move(vectors: np.ndarray) -> np.ndarray:
        along = straight(vectors) @ basis
        for axis, line in enumerate(lines):
            along[..., axis] = np.interp(along[..., axis], *line)
        return along @ basis.T

    return move


METHODS: Mapping[str, Fit] = {"adain": adain, "ot": ot, "sliced": sliced, "wct": wct}


def orthonormal(size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random rotation or reflection `(size, size)`, all equally likely, float32.

    Reference:
        [Mezzadri, 2007](https://arxiv.org/abs/math-ph/0609050)

    Example:
        >>> q = orthonormal(3, np.random.default_rng(0))
        >>> np.allclose(q @ q.T, np.eye(3), atol=1e-6)
        True
    """
    q, r = np.linalg.qr(rng.standard_normal((size, size)))
    return (q * np.sign(np.diag(r))).astype(np.float32)


def quantiles(x: np.ndarray, shares: np.ndarray = SHARES) -> np.ndarray:
    """Return quantiles of each row of `(d, n)`, shape `(d, len(shares))`.

    As `numpy.quantile`, by one sort: quicker where many are asked for.

    Example:
        >>> quantiles(np.array([[3.0, 1.0, 2.0]]), np.array([0.0, 0.25, 1.0])).tolist()
        [[1.0, 1.5, 3.0]]
    """
    ordered = np.sort(x, axis=1)
    places = shares * (x.shape[1] - 1)
    low = np.floor(places).astype(int)
    high, part = np.minimum(low + 1, x.shape[1] - 1), (places - low).astype(x.dtype)
    return np.asarray((1 - part) * ordered[:, low] + part * ordered[:, high])


def _affine(matrix: np.ndarray, centre: np.ndarray, target: np.ndarray) -> Map:
    """Return `x -> target + matrix (x - centre)` for rows."""
    slope = matrix.T.astype(np.float32)
    offset = (target - centre @ matrix.T).astype(np.float32)
    return lambda vectors: vectors @ slope + offset


def _alike(covariance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random orthonormal basis whose directions each lie among some of like variance.

    A direction that mixes the mean of a patch with its finest detail would move the one by the
    other.
    """
    basis = np.linalg.eigh(covariance)[1][:, ::-1].astype(np.float32)
    start, size = 0, 3
    while start < len(basis):
        stop = min(start + size, len(basis))
        basis[:, start:stop] = basis[:, start:stop] @ orthonormal(stop - start, rng)
        start, size = stop, 2 * size
    return basis


def _least(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the matrix of linear optimal transport from one covariance to another."""
    root, inverse = power(own, 0.5), power(own, -0.5)
    return inverse @ power(root @ other @ root, 0.5) @ inverse + _null(own)


def _given_first(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the slopes of numbers over the first one, and the covariance that this leaves."""
    slope = covariance[1:, 0] / (covariance[0, 0] or 1.0)
    rest = covariance[1:, 1:] - np.outer(slope, covariance[0, 1:])
    return slope, rest * (np.trace(rest) > ROUNDING * np.trace(covariance))


def _null(covariance: np.ndarray) -> np.ndarray:
    """Return the projection on the directions that `power` leaves out."""
    return np.eye(len(covariance)) - power(covariance, 0.0)


def _line(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a monotone function; where `before` ties, the mean of `after`."""
    unit = ROUNDING * np.abs(before).max() or 1.0
    before = unit * np.round(before / unit)
    corners, places, counts = np.unique(before, return_inverse=True, return_counts=True)
    return corners, np.bincount(places, after) / counts
