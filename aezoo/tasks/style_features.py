"""Feature encoders of style transfer: what of an image is moved towards that of a style.

An encoder has `move(image, style, fit, rng)`, which moves an image's features at its own scale once
and returns the image that has them, more or less; `rounds`, how often that is worth it; and
`least`, the shortest side of an image that it still sees something in.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from aezoo.tasks import pretrained
from aezoo.tiles import mirrored
from aezoo.transport import Fit, orthonormal

PRESET = "ae.photo_patches"
SAMPLE = 16_384
"""Patches that distributions are estimated from, evenly over the whole image."""
STRIP = 65_536
"""Patches that are moved at once."""
BATCH = 4096
MOST = 64


class Features(Protocol):
    """What an encoder has."""

    rounds: int
    least: int

    def move(self, image: np.ndarray, style: np.ndarray, fit: Fit, rng: Any) -> np.ndarray:
        """Return an image `(h, w, 3)` whose features are moved towards those of a style."""


class Patches:
    """Features of all patches of an image, overlapping, each moved and put back by its mean.

    Args:
        size: Height and width of a patch.
        stride: Distance of two patches.
        rounds: How often features are moved at each scale.
    """

    def __init__(self, size: int, *, stride: int, rounds: int):
        self.size, self.stride, self.rounds, self.least = size, stride, rounds, 4 * size

    def encode(self, patches: np.ndarray) -> np.ndarray:
        """Return the codes `(n, d)` of patches `(n, size, size, 3)`."""
        raise NotImplementedError

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the patches of codes."""
        raise NotImplementedError

    def renew(self, rng: np.random.Generator) -> None:
        """Start a round."""

    def move(self, image: np.ndarray, style: np.ndarray, fit: Fit, rng: Any) -> np.ndarray:
        """Move the features of all patches.

        What the codes do not know of a patch stays as it is: the image changes by the difference
        between what the moved codes and the codes are decoded to.

        Args:
            image: Shape `(h, w, 3)`, float32 in [0, 1].
            style: Shape `(height, width, 3)`, too.
            fit: One of `aezoo.transport.METHODS`.
            rng: Where the chance comes from.

        Returns:
            The image that changed, of the same shape, float32 in [0, 1].
        """
        self.renew(rng)
        mapping = fit(self._sample(image, rng), self._sample(style, rng), rng)
        # The grid of patches lies elsewhere in each round, and reaches over every border.
        start = rng.integers(1 - self.size, 1, 2)
        wide = image[np.ix_(*map(self._reach, start, image.shape[:2]))]
        views = np.lib.stride_tricks.sliding_window_view(wide, (self.size, self.size), axis=(0, 1))
        views = np.moveaxis(views[:: self.stride, :: self.stride], 2, -1)
        total, weight = np.zeros_like(wide), np.zeros((*wide.shape[:2], 1), np.float32)
        at_once = max(1, STRIP // views.shape[1])
        for top in range(0, len(views), at_once):
            part = views[top : top + at_once]
            codes = self.encode(np.ascontiguousarray(part).reshape(-1, *part.shape[2:]))
            change = self.decode(mapping(codes)) - self.decode(codes)
            self._put(change.reshape(part.shape), total, weight, self.stride * top)
        changed = wide + total / np.maximum(weight, 1.0)
        return np.clip(changed[-start[0] :, -start[1] :][: len(image), : image.shape[1]], 0.0, 1.0)

    def _reach(self, start: int, length: int) -> np.ndarray:
        """Return the places along an axis that patches from `start` on cover, to the end of it."""
        last = start + -(-(length - start - self.size) // self.stride) * self.stride
        return mirrored(np.arange(start, max(last, start) + self.size), length)

    def _put(self, change: np.ndarray, total: np.ndarray, weight: np.ndarray, top: int) -> None:
        """Add patches `(rows, columns, size, size, 3)` where they lie, from a row on."""
        down, across = (self.stride * (n - 1) + 1 for n in change.shape[:2])
        for row in range(top, top + self.size):
            for column in range(self.size):
                place = (
                    slice(row, row + down, self.stride),
                    slice(column, column + across, self.stride),
                )
                total[place] += change[:, :, row - top, column]
                weight[place] += 1.0

    def _sample(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        height, width = (max(length - self.size + 1, 1) for length in image.shape[:2])
        n = min(SAMPLE, height * width)
        places = (np.arange(n) + rng.random(n)) * (height * width / n)
        tops, lefts = np.divmod(places.astype(np.int64), width)
        reach = np.arange(self.size)
        rows = mirrored(tops[:, None] + reach, image.shape[0])
        columns = mirrored(lefts[:, None] + reach, image.shape[1])
        return self.encode(image[rows[:, :, None], columns[:, None, :]])


class Random(Patches):
    """Random filters: an orthonormal basis of all patches, another one in each round.

    Reference:
        [Ustyuzhaninov et al., 2017](https://arxiv.org/abs/1606.00021), on random filters
    """

    def __init__(self, size: int = 7):
        super().__init__(size, stride=2, rounds=4)
        self.filters = np.eye(3 * size**2, dtype=np.float32)

    def renew(self, rng: np.random.Generator) -> None:
        """Draw other filters."""
        self.filters = orthonormal(len(self.filters), rng)

    def encode(self, patches: np.ndarray) -> np.ndarray:
        """Return the responses of the filters."""
        return np.asarray(patches.reshape(len(patches), -1) @ self.filters)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the patches that have these responses."""
        return np.asarray(codes @ self.filters.T).reshape(-1, self.size, self.size, 3)


class Self(Patches):
    """The codes of an autoencoder of small patches.

    Args:
        model: A model of square colour images; None for the preset.

    Raises:
        ValueError: The model is not of this kind.
    """

    def __init__(self, model: Any = None):
        self.model = pretrained.load(PRESET) if model is None else model
        shape, tokens = tuple(self.model.sample_shape), self.model.token_shape
        if len(shape) != 3 or shape[0] != shape[1] or shape[2] != 3 or not 2 <= shape[0] <= MOST:
            raise ValueError(
                f"model must be an autoencoder of square colour images of 2 to {MOST} pixels each "
                f"way. Received: a model with sample_shape={shape}."
            )
        if tokens is not None:
            raise ValueError(
                "model must have codes that can be moved, not the tokens of a codebook. "
                f"Received: a model with tokens of shape {tuple(tokens)}."
            )
        super().__init__(shape[0], stride=max(1, shape[0] // 4), rounds=4)

    def encode(self, patches: np.ndarray) -> np.ndarray:
        """Return the codes, flattened."""
        codes = self.model.encode(patches, batch_size=BATCH)
        return np.asarray(codes).reshape(len(codes), -1)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the patches that the model decodes."""
        codes = codes.reshape(-1, *self.model.code_shape).astype(np.float32)
        return np.asarray(self.model.decode(codes, batch_size=BATCH))
