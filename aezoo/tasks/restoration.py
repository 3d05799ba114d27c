"""Old photos: scratches and stains found and filled, and the grain taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aezoo import damage, photos, tiles
from aezoo.arrays import to_unit
from aezoo.noise import generator
from aezoo.tasks import denoising, pretrained, repair
from aezoo.tasks.comparison import MODEL, compare

PRESET = "restorer.damage"
MARGIN = 24
THRESHOLD = 0.5
GROWTH = 1
"""Pixels by which what was found grows before it is filled: the rims of marks are faint."""


def restore(
    image: Any,
    mask: Any = None,
    *,
    finder: Any = None,
    filler: Any = None,
    denoiser: Any = None,
) -> np.ndarray:
    """Restore an old photo: find scratches, dust and stains, fill them, and remove the grain.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        mask: Where it is damaged, booleans `(h, w)`; None for what `find_damage` says.
        finder: See `find_damage`.
        filler: See `aezoo.tasks.repair.fill`.
        denoiser: See `aezoo.tasks.denoise`; False for photos whose grain shall stay.

    Returns:
        The photo of the same shape, uint8 where `image` is, else float32.

    Raises:
        ValueError: The image, the mask or a model is not of this kind.

    Example:
        ```python
        from sklearn.datasets import load_sample_image

        from aezoo.damage import damage

        old, where = damage(load_sample_image("flower.jpg")[200:328, 300:428], seed=1)
        new = aezoo.tasks.restore(old)
        better = aezoo.tasks.restore(old, where)  # where it is known
        ```
    """
    x = photos.check(image)
    if mask is None:
        mask = find_damage(image, model=finder)
    if np.shape(mask) != x.shape[:2] or np.asarray(mask).dtype != bool:
        raise ValueError(
            f"mask must hold one boolean for each pixel, {x.shape[:2]}. "
            f"Received: mask.shape={np.shape(mask)!r}, {np.asarray(mask).dtype}."
        )
    hole = grown(np.asarray(mask))
    whole = repair.fill(x, hole, model=filler) if hole.any() and not hole.all() else x
    if denoiser is not False:
        whole = denoising.denoise(whole, model=denoiser)
    return photos.like(whole, image)


def find_damage(image: Any, *, model: Any = None) -> np.ndarray:
    """Find scratches, hairs, dust and stains in a photo.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        model: None for the preset `restorer.damage`, or a restorer of colour images with a `hidden`
            last channel.

    Returns:
        Booleans, shape `(h, w)`.

    Raises:
        ValueError: The image or the model is not of this kind.

    Example:
        >>> find_damage(np.full((40, 60, 1), 128, "uint8")).any()
        np.False_
    """
    photo = photos.accept(image)
    network = pretrained.load(PRESET) if model is None else model
    check(network)

    def find(batch: np.ndarray) -> np.ndarray:
        return np.asarray(network.decode(photos.with_channels(to_unit(batch), 3))[..., 3:])

    size = network.sample_shape[:2]
    chance = tiles.over(photo, find, size=size, margin=MARGIN)
    return np.asarray(chance[..., 0] > THRESHOLD)


def grown(mask: np.ndarray) -> np.ndarray:
    """Return a mask with its neighbours, `GROWTH` pixels each way.

    Example:
        >>> grown(np.eye(1, 5, 2, dtype=bool)).tolist()
        [[False, True, True, True, False]]
    """
    from scipy.ndimage import binary_dilation

    square = np.ones((2 * GROWTH + 1, 2 * GROWTH + 1), bool)
    return np.asarray(binary_dilation(mask, square))


def check(model: Any) -> None:
    """Raise ValueError unless a model finds a hidden channel of colour images."""
    shapes = tuple(getattr(model, "code_shape", ())), tuple(getattr(model, "sample_shape", ()))
    code, sample = shapes
    fits = len(code) == len(sample) == 3 and (code[-1], sample[-1]) == (3, 4)
    if not fits or min(code[:2]) <= 2 * MARGIN:
        raise ValueError(
            f"finder must be a 'restorer' of samples (h, w, 4), larger than {2 * MARGIN} pixels "
            f"each way, with the degradation 'hidden'. Received: a model from {code} to {sample}."
        )


def evaluate(
    images: Sequence[Any],
    *,
    finder: Any = None,
    filler: Any = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure what is found and repaired of simulated damage, beside a classical detector.

    Photos fade and get grain, and then marks; what counts is how near the repaired photo comes to
    the faded one. The baseline takes for damage what stands out from a median over 9x9 pixels by
    more than a threshold, the best of several for these very photos, and fills it as
    `aezoo.tasks.repair.classical` does.

    Args:
        images: Photos `(h, w, 1 or 3)`, uint8 or floats in [0, 1].
        finder: See `find_damage`.
        filler: See `aezoo.tasks.repair.fill`.
        seed: Seed of the damage.

    Returns:
        What `aezoo.tasks.comparison.compare` returns, under two conditions: the intersection over
        union with the true mask, in percent, and the PSNR in dB over the whole photo once it is
        repaired; of the `model`, of `outliers`, the baseline, and of the photo `damaged` as it is.
    """
    rng = generator(seed)
    old = [damage.age(photos.check(image), seed=rng) for image in images]
    marked = [damage.mark(image, seed=rng) for image in old]
    found = [find_damage(image, model=finder) for image, _ in marked]
    outlying = [_outlying(image) for image, _ in marked]
    levels = np.linspace(0.02, 0.4, 20)
    overlaps = [
        np.mean([_overlap(o > level, mask) for o, (_, mask) in zip(outlying, marked, strict=True)])
        for level in levels
    ]
    level = levels[int(np.argmax(overlaps))]
    masks, repaired = [], []
    for clean, (image, mask), one, out in zip(old, marked, found, outlying, strict=True):
        plain = grown(out > level)
        masks.append(
            {
                MODEL: 100 * _overlap(one, mask),
                "outliers": 100 * _overlap(out > level, mask),
                "damaged": 0.0,
            }
        )
        by_model = restore(image, one, filler=filler, denoiser=False)
        by_outliers = repair.classical(image, plain) if not plain.all() else image
        repaired.append(
            {
                MODEL: photos.psnr(by_model, clean),
                "outliers": photos.psnr(by_outliers, clean),
                "damaged": photos.psnr(image, clean),
            }
        )
    rows = {"mask, overlap in %": masks, "repaired, PSNR in dB": repaired}
    return compare(rows, unit="", task="restore", seed=seed)


def _outlying(image: np.ndarray) -> np.ndarray:
    """Returns how far each pixel is from the median around it, `(h, w)`."""
    from scipy.ndimage import median_filter

    difference = np.abs(image - median_filter(image, size=(9, 9, 1)))
    return np.asarray(difference.max(axis=-1))


def _overlap(found: np.ndarray, mask: np.ndarray) -> float:
    """Returns the intersection over union of two masks; 1 where both are empty."""
    union = np.count_nonzero(found | mask)
    return np.count_nonzero(found & mask) / union if union else 1.0
