"""Masks of what is missing in an image: drawn by a seed, or checked. True is the hole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from aezoo.noise import generator

_SIDE = 128
"""Side of the images that the sizes of strokes below are for; other images scale them."""
_BENDS = 8
_MAGENTA = (255, 0, 255)


def scratches(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a mask of 5 to 8 thin lines that wander across the image.

    They are 1, 3 or 5 pixels thick in an image of 128x128, where they cover about 7 %, and grow
    with the image; images below 64 pixels have fewer.

    Args:
        height: Height of the image.
        width: Width of the image.
        rng: Where the chance comes from.

    Returns:
        Booleans, shape `(height, width)`.

    Example:
        >>> scratches(128, 128, np.random.default_rng(0)).shape
        (128, 128)
    """
    scale = np.sqrt(height * width) / _SIDE
    image = Image.new("1", (width, height))
    canvas = ImageDraw.Draw(image)
    for _ in range(_number(int(rng.integers(5, 9)), scale)):
        points = walk(height, width, rng).astype(int)
        thickness = max(1, round(int(rng.choice([1, 3, 5])) * scale))
        canvas.line([*map(tuple, points.tolist())], fill=1, width=thickness, joint="curve")
        canvas.point([tuple(points[0].tolist())], fill=1)
    return np.array(image)


def walk(
    height: int, width: int, rng: np.random.Generator, *, bend: float = 0.25, length: float = 8 / 7
) -> np.ndarray:
    """Return the bends of a line that wanders from anywhere in an image.

    Args:
        height: Height of the image.
        width: Width of the image.
        rng: Where the chance comes from.
        bend: Standard deviation of a bend, in radians.
        length: Of the line, in sides of a square of the image's area.

    Returns:
        x and y of 9 points, shape `(9, 2)`; they may leave the image.

    Example:
        >>> walk(128, 128, np.random.default_rng(0)).shape
        (9, 2)
    """
    start = rng.integers(0, (width, height))
    angles = rng.uniform(0, np.pi) + np.cumsum(rng.normal(0, bend, _BENDS))
    steps = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    steps *= length * np.sqrt(height * width) / _BENDS
    return np.concatenate([start[None], start + np.cumsum(steps, axis=0)])


