"""Single images as the tasks take them: checked, float while worked on, and given back alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aezoo.arrays import check_samples, to_uint8, to_unit

# BT.601 as MATLAB's rgb2ycbcr and the literature on super-resolution have it, for values in [0, 1].
_LUMA = np.array([65.481, 128.553, 24.966]) / 255
_BLUE = np.array([-37.797, -74.203, 112.0]) / 255
_RED = np.array([112.0, -93.786, -18.214]) / 255
_YCBCR = np.stack([_LUMA, _BLUE, _RED], axis=1).astype(np.float32)
_RGB = np.linalg.inv(_YCBCR)
_GREY = np.float32(255 / 219)  # of the range of Y to that of values
_OFFSET = np.array([16.0, 128.0, 128.0], np.float32) / 255


def accept(image: Any, *, name: str = "image") -> np.ndarray:
    """Check one image and return it as uint8 or float32, without a copy where it is either.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        name: What errors call it.

    Returns:
        The image.

    Raises:
        ValueError: The shape, kind or range is wrong.

    Example:
        >>> accept(np.full((1, 1, 1), 255, "uint8")).item()
        255
    """
    shape = np.shape(image)
    if len(shape) != 3 or shape[-1] not in (1, 3) or 0 in shape:
        hints = {2: f"; a grey image needs `{name}[..., None]`", 4: f"; pass `{name}[0]`"}
        raise ValueError(
            f"{name} must be one image of shape (h, w, 1) or (h, w, 3)"
            f"{hints.get(len(shape), '')}. Received: {name}.shape={shape!r}."
        )
    return check_samples(image, shape[1:], name=name)


def check(image: Any, *, name: str = "image") -> np.ndarray:
    """Check one image and return it as float32 in [0, 1].

    Args:
        image: See `accept`.
        name: What errors call it.

    Returns:
        The image, float32.

    Raises:
        ValueError: The shape, kind or range is wrong.

    Example:
        >>> check(np.full((1, 1, 1), 255, "uint8")).item()
        1.0
    """
    return to_unit(accept(image, name=name), name=name)


def like(result: np.ndarray, image: Any) -> np.ndarray:
    """Return a result as an image of the kind that was given.

    Args:
        result: Floats; what lies outside [0, 1] is clipped.
        image: What the user gave: uint8, or floats.

    Returns:
        uint8 where `image` is, else float32 in [0, 1].

    Example:
        >>> like(np.full((1, 1, 1), 2.0), np.zeros((1, 1, 1), "uint8")).item()
        255
    """
    clipped: np.ndarray = np.clip(result, 0.0, 1.0, dtype=np.float32)
    return to_uint8(clipped) if np.asarray(image).dtype == np.uint8 else clipped


def with_channels(image: np.ndarray, channels: int) -> np.ndarray:
    """Return images `(..., c)` of one or three channels with as many as asked for.

    Grey is repeated, and colours become their mean.

    Example:
        >>> with_channels(np.zeros((2, 2, 1)), 3).shape
        (2, 2, 3)
    """
    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return np.repeat(image, 3, axis=-1)
    return image.mean(axis=-1, keepdims=True)


def to_ycbcr(image: np.ndarray) -> np.ndarray:
    """Return RGB in [0, 1] as Y, Cb and Cr of BT.601, Y from 16/255 to 235/255.

    Args:
        image: Shape `(..., 3)`, floats.

    Returns:
        Same shape, float32.

    Reference:
        ITU-R BT.601

    Example:
        >>> np.round(255 * to_ycbcr(np.ones(3))).tolist()
        [235.0, 128.0, 128.0]
    """
    return np.asarray(image @ _YCBCR + _OFFSET, np.float32)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """Return what `to_ycbcr` was given, not clipped.

    Example:
        >>> np.round(to_rgb(to_ycbcr(np.array([0.25, 0.5, 1.0]))), 5).tolist()
        [0.25, 0.5, 1.0]
    """
    return np.asarray((image - _OFFSET) @ _RGB, np.float32)


def luma(image: np.ndarray) -> np.ndarray:
    """Return the Y of an image of 1 or 3 channels in [0, 1], shape `(h, w, 1)`, float32.

    Example:
        >>> luma(np.ones((1, 1, 3))).item() == luma(np.ones((1, 1, 1))).item()
        True
    """
    weights = _YCBCR[:, 0] if image.shape[-1] == 3 else _YCBCR[:, 0].sum(keepdims=True)
    return np.asarray(image @ weights + _OFFSET[0], np.float32)[..., None]


def with_luma(image: np.ndarray, luma_wanted: np.ndarray) -> np.ndarray:
    """Return images with another luma; their colours, Cb and Cr, stay.

    Args:
        image: RGB, shape `(..., 3)`, floats in [0, 1].
        luma_wanted: See `luma`, shape `(..., 1)`.

    Returns:
        Same shape as the image, float32, not clipped.

    Example:
        >>> round(luma(with_luma(np.full((1, 1, 3), 0.5), np.full((1, 1, 1), 0.25))).item(), 6)
        0.25
    """
    found, change = np.array(image, np.float32), (luma_wanted - luma(image)) * _GREY
    for channel in range(3):  # many times as quick as an addition over the last axis
        found[..., channel] += change[..., 0]
    return found


def grey(image: np.ndarray) -> np.ndarray:
    """Return the luma of an image of 1 or 3 channels as a grey, black 0 and white 1, `(..., 1)`.

    Example:
        >>> round(grey(np.full((1, 1, 3), 0.25)).item(), 5)
        0.25
    """
    return (luma(image) - _OFFSET[0]) * _GREY


def psnr(image: np.ndarray, other: np.ndarray, where: np.ndarray | None = None) -> float:
    """Return the peak signal-to-noise ratio of two images in [0, 1], in dB, capped at 100.

    Args:
        image: Shape `(h, w, c)`.
        other: Same shape.
        where: Pixels to compare, booleans `(h, w)`; None for all.

    Example:
        >>> psnr(np.zeros((2, 2, 1)), np.full((2, 2, 1), 0.1))
        20.0
    """
    difference = np.asarray(image, np.float64) - other
    squared = np.mean(np.square(difference if where is None else difference[where]))
    return float(round(-10 * np.log10(max(squared, 1e-10)), 10))


def patches(image: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Return the squares of an image on a grid, of the same dtype.

    Args:
        image: Shape `(h, w, c)`.
        size: Height and width of a patch.
        stride: Distance of two patches.

    Returns:
        Shape `(n, size, size, c)`; none where the image is smaller than a patch.

    Example:
        >>> patches(np.zeros((10, 12, 3)), 4, 4).shape
        (6, 4, 4, 3)
    """
    height, width, channels = image.shape
    if min(height, width) < size:
        return np.empty((0, size, size, channels), image.dtype)
    views = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
    chosen = np.moveaxis(views[::stride, ::stride], 2, -1)
    return np.ascontiguousarray(chosen.reshape(-1, size, size, channels))


