"""Style transfer: a photo in the colours and textures of another picture."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from aezoo import photos, resampling
from aezoo.arrays import to_unit
from aezoo.noise import generator
from aezoo.tasks import style_colours, style_score
from aezoo.tasks.style_features import Features, Random, Self
from aezoo.transport import METHODS, Fit, Map

LARGEST = 600_000
"""Pixels that are worked on at most; larger photos get what changed, enlarged."""
FLAT = 2 / 255
"""Range of the values of an image up to which it has no features."""
OCTAVES = 5
"""Scales of a photo that are moved, each half as large as the one before."""
STRIP = 256
LONGEST = 4096


def _vgg19(model: Any = None) -> Features:
    from aezoo.tasks.vgg19 import VGG19

    return VGG19()


FEATURES: Mapping[str, Callable[..., Features]] = {
    "random": lambda model=None: Random(),
    "self": Self,
    "vgg19": _vgg19,
}
"""Name of a feature encoder to what makes it; `model` is the autoencoder of `"self"`."""


def stylize(
    content: Any,
    style: Any,
    *,
    method: str = "sliced",
    features: str = "random",
    strength: float = 1.0,
    keep_colours: bool = False,
    model: Any = None,
    seed: int = 0,
) -> np.ndarray:
    """Give a photo the style of another picture.

    Its colours are moved to where the style's lie, around its brightness, and then its features,
    coarse scales first. Photos of any size will do, in bounded memory: beyond 600,000
    pixels features are moved at a smaller size, and what changed is enlarged and added.

    Args:
        content: The photo, shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        style: The picture whose style it gets, of any size, too.
        method: How features are moved: `"sliced"`, transport of sliced distributions, which brings
            textures, `"ot"`, linear optimal transport, `"wct"`, whitening and colouring, or
            `"adain"`, means and deviations; see `aezoo.transport`.
        features: What is moved: `"random"`, all patches of 7x7 pixels by random filters; `"self"`,
            the codes of an autoencoder of patches; `"vgg19"`, which downloads the weights of
            `keras.applications`.
        strength: From 0, the photo itself, to 1. Colours come first, all of them at 1/2, and then
            features, which take more of the content; with `keep_colours` features alone.
        keep_colours: Whether colours, and the mean and contrast of brightness, stay the photo's.
        model: None for the preset `ae.photo_patches`, or another autoencoder of square colour
            images for `features="self"`: the smaller its images, the finer what it moves.
        seed: Seed of the random filters and bases.

    Returns:
        The picture, `(h, w, 3)`, or `(h, w, 1)` where the photo is grey and gets no colours; uint8
        where the photo is, else float32.

    Raises:
        FileNotFoundError: The weights of VGG19 cannot be had.
        LookupError: There is no such method or encoder.
        ValueError: An image or another argument is wrong.

    Example:
        >>> from sklearn.datasets import load_sample_images
        >>> photo, style = (each[200:264, 300:380] for each in load_sample_images().images)
        >>> stylize(photo, style, method="ot").shape
        (64, 80, 3)

    Reference:
        [Li et al., 2017](https://arxiv.org/abs/1705.08086);
        [Heitz et al., 2021](https://arxiv.org/abs/2006.07229);
        [Gatys et al., 2016](https://arxiv.org/abs/1606.05897), on colours
    """
    photo = photos.accept(content, name="content")
    other = photos.accept(style, name="style")
    if not isinstance(strength, numbers.Real) or not 0 <= strength <= 1:
        raise ValueError(f"strength must be from 0 to 1. Received: strength={strength!r}.")
    fit, encoder, rng = find_method(method), find_features(features, model), generator(seed)
    grey = keep_colours or photo.shape[-1] == other.shape[-1] == 1
    small, target = (_small(each) for each in (photo, other))
    if grey:
        small, target = _brightness(small), _brightness(target)
    if keep_colours:
        target = _alike(target, small)
    colour, moved = recolour(small, target, strength)
    part = strength**2 if keep_colours else _late(strength)
    moved = moved + transfer(moved, target, encoder, fit, part, rng)
    return _finished(photo, colour, moved - colour(small), grey, content)


def synthesise(
    style: Any,
    size: Sequence[int] | None = None,
    *,
    method: str = "sliced",
    features: str = "random",
    model: Any = None,
    seed: int = 0,
) -> np.ndarray:
    """Make a new texture like a picture, from noise.

    Args:
        style: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1]. More than 600,000 pixels
            are made fewer.
        size: Height and width of the result, from 16 to 4096 each; None for those of the style.
        method: See `stylize`.
        features: See `stylize`.
        model: See `stylize`.
        seed: Seed of the noise, too: another one gives another texture.

    Returns:
        The texture, `(*size, 1 or 3)` as the style is, uint8 where that is, else float32.

    Raises:
        FileNotFoundError: The weights of VGG19 cannot be had.
        LookupError: There is no such method or encoder.
        ValueError: The image, the size or another argument is wrong.

    Example:
        >>> from sklearn.datasets import load_sample_image
        >>> petals = load_sample_image("flower.jpg")[200:248, 300:364]
        >>> synthesise(petals, (32, 40)).shape
        (32, 40, 3)

    Reference:
        [Elnekave and Weiss, 2022](https://arxiv.org/abs/2203.11862)
    """
    example = photos.accept(style, name="style")
    height, width = _size(example.shape[:2] if size is None else size)
    fit, encoder, rng = find_method(method), find_features(features, model), generator(seed)
    target = _small(example)
    texture = None
    for octave in reversed(range(OCTAVES + 1)):
        own, other = (_halved(each, octave) for each in ((height, width), target.shape[:2]))
        if octave and min(*own, *other) < encoder.least:
            continue
        scaled = resampling.resize(target, *other).clip(0.0, 1.0) if octave else target
        if texture is None:
            texture = rng.choice(scaled.reshape(-1, 3), own).astype(np.float32)
        else:
            texture = resampling.resize(texture, *own).clip(0.0, 1.0)
        for _ in range(encoder.rounds * (octave + 1)):
            texture = encoder.move(texture, scaled, fit, rng)
    assert texture is not None  # noqa: S101  (the finest scale is never passed over)
    return photos.like(texture[..., : example.shape[-1]], style)


def find_method(name: str) -> Fit:
    """Return a method by its name.

    Raises:
        LookupError: There is none.
    """
    if name not in METHODS:
        raise LookupError(f"method must be one of {', '.join(METHODS)}. Received: method={name!r}.")
    return METHODS[name]


def find_features(name: str, model: Any = None) -> Features:
    """Return a feature encoder by its name.

    Args:
        name: One of `FEATURES`.
        model: The autoencoder of `"self"`; None for the preset.

    Raises:
        LookupError: There is none.
        ValueError: The model is not of this kind.
    """
    if name not in FEATURES:
        raise LookupError(
            f"features must be one of {', '.join(FEATURES)}. Received: features={name!r}."
        )
    if model is not None and name != "self":
        raise ValueError(f"A model is for features='self' only. Received: features={name!r}.")
    return FEATURES[name](model)


def transfer(
    content: np.ndarray,
    style: np.ndarray,
    encoder: Features,
    fit: Fit,
    strength: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Move the features of a photo towards a style's at every scale, the coarsest first.

    A scale starts from the photo and what changed at the scale before.

    Args:
        content: Shape `(h, w, 3)`, float32 in [0, 1].
        style: Shape `(height, width, 3)`, too.
        encoder: What is moved.
        fit: How it is moved.
        strength: Part of the way that is gone at each scale, from 0 to 1.
        rng: Where the chance comes from.

    Returns:
        What is to be added to the photo, of its shape, float32.
    """
    change = np.zeros((1, 1, 3), np.float32)
    if not strength:
        return np.zeros_like(content)
    for octave in reversed(range(OCTAVES)):
        sizes = [_halved(each.shape[:2], octave) for each in (content, style)]
        if octave and min(*sizes[0], *sizes[1]) < encoder.least:
            continue
        own, other = (
            resampling.resize(each, *size).clip(0.0, 1.0) if octave else each
            for each, size in zip((content, style), sizes, strict=True)
        )
        start = moved = np.clip(own + resampling.resize(change, *sizes[0]), 0.0, 1.0)
        # A flat image has no features to move: its rounding would be stretched to texture.
        for _ in range(encoder.rounds if np.ptp(start, axis=(0, 1)).max() > FLAT else 0):
            moved = encoder.move(moved, other, fit, rng)
        change = start + np.float32(strength) * (moved - start) - own
    return change


def recolour(content: np.ndarray, style: np.ndarray, strength: float) -> tuple[Map, np.ndarray]:
    """Move the colours of a photo towards a style's, see `aezoo.tasks.style_colours`.

    Args:
        content: Shape `(h, w, 3)`, floats in [0, 1].
        style: Shape `(height, width, 3)`, too.
        strength: From 0 to 1; at 1/2 they are the style's.

    Returns:
        The function that moves each colour `(..., 3)` by itself, and the photo whose details are
        coloured as well, float32 in [0, 1].
    """
    move, part = style_colours.mapping(content, style), np.float32(min(1.0, 2 * strength))
    moved = move(content)
    change = moved + style_colours.details(moved, style) - content

    def single(x: np.ndarray) -> np.ndarray:
        return style_colours.in_gamut(x + part * (move(x) - x))

    return single, style_colours.in_gamut(content + part * change)


def evaluate(
    contents: Sequence[Any],
    styles: Sequence[Any],
    *,
    method: str = "sliced",
    features: str = "random",
    model: Any = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure how much style a method brings at how much loss of content, beside baselines.

    Args:
        contents: Photos `(h, w, 1 or 3)`, uint8 or floats in [0, 1]; each gets each style.
        styles: Pictures, too.
        method: See `stylize`.
        features: See `stylize`.
        model: See `stylize`.
        seed: See `stylize`.

    Returns:
        See `aezoo.tasks.style_score.evaluate`. Images are measured at up to 65,536 pixels.

    Raises:
        LookupError: There is no such method or encoder.
        ValueError: An image or another argument is wrong.
    """
    fit, encoder = find_method(method), find_features(features, model)
    given = [
        [_small(photos.accept(image), style_score.LARGEST) for image in images]
        for images in (contents, styles)
    ]
    facts: dict[str, Any] = {
        "task": "stylize",
        "method": method,
        "features": features,
        "seed": seed,
    }

    def moved(content: np.ndarray, style: np.ndarray, strength: float) -> np.ndarray:
        start = recolour(content, style, strength)[1]
        change = transfer(start, style, encoder, fit, _late(strength), generator(seed))
        return style_colours.in_gamut(start + change)

    return style_score.evaluate(moved, *given, name=features, **facts)


def _late(strength: float) -> float:
    """Return the part of the features' way: none up to 1/2, where colours are still moved."""
    return max(0.0, 2 * strength - 1) ** 2


def _halved(size: Sequence[int], octave: int) -> list[int]:
    return [max(1, round(length / 2**octave)) for length in size]


def _size(size: Sequence[int]) -> tuple[int, int]:
    if np.shape(size) != (2,) or not all(
        isinstance(n, (int, np.integer)) and 16 <= n <= LONGEST for n in size
    ):
        raise ValueError(
            f"size must be (height, width), integers from 16 to {LONGEST}. Received: {size=!r}."
        )
    height, width = size
    return int(height), int(width)


def _small(image: np.ndarray, largest: int = LARGEST) -> np.ndarray:
    """Return an image as float32 `(h, w, 3)` of at most so many pixels."""
    height, width = image.shape[:2]
    if height * width > largest:
        ratio = (largest / (height * width)) ** 0.5
        size = max(1, int(ratio * width)), max(1, int(ratio * height))
        # Plane by plane: floats of a large photo take four times its memory.
        planes = [Image.fromarray(np.ascontiguousarray(p)) for p in np.moveaxis(image, -1, 0)]
        small = [np.asarray(p.resize(size, Image.Resampling.LANCZOS)) for p in planes]
        image = np.stack(small, axis=-1)
    return photos.with_channels(to_unit(image).clip(0.0, 1.0), 3)


def _brightness(image: np.ndarray) -> np.ndarray:
    return photos.with_channels(photos.grey(image).clip(0.0, 1.0), 3)


def _alike(style: np.ndarray, content: np.ndarray) -> np.ndarray:
    """Return a grey style with the mean and deviation of a grey photo."""
    ratio = content.std() / max(style.std(), 1e-6)
    return np.clip((style - style.mean()) * ratio + content.mean(), 0.0, 1.0).astype(np.float32)


def _finished(
    photo: np.ndarray, colour: Map, change: np.ndarray, grey: bool, kind: Any
) -> np.ndarray:
    """Return a photo with its colours moved, and a change added that is enlarged to its size."""
    rows = resampling.bicubic(change.shape[0], photo.shape[0])
    columns = resampling.bicubic(change.shape[1], photo.shape[1])
    planes = np.moveaxis(change, -1, 0)
    strips = []
    for top in range(0, len(photo), STRIP):
        own = to_unit(photo[top : top + STRIP])
        start = _brightness(own) if grey else photos.with_channels(own, 3)
        moved = colour(start) + np.moveaxis(rows[top : top + STRIP] @ planes @ columns.T, 0, -1)
        new = own + (moved - start)[..., :1] if grey else style_colours.in_gamut(moved)
        strips.append(photos.like(new, kind))
    return np.concatenate(strips)
