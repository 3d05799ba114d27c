"""Editing an image by its code: towards an attribute, or to its neighbours."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aezoo import photos
from aezoo.arrays import check_codes, to_unit
from aezoo.baseline import PCABaseline
from aezoo.batches import check_count
from aezoo.data import Dataset, load
from aezoo.metrics import kid_classifier
from aezoo.noise import generator, some
from aezoo.tasks.judge import KNOWN, judge_of

_MOST_FITTED = 20_000
_MOST_EDITED = 500
_MOST_STRENGTH = 8.0
_BISECTIONS = 16
_FADE = 0.2
_TITLES = {"pca": "PCA", "pixels": "pixels"}


def edit(
    model: Any, image: Any, direction: Any, *, strength: float | Sequence[float] = 1.0
) -> np.ndarray:
    """Move an image along a direction of the code, and keep what the code does not know of it.

    Where a code `z` is decoded to `d(z)`, the edited image is `d(z + strength * direction)`, plus
    the details that the reconstruction lacks, `image - d(z)`, as far as the edit leaves a pixel
    alone: times `exp(-((d(z + strength * direction) - d(z)) / 0.2) ** 2)`.

    Strength 0 gives the image, 1 the whole way between the means that `attribute_direction` was
    taken from; a negative strength leads away from the attribute.

    Args:
        model: A model of images, an `aezoo.Autoencoder` or what `aezoo.load` returned.
        image: Shape `model.sample_shape`, `(h, w, 1)` or `(h, w, 3)`, uint8 or floats in [0, 1].
        direction: Shape `model.code_shape`, such as `attribute_direction` returns.
        strength: A number, or several.

    Returns:
        The edited image, of the shape and kind of `image`; for n strengths all of them, `(n, h, w,
        1 or 3)`.

    Raises:
        ValueError: The model's samples are no images, or an argument does not fit it.

    Example:
        >>> import aezoo
        >>> model, data = aezoo.load("vae.digits"), aezoo.data.load("digits")
        >>> x, labels = data.x, data.labels
        >>> to_eight = attribute_direction(model, x[labels == 8], x[labels == 3])
        >>> edit(model, x[0], to_eight, strength=[-1, 0, 1]).shape
        (3, 8, 8, 1)

    Reference:
        [White, 2016](https://arxiv.org/abs/1609.04468)
    """
    x = _image(model, image)[None]
    (direction,) = check_codes(np.asarray(direction)[None], model.code_shape, name="direction")
    strengths = np.asarray(strength, np.float32)
    if strengths.ndim > 1 or strengths.size == 0 or not np.isfinite(strengths).all():
        raise ValueError(
            f"strength must be a finite number or a sequence of them. Received: {strength=!r}."
        )
    code = model.encode(x)
    moved = code + np.multiply.outer(np.atleast_1d(strengths), direction)
    edited = photos.like(_redrawn(model, x, code, moved), image)
    return edited if strengths.ndim else edited[0]


def attribute_direction(model: Any, positives: Any, negatives: Any) -> np.ndarray:
    """Return the direction of an attribute: mean code of examples with it, less that without.

    Linear discriminant analysis finds directions that take more images across in short steps, and
    fewer in long ones, where they leave what the decoder has learned.

    Args:
        model: A model of images, or anything with its `encode`.
        positives: Images that have the attribute, `(n, *sample_shape)`, or batches of them.
        negatives: Images that have it not, otherwise alike.

    Returns:
        The direction, shape `model.code_shape`, float32.

    Raises:
        ValueError: The images do not fit the model.

    Example:
        >>> import aezoo
        >>> model, data = aezoo.load("vae.digits"), aezoo.data.load("digits")
        >>> x, labels = data.x, data.labels
        >>> attribute_direction(model, x[labels == 8], x[labels == 3]).shape == model.code_shape
        True

    Reference:
        [Larsen et al., 2016](https://arxiv.org/abs/1512.09300)
    """
    means = [
        model.encode(images).mean(axis=0, dtype=np.float64) for images in (positives, negatives)
    ]
    return (means[0] - means[1]).astype(np.float32)


def variations(
    model: Any, image: Any, n: int, *, strength: float = 1.0, seed: int | None = None
) -> np.ndarray:
    """Return neighbours of an image, redrawn as `edit` does it from codes near its own.

    Codes are drawn from the posterior where the model has one, else from a normal distribution
    around the code with half the standard deviation of the code's own numbers; their distance from
    the code is scaled by `strength`. Where codes are entries of a codebook, what the drawn ones
    decode to is encoded again.

    Args:
        model: A model of images.
        image: Shape `model.sample_shape`, uint8 or floats in [0, 1].
        n: Number of neighbours, at least 1.
        strength: At least 0, which gives the image; 1 leaves the drawn distance.
        seed: The same seed gives the same neighbours; None for new ones.

    Returns:
        Images `(n, *sample_shape)`, of the kind of `image`.

    Raises:
        ValueError: The model's samples are no images, or an argument does not fit it.

    Example:
        >>> import aezoo
        >>> model, data = aezoo.load("vae.digits"), aezoo.data.load("digits")
        >>> variations(model, data.x[0], 4, seed=0).shape
        (4, 8, 8, 1)
    """
    check_count("n", n)
    if not isinstance(strength, numbers.Real) or not 0 <= strength < np.inf:
        raise ValueError(f"strength must be a number of at least 0. Received: {strength=!r}.")
    x = _image(model, image)[None]
    code = model.encode(x)
    if model.engine.has("posterior"):
        drawn = model.encode(np.repeat(x, n, axis=0), sample=True, seed=seed) - code
    else:
        noise = generator(seed).standard_normal((n, *model.code_shape)).astype(np.float32)
        drawn = noise * code.std() / 2
    moved = code + np.float32(strength) * drawn
    if model.token_shape is not None:
        moved = model.encode(model.decode(moved))
    return photos.like(_redrawn(model, x, code, moved), image)


def evaluate(
    model: Any,
    data: Any = "fashion_mnist",
    *,
    towards: Any,
    away: Any,
    train: Dataset | None = None,
    strength: float = 1.0,
    seed: int = 0,
) -> dict[str, Any]:
    """Score edits from one class to another beside the same arithmetic without the model.

    Up to 500 images of `away` in the test split are edited along the direction to `towards` in the
    training split. The baselines do the same with the components of PCA, as many as the code has
    numbers, and with pixels, each at the strength where it changes the images as much as the
    model does, in root mean square.

    A success is an image that a classifier, the judge, takes for `towards`: aezoo's own on
    Fashion-MNIST, elsewhere the five nearest training images. Since a double exposure can be a
    success too, `distance` compares edited images with real ones of `towards` by `kid_classifier`;
    it is None for other data than Fashion-MNIST.

    Args:
        model: A model of images.
        data: A dataset with labels: its name or path, which stands for the test split, or a
            `Dataset`.
        towards: Label of the class to reach.
        away: Label of the class to leave.
        train: The training split; None for that of the dataset that `data` names.
        strength: Of the model's edits, above 0.
        seed: Seed of PCA and of the choice of images.

    Returns:
        JSON values: `dataset`, `away`, `towards`, `n`, `seed`; `judge` and `judge_accuracy`, the
        share of real test images of `away` and `towards` that it knows; `change`, the root mean
        square by which images were changed; `components` of PCA; `strength`, `success` and
        `distance`, each by `model`, `pca` and `pixels`; `verdict`, which says by what the model
        wins or loses.

    Raises:
        LookupError: There is no such dataset or label.
        ValueError: The dataset has no labels, or does not fit the model.

    Example:
        >>> import aezoo
        >>> scores = evaluate(aezoo.load("vae.digits"), "digits", towards=8, away=3)
        >>> sorted(scores["success"])
        ['model', 'pca', 'pixels']
    """
    if not isinstance(strength, numbers.Real) or not 0 < strength < np.inf:
        raise ValueError(f"strength must be a number above 0. Received: {strength=!r}.")
    if not isinstance(data, Dataset):
        train = load(data, "train") if train is None else train
        data = load(data, "test")
    if train is None:
        raise ValueError("Where data is a Dataset, train must be one too. Received: train=None.")
    real, originals = data.examples(towards), data.examples(away)
    originals = to_unit(some(originals, _MOST_EDITED, seed=seed))
    fitted = some(train.x, _MOST_FITTED, seed=seed)
    size = min(len(fitted), fitted[0].size)
    components = min(math.prod(model.code_shape), size - 1)
    spaces = {
        "model": model,
        "pca": PCABaseline(fitted, components=components, seed=seed),
        "pixels": _Pixels(),
    }
    ends = train.examples(towards), train.examples(away)
    judge, knows = judge_of(train, seed=seed)
    change = 0.0
    strengths: dict[str, float] = {}
    success: dict[str, float] = {}
    distance: dict[str, float] = {}
    for name, space in spaces.items():
        move = _mover(space, originals, ends)
        if name == "model":
            change = _rms(move(strength) - originals)
        chosen = strength if name == "model" else _strength(move, originals, change)
        moved = move(chosen)
        strengths[name] = round(float(chosen), 4)
        success[name] = float(np.mean(knows(moved) == str(towards)))
        if train.name == KNOWN:
            distance[name] = kid_classifier(real, moved, seed=seed)
    accuracy = np.mean(
        [
            np.mean(knows(to_unit(x)) == str(label))
            for x, label in ((real, towards), (originals, away))
        ]
    )
    return {
        "dataset": data.name,
        "away": str(away),
        "towards": str(towards),
        "n": len(originals),
        "seed": seed,
        "judge": judge,
        "judge_accuracy": float(accuracy),
        "change": change,
        "components": components,
        "strength": strengths,
        "success": success,
        "distance": distance or None,
        "verdict": _verdict(success, distance or None),
    }


def _redrawn(space: Any, x: np.ndarray, codes: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Return images as their moved codes have them, with the details of what stayed."""
    before, after = space.decode(codes), space.decode(moved)
    kept = np.exp(-np.square((after - before) / _FADE))
    redrawn: np.ndarray = np.clip(after + kept * (x - before), 0.0, 1.0)
    return redrawn


class _Pixels:
    """The space in which a code is the image itself."""

    def encode(self, x: Any) -> np.ndarray:
        return to_unit(x)

    def decode(self, z: np.ndarray) -> np.ndarray:
        return np.clip(z, 0.0, 1.0)


def _mover(
    space: Any, x: np.ndarray, ends: tuple[np.ndarray, np.ndarray]
) -> Callable[[float], np.ndarray]:
    """Return the function from a strength to the edited images."""
    codes, direction = space.encode(x), attribute_direction(space, *ends)

    def move(strength: float) -> np.ndarray:
        return _redrawn(space, x, codes, codes + np.float32(strength) * direction)

    return move


def _strength(move: Callable[[float], np.ndarray], originals: np.ndarray, change: float) -> float:
    """Return the strength at which a baseline changes images as much, by bisection."""
    low, high = 0.0, _MOST_STRENGTH
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if _rms(move(middle) - originals) < change:
            low = middle
        else:
            high = middle
    return low


def _verdict(success: dict[str, float], distance: dict[str, float] | None) -> str:
    """Say by which figure the model wins or loses."""
    sentences = []
    best = max(("pca", "pixels"), key=success.__getitem__)
    ours, theirs = success["model"], success[best]
    word = "wins" if ours > theirs else "loses" if ours < theirs else "ties"
    sentences.append(
        f"By success the model {word}: {ours:.1%} against {theirs:.1%} with {_TITLES[best]}."
    )
    if distance is not None:
        best = min(("pca", "pixels"), key=distance.__getitem__)
        ours, theirs = distance["model"], distance[best]
        word = "wins" if ours < theirs else "loses"
        sentences.append(
            f"By distance from real images it {word}: {ours:.3f} against {theirs:.3f} with "
            f"{_TITLES[best]}."
        )
    return " ".join(sentences)


def _image(model: Any, image: Any) -> np.ndarray:
    """Return an image as float32 in [0, 1], where it fits the model."""
    shape = tuple(model.sample_shape)
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise ValueError(
            f"Only a model of images can edit one: this one's samples have shape {shape}; see "
            f"`aezoo list presets` for others. Received: model.sample_shape={shape!r}."
        )
    checked = photos.check(image)
    if checked.shape != shape:
        raise ValueError(
            f"image must have the shape of the model's samples, {shape}: crop and resize it, as "
            f"`aezoo.data.images.read(path, channels={shape[2]}, size={shape[:2]})` does. "
            f"Received: image.shape={checked.shape!r}."
        )
    return checked


def _rms(difference: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(difference))))
