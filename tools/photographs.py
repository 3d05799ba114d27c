"""The photographs that models of photos learn from and are measured on.

T91, 91 small photographs, is for training, Set5 for the figures that the literature has; both lie
in `$AEZOO_DATA/sr`, and neither is shipped, nor a pixel of them. Records, golden outputs and cards
hold patches of photographs that come with scikit-image and scikit-learn, which no model is trained
on.
"""

import numpy as np
from PIL import Image

from aezoo import damage, masks, photos, sample_photos
from aezoo.data import Dataset, images
from aezoo.data.dataset import data_folder

TILES = 16
HOLES = {"scratches": 0.65, "stains": 0.1, "random_half": 0.25}
"""Kinds of holes to learn, and how often; what a large hole hides nobody can learn from 91
photographs."""
SCRATCHED = 4
"""Masks of scratches in one to learn from: a patch teaches more, and holes become wider."""


def folder(name):
    """Returns the images of `$AEZOO_DATA/sr/<name>`, uint8 `(h, w, 3)`, sorted by file name."""
    home = data_folder()
    if home is None or not (home / "sr" / name).is_dir():
        raise FileNotFoundError(f"Set AEZOO_DATA to a folder that has sr/{name} with its images.")
    return [images.read(path, channels=3) for path in images.scan(home / "sr" / name)]


def training(
    *, patch, tile, luma=False, marks=None, scales=(1.0,), stride=None, tiles=TILES, seed=0
):
    """Returns what models of photos are trained on: patches of T91 in their eight orientations.

    Args:
        patch: Height and width of a sample.
        tile: Not used here: see `held_out`.
        luma: Whether samples are the luma of BT.601 instead of RGB.
        marks: None; `"holes"` for a last channel of masks; or `"damage"` for photos
            made old, with a last channel of where.
        scales: Sizes of the photographs, in parts of their own, patches are cut from.
        stride: Distance of two patches; None for half of one.
        tiles: Not used here: see `held_out`.
        seed: Seed of the order, the masks and the damage.
    """
    kind = eight_bit_luma if luma else np.asarray
    rng = np.random.default_rng(seed)
    sized = [kind(_scaled(image, scale)) for scale in scales for image in folder("T91")]
    if marks == "damage":  # stains are larger than a patch
        sized = [_aged(one, rng) for image in sized for one in photos.orientations(image)]
    x = np.concatenate([photos.patches(image, patch, stride or patch // 2) for image in sized])
    x = x if marks == "damage" else photos.turned(x)
    x = x[rng.permutation(len(x))]
    channel = "luma" if luma else "RGB"
    return Dataset(
        "t91",
        "train",
        _holed(x, rng, SCRATCHED) if marks == "holes" else x,
        None,
        licence="not stated; for research, not shipped",
        source=f"T91: {channel} of 91 photographs, {patch}x{patch} pixels each patch",
    )


def held_out(
    *, patch, tile, luma=False, marks=None, scales=(1.0,), stride=None, tiles=TILES, seed=0
):
    """Returns what models of photos are measured on: patches of the free photographs, evenly.

    Args:
        patch: Not used here: see `training`.
        tile: Height and width of a sample, which the stored model takes.
        luma: See `training`.
        marks: See `training`.
        scales: Not used here.
        stride: Not used here.
        tiles: Largest number of samples.
        seed: Seed of the masks and the damage.
    """
    kind = eight_bit_luma if luma else np.asarray
    rng = np.random.default_rng(seed)
    whole = [
        _aged(image, rng) if marks == "damage" else kind(image) for image in sample_photos.whole()
    ]
    cut = np.concatenate([photos.patches(image, tile, tile) for image in whole])
    x = cut[np.unique(np.linspace(0, len(cut) - 1, tiles).astype(int))]
    channel = "luma" if luma else "RGB"
    return Dataset(
        "scikit_photos",
        "test",
        _holed(x, rng) if marks == "holes" else x,
        None,
        licence="public domain or CC0, but CC-BY-2.0 for china.jpg and flower.jpg",
        source=f"scikit-image ({', '.join(sample_photos.NAMES)}) and scikit-learn: {channel}",
    )


def _scaled(image, scale):
    size = [round(scale * length) for length in image.shape[1::-1]]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def _aged(image, rng):
    """Returns a photo made old, with a last channel that says where it is damaged."""
    old, mask = damage.damage(image, seed=rng)
    return _with(old, mask)


def _holed(x, rng, scratched=1):
    """Returns patches with a last channel that says where a hole is."""
    return np.stack([_with(image, _hole(len(image), rng, scratched)) for image in x])


def _with(image, mask):
    return np.concatenate([image, 255 * mask[..., None].astype(np.uint8)], axis=-1)


def _hole(size, rng, scratched):
    """Returns a mask of a random kind as images of 128 pixels and more have it, cut to a patch."""
    kind, side = rng.choice([*HOLES], p=[*HOLES.values()]), max(128, size)
    while True:
        top, left = rng.integers(0, side - size + 1, 2)
        times = scratched if kind == "scratches" else 1
        drawn = [masks.draw(kind, side, side, seed=rng) for _ in range(times)]
        mask = np.any(drawn, axis=0)[top : top + size, left : left + size]
        if 0 < mask.mean() < 0.8:
            return mask


def eight_bit_luma(image):
    """Returns the luma of BT.601 of a uint8 image as uint8, `(h, w, 1)`."""
    return np.round(255 * photos.luma(image / np.float32(255))).astype(np.uint8)
