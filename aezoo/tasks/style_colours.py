"""Colours of style transfer: moved around the brightness, whose order stays.

Linear optimal transport of colours moves them less, but mixes brightness with colour: what was
lighter becomes darker, and shapes get lost. Shapes are seen by brightness, so chroma may follow the
style in its details, too.
"""

from __future__ import annotations

import numpy as np

from aezoo import photos, resampling
from aezoo.transport import Map, knothe

OCTAVES = 4
"""Scales of detail, each half as fine as the one before."""
LEAST = 16
"""Shortest side of an image that has details."""


def mapping(content: np.ndarray, style: np.ndarray) -> Map:
    """Fit the function that gives colours the mean and covariance of a style's.

    Brightness (luma) is scaled and shifted, and chroma moves given the brightness, see
    `aezoo.transport.knothe`.

    Args:
        content: Shape `(h, w, 3)`, floats in [0, 1].
        style: Shape `(height, width, 3)`, too.

    Returns:
        A function of colours `(..., 3)`, which may leave [0, 1].

    Example:
        >>> rng = np.random.default_rng(0)
        >>> photo, style = rng.random((8, 8, 3)), 0.5 * rng.random((9, 9, 3)) + 0.2
        >>> moved = mapping(photo, style)(photo)
        >>> np.allclose(moved.mean(axis=(0, 1)), style.mean(axis=(0, 1)), atol=1e-3)
        True
    """
    move = knothe(_flat(content), _flat(style))
    return lambda x: photos.to_rgb(move(photos.to_ycbcr(x)))


def details(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return what to add to a photo so that the chroma of its details is that of a style's.

    At each scale chroma gets the covariance that it has in the style, with itself and, but for the
    strength of the details, with luma, which does not change: a Laplacian pyramid as for harmony of
    composed images.

    Args:
        content: Shape `(h, w, 3)`, floats.
        style: Shape `(height, width, 3)`, too.

    Returns:
        Shape of `content`, float32, of luma 0.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> photo, style = rng.random((40, 40, 3)), rng.random((32, 50, 3))
        >>> change = details(photo, style)
        >>> bool(abs(photos.luma(photo + change) - photos.luma(photo)).max() < 1e-5)
        True

    Reference:
        [Burt and Adelson, 1983](https://doi.org/10.1109/TCOM.1983.1095851);
        [Sunkavalli et al., 2010](https://doi.org/10.1145/1778765.1778862)
    """
    change = np.zeros((1, 1, 3), np.float32)
    for own, other in [*zip(_bands(content), _bands(style), strict=False)][::-1]:
        move = knothe(_flat(own), _flat(other), still=True)
        moved = photos.to_rgb(move(photos.to_ycbcr(own)))
        change = moved - own + resampling.resize(change, *own.shape[:2])
    return np.broadcast_to(change, content.shape).astype(np.float32)


def in_gamut(image: np.ndarray) -> np.ndarray:
    """Return colours within [0, 1]: of the same luma, as far as it lies there, and hue, but paler.

    Args:
        image: Shape `(..., 3)`, floats.

    Returns:
        Same shape, float32.

    Example:
        >>> colour = np.array([1.5, 0.5, 0.5])
        >>> bool(np.allclose(photos.luma(in_gamut(colour)), photos.luma(colour)))
        True
    """
    grey = photos.grey(image)
    colour, inside = image - grey, np.clip(grey, 0.0, 1.0)
    room = np.where(colour > 0, 1.0 - inside, inside)
    share = np.minimum(1.0, room / np.maximum(np.abs(colour), 1e-12)).min(axis=-1, keepdims=True)
    return np.clip(inside + share * colour, 0.0, 1.0).astype(np.float32)


def _bands(image: np.ndarray) -> list[np.ndarray]:
    """Return the details of an image by scale, the finest first; none of a tiny one."""
    found: list[np.ndarray] = []
    while len(found) < OCTAVES and min(image.shape[:2]) >= LEAST:
        height, width = image.shape[:2]
        smaller = resampling.resize(image, (height + 1) // 2, (width + 1) // 2)
        found.append(image - resampling.resize(smaller, height, width))
        image = smaller
    return found


def _flat(image: np.ndarray) -> np.ndarray:
    return photos.to_ycbcr(image).reshape(-1, 3)
