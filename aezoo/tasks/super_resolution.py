"""Super-resolution: photos in two, three or four times their size."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from PIL import Image

from aezoo import photos, resampling, tiles
from aezoo.arrays import to_unit
from aezoo.tasks import pretrained
from aezoo.tasks.comparison import MODEL, compare

SCALES = (2, 3, 4)
MARGIN = 12
"""How far a pixel of the result sees, in pixels of the photo."""


def super_resolve(
    image: Any,
    scale: int = 2,
    *,
    model: Any = None,
    ensemble: bool = False,
) -> np.ndarray:
    """Enlarge a photo, with detail that a plain interpolation does not have.

    The luma goes through the network, the colours through bicubic interpolation. Photos of any size
    are enlarged tile by tile, in bounded memory.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        scale: 2, 3 or 4.
        model: None for the preset `restorer.super_resolve_x2`, `_x3` or `_x4`; or a restorer of one
            or three channels that undoes the degradation `downscale` of this factor.
        ensemble: Whether to average over the eight orientations of the photo: better by about a
            tenth of a decibel, in eight times the time.

    Returns:
        The large photo, `(scale * h, scale * w, c)`, uint8 where `image` is, else float32.

    Raises:
        ValueError: The image, the scale or the model is not of this kind.

    Example:
        ```python
        from sklearn.datasets import load_sample_image

        photo = load_sample_image("flower.jpg")[200:264, 300:364]
        large = aezoo.tasks.super_resolve(photo, scale=2)  # (128, 128, 3), uint8
        ```

    Reference:
        [Shi et al., 2016](https://arxiv.org/abs/1609.05158);
        [Lim et al., 2017](https://arxiv.org/abs/1707.02921)
    """
    photo = photos.accept(image)
    network = find(scale) if model is None else model
    check(network, scale)

    work = functools.partial(_enlarge, network)
    if ensemble:
        work = functools.partial(photos.over_orientations, work)

    def enlarge(batch: np.ndarray) -> np.ndarray:
        return photos.like(work(to_unit(batch)), image)

    size = network.code_shape[:2]
    return tiles.over(photo, enlarge, size=size, margin=MARGIN, factor=scale)


def find(scale: int) -> Any:
    """Return the pretrained model of a scale, on the engine that starts soonest here.

    Raises:
        ValueError: There is none of this scale.
    """
    if scale not in SCALES:
        raise ValueError(f"scale must be 2, 3 or 4. Received: scale={scale!r}.")
    return pretrained.load(f"restorer.super_resolve_x{scale}")


def check(model: Any, scale: int) -> None:
    """Raise ValueError unless a model enlarges images by a scale."""
    shapes = tuple(getattr(model, "code_shape", ())), tuple(getattr(model, "sample_shape", ()))
    small, large = shapes
    fits = len(small) == len(large) == 3 and small[2] == large[2] in (1, 3)
    if not fits or tuple(scale * size for size in small[:2]) != large[:2]:
        raise ValueError(
            f"model must enlarge images of 1 or 3 channels by scale={scale!r}, as a 'restorer' "
            f"with the degradation 'downscale' does. Received: a model from {small} to {large}."
        )
    if min(small[:2]) <= 2 * MARGIN:
        raise ValueError(
            f"model must take small images of more than {2 * MARGIN} pixels each way: create it "
            f"with a larger sample_shape. Received: code_shape={small}."
        )


def bicubic(image: Any, scale: int) -> np.ndarray:
    """Return what Pillow's bicubic filter makes of a photo, in the kind that was given."""
    return photos.like(_bicubic(photos.check(image), scale), image)


def evaluate(
    images: Sequence[Any], scale: int = 2, *, model: Any = None, ensemble: bool = False
) -> dict[str, Any]:
    """Measure super-resolution on whole images, beside interpolation.

    The protocol of the literature: the PSNR of the luma of BT.601, of 8 bits, without a border of
    `scale` pixels; the small images are made by Pillow's bicubic filter from the luma.

    Args:
        images: Photos `(h, w, 1 or 3)`, uint8 or floats in [0, 1], cut to a multiple of `scale`.
        scale: 2, 3 or 4.
        model: See `super_resolve`.
        ensemble: See `super_resolve`.

    Returns:
        What `aezoo.tasks.comparison.compare` returns, of PSNRs in dB.

    Raises:
        ValueError: An image is too small, or an argument is wrong.

    Example:
        ```python
        from aezoo.tasks import super_resolution
        from sklearn.datasets import load_sample_images

        photos = [photo[:96, :96] for photo in load_sample_images().images]
        scores = super_resolution.evaluate(photos, scale=2)["scores"]["x2"]
        assert scores["model"] > scores["bicubic"]
        ```
    """
    network = find(scale) if model is None else model
    check(network, scale)
    options = {"model": network, "ensemble": ensemble}
    rows = [_scores(photos.check(image), scale, options) for image in images]
    return compare({f"x{scale}": rows}, task="super_resolve", scale=scale, ensemble=ensemble)


def _scores(image: np.ndarray, scale: int, options: dict[str, Any]) -> dict[str, float]:
    luma = _eight_bits(photos.luma(image))
    height, width = (size - size % scale for size in luma.shape[:2])
    if min(height, width) <= 2 * scale:
        raise ValueError(
            f"An image to measure needs more than {3 * scale} pixels each way. "
            f"Received: an image of shape {image.shape}."
        )
    luma = luma[:height, :width]
    small = _eight_bits(resampling.resize(luma, height // scale, width // scale))
    lanczos = Image.fromarray(small[..., 0]).resize((width, height), Image.Resampling.LANCZOS)
    large = {
        MODEL: super_resolve(small, scale, **options),
        "bicubic": bicubic(small, scale),
        "lanczos": np.asarray(lanczos)[..., None],
    }
    inner = (slice(scale, height - scale), slice(scale, width - scale))
    return {n: photos.psnr(_eight_bits(found)[inner], luma[inner]) for n, found in large.items()}


def _enlarge(model: Any, batch: np.ndarray) -> np.ndarray:
    """Enlarges tiles `(n, h, w, 1 or 3)` of floats."""
    if batch.shape[-1] == model.code_shape[-1]:
        return np.asarray(model.decode(batch))
    if batch.shape[-1] == 1:
        return photos.with_channels(model.decode(photos.with_channels(batch, 3)), 1)
    scale = model.sample_shape[0] // batch.shape[1]
    with ThreadPoolExecutor(1) as beside:  # the colours do not wait for the network
        colours = beside.submit(lambda: np.stack([_bicubic(tile, scale) for tile in batch]))
        luma = np.asarray(model.decode(photos.luma(batch)))
    return photos.with_luma(colours.result(), luma)


def _bicubic(image: np.ndarray, scale: int) -> np.ndarray:
    """Enlarges floats `(h, w, c)`."""
    # By Pillow's one thread: those of a matrix product wait busily where the network's would work.
    size = scale * image.shape[1], scale * image.shape[0]
    planes = [Image.fromarray(plane) for plane in np.moveaxis(image, -1, 0)]
    large = [np.asarray(plane.resize(size, Image.Resampling.BICUBIC)) for plane in planes]
    return np.stack(large, axis=-1)


def _eight_bits(image: np.ndarray) -> np.ndarray:
    return np.round(255 * np.clip(image, 0, 1)).astype(np.float32) / np.float32(255)
