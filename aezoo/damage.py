"""What time does to photos: fading, grain, stains and scratches, and where the last two are."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from aezoo import masks, photos
from aezoo.noise import generator

OPACITY = 0.12
"""Opacity from which damage belongs to the mask, if it can be seen."""
VISIBLE = 0.08
"""Change of a channel from which it can be seen: of a stain on the average, of a line anywhere."""
_SIDE = 128
_FINE = 2  # lines are drawn so many times finer
_SEPIA = np.array([1.04, 0.94, 0.76], np.float32)
_STAINS = np.array([[0.55, 0.40, 0.22], [0.40, 0.30, 0.22], [0.62, 0.52, 0.30]], np.float32)


def damage(
    photo: Any, *, seed: int | np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Make a photo old.

    It fades, turns to sepia by chance, and gets film grain; then come semi-transparent stains,
    dark or bleached, often with a rim, and scratches, hairs and dust, bright or dark.

    Args:
        photo: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        seed: The same seed gives the same damage; None for another each time; or a generator, to
            draw many.

    Returns:
        The damaged photo, like `photo`; and where stains, scratches, hairs and dust are, booleans
        of shape `(h, w)`.

    Raises:
        ValueError: It is no photo.

    Example:
        >>> damaged, mask = damage(np.full((64, 64, 3), 128, "uint8"), seed=0)
        >>> damaged.shape, damaged.dtype, bool(0 < mask.mean() < 0.5)
        ((64, 64, 3), dtype('uint8'), True)
    """
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    old = age(photos.check(photo, name="photo"), seed=rng)
    marked, mask = mark(old, seed=rng)
    return photos.like(marked, photo), mask


def age(photo: Any, *, seed: int | np.random.Generator | None = None) -> np.ndarray:
    """Fade a photo, turn it to sepia by chance, and give it film grain; it stays whole.

    Args:
        photo: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        seed: See `damage`.

    Returns:
        The old photo, like `photo`.

    Example:
        >>> age(np.full((64, 64, 3), 128, "uint8"), seed=0).shape
        (64, 64, 3)
    """
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return photos.like(_grained(_faded(photos.check(photo, name="photo"), rng), rng), photo)


