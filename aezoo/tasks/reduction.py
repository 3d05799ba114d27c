"""Dimensionality reduction: a model trained on the samples that it is to map."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aezoo import training
from aezoo.arrays import check_samples
from aezoo.data import Dataset, load

_BODY = {"name": "mlp", "hidden": [256, 256]}
_STEPS = 1_500
_EPOCHS = (12, 200)
_BATCH = (32, 512)


def reduce(
    data: Any,
    dims: int = 2,
    *,
    variant: str = "neighbour_ae",
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    learning_rate: float = 2e-3,
    config: Mapping[str, Any] | None = None,
    seed: int = 0,
    overwrite: bool = False,
    callbacks: Sequence[Any] = (),
) -> Any:
    """Train a model that reduces samples to a few numbers each.

    Args:
        data: The samples to learn from: an array `(n, *sample_shape)`, uint8 or floats in [0, 1], a
            `Dataset`, or the name or path of a dataset, which stands for its training split.
        dims: Numbers in a code.
        variant: Name of a variant; the default keeps neighbours together, for maps.
        out: Directory to store the model in; None to store it nowhere.
        epochs: Passes over the samples; None for about 1,500 steps, between 12 and 200.
        learning_rate: First learning rate; it decays to 0.
        config: Further arguments of the variant. Networks are fully connected by default.
        seed: Seed of everything random.
        overwrite: Replace a model at `out`.
        callbacks: Keras callbacks of the training.

    Returns:
        The model; `model.encode(x)` has the codes.

    Raises:
        FileExistsError: `out` exists and `overwrite` is False.
        LookupError: There is no such dataset or variant.
        ValueError: An argument is wrong, or there are fewer than two samples.

    Example:
        >>> import aezoo
        >>> data = aezoo.data.load("digits")
        >>> reduce(data, 2, epochs=1).encode(data.x).shape
        (1297, 2)
    """
    samples = as_dataset(data)
    n = len(samples.x)
    if n < 2:
        raise ValueError(
            f"There is nothing to reduce in a single sample: give two or more. Received: n={n}."
        )
    arguments = {"latent_dim": dims, "body": _BODY, **_fitting(samples), **(config or {})}
    with tempfile.TemporaryDirectory() as folder:
        return training.train(
            variant,
            samples,
            Path(folder) / "model" if out is None else Path(out),
            epochs=epochs_of(n) if epochs is None else epochs,
            batch_size=_batch(n),
            learning_rate=learning_rate,
            seed=seed,
            config=arguments,
            dtype="float32",
            overwrite=overwrite,
            callbacks=callbacks,
        ).model


def epochs_of(n: int) -> int:
    """Return the passes that `reduce` makes over so many samples, where none are named.

    Example:
        >>> epochs_of(60_000), epochs_of(1_000)
        (13, 150)
    """
    return min(max(-(-_STEPS // (n // _batch(n))), _EPOCHS[0]), _EPOCHS[1])


def _batch(n: int) -> int:
    return min(n, max(_BATCH[0], min(n // 10, _BATCH[1])))


def as_dataset(data: Any) -> Dataset:
    """Return samples, or what is named, as a dataset's training split."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (str, os.PathLike)):
        return load(data, "train")
    x = check_samples(data, np.shape(data)[1:], sample_range=None, name="data")
    return Dataset("samples", "train", x, None, "not stated", "an array")


def _fitting(samples: Dataset) -> dict[str, Any]:
    """Return the likelihood, or the preprocessing, that the range of samples asks for."""
    if samples.sample_range is None:
        return {"preprocess": "standardise"}
    return {"likelihood": {"name": "gaussian", "link": "sigmoid"}}
