"""How much of a style a picture has, and how much of its content it keeps.

Both are measured by a bank of log-Gabor filters, four scales and four orientations, that no method
of style transfer here uses. Beside the methods stand classical transfers of colours.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aezoo import photos, transport
from aezoo.tasks.comparison import MODEL, compare

WAVELENGTHS = (3.0, 6.0, 12.0, 24.0)
ORIENTATIONS = 4
LARGEST = 65_536
"""Pixels of an image that is measured."""
STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""Points of a curve."""
MEASURED = (0.5, 1.0)
"""Strengths of the colour transport whose content distances methods are compared at."""
_PAD = 32
_SHARES = (np.arange(256) + 0.5) / 256
# Red, green, blue, and what they have in common and apart.
_COLOURS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [1, -1, 0], [1, 1, -2]], np.float32
)

# Linear LMS of RGB, and the decorrelated axes of its logarithm; applied to rows.
_LMS = np.array([[0.3811, 0.5783, 0.0402], [0.1967, 0.7244, 0.0782], [0.0241, 0.1288, 0.8444]]).T
_LAB = (np.diag([1 / 3**0.5, 1 / 6**0.5, 1 / 2**0.5]) @ [[1, 1, 1], [1, 1, -2], [1, -1, 0]]).T
_FROM_LMS, _FROM_LAB = np.linalg.inv(_LMS), np.linalg.inv(_LAB)

Transfer = Callable[[np.ndarray, float], np.ndarray]


def responses(plane: np.ndarray) -> np.ndarray:
    """Return what log-Gabor filters say of a plane.

    Args:
        plane: Shape `(h, w)`, floats.

    Returns:
        Complex responses `(16, h, w)`: those of even filters, and of odd ones as the imaginary
        part.

    Reference:
        [Field, 1987](https://doi.org/10.1364/JOSAA.4.002379)
    """
    padded = np.pad(plane, _PAD, mode="symmetric")
    spectrum = np.fft.fft2(padded).astype(np.complex64)
    inner = slice(_PAD, -_PAD)
    return np.stack([np.fft.ifft2(spectrum * f)[inner, inner] for f in _filters(*padded.shape)])


@functools.lru_cache(maxsize=4)
def _filters(height: int, width: int) -> np.ndarray:
    """Return the filters of `responses` for spectra of a size, `(16, height, width)`, float32."""
    down, across = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
    radius, angle = np.hypot(down, across), np.arctan2(down, across)
    radius[0, 0] = 1e-9
    scales = [np.exp(-0.5 * (np.log(radius * length) / 0.55) ** 2) for length in WAVELENGTHS]
    turns = np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS
    spread = 0.6 * np.pi / ORIENTATIONS
    fans = [np.exp(-0.5 * (np.angle(np.exp(1j * (angle - t))) / spread) ** 2) for t in turns]
    return np.array([scale * fan for scale in scales for fan in fans], np.float32)


def content_distance(image: np.ndarray, content: np.ndarray) -> float:
    """Return how far an image is from showing what a photo shows, in %.

    100 times the root of one minus the correlation of the responses of luma, the mean over the
    filters: 0 for the photo itself, in any brightness and contrast. The root is a distance: it
    grows as the change does.

    Args:
        image: Shape `(h, w, 3)`, floats in [0, 1].
        content: Same shape.

    Example:
        >>> photo = np.random.default_rng(0).random((40, 50, 3))
        >>> content_distance(0.5 * photo + 0.1, photo) < 0.1
        True
    """
    ours, theirs = (responses(photos.luma(each)[..., 0]) for each in (image, content))
    axes = (1, 2)
    energies = (np.sum(np.abs(each) ** 2, axis=axes) for each in (ours, theirs))
    product = np.sum((ours * theirs.conj()).real, axis=axes)
    correlation = product / np.sqrt(np.maximum(np.multiply(*energies), 1e-12))
    return float(100 * np.sqrt(max(0.0, 1 - np.mean(correlation))))


def statistics(image: np.ndarray) -> np.ndarray:
    """Return the quantiles of an image's colours, and of the responses to them, that make a style.

    Args:
        image: Shape `(h, w, 3)`, floats in [0, 1].

    Returns:
        Shape `(102, 256)`: six directions of colour, each by itself and through 16 filters.
    """
    planes = np.moveaxis(image @ _COLOURS.T, -1, 0)
    bands = [np.concatenate([plane[None], responses(plane).real]) for plane in planes]
    flat = np.concatenate(bands).reshape(len(planes) * len(bands[0]), -1)
    return transport.quantiles(flat, _SHARES)


def style_distance(own: np.ndarray, style: np.ndarray, scale: np.ndarray) -> float:
    """Return the distance of two styles: root mean squared Wasserstein distance of the statistics.

    Args:
        own: What `statistics` returned for an image.
        style: The same for the style.
        scale: A variance for each row, to measure in.
    """
    return float(np.sqrt(np.mean(np.mean((own - style) ** 2, axis=1) / scale)))


