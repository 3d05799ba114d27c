"""What compression gives for its bits, beside JPEG and WebP."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from aezoo import bitstream, codecs, photos
from aezoo.codecs import Codec, Coded
from aezoo.tasks.comparison import MODEL, compare
from aezoo.tasks.compression import STEP, Coder, accept

STEPS = (1, 2, 3, 4, 5, 6, 8, 10)
QUALITIES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90)
RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 1.0, 2.0)
"""Bits per pixel at which methods are compared."""
BARE, FILE, SHEET = "without headers", "whole files", "one file of all"
"""How bytes are counted."""

Curve = list[dict[str, float]]


def evaluate(
    images: Sequence[Any],
    *,
    tool: Coder | None = None,
    rates: Sequence[float] = RATES,
    steps: Sequence[int] = STEPS,
    qualities: Sequence[int] = QUALITIES,
) -> dict[str, Any]:
    """Measure rate and distortion beside JPEG and WebP, at equal bits per pixel.

    Every bit is one of a real file, and every PSNR is of what was decoded from it. Bits are counted
    in three ways: of the coded pictures alone, without headers (for JPEG without its tables too,
    see `aezoo.codecs`); of whole files, one an image; and, where all images have one size, of one
    file that holds them all, for JPEG and WebP as a sheet. Between the settings of a method its
    curve is interpolated; above what its best setting costs that setting stands for it.

    Args:
        images: Images `(h, w, 1 or 3)`, uint8 or floats in [0, 1], all grey or all colour.
        tool: A model ready to compress; None for the preset `compressor.fashion_mnist`.
        rates: Bits per pixel to compare at. Methods that do not go down to one are left out of it.
        steps: Steps of the model.
        qualities: Qualities of JPEG and WebP.

    Returns:
        What `aezoo.tasks.comparison.compare` returns, of PSNRs in dB, means over the images, by
        rate and way of counting; `curves`, way to method to the points `setting`, `bpp`, `psnr`;
        and `worst`, of each curve the point that costs least.

    Raises:
        ValueError: The images or the model are not of this kind, or no rate is in reach.
    """
    x = [accept(image)[0] for image in images]
    channels = {image.shape[-1] for image in x}
    if len(channels) != 1:
        raise ValueError("images must be all grey or all in colour. Received: both.")
    methods: dict[str, tuple[Codec, Sequence[int]]] = {MODEL: (_codec(tool or Coder()), steps)}
    for name, codec in codecs.baselines(*channels).items():
        methods[name] = (codec, qualities)
    curves: dict[str, dict[str, Curve]] = {BARE: {}, FILE: {}}
    for name, (codec, settings) in methods.items():
        curves[BARE][name], curves[FILE][name] = _curves(codec, settings, x)
    if len({image.shape for image in x}) == 1 and len(x) > 1:
        curves[SHEET] = {
            name: _sheet_curve(codec, settings, np.stack(x), whole=name == MODEL)
            for name, (codec, settings) in methods.items()
        }
    rows, worst = {}, {}
    for way, found in curves.items():
        worst[way] = {name: min(curve, key=lambda p: p["bpp"]) for name, curve in found.items()}
        for rate in (rate for rate in rates if rate >= worst[way][MODEL]["bpp"]):
            able = {n: curve for n, curve in found.items() if rate >= worst[way][n]["bpp"]}
            rows[f"{rate:g} bpp, {way}"] = [
                {name: _at(curve, rate) for name, curve in able.items()}
            ]
    if not rows:
        raise ValueError(f"The model costs more than each of these rates. Received: {rates=!r}.")
    return {**compare(rows, task="compress", curves=curves, worst=worst), "n": len(x)}


def beside(images: Any, *, tool: Coder | None = None, step: int = STEP) -> dict[str, np.ndarray]:
    """Return images as each method shows them for no more bytes, headers not counted.

    Args:
        images: Shape `(n, h, w, 1 or 3)`, uint8 or floats in [0, 1].
        tool: See `evaluate`.
        step: Step of the model, which decides the bytes. A baseline gets the best quality that
            costs no more, or its worst where none does.

    Returns:
        Caption, with the bits per pixel and the PSNR, to images `(n, h, w, c)`, uint8; the
        originals come first.
    """
    x, codec = accept(images), _codec(tool or Coder())
    ours = [codec(image, step) for image in x]
    shown = {"original": x, _caption(MODEL, ours, x): np.stack([one.image for one in ours])}
    for name, baseline in codecs.baselines(x.shape[-1]).items():
        found = [
            _affordable([baseline(image, quality) for quality in QUALITIES], limit.bare)
            for image, limit in zip(x, ours, strict=True)
        ]
        shown[_caption(name, found, x)] = np.stack([one.image for one in found])
    return shown


def _codec(coder: Coder) -> Codec:
    """Returns the model as a codec whose setting is the step."""

    def code(images: np.ndarray, step: int) -> Coded:
        data = coder.compress(images, step)
        return Coded(coder.decompress(data), len(data), len(bitstream.parse(data).message))

    return code


def _curves(codec: Codec, settings: Sequence[int], x: list[np.ndarray]) -> tuple[Curve, Curve]:
    """Returns the points of a method without and with headers, images one by one."""
    bare, whole = [], []
    pixels = sum(image.shape[0] * image.shape[1] for image in x)
    for setting in settings:
        coded = [codec(image, setting) for image in x]
        psnr = _psnr([one.image for one in coded], x)
        bare.append(_point(setting, sum(one.bare for one in coded), pixels, psnr))
        whole.append(_point(setting, sum(one.size for one in coded), pixels, psnr))
    return bare, whole


def _sheet_curve(codec: Codec, settings: Sequence[int], x: np.ndarray, *, whole: bool) -> Curve:
    """Returns the points of a method that codes all images in one file."""
    n, height, width, channels = x.shape
    columns = math.isqrt(n - 1) + 1
    rows = -(-n // columns)
    blank = np.zeros((rows * columns - n, height, width, channels), np.uint8)
    sheet = np.concatenate([x, blank]).reshape(rows, columns, height, width, channels)
    sheet = sheet.swapaxes(1, 2).reshape(rows * height, columns * width, channels)
    curve = []
    for setting in settings:
        coded = codec(x if whole else sheet, setting)
        shown = coded.image
        if not whole:
            shown = shown.reshape(rows, height, columns, width, channels).swapaxes(1, 2)
            shown = shown.reshape(-1, height, width, channels)[:n]
        curve.append(_point(setting, coded.size, n * height * width, _psnr(shown, x)))
    return curve


def _point(setting: int, size: int, pixels: int, psnr: float) -> dict[str, float]:
    return {"setting": setting, "bpp": 8 * size / pixels, "psnr": psnr}


def _psnr(found: Iterable[np.ndarray], x: Iterable[np.ndarray]) -> float:
    """Returns the mean over images of the PSNR in dB."""
    pairs = zip(found, x, strict=True)
    return float(np.mean([photos.psnr(a / 255.0, b / 255.0) for a, b in pairs]))


def _at(curve: Curve, rate: float) -> float:
    """Returns the PSNR at a rate: between the settings, and at the ends that of the last one."""
    points = np.array(sorted((point["bpp"], point["psnr"]) for point in curve))
    return float(np.interp(rate, points[:, 0], points[:, 1]))


def _affordable(found: list[Coded], limit: int) -> Coded:
    fitting = [one for one in found if one.bare <= limit]
    return fitting[-1] if fitting else min(found, key=lambda one: one.bare)


def _caption(name: str, coded: list[Coded], x: np.ndarray) -> str:
    bpp = 8 * sum(one.bare for one in coded) / (len(x) * x.shape[1] * x.shape[2])
    return f"{name}: {bpp:.2f} bpp, {_psnr([one.image for one in coded], x):.2f} dB"
