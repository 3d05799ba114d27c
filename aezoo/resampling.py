"""Bicubic resampling as Pillow does it, as one matrix for each axis."""

from __future__ import annotations

import functools

import numpy as np

_SLOPE = -0.5  # of the cubic kernel, as in Pillow
_REACH = 2.0


@functools.lru_cache(maxsize=64)
def bicubic(size: int, new_size: int) -> np.ndarray:
    """Returns the matrix that resamples one axis of an image, with antialiasing.

    An image `(h, w)` is resized by `bicubic(h, new_h) @ image @ bicubic(w, new_w).T`, which is
    what `PIL.Image.resize(..., BICUBIC)` gives for floats.

    Args:
        size: Length of the axis, at least 1.
        new_size: Length afterwards, at least 1.

    Returns:
        Shape `(new_size, size)`, float32; its rows sum to 1.

    Reference:
        [Keys, 1981](https://doi.org/10.1109/TASSP.1981.1163711)

    Example:
        >>> bicubic(4, 4).tolist() == np.eye(4).tolist()
        True
    """
    ratio = size / new_size
    support = max(ratio, 1.0)
    centres = (np.arange(new_size) + 0.5) * ratio
    # Pillow's window: rounded, and cut at the border.
    low = np.maximum(np.floor(centres - _REACH * support + 0.5), 0)
    high = np.minimum(np.floor(centres + _REACH * support + 0.5), size)
    places = np.arange(size)
    inside = (places >= low[:, None]) & (places < high[:, None])
    distance = np.abs(places + 0.5 - centres[:, None]) / support
    weights = np.where(inside, _cubic(distance), 0.0)
    matrix = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    matrix.flags.writeable = False  # the next call gets the same
    return matrix


def resize(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns images `(..., h, w, c)` resampled to `(..., height, width, c)`, float32.

    Example:
        >>> resize(np.ones((4, 6, 3)), 2, 3).shape
        (2, 3, 3)
    """
    planes = np.moveaxis(np.asarray(images, np.float32), -1, -3)
    rows, columns = bicubic(planes.shape[-2], height), bicubic(planes.shape[-1], width)
    return np.moveaxis(rows @ planes @ columns.T, -3, -1)


def _cubic(x: np.ndarray) -> np.ndarray:
    near = (_SLOPE + 2) * x**3 - (_SLOPE + 3) * x**2 + 1
    far = _SLOPE * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x < 1, near, np.where(x < _REACH, far, 0.0))