def curve(
    transfer: Transfer,
    content: np.ndarray,
    style: np.ndarray,
    strengths: Sequence[float] = STRENGTHS,
) -> list[list[float]]:
    """Return strength, content distance in % and style reached in % of a method.

    Args:
        transfer: Makes a picture `(h, w, 3)` of the content at a strength.
        content: Shape `(h, w, 3)`, floats in [0, 1].
        style: Shape `(height, width, 3)`, too.
        strengths: Where to measure.

    Returns:
        One row a strength. The style reached is 100 times one minus the style distance in parts of
        the photo's own: 0 for the photo, 100 for the style.
    """
    target, start = statistics(style), statistics(content)
    scale = np.maximum(target.var(axis=1) + start.var(axis=1), 1e-8)
    whole = max(style_distance(start, target, scale), 1e-8)
    rows = []
    for strength in strengths:
        picture = transfer(content, strength)
        left = style_distance(statistics(picture), target, scale)
        rows.append([strength, content_distance(picture, content), 100 * (1 - left / whole)])
    return rows


def reached(rows: Sequence[Sequence[float]], distance: float) -> float:
    """Return the most style, in %, that a curve reaches within a content distance.

    Example:
        >>> reached([[0, 0, 0], [0.5, 2, 40], [1, 8, 70]], 5), reached([[0, 0, 0], [1, 2, 30]], 5)
        (55.0, 30.0)
    """
    _, costs, gains = np.transpose(rows)
    costs = np.maximum.accumulate(costs)
    inside = gains[costs <= distance]
    return float(max(*inside, np.interp(distance, costs, gains)) if len(inside) else 0.0)


def to_lab(image: np.ndarray) -> np.ndarray:
    """Return the l, alpha and beta of linear RGB `(..., 3)`: the logarithm of LMS, decorrelated.

    Reference:
        [Ruderman et al., 1998](https://doi.org/10.1364/JOSAA.15.002036)
    """
    return np.asarray(np.log(np.maximum(image @ _LMS, 1 / 255)) @ _LAB)


def reinhard(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return a photo whose mean and deviation of l, alpha and beta are those of a style.

    Args:
        content: Shape `(h, w, 3)`, floats in [0, 1].
        style: Shape `(height, width, 3)`, too.

    Returns:
        Same shape as `content`, float32 in [0, 1].

    Reference:
        [Reinhard et al., 2001](https://doi.org/10.1109/38.946629)
    """
    own, other = (to_lab(each) for each in (content, style))
    move = transport.adain(own.reshape(-1, 3), other.reshape(-1, 3), np.random.default_rng(0))
    return np.clip(np.exp(move(own) @ _FROM_LAB) @ _FROM_LMS, 0.0, 1.0).astype(np.float32)


def colour_transport(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return a photo whose colours have the mean and covariance of a style's, changed the least.

    Args:
        content: Shape `(h, w, 3)`, floats in [0, 1].
        style: Shape `(height, width, 3)`, too.

    Returns:
        Same shape as `content`, float32 in [0, 1].

    Reference:
        [Pitie and Kokaram, 2007](https://doi.org/10.1049/cp:20070055)
    """
    flat = content.reshape(-1, 3), style.reshape(-1, 3)
    move = transport.ot(*flat, np.random.default_rng(0))
    return np.clip(move(content), 0.0, 1.0).astype(np.float32)


BASELINES: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "colour transport": colour_transport,
    "Reinhard": reinhard,
}


def evaluate(
    transfer: Callable[[np.ndarray, np.ndarray, float], np.ndarray],
    contents: Sequence[np.ndarray],
    styles: Sequence[np.ndarray],
    *,
    name: str = "transfer",
    **facts: Any,
) -> dict[str, Any]:
    """Compare a method with the baselines at the content distances of the colour transport.

    Args:
        transfer: Makes a picture of a content, a style and a strength, all floats in [0, 1].
        contents: Photos `(h, w, 3)`, floats in [0, 1].
        styles: Pictures `(height, width, 3)`; each content gets each style.
        name: What the method is called in the conditions.
        **facts: Further entries of the result.

    Returns:
        What `aezoo.tasks.comparison.compare` returns, of the style reached in %, and `curves`, what
        `curve` returned for each pair and method; and `wins`, in how many pairs of how many the
        method is above the colour transport at every content distance.
    """
    rows: dict[str, list[dict[str, float]]] = {f"{name}, colours at {s:g}": [] for s in MEASURED}
    curves, wins = [], 0
    for content in contents:
        for style in styles:
            found = {MODEL: curve(functools.partial(_given, transfer, style), content, style)}
            for other, baseline in BASELINES.items():
                full = baseline(content, style)
                found[other] = curve(functools.partial(_blended, full), content, style)
            found["identity"] = [[0.0, 0.0, 0.0]]
            for strength, condition in zip(MEASURED, rows, strict=True):
                at = np.interp(strength, STRENGTHS, [row[1] for row in found["colour transport"]])
                rows[condition].append(
                    {name: reached(points, at) for name, points in found.items()}
                )
            wins += all(each[-1][MODEL] > each[-1]["colour transport"] for each in rows.values())
            curves.append(found)
    return {**compare(rows, unit="%", **facts), "wins": [wins, len(curves)], "curves": curves}


def _given(
    transfer: Callable[..., np.ndarray], style: np.ndarray, content: np.ndarray, strength: float
) -> np.ndarray:
    """Return what a method makes of a photo, its style named first."""
    return transfer(content, style, strength)


def _blended(full: np.ndarray, content: np.ndarray, strength: float) -> np.ndarray:
    """Return a photo on its way to what a method makes of it."""
    return np.asarray(content + strength * (full - content))
