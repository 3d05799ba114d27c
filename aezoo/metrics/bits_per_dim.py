"""Bits per dimension."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.nll import check_likelihood, nll
from aezoo.metrics.samples import NotApplicable
from aezoo.noise import generator

LEVELS = 256


def bits_per_dim(
    model: Any,
    x: ArrayLike,
    *,
    importance_samples: int = 100,
    seed: int = 0,
    batch_size: int = 256,
) -> float:
    """Bits per dimension that the model needs for 8-bit samples. Lower is better.

    `nll / (D log 2) - log2 w`, where D is the number of dimensions and `w` the width of one of
    256 equal levels of the sample range, in preprocessed units: a density on [0, 1] pays 8 bits
    for the change of scale. uint8 samples are dequantised, `(x + u) / 256` with u uniform in
    [0, 1), so that the score is an upper bound on the length of a lossless code (Theis et al.).
    Float samples are scored as they are, as if they had 256 levels: repeated values, such as a
    black background, then let a narrow likelihood go below any bound.

    Args:
        model: A model with a posterior, a prior and a likelihood that is a density.
        x: Samples `(n, *sample_shape)`.
        importance_samples: Number of posterior draws a sample, see `nll`.
        seed: Seed of the draws.
        batch_size: Largest number of samples, or draws of them, in memory at once.

    Returns:
        The mean over samples, in bits; 8 is what independent uniform pixels need.

    Raises:
        NotApplicable: If the model has no posterior and prior; if its likelihood is no density
            over real numbers (`bernoulli`); if its samples have no range, or are resized.
        ValueError: If the samples do not fit the model.

    Example:
        ```python
        import aezoo
        from aezoo.metrics import bits_per_dim

        model = aezoo.create("vae", sample_shape=(8, 8, 1))
        x = aezoo.data.load("digits", "test").x[:10]
        assert bits_per_dim(model, x, importance_samples=5) > 8
        ```

    Reference:
        [Theis et al., 2016](https://arxiv.org/abs/1511.01844)
    """
    check_likelihood("bits_per_dim", model)
    if not hasattr(model, "likelihood"):
        raise NotApplicable(
            "bits_per_dim asks which likelihood a model has, and its graphs do not say: load it "
            "without engine='onnx'."
        )
    if not model.likelihood.density:
        raise NotApplicable(
            "bits_per_dim needs a likelihood that is a density, such as 'gaussian'; nll scores "
            f"this model. Received: likelihood of type {type(model.likelihood).__name__}."
        )
    if model.sample_range is None or model.preprocess.inner_shape != model.sample_shape:
        raise NotApplicable(
            "bits_per_dim needs samples with a lowest and a highest value that are not resized. "
            f"Received: preprocess={model.preprocess.spec!r:.200}."
        )
    x = np.asarray(x)
    samples = _dequantised(x, model, seed, batch_size) if x.dtype == np.uint8 else x
    options = {"seed": seed, "batch_size": batch_size}
    nats = nll(model, samples, importance_samples=importance_samples, **options)
    ends = np.stack([np.full(model.sample_shape, end, "float32") for end in model.sample_range])
    low, high = np.asarray(model.preprocess.forward(ends), "float64")
    return nats / (low.size * math.log(2)) - float(np.mean(np.log2((high - low) / LEVELS)))


def _dequantised(x: np.ndarray, model: Any, seed: int, batch_size: int) -> Iterator[np.ndarray]:
    """Batches of uint8 samples as floats that fill the levels evenly."""
    low, high = model.sample_range
    rng = generator(seed).spawn(1)[0]  # not the noise of the posterior draws
    for start in range(0, len(x), batch_size):
        levels = x[start : start + batch_size]
        unit = (levels + rng.random(levels.shape)) / LEVELS
        yield (low + (high - low) * unit).astype("float32")
