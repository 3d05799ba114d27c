"""Pictures of codes in the plane: points coloured by label, or the samples at their places."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from aezoo.arrays import check_codes, to_uint8

_PIXELS = 900
_MOST_LABELS = 20
_MARGIN = 0.03
_PAD = 1


def scatter(points: Any, labels: Any = None, *, title: str = "") -> np.ndarray:
    """Draw points of the plane, coloured by label.

    Args:
        points: Shape `(n, 2)`.
        labels: One label a point, or None for one colour. Of more than 20 labels none is named.
        title: What to write above.

    Returns:
        The picture, uint8, shape `(height, width, 3)`.

    Raises:
        ValueError: The points are not of the plane, or labels do not fit them.

    Example:
        >>> scatter([[0.0, 1.0], [2.0, 3.0]], ["cat", "dog"]).ndim
        3
    """
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = check_codes(points, (2,), name="points")
    names, classes = _classes(labels, len(points))
    figure = Figure(figsize=(_PIXELS / 100, _PIXELS / 100), dpi=100)
    figure.set_layout_engine("constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    palette = colormaps["tab10" if len(names) <= 10 else "tab20"]
    colours = np.asarray([palette(index % palette.N) for index in range(len(names))])[classes]
    size = float(np.clip(20_000 / len(points), 2.0, 40.0))
    # One call in a random order, or the last label would cover the others.
    order = np.random.default_rng(0).permutation(len(points))
    x, y = points[order].T
    axes.scatter(x, y, s=size, c=colours[order], alpha=0.7, linewidths=0)
    if labels is not None and len(names) <= _MOST_LABELS:
        for index, name in enumerate(names):
            axes.scatter([], [], s=50, color=palette(index % palette.N), label=name)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    axes.set_title(title, loc="left", fontsize=12)
    axes.set_aspect("equal", "datalim")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color("0.85")
    canvas.draw()  # type: ignore[no-untyped-call]
    picture: np.ndarray = np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]
    return picture


def mosaic(points: Any, images: Any, *, cells: int | None = None) -> np.ndarray:
    """Draw images at their places in the plane: in each cell of a grid the one nearest to it.

    Args:
        points: Shape `(n, 2)`.
        images: One a point, shape `(n, h, w, 1)` or `(n, h, w, 3)`, uint8 or floats in [0, 1].
        cells: Cells in a row and in a column; None for about as many images as fill half of
            them, up to 32.

    Returns:
        The picture on white, uint8, shape `(height, width, 1 or 3)`.

    Raises:
        ValueError: The points are not of the plane, or the images do not fit them.

    Example:
        >>> mosaic([[0.0, 0.0], [1.0, 2.0]], np.zeros((2, 28, 28, 1)), cells=4).shape
        (114, 114, 1)
    """
    points = check_codes(points, (2,), name="points")
    tiles = to_uint8(images, name="images")
    if tiles.ndim != 4 or tiles.shape[-1] not in (1, 3) or len(tiles) != len(points):
        raise ValueError(
            f"images must be one a point, shape ({len(points)}, h, w, 1 or 3). "
            f"Received: images.shape={tiles.shape!r}."
        )
    cells = _cells(len(points)) if cells is None else cells
    tiles = _sized(tiles, _PIXELS // cells)
    height, width = tiles.shape[1:3]
    places = _unit(points) * cells
    rows, columns = np.minimum(places[:, ::-1].astype(int), cells - 1).T
    rows = cells - 1 - rows  # up is up
    distances = np.square(places % 1.0 - 0.5).sum(axis=1)
    shape = (cells * (height + _PAD) + _PAD, cells * (width + _PAD) + _PAD, tiles.shape[-1])
    picture = np.full(shape, 255, np.uint8)
    for index in np.argsort(-distances):  # the nearest is drawn last
        top, left = _PAD + rows[index] * (height + _PAD), _PAD + columns[index] * (width + _PAD)
        picture[top : top + height, left : left + width] = tiles[index]
    return picture


def thumbnails(images: Any, n: int) -> np.ndarray:
    """Return images in the size in which `mosaic` draws n of them, to keep that instead.

    Args:
        images: Shape `(m, h, w, 1)` or `(m, h, w, 3)`, uint8 or floats in [0, 1].
        n: Number of images that there will be.

    Returns:
        The same images, uint8, at most 450 pixels high and wide, and 28 of many.

    Example:
        >>> thumbnails(np.zeros((1, 256, 128, 3)), 1000).shape
        (1, 28, 14, 3)
    """
    return _sized(to_uint8(images, name="images"), _PIXELS // _cells(n))


def _cells(n: int) -> int:
    return int(np.clip(round((2 * n) ** 0.5), 2, 32))


def _classes(labels: Any, n: int) -> tuple[list[str], np.ndarray]:
    if labels is None:
        return [""], np.zeros(n, int)
    if np.shape(labels) != (n,):
        raise ValueError(
            f"labels must hold one entry a point, shape ({n},). "
            f"Received: labels.shape={np.shape(labels)!r}."
        )
    names, classes = np.unique(np.asarray(labels), return_inverse=True)
    return [str(name) for name in names], classes


def _unit(points: np.ndarray) -> np.ndarray:
    """Return points in the unit square, with a margin, and all but the outermost 0.2 % inside."""
    low, high = np.quantile(points, [0.001, 0.999], axis=0)
    middle, span = (low + high) / 2, max(float((high - low).max()), 1e-12)
    unit: np.ndarray = 0.5 + (points - middle) / span * (1 - 2 * _MARGIN)
    return np.clip(unit, 0.0, 1.0 - 1e-6)


def _sized(tiles: np.ndarray, pixels: int) -> np.ndarray:
    """Return tiles enlarged by a whole factor, or reduced, to about so many pixels."""
    height, width = tiles.shape[1:3]
    largest = max(height, width)
    if largest <= pixels:
        factor = pixels // largest
        return tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    size = (max(1, width * pixels // largest), max(1, height * pixels // largest))
    grey = tiles.shape[-1] == 1
    small = [Image.fromarray(tile[..., 0] if grey else tile).resize(size) for tile in tiles]
    return np.stack([np.asarray(tile)[..., None] if grey else np.asarray(tile) for tile in small])
