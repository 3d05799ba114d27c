"""The pictures of a card: drawn with one seed from the first samples, picked by nobody."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from aezoo import pictures

SHOWN = 16
FEW = 2
"""Samples of a restorer, whose pictures are large."""
DRAWN = 32
WALKS = 4
COLUMNS = 8
SEED = 0

_STAMP = "Weights-SHA256"

CAPTIONS = {
    "reconstructions.png": (
        "The first {shown} samples of the {split} split of {dataset}, in order, and under each the "
        "reconstruction from its code: `model.reconstruct(images)`."
    ),
    "samples.png": (
        "{drawn} new images, their codes drawn by the fitted sampler {sampler}: "
        "`model.generate({drawn}, seed={seed})`."
    ),
    "prior.png": (
        "{drawn} new images, their codes drawn from the prior: "
        '`model.generate({drawn}, seed={seed}, sampler="prior")`.'
    ),
    "walk.png": (
        "{walks} straight walks between codes, from each of the first {walks} samples to one of "
        "the next {walks}: `model.interpolate(images[:{walks}], images[{walks}:{twice}])`."
    ),
}


def captions(*, dataset: str, split: str, sampler: str, restores: bool = False) -> dict[str, str]:
    """Return what each picture shows, by file name.

    Args:
        dataset: What the samples are from, as Markdown.
        split: Its split, as Markdown.
        sampler: Name of the fitted sampler, as Markdown.
        restores: Whether the code is a degraded image.

    Returns:
        Markdown by file name, in the order of a card.
    """
    numbers = {
        "shown": FEW if restores else SHOWN,
        "drawn": DRAWN,
        "seed": SEED,
        "walks": WALKS,
        "twice": 2 * WALKS,
    }
    words = {"dataset": dataset, "split": split, "sampler": sampler}
    return {name: caption.format(**numbers, **words) for name, caption in CAPTIONS.items()}


def shown(model: Any) -> int:
    """Return how many reconstructions the card of a model shows."""
    return SHOWN if model.learns_code else FEW


def draw(model: Any, images: Any) -> dict[str, np.ndarray]:
    """Draw the pictures of a model of images.

    Args:
        model: An `aezoo.Autoencoder`.
        images: The first samples of a split, uint8, shape `(shown(model), h, w, 1 or 3)`.

    Returns:
        Pictures by file name, uint8, of what the model can do: without a fitted sampler there is
        no `samples.png`, and without a prior no `prior.png`.

    Raises:
        ValueError: There are not as many images, or the model refuses them.
    """
    if len(images) != shown(model):
        raise ValueError(f"The card shows {shown(model)} images. Received: {len(images)} images.")
    pairs = pictures.pairs(images, model.reconstruct(images), columns=COLUMNS)
    found = {"reconstructions.png": pairs}
    if model.sampler is not None:
        drawn = model.generate(DRAWN, seed=SEED)
        found["samples.png"] = pictures.grid(drawn, columns=COLUMNS)
    if model.engine.has("prior"):
        drawn = model.generate(DRAWN, seed=SEED, sampler="prior")
        found["prior.png"] = pictures.grid(drawn, columns=COLUMNS)
    if not model.learns_code:
        return found
    walks = model.interpolate(images[:WALKS], images[WALKS : 2 * WALKS], steps=COLUMNS)
    walked = walks.reshape(-1, *walks.shape[2:])
    return found | {"walk.png": pictures.grid(walked, columns=COLUMNS)}


def originals(picture: np.ndarray, sample_shape: Sequence[int], n: int = SHOWN) -> np.ndarray:
    """Return the images that `reconstructions.png` shows, so that it can be drawn again from them.

    Args:
        picture: The picture, uint8, shape `(height, width, 1 or 3)`.
        sample_shape: Shape of one image.
        n: Number of images.

    Returns:
        The original images, uint8, shape `(n, *sample_shape)`.

    Raises:
        ValueError: The picture is not one of such images.
    """
    height, width, channels = sample_shape
    black, columns = np.zeros((n, *sample_shape), np.uint8), min(n, COLUMNS)
    layout = pictures.pairs(black, black + 1, columns=COLUMNS)
    if picture.shape != layout.shape:
        raise ValueError(
            f"The picture must have the shape {layout.shape}. Received: {picture.shape}."
        )
    place = layout[..., 0] == 0
    scale = np.count_nonzero(place.any(axis=0)) // (columns * width)
    pixels = picture[place].reshape(-1, height * scale, columns, width * scale, channels)
    tiles = pixels[:, ::scale, :, ::scale].swapaxes(1, 2)
    return tiles.reshape(n, *sample_shape)


def difference(model: Any, stored: Mapping[str, np.ndarray]) -> int:
    """Draw stored pictures again, from the images that they show, and compare.

    Args:
        model: The model that drew them.
        stored: Pictures by file name, uint8.

    Returns:
        The largest difference of a pixel, of 255; 255 where a picture is missing, too many or of
        another size.
    """
    images = originals(stored["reconstructions.png"], model.sample_shape, shown(model))
    drawn = draw(model, images)
    if {n: p.shape for n, p in drawn.items()} != {n: p.shape for n, p in stored.items()}:
        return 255
    return max(int(np.abs(drawn[name].astype(int) - stored[name]).max()) for name in stored)


def to_png(picture: np.ndarray, weights: str) -> bytes:
    """Return a picture as a PNG file that says which weights drew it.

    Args:
        picture: uint8, shape `(height, width, 1 or 3)`.
        weights: SHA-256 of the file of the weights.
    """
    notes = PngImagePlugin.PngInfo()
    notes.add_text(_STAMP, weights)
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True, pnginfo=notes)
    return stream.getvalue()


def from_png(content: bytes) -> tuple[np.ndarray, str | None]:
    """Return the picture in a PNG file, and the SHA-256 of the weights that drew it.

    Args:
        content: A file that `to_png` made; of any other the SHA-256 is None.
    """
    with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
        pixels = np.asarray(image)
        weights = image.info.get(_STAMP)
    return pixels[..., None] if pixels.ndim == 2 else pixels, weights
