"""Pictures of results: grids, rows, animations, reconstructions below originals, loss curves."""

from __future__ import annotations

import math
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from aezoo.arrays import to_uint8
from aezoo.batches import check_count
from aezoo.data import images as image_files

_MIN_TILE = 56
_WHITE = 255
_MOST_BITS = 4.0  # a pixel, in a plot of rates


def grid(
    images: Any, *, columns: int | None = None, pad: int = 2, scale: int | None = None
) -> np.ndarray:
    """Arrange images in rows on white.

    Args:
        images: Shape `(n, h, w, 1)` or `(n, h, w, 3)`, uint8 or floats in [0, 1].
        columns: Images in a row; `None` makes the grid about square.
        pad: Pixels between and around the images.
        scale: Whole factor by which every pixel is enlarged; `None` enlarges
            images under 56 pixels until they have at least as many.

    Returns:
        The picture, uint8, shape `(height, width, 1 or 3)`.

    Raises:
        ValueError: The samples are not images, or an argument is wrong.

    Example:
        >>> grid(np.zeros((6, 28, 28, 1)), columns=3).shape
        (118, 176, 1)
    """
    tiles = _enlarge(_tiles(images, "images"), scale)
    columns = _at_least("columns", math.ceil(math.sqrt(len(tiles))) if columns is None else columns)
    return _arrange(tiles, min(columns, len(tiles)), _at_least("pad", pad, 0))