def mark(
    photo: Any, *, seed: int | np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Stain and scratch a photo.

    Args:
        photo: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        seed: See `damage`.

    Returns:
        See `damage`.

    Example:
        >>> marked, mask = mark(np.full((64, 64, 3), 0.5), seed=0)
        >>> bool(abs(marked - 0.5)[mask].min() > 0)
        True
    """
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    x = photos.check(photo, name="photo")
    height, width = x.shape[:2]
    mask = np.zeros((height, width), bool)
    for _ in range(int(rng.integers(0, 3))):
        opacity, bleaches = _stain(height, width, rng), rng.random() < 0.35
        tint = _like(rng.choice(_STAINS), x)
        target = 1 - (1 - x) * rng.uniform(0.2, 0.5) if bleaches else x * tint + 0.05
        change, where = opacity[..., None] * (target - x), opacity > OPACITY
        if where.any() and np.abs(change[where]).max(axis=-1).mean() > VISIBLE:
            mask |= where
        x = x + change
    for dark in (False, True):
        opacity = _marks(height, width, rng, few=dark)
        tone = rng.uniform(0.02, 0.15) if dark else rng.uniform(0.85, 1.0)
        change = opacity[..., None] * (_like(tone * _SEPIA ** rng.uniform(0, 0.6), x) - x)
        mask |= (opacity > OPACITY) & (np.abs(change).max(axis=-1) > VISIBLE)
        x = x + change
    return photos.like(x, photo), mask


def _faded(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a photo with less contrast and colour, unevenly lit."""
    height, width = x.shape[:2]
    grey = x.mean(axis=-1, keepdims=True)
    x = x + rng.uniform(0, 1) * (grey - x)
    black, white = rng.uniform(0, 0.22), rng.uniform(0.78, 1.0)
    x = black + (white - black) * x ** rng.uniform(0.8, 1.25)
    if rng.random() < 0.6:
        x = x * _like(_SEPIA ** rng.uniform(0.3, 1.2), x)
    return np.asarray(x + rng.uniform(0, 0.06) * _clouds(height, width, rng, cells=3)[..., None])


def _grained(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a photo with grain, strongest in the middle tones, of the size of 1 to 2 pixels."""
    grain: np.ndarray = rng.standard_normal((*x.shape[:2], 1), np.float32)
    if rng.random() < 0.5:
        grain = (
            grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1) + np.roll(grain, 1, (0, 1))
        ) / 2
    middle = 0.4 + 2.4 * np.clip(x * (1 - x), 0, 0.25)
    return np.asarray(np.clip(x + rng.uniform(0.005, 0.03) * middle * grain, 0, 1))


def _stain(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return the opacity of an irregular blot, `(h, w)`."""
    y, x = np.ogrid[:height, :width]
    top, left = rng.uniform(0, (height, width))
    long, short = rng.uniform(0.04, 0.16, 2) * np.sqrt(height * width)
    tilt = rng.uniform(0, np.pi)
    along = (x - left) * np.cos(tilt) + (y - top) * np.sin(tilt)
    across = (y - top) * np.cos(tilt) - (x - left) * np.sin(tilt)
    radius = np.hypot(along / long, across / short)
    radius = radius + 0.22 * _clouds(height, width, rng, cells=9)
    edge = np.clip((1 - radius) / rng.uniform(0.04, 0.3), 0, 1)
    flow = 1 + 0.25 * _clouds(height, width, rng, cells=14)
    rim = np.exp(-(((radius - 0.94) / 0.05) ** 2)) * rng.choice([0.0, 0.35])
    return np.asarray(np.clip(rng.uniform(0.5, 0.95) * edge * flow + rim, 0, 0.95), np.float32)


def _marks(height: int, width: int, rng: np.random.Generator, *, few: bool) -> np.ndarray:
    """Return the opacity of scratches, hairs and dust, `(h, w)`."""
    image = Image.new("L", (width * _FINE, height * _FINE))
    canvas = ImageDraw.Draw(image)
    # Scans of more pixels show thinner lines: widths grow slower than the photo.
    scale = _FINE * max(1.0, np.sqrt(height * width) / _SIDE) ** 0.5

    def line(thickness: float, **shape: float) -> None:
        points = _FINE * _smooth(masks.walk(height, width, rng, **shape))
        strength, wide = int(rng.uniform(150, 256)), max(1, round(thickness * scale))
        canvas.line([*map(tuple, points.tolist())], fill=strength, width=wide, joint="curve")

    for _ in range(int(rng.integers(0, 3 if few else 6))):  # scratches
        bend, length = rng.choice([0.02, 0.1]), rng.uniform(0.2, 1.6)
        line(rng.choice([0.5, 0.8, 1.2, 2.0]), bend=bend, length=length)
    for _ in range(int(rng.integers(0, 3))):  # hairs
        line(0.5, bend=0.6, length=rng.uniform(0.1, 0.4))
    for _ in range(int(rng.integers(1, 8 if few else 20))):  # dust
        x, y = _FINE * rng.uniform(0, (width, height))
        a, b = rng.exponential(0.5, 2) * scale
        canvas.ellipse([x - a, y - b, x + a, y + b], fill=int(rng.uniform(120, 256)))
    worn = np.clip(1 + 0.3 * _clouds(height, width, rng, cells=40), 0, 1)
    return np.asarray(image.reduce(_FINE), np.float32) / 255 * worn


def _smooth(points: np.ndarray) -> np.ndarray:
    """Return the points of a line with its corners cut twice, as Chaikin does."""
    for _ in range(2):
        near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.stack([near, far], axis=1).reshape(-1, 2)
    return points


def _clouds(height: int, width: int, rng: np.random.Generator, *, cells: int) -> np.ndarray:
    """Return smooth noise of about unit variance, `(h, w)`."""
    noise = Image.fromarray(rng.standard_normal((cells, cells), np.float32))
    return np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC)) * 1.5


def _like(colour: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return a colour for the channels of a photo."""
    return colour if x.shape[-1] == 3 else colour.mean(keepdims=True)
