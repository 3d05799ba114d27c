"""Classical fills of a hole: smooth surfaces through what is known around it.

They take floats `(h, w, c)` and a mask `(h, w)` of booleans, True in the hole and neither empty nor
full, as `aezoo.photos.check` and `aezoo.masks.check` return them, and keep every known pixel.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def biharmonic(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill with the surface that bends least: the bilaplacian vanishes in the hole.

    Equal to `skimage.restoration.inpaint_biharmonic` but for rounding: one sparse system, which is
    factorised once for all channels.

    Args:
        image: Shape `(h, w, c)`, floats.
        mask: Shape `(h, w)`, True in the hole.

    Returns:
        The image filled, float32; every channel within the range of its known values.

    Example:
        >>> ramp = np.linspace(0, 1, 9)[None, :, None].repeat(9, axis=0)
        >>> hole = np.zeros((9, 9), bool)
        >>> hole[3:6, 3:6] = True
        >>> bool(np.allclose(biharmonic(np.where(hole[..., None], 0, ramp), hole), ramp))
        True

    Reference:
        [Damelin and Hoang, 2018](https://doi.org/10.1155/2018/3950312)
    """
    operator, support = _bilaplacian(mask)
    return _solved(image, mask, operator, support)


def tension(image: np.ndarray, mask: np.ndarray, *, pull: float = 0.3) -> np.ndarray:
    """Fill with a plate under tension, between `biharmonic` and `harmonic`.

    It continues slopes into the hole as the one does and, as the other, does not swing beyond its
    rim in wide ones: on photos it is within 0.01 dB of the better of both, and mostly above.

    Args:
        image: Shape `(h, w, c)`, floats.
        mask: Shape `(h, w)`, True in the hole.
        pull: Weight of the Laplacian beside the bilaplacian, at least 0: slopes fade within about
            `pull ** -0.5` pixels of the rim.

    Returns:
        The image filled, float32; every channel within the range of its known values.

    Example:
        >>> image, hole = np.full((5, 7, 3), 0.25), np.eye(5, 7, dtype=bool)
        >>> bool(np.allclose(tension(image * ~hole[..., None], hole), 0.25))
        True

    Reference:
        [Franke, 1985](https://doi.org/10.1016/0167-8396(85)90011-1)
    """
    operator, support = _bilaplacian(mask)
    return _solved(image, mask, operator + pull * _laplacian(support, mask), support)