def pairs(
    originals: Any,
    reconstructions: Any,
    *,
    columns: int | None = None,
    pad: int = 2,
    scale: int | None = None,
) -> np.ndarray:
    """Arrange reconstructions under their originals: rows of both in turn.

    Args:
        originals: Shape `(n, h, w, 1)` or `(n, h, w, 3)`, uint8 or floats in [0, 1].
        reconstructions: The same shape, uint8 or floats in [0, 1].
        columns: Images in a row; `None` means at most 8.
        pad: Pixels between and around the images; a row of reconstructions is
            set off from the next originals by three times as much.
        scale: See `grid`.

    Returns:
        The picture, uint8, shape `(height, width, 1 or 3)`.

    Raises:
        ValueError: The samples are not images, their shapes differ, or an
            argument is wrong.

    Example:
        >>> pairs(np.zeros((8, 64, 64, 3)), np.ones((8, 64, 64, 3))).shape
        (134, 530, 3)
    """
    above, below = _tiles(originals, "originals"), _tiles(reconstructions, "reconstructions")
    if above.shape != below.shape:
        raise ValueError(
            f"originals and reconstructions must have the same shape. Received: "
            f"originals.shape={above.shape!r}, reconstructions.shape={below.shape!r}."
        )
    above, below = _enlarge(above, scale), _enlarge(below, scale)
    columns = min(_at_least("columns", 8 if columns is None else columns), len(above))
    pad = _at_least("pad", pad, 0)
    strips: list[np.ndarray] = []
    for start in range(0, len(above), columns):
        both = np.concatenate([above[start : start + columns], below[start : start + columns]])
        strip = _arrange(both, len(both) // 2, pad)
        missing = strips[0].shape[1] - strip.shape[1] if strips else 0
        strips.append(np.pad(strip, [(0, pad), (0, missing), (0, 0)], constant_values=_WHITE))
    picture = np.concatenate(strips)
    return picture[: len(picture) - pad]


def row(images: Sequence[Any], *, pad: int = 8) -> np.ndarray:
    """Arrange images side by side on white, such as before and after.

    Args:
        images: At least one, of shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1]; they
            may differ in size, and stand at the top.
        pad: Pixels between and around the images.

    Returns:
        The picture, uint8, shape `(height, width, 1 or 3)`.

    Raises:
        ValueError: There are no images, or an argument is wrong.

    Example:
        >>> row([np.zeros((20, 30, 1)), np.zeros((40, 10, 3))], pad=5).shape
        (50, 55, 3)
    """
    if not images:
        raise ValueError("images must hold at least one image. Received: images=[].")
    tiles = [_tiles(np.asarray(image)[None], "images")[0] for image in images]
    pad, channels = _at_least("pad", pad, 0), max(tile.shape[-1] for tile in tiles)
    height = max(len(tile) for tile in tiles) + 2 * pad
    width = sum(tile.shape[1] + pad for tile in tiles) + pad
    picture, left = np.full((height, width, channels), _WHITE, np.uint8), pad
    for tile in tiles:
        picture[pad : pad + len(tile), left : left + tile.shape[1]] = tile
        left += tile.shape[1] + pad
    return picture


def animation(
    frames: Sequence[Any],
    path: str | os.PathLike[str],
    *,
    milliseconds: int = 120,
    there_and_back: bool = True,
    overwrite: bool = False,
) -> None:
    """Write an animation that repeats without end, as a GIF.

    Grey frames keep every value; of colours each frame has its own best 256.

    Args:
        frames: At least one picture, all of one shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats
            in [0, 1], such as `grid` makes them.
        path: The `.gif` file to write.
        milliseconds: Time for which a frame is shown, in steps of 10 as the format counts.
        there_and_back: Whether the frames run back to the first, in place of jumping to it.
        overwrite: Whether an existing file may be replaced.

    Raises:
        FileExistsError: The file exists and `overwrite` is not set.
        FileNotFoundError: The folder does not exist.
        ValueError: The frames are no pictures of one shape, or an argument is wrong.

    Example:
        >>> import pathlib, tempfile
        >>> fade = [np.full((56, 56, 1), level) for level in (0.0, 0.5, 1.0)]
        >>> animation(fade, pathlib.Path(tempfile.mkdtemp(), "fade.gif"))
    """
    if pathlib.Path(path).suffix.lower() != ".gif":
        raise ValueError(f"Animations are written as .gif. Received: path={str(path)!r}.")
    shapes = sorted({np.shape(frame) for frame in frames})
    if len(shapes) != 1:
        raise ValueError(
            f"frames must be at least one picture, all of one shape. Received: shapes {shapes}."
        )
    tiles = _tiles(np.stack([to_uint8(frame, name="frames") for frame in frames]), "frames")
    if there_and_back:
        tiles = np.concatenate([tiles, tiles[-2:0:-1]])
    first, *rest = [Image.fromarray(t[..., 0] if t.shape[-1] == 1 else t) for t in tiles]
    with image_files.new_file(path, overwrite=overwrite) as file:
        first.save(
            file,
            "GIF",
            save_all=True,
            append_images=rest,
            duration=_at_least("milliseconds", milliseconds, 20),
            loop=0,
        )


def loss_plot(
    history: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
) -> None:
    """Plot training curves, one panel a term, with the validation curve beside each.

    Args:
        history: Values per epoch by name, as in Keras' `History.history`:
            `loss`, `nll`, ... and their `val_` twins.
        path: The `.png` or `.jpg` file to write.
        overwrite: Whether an existing file may be replaced.

    Raises:
        FileExistsError: The file exists and `overwrite` is not set.
        ValueError: There is nothing to plot, or the suffix is wrong.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "loss.png")
        >>> loss_plot({"loss": [3.0, 2.0, 1.5], "val_loss": [3.1, 2.2, 1.9]}, path)
    """
    terms = list(dict.fromkeys(name.removeprefix("val_") for name in history))
    terms.sort(key=lambda name: name != "loss")
    epochs = max(map(len, history.values()), default=0)
    if epochs == 0:
        raise ValueError(
            f"The history must hold at least one epoch. Received: history={dict(history)!r}."
        )
    from matplotlib.ticker import MaxNLocator

    columns = 2 if len(terms) == 4 else min(len(terms), 3)
    rows = math.ceil(len(terms) / columns)
    figure, canvas = _figure(4.2 * columns, 3.0 * rows)
    for position, term in enumerate(terms, start=1):
        axes = figure.add_subplot(rows, columns, position)
        for name, label in ((term, "training"), (f"val_{term}", "validation")):
            values = history.get(name, ())
            marker = "o" if len(values) < 3 else None
            color = "tab:blue" if name == term else "tab:orange"
            if len(values):
                x = range(1, len(values) + 1)
                axes.plot(x, values, label=label, marker=marker, color=color)
        axes.set_title(term, loc="left", fontsize=11)
        axes.set_xlim(0.5, epochs + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _plain(axes)
        if position > len(terms) - columns:
            axes.set_xlabel("epoch")
        if position == 1:
            axes.legend(frameon=False)
    _write_figure(canvas, path, overwrite=overwrite)


def rate_plot(
    curves: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = False,
) -> None:
    """Plot rate-distortion curves, one panel for each way of counting bits.

    Args:
        curves: Way to method to points `bpp`, `psnr`; `aezoo.tasks.rate_distortion` measures them.
        path: The `.png` or `.jpg` file to write.
        overwrite: Whether an existing file may be replaced.

    Raises:
        FileExistsError: The file exists and `overwrite` is not set.
        ValueError: The suffix is wrong.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "rate.png")
        >>> rate_plot({"files": {"jpeg": [{"bpp": 0.5, "psnr": 30.0}]}}, path)
    """
    from matplotlib.ticker import NullLocator, ScalarFormatter

    figure, canvas = _figure(4.6 * len(curves), 3.6)
    for position, (way, methods) in enumerate(curves.items(), start=1):
        axes = figure.add_subplot(1, len(curves), position)
        for method, curve in methods.items():
            points = sorted((p["bpp"], p["psnr"]) for p in curve if p["bpp"] <= _MOST_BITS)
            if not points:
                continue
            axes.plot(*zip(*points, strict=True), label=method, marker="o", markersize=3)
        axes.set_title(way, loc="left", fontsize=11)
        axes.set_xlabel("bits per pixel")
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        _plain(axes)
        if position == 1:
            axes.set_ylabel("PSNR in dB")
            axes.legend(frameon=False)
    _write_figure(canvas, path, overwrite=overwrite)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    """Returns an empty figure of a size in inches, and its canvas."""
    # Not pyplot, which would keep state and pick a backend for the whole process.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    return figure, FigureCanvasAgg(figure)


def _plain(axes: Any) -> None:
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _write_figure(canvas: Any, path: str | os.PathLike[str], *, overwrite: bool) -> None:
    canvas.draw()
    image_files.write(path, np.asarray(canvas.buffer_rgba())[..., :3], overwrite=overwrite)


def _tiles(images: Any, name: str) -> np.ndarray:
    tiles = to_uint8(images, name=name)
    if tiles.ndim != 4 or tiles.shape[-1] not in (1, 3):
        raise ValueError(
            f"Only images can be shown in a picture. Expected {name} of shape (n, h, w, 1) or "
            f"(n, h, w, 3); grey images without a channel axis need `{name}[..., None]`. "
            f"Received: {name}.shape={tiles.shape!r}."
        )
    return tiles


def _enlarge(tiles: np.ndarray, scale: int | None) -> np.ndarray:
    if scale is None:
        scale = math.ceil(_MIN_TILE / max(tiles.shape[1:3]))
    scale = _at_least("scale", scale)
    return tiles.repeat(scale, axis=1).repeat(scale, axis=2)


def _arrange(tiles: np.ndarray, columns: int, pad: int) -> np.ndarray:
    n, height, width, channels = tiles.shape
    rows = math.ceil(n / columns)
    shape = (rows * (height + pad) + pad, columns * (width + pad) + pad, channels)
    picture = np.full(shape, _WHITE, np.uint8)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        top, left = row * (height + pad) + pad, column * (width + pad) + pad
        picture[top : top + height, left : left + width] = tile
    return picture


def _at_least(name: str, value: int, low: int = 1) -> int:
    check_count(name, value, low)
    return value