def stains(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a mask of 4 to 6 tilted ellipses.

    Their half axes are 5 to 13 pixels in an image of 128x128, where they cover about 8 %, and grow
    with the image; images below 64 pixels have fewer.

    Args:
        height: Height of the image.
        width: Width of the image.
        rng: Where the chance comes from.

    Returns:
        Booleans, shape `(height, width)`.

    Example:
        >>> stains(128, 128, np.random.default_rng(0)).dtype
        dtype('bool')
    """
    scale = np.sqrt(height * width) / _SIDE
    y, x = np.ogrid[:height, :width]
    mask = np.zeros((height, width), bool)
    for _ in range(_number(int(rng.integers(4, 7)), scale)):
        top, left = (rng.uniform(10, _SIDE - 10, 2) / _SIDE * (height, width)).astype(int)
        long, short = (rng.integers(5, 14, 2) + 0.5) * scale
        tilt = rng.uniform(0, np.pi)
        along = (x - left) * np.cos(tilt) + (y - top) * np.sin(tilt)
        across = (y - top) * np.cos(tilt) - (x - left) * np.sin(tilt)
        mask |= (along / long) ** 2 + (across / short) ** 2 <= 1
    return mask


def random_half(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a mask of every pixel with probability 1/2, shape `(height, width)`.

    Args:
        height: Height of the image.
        width: Width of the image.
        rng: Where the chance comes from.

    Example:
        >>> bool(0.4 < random_half(64, 64, np.random.default_rng(0)).mean() < 0.6)
        True
    """
    return rng.random((height, width)) < 0.5


def centre(height: int, width: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Return a mask of the middle half of the rows and columns, shape `(height, width)`.

    Args:
        height: Height of the image.
        width: Width of the image.
        rng: Not used: there is no chance in it.

    Example:
        >>> float(centre(128, 128).mean())
        0.25
    """
    mask = np.zeros((height, width), bool)
    mask[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    return mask


MASKS: Mapping[str, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    "scratches": scratches,
    "stains": stains,
    "random_half": random_half,
    "centre": centre,
}
"""Every kind of mask by its name."""


def draw(
    kind: str, height: int, width: int, *, seed: int | np.random.Generator | None = None
) -> np.ndarray:
    """Draw a mask by the name of its kind.

    Args:
        kind: A name of `MASKS`: `"scratches"`, `"stains"`, `"random_half"` or `"centre"`.
        height: Height of the image, at least 1.
        width: Width of the image, at least 1.
        seed: The same seed gives the same mask; None for a new one each time; or a generator, to
            draw many.

    Returns:
        Booleans, shape `(height, width)`, True in the hole.

    Raises:
        LookupError: There is no such kind.

    Example:
        >>> bool((draw("stains", 40, 60, seed=1) == draw("stains", 40, 60, seed=1)).all())
        True
    """
    if kind not in MASKS:
        raise LookupError(f"A mask is one of {', '.join(MASKS)}. Received: {kind=!r}.")
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return MASKS[kind](height, width, rng)


def check(mask: Any, size: tuple[int, int], *, name: str = "mask") -> np.ndarray:
    """Check the mask of an image and return it as booleans.

    Args:
        mask: Shape `(h, w)` or `(h, w, 1)`: booleans, or numbers of which 0 is known and the
            largest that the kind has (255 of uint8, 1 of floats) is the hole; what lies between,
            as at the edges of a drawn mask, is rounded.
        size: Height and width of the image.
        name: What errors call it.

    Returns:
        Booleans, shape `(h, w)`, neither all True nor all False.

    Raises:
        ValueError: The mask has another size, values that say neither, no hole, or nothing else.

    Example:
        >>> check(np.array([[0, 255]], "uint8"), (1, 2)).tolist()
        [[False, True]]
    """
    array = np.asarray(mask)
    received = f"Received: {name}.shape={array.shape!r}"
    if array.shape not in (tuple(size), (*size, 1)):
        raise ValueError(
            f"{name} must have the height and width of the image, {tuple(size)}, and one value a "
            f"pixel, True in the hole: resize it, or make it grey. {received}."
        )
    array = array.reshape(size)
    if array.dtype != bool:
        limit = 255 if array.dtype == np.uint8 else 1
        if array.dtype.kind not in "iuf" or not ((array >= 0) & (array <= limit)).all():
            raise ValueError(
                f"{name} must hold booleans, uint8 or floats in [0, 1]. {received}, "
                f"{name}.dtype={array.dtype.name!r}."
            )
        # uint8 of 0 and 1 are booleans in disguise, such as `(x == 0).astype("uint8")`.
        array = array > (limit / 2 if array.max(initial=0) > 1 or limit == 1 else 0)
    if not array.any():
        raise ValueError(
            f"{name} is empty: it marks no pixel to fill; white, or True, is the hole. {received}."
        )
    if array.all():
        raise ValueError(
            f"{name} is full: it leaves no pixel to go by; black, or False, is what is known. "
            f"{received}."
        )
    return array


def show(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return an image with its hole in magenta.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8.
        mask: Booleans, shape `(h, w)`.

    Returns:
        Shape `(h, w, 3)`, uint8.

    Example:
        >>> show(np.zeros((1, 2, 1), "uint8"), np.array([[False, True]])).tolist()
        [[[0, 0, 0], [255, 0, 255]]]
    """
    return np.where(mask[..., None], np.array(_MAGENTA, np.uint8), image)


def _number(count: int, scale: float) -> int:
    return max(1, round(count * min(1.0, 2 * scale)))
