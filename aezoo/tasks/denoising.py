"""Denoising: photos without the noise of a dark room, however strong it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aezoo import photos, tiles
from aezoo.arrays import to_unit
from aezoo.noise import generator
from aezoo.tasks import pretrained
from aezoo.tasks.comparison import MODEL, compare

PRESET = "restorer.denoise"
MARGIN = 16
"""How far a pixel of the result sees well, in pixels."""
SIGMAS = (15, 25, 50)


def denoise(image: Any, *, model: Any = None) -> np.ndarray:
    """Remove noise of unknown strength from a photo.

    Photos of any size are worked on tile by tile, in bounded memory; grey ones as grey colours.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        model: None for the preset `restorer.denoise`, which knows Gaussian noise with a standard
            deviation from 5 to 50 of 255; or a restorer of images of one or three channels whose
            code is as large as they are.

    Returns:
        The photo of the same shape, uint8 where `image` is, else float32.

    Raises:
        ValueError: The image or the model is not of this kind.

    Example:
        ```python
        import numpy as np
        from sklearn.datasets import load_sample_image

        photo = load_sample_image("flower.jpg")[200:264, 300:364] / 255
        noisy = np.clip(photo + np.random.default_rng(0).normal(0, 0.1, photo.shape), 0, 1)
        clean = aezoo.tasks.denoise(noisy)
        assert np.mean((clean - photo) ** 2) < np.mean((noisy - photo) ** 2)
        ```

    Reference:
        [Zhang et al., 2017](https://arxiv.org/abs/1608.03981)
    """
    photo = photos.accept(image)
    network = pretrained.load(PRESET) if model is None else model
    check(network)
    channels = network.sample_shape[-1]

    def clean(batch: np.ndarray) -> np.ndarray:
        decoded = np.asarray(network.decode(photos.with_channels(to_unit(batch), channels)))
        return photos.like(photos.with_channels(decoded, batch.shape[-1]), image)

    return tiles.over(photo, clean, size=network.sample_shape[:2], margin=MARGIN)


def check(model: Any) -> None:
    """Raise ValueError unless a model maps images to images of the same size."""
    shapes = tuple(getattr(model, "code_shape", ())), tuple(getattr(model, "sample_shape", ()))
    code, sample = shapes
    if code != sample or len(code) != 3 or code[-1] not in (1, 3) or min(code[:2]) <= 2 * MARGIN:
        raise ValueError(
            "model must be a 'restorer' of images of 1 or 3 channels, larger than "
            f"{2 * MARGIN} pixels each way, with the degradation 'noise'. "
            f"Received: a model from {code} to {sample}."
        )


def evaluate(
    images: Sequence[Any],
    *,
    model: Any = None,
    sigmas: Sequence[float] = SIGMAS,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure denoising on whole images, beside the denoisers of scikit-image.

    Gaussian noise is added, and what a file would hold is kept: 8 bits from 0 to 255. The baselines
    are told the strength of the noise, the model is not.

    Args:
        images: Photos `(h, w, 1 or 3)`, uint8 or floats in [0, 1].
        model: See `denoise`.
        sigmas: Standard deviations of the noise, of 255.
        seed: Seed of the noise.

    Returns:
        What `aezoo.tasks.comparison.compare` returns, of PSNRs in dB over all channels: of the
        `model`, of non-local means `nlm`, total variation `tv`, `wavelets`, and the `noisy` image.

    Raises:
        ModuleNotFoundError: scikit-image is not installed.
        ValueError: An image or the model is not of this kind.
    """
    network = pretrained.load(PRESET) if model is None else model
    rng = generator(seed)
    rows: dict[str, list[dict[str, float]]] = {}
    methods = {MODEL: lambda noisy, _: denoise(noisy, model=network), **baselines()}
    for sigma in sigmas:
        found = rows[f"sigma {sigma:g}"] = []
        for image in images:
            clean = photos.check(image)
            noise = rng.standard_normal(clean.shape) * sigma / 255
            noisy = np.round(255 * np.clip(clean + noise, 0, 1)).astype(np.uint8)
            scores = {
                name: photos.psnr(to_unit(work(noisy, sigma / 255)), clean)
                for name, work in methods.items()
            }
            found.append({**scores, "noisy": photos.psnr(to_unit(noisy), clean)})
    return compare(rows, task="denoise", seed=seed)


def baselines() -> dict[str, Callable[[np.ndarray, float], np.ndarray]]:
    """Return the classical denoisers by name: functions of a uint8 image and the sigma.

    Their own strengths are those at which they do best at a sigma of 25, over photographs.

    Raises:
        ModuleNotFoundError: scikit-image or PyWavelets is not installed.

    Reference:
        [Buades et al., 2005](https://doi.org/10.1109/CVPR.2005.38) (`nlm`);
        [Chambolle, 2004](https://doi.org/10.1023/B:JMIV.0000011325.36760.1e) (`tv`);
        [Chang et al., 2000](https://doi.org/10.1109/83.862633) (`wavelets`)
    """
    try:
        import pywt  # noqa: F401  (scikit-image asks for it late)
        from skimage import restoration
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The classical denoisers are those of scikit-image and PyWavelets: "
            "pip install 'aezoo[tasks]'."
        ) from error

    def nlm(noisy: np.ndarray, sigma: float) -> np.ndarray:
        return restoration.denoise_nl_means(
            to_unit(noisy),
            patch_size=5,
            patch_distance=6,
            h=0.8 * sigma,
            sigma=sigma,
            fast_mode=False,
            channel_axis=-1,
        )

    def tv(noisy: np.ndarray, sigma: float) -> np.ndarray:
        return restoration.denoise_tv_chambolle(to_unit(noisy), weight=0.8 * sigma, channel_axis=-1)

    def wavelets(noisy: np.ndarray, sigma: float) -> np.ndarray:
        found = restoration.denoise_wavelet(
            to_unit(noisy), sigma=sigma, channel_axis=-1, convert2ycbcr=noisy.shape[-1] == 3
        )
        return np.clip(found, 0, 1)

    return {"nlm": nlm, "tv": tv, "wavelets": wavelets}
