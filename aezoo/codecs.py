"""JPEG and WebP, the baselines of compression: what they leave of an image, for how many bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

_START_OF_SCAN, _END = 0xDA, b"\xff\xd9"
_RIFF, _CHUNK, _FRAME = 12, 8, 10


class Coded(NamedTuple):
    """An image after a codec.

    Attributes:
        image: What the file shows, uint8, of the shape of the original.
        size: Bytes of the file.
        bare: Bytes of the coded picture alone, without headers and tables.
    """

    image: np.ndarray
    size: int
    bare: int


def jpeg(image: np.ndarray, quality: int, subsampling: int = 0) -> Coded:
    """Code an image as a baseline JPEG with the Huffman tables that are best for it.

    Args:
        image: uint8, shape `(h, w, 1)` or `(h, w, 3)`.
        quality: From 1 to 95, as Pillow has it.
        subsampling: Of the colours: 0 for 4:4:4, 2 for 4:2:0.

    Returns:
        The result; `bare` is the entropy-coded segment, from the header of the scan to the end
        marker, so that neither the quantisation nor the Huffman tables count.

    Example:
        >>> found = jpeg(np.zeros((28, 28, 1), "uint8"), 50)
        >>> found.bare, found.image.max().item()
        (6, 0)
    """
    data = _save(image, "JPEG", quality=quality, subsampling=subsampling, optimize=True)
    place = 2
    while data[place + 1] != _START_OF_SCAN:
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return Coded(_show(data, image), len(data), len(data) - place - len(_END))


def webp(image: np.ndarray, quality: int) -> Coded:
    """Code an image as a lossy WebP, with the encoder's greatest effort.

    Args:
        image: uint8, shape `(h, w, 1)` or `(h, w, 3)`.
        quality: From 0 to 100, as Pillow has it.

    Returns:
        The result; `bare` is without the RIFF container and the ten bytes of the frame header.

    Example:
        >>> found = webp(np.zeros((28, 28, 1), "uint8"), 50)
        >>> found.size - found.bare
        30
    """
    data = _save(image, "WEBP", quality=quality, method=6)
    length = int.from_bytes(data[_RIFF + 4 : _RIFF + _CHUNK], "little")
    return Coded(_show(data, image), len(data), length - _FRAME)


Codec = Callable[[np.ndarray, int], Coded]


def baselines(channels: int) -> dict[str, Codec]:
    """Return the codecs by name; for colours JPEG with and without subsampling."""
    if channels == 1:
        return {"jpeg": jpeg, "webp": webp}
    return {
        "jpeg 4:4:4": jpeg,
        "jpeg 4:2:0": lambda image, quality: jpeg(image, quality, subsampling=2),
        "webp": webp,
    }


def _save(image: np.ndarray, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, kind, **options)
    return file.getvalue()


def _show(data: bytes, image: np.ndarray) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as found:
        return np.array(found.convert("L" if image.shape[-1] == 1 else "RGB")).reshape(image.shape)