def orientations(image: np.ndarray) -> list[np.ndarray]:
    """Return an image `(h, w, c)`, its three quarter turns, and the same of its mirror image.

    Example:
        >>> [turned.shape[:2] for turned in orientations(np.zeros((2, 3, 1)))][:3]
        [(2, 3), (3, 2), (2, 3)]
    """
    return [np.rot90(one, turn) for one in (image, image[::-1]) for turn in range(4)]


def turned(images: np.ndarray) -> np.ndarray:
    """Return square images `(n, size, size, c)` in their eight orientations, `(8 n, ...)`.

    Example:
        >>> turned(np.zeros((3, 4, 4, 1))).shape
        (24, 4, 4, 1)
    """
    # The axes of all images at once are those of one.
    whole = orientations(np.moveaxis(images, 0, -1))
    return np.concatenate([np.moveaxis(one, -1, 0) for one in whole])


def over_orientations(work: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    """Return the mean of what a function makes of square images in their eight orientations.

    Args:
        work: Maps images to images, all of them square.
        images: Shape `(n, size, size, c)`.

    Returns:
        What `work` returns, each result turned back; float32.

    Example:
        >>> images = np.arange(4, dtype="float32").reshape(1, 2, 2, 1)
        >>> np.array_equal(over_orientations(lambda x: 2 * x, images), 2 * images)
        True

    Reference:
        [Timofte et al., 2016](https://arxiv.org/abs/1511.02228)
    """
    total = np.zeros(1, np.float32)
    for flip in (1, -1):
        for turn in range(4):
            oriented = np.rot90(images[:, ::flip], turn, axes=(1, 2))
            done = work(np.ascontiguousarray(oriented))
            total = total + np.rot90(done, -turn, axes=(1, 2))[:, ::flip]
    return total / 8
