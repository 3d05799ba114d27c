"""A small Fashion-MNIST classifier, in numpy: the features of 28x28 grey images."""

from __future__ import annotations

import functools
import hashlib
import json
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.remembered import remembered
from aezoo.metrics.samples import NotApplicable, as_unit

SHAPE = (28, 28, 1)
FEATURES = 64
_AT_ONCE = 500
_STRIDE = 2


def features(
    images: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    name: str = "images",
) -> np.ndarray:
    """Describe images by the last hidden layer of the classifier.

    Three 3x3 convolutions of stride 2 and a dense layer, each followed by a ReLU. The weights
    ship with aezoo; `about()` says how they were trained and how good they are.

    Args:
        images: Shape `(n, 28, 28, 1)`, uint8 or float in `sample_range`.
        sample_range: Lowest and highest value of a sample.
        name: What error messages call the images.

    Returns:
        Features `(n, 64)`, float32, at least 0.

    Raises:
        NotApplicable: If the images have another shape, or samples have no bounds.
        ValueError: If there are no images, or a value is not a finite real number.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import classifier

        assert classifier.features(np.zeros((2, 28, 28, 1))).shape == (2, 64)
        ```
    """
    if np.shape(images)[1:] != SHAPE:
        raise NotApplicable(
            "The classifier knows grey images of 28x28 pixels; kid_imagenet takes images of "
            f"every size. Received: samples of shape {np.shape(images)[1:]}."
        )
    return _describe(as_unit(images, sample_range, metric="The classifier", name=name))


@remembered
def _describe(pixels: np.ndarray) -> np.ndarray:
    weights = _weights()
    result = np.empty((len(pixels), FEATURES), np.float32)
    for start in range(0, len(pixels), _AT_ONCE):
        batch = pixels[start : start + _AT_ONCE]
        for layer in ("0", "1", "2"):
            batch = _convolve(batch, weights[f"conv.{layer}/kernel"], weights[f"conv.{layer}/bias"])
        hidden = batch.reshape(len(batch), -1) @ weights["hidden/kernel"] + weights["hidden/bias"]
        result[start : start + _AT_ONCE] = np.maximum(hidden, 0.0)
    return result


def logits(features: np.ndarray) -> np.ndarray:
    """Return the unnormalised log probabilities of the ten classes.

    Args:
        features: What `features` returned, shape `(n, 64)`.

    Returns:
        Shape `(n, 10)`, float32, in the order of Fashion-MNIST's labels.
    """
    weights = _weights()
    result: np.ndarray = features @ weights["logits/kernel"] + weights["logits/bias"]
    return result


@functools.cache
def about() -> dict[str, Any]:
    """Return how the weights were trained, their SHA-256, and their accuracy.

    Returns:
        JSON values, among them `sha256`, and `test_accuracy` on the `test_n` images of the test
        split.
    """
    facts: dict[str, Any] = json.loads(_file("classifier.json"))
    return facts


@functools.cache
def _weights() -> dict[str, np.ndarray]:
    import safetensors.numpy

    content = _file("classifier.safetensors")
    found = hashlib.sha256(content).hexdigest()
    if found != about()["sha256"]:
        raise RuntimeError(
            "classifier.safetensors is damaged, so that its scores could be compared with no "
            f"others: install aezoo again. Expected: sha256={about()['sha256']!r}. "
            f"Received: {found!r}."
        )
    arrays = safetensors.numpy.load(content)
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _file(name: str) -> bytes:
    return (resources.files("aezoo") / "metrics" / name).read_bytes()


def _convolve(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve with stride 2 and Keras' `same` padding, then ReLU: a product of patches."""
    n, *sizes, channels = images.shape
    side, outputs = kernel.shape[0], [-(-size // _STRIDE) for size in sizes]
    margins = [
        max(0, (out - 1) * _STRIDE + side - size) for out, size in zip(outputs, sizes, strict=True)
    ]
    padded = np.pad(images, [(0, 0), *((m // 2, m - m // 2) for m in margins), (0, 0)])
    patches = np.empty((n, *outputs, side, side, channels), np.float32)
    for row in range(side):
        for column in range(side):
            down = slice(row, row + _STRIDE * (outputs[0] - 1) + 1, _STRIDE)
            across = slice(column, column + _STRIDE * (outputs[1] - 1) + 1, _STRIDE)
            patches[:, :, :, row, column] = padded[:, down, across]
    sums = patches.reshape(-1, side * side * channels) @ kernel.reshape(-1, kernel.shape[-1])
    sums += bias
    np.maximum(sums, 0.0, out=sums)
    return sums.reshape(n, *outputs, -1)
