"""Compression: images to few bytes and back, by a model and an exact entropy coder."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from aezoo import bitstream, photos, range_coder, tiles
from aezoo.arrays import check_samples, to_uint8
from aezoo.bitstream import Bitstream, BitstreamError
from aezoo.fingerprint import fingerprint
from aezoo.samplers.histogram import STEPS, Histogram, Table
from aezoo.tasks import pretrained

PRESET = "compressor.fashion_mnist"
STEP = 4
MAX_STEP = 2**12


def compress(images: Any, *, model: Any = None, step: int = STEP) -> bytes:
    """Compress an image, or many of one size, to the content of a file.

    The code of the image is rounded to whole multiples of the step, and these are written with as
    many bits as they hold information under the model's histograms. An image of another size than
    the model's is cut into tiles, and one of three channels into three where the model's have one.

    Args:
        images: Shape `(h, w, 1 or 3)`, or `(n, h, w, 1 or 3)` with one header for all; uint8 or
            floats in [0, 1]. Eight bits are kept.
        model: None for the preset `compressor.fashion_mnist`, or a model of images with the sampler
            `histogram`. It has to be the very same for `decompress`.
        step: What codes are rounded to, in eighths, from 1 (best) to 4096; from 1 to 8 is what the
            preset was trained for.

    Returns:
        The bytes, see `aezoo.bitstream`.

    Raises:
        ValueError: The images, the step or the model are not of this kind.

    Example:
        ```python
        x = aezoo.data.load("digits").x
        model = aezoo.load("vae.digits")
        model.fit_sampler("histogram", x)
        data = aezoo.tasks.compress(x[:100], model=model)
        assert len(data) < 6400 / 8  # less than a bit a pixel
        assert aezoo.tasks.decompress(data, model=model).shape == (100, 8, 8, 1)
        ```

    Reference:
        [Ballé et al., 2017](https://arxiv.org/abs/1611.01704)
    """
    return Coder(model).compress(images, step)


def decompress(data: bytes, *, model: Any = None) -> np.ndarray:
    """Return the images that `compress` made a file of.

    The symbols are exact everywhere. Pixels are the same on the same engine and machine, and within
    one of 255 elsewhere, where the rounding of the decoder's arithmetic may differ.

    Args:
        data: What `compress` returned.
        model: As for `compress`.

    Returns:
        uint8, of the shape that was compressed.

    Raises:
        BitstreamError: The data is damaged, truncated, or of another kind, version or model.
        ValueError: The model is not of this kind.
    """
    return Coder(model).decompress(data)


class Coder:
    """A model made ready to compress many files, one by one.

    Args:
        model: As for `compress`.

    Raises:
        ValueError: The model is not of this kind.
    """

    def __init__(self, model: Any = None):
        self.model = pretrained.load(PRESET) if model is None else model
        check(self.model)
        self._digest = fingerprint(self.model)[: bitstream.DIGEST]
        self._tables: dict[int, tuple[list[Table], np.ndarray]] = {}

    def compress(self, images: Any, step: int = STEP) -> bytes:
        """Return the content of a file; see `compress`."""
        whole = isinstance(step, (int, np.integer)) and not isinstance(step, bool)
        if not whole or not 1 <= step <= MAX_STEP:
            raise ValueError(f"step must be an integer from 1 to {MAX_STEP}. Received: {step=!r}.")
        x = accept(images)
        if x.size > bitstream.MAX_VALUES:
            raise ValueError(
                f"images must hold at most {bitstream.MAX_VALUES} numbers: write several files. "
                f"Received: images.shape={x.shape!r}."
            )
        z = np.asarray(self.model.encode(_cut(x, self.model.sample_shape)))
        message = self._write(z.reshape(len(z), -1), int(step))
        return Bitstream(self._digest, np.shape(images), int(step), message).dump()

    def decompress(self, data: bytes) -> np.ndarray:
        """Return the images of a file; see `decompress`."""
        found = bitstream.parse(bytes(data))
        if found.model != self._digest:
            raise BitstreamError(
                f"made by another model ({found.model.hex()}) than this one ({self._digest.hex()})"
            )
        shape = found.shape if len(found.shape) == 4 else (1, *found.shape)
        if shape[-1] not in (1, 3) or not 1 <= found.step <= MAX_STEP:
            raise BitstreamError(f"images of shape {found.shape} in steps of {found.step}")
        try:
            rounded = self._read(found.message, _number(shape, self.model.sample_shape), found.step)
        except ValueError as error:
            raise BitstreamError("damaged: its message is none of this model") from error
        z = (rounded * (found.step / STEPS)).astype(np.float32)
        decoded = np.asarray(self.model.decode(z.reshape(-1, *self.model.code_shape)))
        return _join(to_uint8(np.clip(decoded, 0.0, 1.0)), shape).reshape(found.shape)

    def _write(self, z: np.ndarray, step: int) -> bytes:
        """Returns the message of codes `(n, d)`.

        Of the two multiples of the step beside a number the one is taken whose error and bits are
        less together, in the measure of the training: `6 (error / step)^2` nats and its own.
        """
        tables, nats = self._at(step)
        scaled = z.astype(np.float64) * STEPS / step - [table.first for table in tables]
        last = np.array([len(table.cumulative) - 2 for table in tables])
        below = np.clip(np.floor(scaled), 0, last).astype(int)
        both = np.stack([below, np.minimum(below + 1, last)])
        costs = 6.0 * np.square(both - scaled) + nats[np.arange(len(tables)), both]
        symbols = np.where(costs[0] <= costs[1], *both)
        frequencies = [table.cumulative for table in tables]
        return range_coder.encode(symbols.ravel().tolist(), frequencies * len(z))

    def _read(self, message: bytes, n: int, step: int) -> np.ndarray:
        """Returns the multiples of the step, `(n, d)`, in a message."""
        tables, _ = self._at(step)
        once = [table.cumulative for table in tables]
        symbols = range_coder.decode(message, itertools.chain(*itertools.repeat(once, n)))
        first = np.array([table.first for table in tables])
        return np.reshape(symbols, (n, len(tables))) + first

    def _at(self, step: int) -> tuple[list[Table], np.ndarray]:
        """Returns the tables of a step, and the nats of each symbol, `(d, most symbols)`."""
        if step not in self._tables:
            tables = self.model.sampler.tables(step)
            nats = np.zeros((len(tables), max(len(table.cumulative) for table in tables) - 1))
            for row, table in zip(nats, tables, strict=True):
                row[: len(table.cumulative) - 1] = -np.log(np.diff(table.cumulative))
            self._tables[step] = tables, nats
        return self._tables[step]


def accept(images: Any) -> np.ndarray:
    """Check images and return them as uint8, shape `(n, h, w, c)`."""
    shape = np.shape(images)
    if len(shape) != 4:
        return to_uint8(photos.accept(images))[None]
    if shape[-1] not in (1, 3) or 0 in shape:
        raise ValueError(
            "images must have shape (h, w, 1 or 3) or (n, h, w, 1 or 3). "
            f"Received: images.shape={shape!r}."
        )
    return to_uint8(check_samples(images, shape[1:], name="images"))


def check(model: Any) -> None:
    """Raise ValueError unless a model can compress images."""
    shape = tuple(getattr(model, "sample_shape", ()))
    if len(shape) != 3 or shape[-1] not in (1, 3) or model.sample_range != (0.0, 1.0):
        raise ValueError(
            "model must be one of images (h, w, 1 or 3) in [0, 1], such as a 'compressor'. "
            f"Received: a model of samples of shape {shape}."
        )
    if not isinstance(model.sampler, Histogram):
        raise ValueError(
            "model has no histograms of its codes, which say how many bits each takes: fit them "
            "with model.fit_sampler('histogram', data) or `aezoo fit-sampler MODEL histogram`. "
            f"Received: model={model!r:.100}."
        )


def _number(shape: tuple[int, ...], tile: tuple[int, ...]) -> int:
    """Returns how many tiles images of a shape `(n, h, w, c)` are cut into."""
    rows, columns = _grid(shape[1:3], tile)
    return shape[0] * rows * columns * _planes(shape[-1], tile)


def _planes(channels: int, tile: tuple[int, ...]) -> int:
    return channels if tile[-1] == 1 else 1


def _grid(size: tuple[int, ...], tile: tuple[int, ...]) -> tuple[int, int]:
    return -(-size[0] // tile[0]), -(-size[1] // tile[1])


def _cut(images: np.ndarray, tile: tuple[int, ...]) -> np.ndarray:
    """Returns the tiles of images, mirrored beyond the border, `(n * tiles, *tile)`."""
    n, *size, channels = images.shape
    planes, (rows, columns) = _planes(channels, tile), _grid(tuple(size), tile)
    down, across = (
        tiles.mirrored(np.arange(count * step), length)
        for count, step, length in zip((rows, columns), tile, size, strict=False)
    )
    whole = images[:, down][:, :, across]
    if planes == 1 and channels != tile[-1]:
        whole = np.repeat(whole, tile[-1], axis=-1)
    parts = whole.reshape(n, rows, tile[0], columns, tile[1], planes, tile[2])
    return parts.transpose(0, 5, 1, 3, 2, 4, 6).reshape(-1, *tile)


def _join(parts: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Returns the images that `_cut` made the tiles of."""
    n, height, width, channels = shape
    tile = parts.shape[1:]
    planes, (rows, columns) = _planes(channels, tile), _grid((height, width), tile)
    cut = parts.reshape(n, planes, rows, columns, *tile).transpose(0, 2, 4, 3, 5, 1, 6)
    whole = cut.reshape(n, rows * tile[0], columns * tile[1], planes * tile[2])
    if whole.shape[-1] != channels:
        whole = np.round(whole.mean(axis=-1, keepdims=True)).astype(np.uint8)
    return np.ascontiguousarray(whole[:, :height, :width])