def harmonic(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill with a soap film: every pixel of the hole is the mean of its neighbours.

    Args:
        image: Shape `(h, w, c)`, floats.
        mask: Shape `(h, w)`, True in the hole.

    Returns:
        The image filled, float32.

    Example:
        >>> harmonic(np.array([[[0.0], [0.7], [1.0]]]), np.array([[False, True, False]]))[0, 1, 0]
        np.float32(0.5)
    """
    near = _grown(mask)
    return _solved(image, mask, _laplacian(near, mask), near)


def pyramid(image: np.ndarray, mask: np.ndarray, *, sweeps: int = 4) -> np.ndarray:
    """Fill from a pyramid of means of what is known: coarse in the middle, fine at the rim.

    Each level halves the last and averages its known pixels only; on the way back every level
    interpolates the coarser one into its holes and relaxes them towards the mean of their
    neighbours. Time and memory are proportional to the number of pixels.

    Args:
        image: Shape `(h, w, c)`, floats.
        mask: Shape `(h, w)`, True in the hole.
        sweeps: Relaxations of each level; without end they lead to `harmonic`.

    Returns:
        The image filled, float32.

    Example:
        >>> image, hole = np.full((5, 7, 3), 0.25), np.eye(5, 7, dtype=bool)
        >>> bool(np.allclose(pyramid(image * ~hole[..., None], hole), 0.25))
        True

    Reference:
        [Gortler et al., 1996](https://doi.org/10.1145/237170.237200)
    """
    known = ~mask[..., None]
    return _pulled(np.where(known, image, 0).astype(np.float32), known.astype(np.float32), sweeps)


def _pulled(image: np.ndarray, weight: np.ndarray, sweeps: int) -> np.ndarray:
    """Return an image, 0 where its weight is, with values everywhere."""
    hole = weight[..., 0] == 0
    if not hole.any():
        return image
    coarse_weight = _halved(weight)
    coarse = _halved(image * weight) / np.maximum(coarse_weight, 1e-12)
    coarse = _pulled(coarse, (coarse_weight > 0).astype(np.float32), sweeps)
    rows, columns = np.nonzero(hole)
    filled = image.copy()
    filled[rows, columns] = _doubled(coarse, *hole.shape)[rows, columns]
    for _ in range(sweeps):
        padded = np.pad(filled, [(1, 1), (1, 1), (0, 0)], mode="edge")
        around = [padded[rows + 1 + dy, columns + 1 + dx] for dy, dx in _STEPS]
        filled[rows, columns] = sum(around) / np.float32(4)
    return filled


def _halved(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    even = np.pad(image, [(0, height % 2), (0, width % 2), (0, 0)])
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / np.float32(4)


def _doubled(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image twice as large, linear between the centres of its pixels."""
    for axis, size in enumerate((height, width)):
        image = np.moveaxis(image, axis, 0)
        padded = np.concatenate([image[:1], image, image[-1:]])
        double = np.empty((2 * len(image), *image.shape[1:]), np.float32)
        double[::2] = 0.75 * image + 0.25 * padded[:-2]
        double[1::2] = 0.75 * image + 0.25 * padded[2:]
        image = np.moveaxis(double[:size], 0, axis)
    return image


def _grown(mask: np.ndarray) -> np.ndarray:
    """Return a mask with the neighbours above, below, left and right of its pixels."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _laplacian(columns: np.ndarray, rows: np.ndarray) -> Any:
    """Return the negative Laplacian, a row for each pixel of a mask, a column for each of another.

    The image's border reflects. `columns` must hold `rows` and their neighbours.
    """
    from scipy import sparse

    height, width = rows.shape
    place = np.cumsum(columns).reshape(columns.shape) - 1
    y, x = np.nonzero(rows)
    row, neighbours, found = np.arange(len(y)), np.zeros(len(y)), []
    for dy, dx in _STEPS:
        inside = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
        neighbours += inside
        column = place[y[inside] + dy, x[inside] + dx]
        found.append((row[inside], column, np.full(len(column), -1.0)))
    found.append((row, place[y, x], neighbours))
    i, j, values = (np.concatenate(part) for part in zip(*found, strict=True))
    return sparse.csr_array((values, (i, j)), shape=(len(y), int(np.count_nonzero(columns))))


def _bilaplacian(mask: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return the bilaplacian in a hole, and the mask of the pixels that are its columns."""
    near = _grown(mask)
    support = _grown(near)
    return _laplacian(near, mask) @ _laplacian(support, near), support


def _solved(image: np.ndarray, mask: np.ndarray, operator: Any, support: np.ndarray) -> np.ndarray:
    """Return the image with the values in the hole that an operator maps to 0.

    Args:
        image: Shape `(h, w, c)`.
        mask: Shape `(h, w)`, True in the hole.
        operator: A sparse row for each pixel of the hole, a column for each of the support; it is
            symmetric and positive on the hole.
        support: Shape `(h, w)`.
    """
    from scipy.sparse.linalg import splu

    unknown = mask[support]
    matrix, rest = operator[:, np.flatnonzero(unknown)], operator[:, np.flatnonzero(~unknown)]
    known = image[support][~unknown].astype(np.float64)
    # A symmetric ordering keeps the factors sparse; positive matrices need no pivots.
    options = {"SymmetricMode": True}
    factors = splu(
        matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options
    )
    filled, pixels = np.array(image, np.float32), image[~mask]
    filled[mask] = np.clip(factors.solve(-(rest @ known)), pixels.min(axis=0), pixels.max(axis=0))
    return filled
