"""Filling holes: in photos, and by what a generative model holds to be likely there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from aezoo import fills, masks, photos, sample_photos
from aezoo.arrays import to_unit
from aezoo.baseline import PCABaseline
from aezoo.data import Dataset, load
from aezoo.metrics.samples import as_unit
from aezoo.noise import generator
from aezoo.tasks import completion, repair

Fill = Callable[[np.ndarray, np.ndarray], np.ndarray]

CLASSICAL: Mapping[str, Fill] = {
    "biharmonic": fills.biharmonic,
    "harmonic": fills.harmonic,
    "tension": fills.tension,
    "pyramid": fills.pyramid,
    "mean_colour": lambda image, mask: np.where(mask[..., None], image[~mask].mean(axis=0), image),
}
"""What every figure stands beside, by name."""
_COMPONENTS = 128
_SIDE = 128


def inpaint(
    image: Any,
    mask: Any,
    model: Any = None,
    *,
    n: int | None = None,
    method: str | None = None,
    seed: int = 0,
    ensemble: bool = False,
) -> np.ndarray:
    """Fill a hole in an image; what is known stays as it is.

    Without a model, a photo of any size is filled by `aezoo.tasks.repair.fill`. A generative model
    of images of this size gives completions that differ where it is unsure.

    Args:
        image: Shape `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1]. What is in the hole
            does not matter.
        mask: Shape `(h, w)`, True in the hole, or as `aezoo.masks.check` takes it; not empty and
            not full.
        model: None, or a model with `sample_shape == image.shape` and a prior or a fitted sampler.
        n: Number of completions; None for the one that fits best of 4.
        method: `"latent"` for the likeliest codes and draws around them; `"gibbs"`, quicker, for
            encoding and decoding in turn, see `aezoo.tasks.completion`; None for `"latent"` where
            codes are vectors of at most 256 numbers, and else `"gibbs"`.
        seed: The same seed gives the same completions.
        ensemble: Without a model, whether to average over the eight orientations of the photo, see
            `aezoo.tasks.repair.fill`.

    Returns:
        Images like `image`, uint8 or float32: one, `(h, w, c)`; or with `n` several,
        `(n, h, w, c)`, first the one whose known pixels the model reproduces best.

    Raises:
        LookupError: There is no such method.
        ValueError: Image, mask or model do not fit together, or the mask is empty or full.

    Example:
        >>> import aezoo
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> digit = aezoo.data.load("digits", "test").x[0]
        >>> hole = masks.draw("centre", 8, 8)
        >>> inpaint(digit, hole, model, n=3, seed=0).shape
        (3, 8, 8, 1)
    """
    x = photos.check(image)
    hole = masks.check(mask, x.shape[:2])
    if model is None:
        if n is not None or method is not None:
            raise ValueError(
                f"n and method are for completions by a model: pass model=. Received: {n=!r}, "
                f"{method=!r}."
            )
        return photos.like(repair.fill(x, hole, ensemble=ensemble), image)
    if ensemble:
        raise ValueError("ensemble is for photos without a model. Received: ensemble=True, model.")
    if tuple(model.sample_shape) != x.shape:
        raise ValueError(
            f"The image must have the shape of the model's samples, {tuple(model.sample_shape)}: "
            f"resize it. Received: image.shape={x.shape!r}."
        )
    count = 4 if n is None else n
    (found,) = completion.complete(x[None], hole[None], model, count, method, seed)
    return photos.like(found[0] if n is None else found, image)


def evaluate(
    model: Any,
    data: Any,
    *,
    kind: str = "centre",
    train: Any = None,
    n: int = 4,
    method: str | None = None,
    count: int = 100,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure a model's completions beside classical fills and PCA's.

    Args:
        model: A model of images, with a prior or a fitted sampler.
        data: A `Dataset`, an array of shape `(m, *sample_shape)`, or the name or path of a
            dataset, which stands for its test split.
        kind: Kind of the masks, a name of `aezoo.masks.MASKS`; each image gets its own.
        train: The training split, a `Dataset` or an array, for the completion by PCA. Where `data`
            is a name or path, None stands for that dataset's training split.
        n: Completions of each image.
        method: See `inpaint`.
        count: Largest number of images: the first ones.
        seed: Seed of masks and completions.

    Returns:
        JSON values under these keys. Figures are PSNR within the hole, in dB, means over images.

        - `images`, `mask`, `hole` (its mean share of an image), `completions`, `method`, `seed`.
        - `model`: `first`, of the completion that agrees best with the known pixels, which can be
          told without the truth; `mean_of_n`, of the mean of the completions; `best_of_n`, of the
          one that is nearest to the truth, which cannot.
        - `baselines`: `biharmonic`, `harmonic`, `tension`, `pyramid`, `mean_colour` (of what is
          known), and `pca` with up to 128 components where there is a training split.
        - `best_baseline`: the name of the best of them.
        - `verdict`: one sentence that says whether `first` beats it.

    Raises:
        LookupError: There is no such dataset, kind or method.
        ValueError: The samples do not fit the model or are no images, or a number is not positive.

    Example:
        >>> import aezoo
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> scores = evaluate(model, "digits", n=2, count=20)
        >>> scores["model"]["first"] > scores["baselines"]["biharmonic"]
        True
    """
    if count < 1:
        raise ValueError(f"count must be at least 1. Received: {count=!r}.")
    if isinstance(data, (str, Path)):
        train = load(data, "train") if train is None else train
        data = load(data, "test")
    x = _images(data, model, "data")[:count]
    rng = generator(seed)
    holes = np.stack([masks.draw(kind, *x.shape[1:3], seed=rng) for _ in x])
    found = completion.complete(x, holes, model, n, method, seed)
    pairs = [*zip(x, holes, strict=True)]
    each = [
        [photos.psnr(one, *pair) for one in some] for some, pair in zip(found, pairs, strict=True)
    ]
    filled = {name: [fill(*pair) for pair in pairs] for name, fill in CLASSICAL.items()}
    if train is not None:
        known = _images(train, model, "train")
        most = min(len(known), known[0].size) - 1
        pca = PCABaseline(known, components=min(_COMPONENTS, most), seed=seed)
        filled["pca"] = [*pca.complete(x, np.broadcast_to(holes[..., None], x.shape))]
    scores = {name: _mean_psnr(fill, pairs) for name, fill in filled.items()}
    own = {
        "first": _mean([psnrs[0] for psnrs in each]),
        "mean_of_n": _mean_psnr(found.mean(axis=1), pairs),
        "best_of_n": _mean([max(psnrs) for psnrs in each]),
    }
    return {
        "images": len(x),
        "mask": kind,
        "hole": float(holes.mean()),
        "completions": n,
        "method": method or completion.default(model),
        "seed": seed,
        "model": own,
        **_compared("The model", own["first"], scores),
    }


def evaluate_photos(
    function: Fill = repair.fill, *, kind: str = "scratches", seed: int = 0
) -> dict[str, Any]:
    """Measure a function that fills photos beside the classical fills.

    The photos are 7 of scikit-image and scikit-learn (astronaut, chelsea, coffee, rocket, camera,
    china, flower), the middle square in 128x128, with 2 masks each.

    Args:
        function: Maps an image `(h, w, 3)`, float32 in [0, 1] with the hole at 0, and a mask
            `(h, w)` to the image filled.
        kind: Kind of the masks, a name of `aezoo.masks.MASKS`.
        seed: Seed of the masks.

    Returns:
        JSON values under these keys. Figures are PSNR within the hole, in dB, means over photos.

        - `photos`, `size`, `mask`, `hole` (its mean share of a photo), `seed`.
        - `model`: `filled`, the function's figure.
        - `baselines`, `best_baseline`, `verdict`: see `evaluate`.

    Raises:
        LookupError: There is no such kind.
        ModuleNotFoundError: scikit-image is not installed.

    Example:
        >>> evaluate_photos(kind="stains")["best_baseline"]
        'tension'
    """
    x = [to_unit(photo) for photo in sample_photos.squares(_SIDE)]
    rng = generator(seed)
    pairs = [(photo, masks.draw(kind, _SIDE, _SIDE, seed=rng)) for photo in x for _ in range(2)]
    damaged = [(np.where(hole[..., None], 0, photo), hole) for photo, hole in pairs]
    scores = {
        name: _mean_psnr([fill(*pair) for pair in damaged], pairs)
        for name, fill in CLASSICAL.items()
    }
    own = _mean_psnr([function(*pair) for pair in damaged], pairs)
    return {
        "photos": len(x),
        "size": _SIDE,
        "mask": kind,
        "hole": float(np.mean([hole for _, hole in pairs])),
        "seed": seed,
        "model": {"filled": own},
        **_compared("The network", own, scores),
    }


def _images(data: Any, model: Any, name: str) -> np.ndarray:
    """Return samples of a split as float32 in [0, 1], where they are images of the model's size."""
    x = data.x if isinstance(data, Dataset) else np.asarray(data)
    shape = tuple(model.sample_shape)
    if len(shape) != 3 or shape[-1] not in (1, 3) or x.shape[1:] != shape:
        raise ValueError(
            f"{name} and the model must be of images of one shape, (h, w, 1) or (h, w, 3). "
            f"Received: {name}.shape={x.shape!r}, model.sample_shape={shape!r}."
        )
    return as_unit(x, model.sample_range or (0.0, 1.0), metric="PSNR", name=name)


def _mean_psnr(filled: Any, pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    return _mean([photos.psnr(one, *pair) for one, pair in zip(filled, pairs, strict=True)])


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4)


def _compared(what: str, score: float, baselines: dict[str, float]) -> dict[str, Any]:
    best = max(baselines, key=lambda name: baselines[name])
    margin = score - baselines[best]
    result = "beats" if margin > 0 else "equals" if margin == 0 else "loses to"
    by = f", by {abs(margin):.2f} dB" if margin else ""
    figures = f"{score:.2f} against {baselines[best]:.2f} dB in the hole"
    return {
        "baselines": baselines,
        "best_baseline": best,
        "verdict": f"{what} {result} the best classical baseline, {best}{by}: {figures}.",
    }
