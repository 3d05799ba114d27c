"""Holes of photos, filled by a network near what is known and smoothly in the deep."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from aezoo import fills, photos, tiles
from aezoo.tasks import pretrained

PRESET = "restorer.inpaint"
MARGIN = 24
NEAR, FAR = 12.0, 24.0
"""Pixels from what is known up to which the network is heard, and from which it is not."""
SHARE = 0.9
"""Weight of the network beside the smooth surface, chosen on Set5."""
LARGEST_SYSTEM = 500_000
"""Pixels of a hole up to which a fill solves a system for them: 9 s and 1 GB where scattered."""


def fill(
    image: np.ndarray, mask: np.ndarray, *, model: Any = None, ensemble: bool = False
) -> np.ndarray:
    """Fill the holes of a photo.

    Within some pixels of what is known it is what a network says, with a tenth of the smooth
    surface of `classical`, whose errors differ; farther inside it fades into the surface alone.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, floats in [0, 1].
        mask: Shape `(h, w)`, booleans, True in the hole.
        model: None for the preset `restorer.inpaint`, or a restorer of colour images that undoes
            the degradation `holes`.
        ensemble: Whether to average over the eight orientations of the photo: a little better, and
            eight times as long for the network.

    Returns:
        The image filled, float32 in [0, 1]; what is known stays as it is.

    Raises:
        ValueError: The model is not of this kind.

    Example:
        >>> hole = np.eye(40, dtype=bool)
        >>> filled = fill(np.where(hole[..., None], 0, 0.5), hole)
        >>> bool(abs(filled - 0.5).max() < 0.02)
        True
    """
    from scipy.ndimage import distance_transform_edt

    network = pretrained.load(PRESET) if model is None else model
    check(network)
    smooth = classical(image, mask)
    depth = distance_transform_edt(mask)
    weight = SHARE * np.clip((FAR - depth) / (FAR - NEAR), 0, 1)[..., None]
    # The network starts from a fill of its own, which sees a tile and no more.
    seen = np.where((mask & (depth <= FAR))[..., None], image, smooth)
    colours = photos.with_channels(seen, 3)
    hole = (mask & (depth <= FAR))[..., None]
    whole = np.concatenate([np.where(hole, 0, colours), hole], axis=-1).astype(np.float32)
    size, decode = network.sample_shape[:2], network.decode
    if ensemble:
        decode = functools.partial(photos.over_orientations, decode)
    found = tiles.over(whole, _where_holed(decode), size=size, margin=MARGIN)[..., :3]
    told = photos.with_channels(np.clip(found, 0, 1), image.shape[-1])
    filled = np.where(mask[..., None], weight * told + (1 - weight) * smooth, image)
    return np.asarray(filled, np.float32)


def _where_holed(decode: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what fills tiles `(n, h, w, 4)` by a function that sees those with holes only."""

    def fill(batch: np.ndarray) -> np.ndarray:
        filled, holed = batch.copy(), batch[..., -1].any(axis=(1, 2))
        if holed.any():
            filled[holed] = decode(batch[holed])
        return filled

    return fill


def classical(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the holes of a photo by the best classical surface that their size allows.

    That is the plate under tension, or for holes of more than 500,000 pixels the pyramid, see
    `aezoo.fills`.

    Args:
        image: Shape `(h, w, c)`, floats in [0, 1].
        mask: Shape `(h, w)`, booleans, True in the hole.

    Returns:
        The image filled, float32 in [0, 1].

    Example:
        >>> hole = np.eye(4, dtype=bool)
        >>> round(float(classical(np.where(hole[..., None], 0, 0.5), hole)[0, 0, 0]), 6)
        0.5
    """
    few = np.count_nonzero(mask) <= LARGEST_SYSTEM
    return fills.tension(image, mask) if few else fills.pyramid(image, mask)


def check(model: Any) -> None:
    """Raise ValueError unless a model fills holes of colour images."""
    shapes = tuple(getattr(model, "code_shape", ())), tuple(getattr(model, "sample_shape", ()))
    code, sample = shapes
    if code != sample or len(code) != 3 or code[-1] != 4 or min(code[:2]) <= 2 * MARGIN:
        raise ValueError(
            f"model must be a 'restorer' of samples (h, w, 4), larger than {2 * MARGIN} pixels "
            f"each way, with the degradation 'holes'. Received: a model from {code} to {sample}."
        )
