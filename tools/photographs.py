"""The photographs that restorers learn from and are measured on.

T91, 91 small photographs, is for training, Set5 for the figures that the literature has; both lie
in `$AEZOO_DATA/sr`, and neither is shipped, nor a pixel of them. Records, golden outputs and cards
hold patches of photographs that come with scikit-image and scikit-learn, which no model is trained
on.
"""

import numpy as np
from PIL import Image, ImageOps

from aezoo import photos
from aezoo.data import Dataset, images
from aezoo.data.dataset import data_folder

FREE = ("astronaut", "chelsea", "coffee", "rocket", "camera")
TILES = 16


def folder(name):
    """Returns the images of `$AEZOO_DATA/sr/<name>`, uint8 `(h, w, 3)`, sorted by file name."""
    home = data_folder()
    if home is None or not (home / "sr" / name).is_dir():
        raise FileNotFoundError(f"Set AEZOO_DATA to a folder that has sr/{name} with its images.")
    return [images.read(path, channels=3) for path in images.scan(home / "sr" / name)]


def free():
    """Returns five photographs of scikit-image and two of scikit-learn, uint8 `(h, w, 3)`."""
    from skimage import data
    from sklearn.datasets import load_sample_images

    found = [getattr(data, name)() for name in FREE] + list(load_sample_images().images)
    return [
        image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=-1) for image in found
    ]


def squares(size=256):
    """Returns the free photographs, their middle square resized, uint8 `(size, size, 3)`."""
    return [
        np.asarray(ImageOps.fit(Image.fromarray(image), (size, size), Image.Resampling.LANCZOS))
        for image in free()
    ]


def splits(*, patch, tile, luma=False, seed=0):
    """Returns what a restorer is trained on and measured on.

    Args:
        patch: Height and width of a training sample.
        tile: The same of a sample to measure on, which the stored model takes.
        luma: Whether samples are the luma of BT.601 instead of RGB.
        seed: Seed of the order of the training samples.

    Returns:
        `train`: overlapping patches of T91 in their eight orientations; `test`: `TILES` patches
        of the free photographs, evenly chosen.
    """
    kind = eight_bit_luma if luma else np.asarray
    cut = [photos.patches(kind(image), patch, patch // 2) for image in folder("T91")]
    train = photos.turned(np.concatenate(cut))
    train = train[np.random.default_rng(seed).permutation(len(train))]
    shown = np.concatenate([photos.patches(kind(image), tile, tile) for image in free()])
    shown = shown[np.linspace(0, len(shown) - 1, TILES).astype(int)]
    channel = "luma" if luma else "RGB"
    return {
        "train": Dataset(
            "t91",
            "train",
            train,
            None,
            licence="not stated; for research, not shipped",
            source=f"T91: {channel} of 91 photographs, {patch}x{patch} pixels each patch",
        ),
        "validation": None,
        "test": Dataset(
            "scikit_photos",
            "test",
            shown,
            None,
            licence="public domain or CC0, but CC-BY-2.0 for china.jpg and flower.jpg",
            source=f"scikit-image ({', '.join(FREE)}) and scikit-learn: {channel}",
        ),
    }


def eight_bit_luma(image):
    """Returns the luma of BT.601 of a uint8 image as uint8, `(h, w, 1)`."""
    return np.round(255 * photos.luma(image / np.float32(255))).astype(np.uint8)
