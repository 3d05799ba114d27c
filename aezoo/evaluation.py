"""Scoring a model: reconstruction metrics, loss terms, active units, and PCA beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import aezoo_registry
from aezoo.baseline import PCABaseline
from aezoo.data import Dataset, load
from aezoo.metrics import NotApplicable
from aezoo.metrics.active_units import ACTIVE_VARIANCE, active_units

METRICS = ("mse", "psnr", "ssim")


def evaluate(
    model: Any,
    data: Any,
    *,
    metrics: Sequence[str] | None = None,
    train: Any = None,
    batch_size: int = 256,
    seed: int = 0,
) -> dict[str, Any]:
    """Score a model on samples it has not seen.

    Args:
        model: An `aezoo.Autoencoder`.
        data: A `Dataset`, an array of shape `(n, *sample_shape)`, or the name or path of a
            dataset, which stands for its test split.
        metrics: Names of metrics, see `aezoo.list_metrics()`; None for `mse`, `psnr` and `ssim`.
        train: The training split, a `Dataset` or an array, which the PCA baseline is fitted to.
            Where `data` is a name or path, None stands for that dataset's training split;
            otherwise None leaves the baseline out.
        batch_size: Number of samples given to the model at once.
        seed: Seed of the posterior samples in the loss terms and of the baseline.

    Returns:
        JSON values under these keys:

        - `dataset`, `split`: where the samples came from, None for an array.
        - `n`, `seed`.
        - `metrics`: name to score of `model.reconstruct`, which uses the mean code.
        - `skipped`: name to reason, for the metrics that do not fit the samples.
        - `terms`: the loss and its terms as `model.evaluate` gives them; where the posterior is
          a distribution these use one sample from it, so their `mse` is above the one in
          `metrics`.
        - `latent_units`, `active_units`: see `active_units`.
        - `aggregate_posterior`: see `aggregate_posterior`; None for a model without a prior.
        - `baseline`: None, or PCA with as many components as there are latent units:
          `name`, `components`, `n_train`, and `metrics` on the same samples.

    Raises:
        LookupError: If a metric or dataset has an unknown name.
        ValueError: If the samples do not fit the model.

    Example:
        ```python
        import aezoo
        from aezoo.evaluation import evaluate

        scores = evaluate(aezoo.load("vae.digits"), "digits")
        assert scores["metrics"]["mse"] < scores["baseline"]["metrics"]["mse"]
        ```
    """
    functions = {name: aezoo_registry.load("metrics", name) for name in metrics or METRICS}
    if isinstance(data, (str, Path)):
        if train is None:
            train = load(data, "train")
        data = load(data, "test")
    x = data.x if isinstance(data, Dataset) else np.asarray(data)

    codes = model.encode(x, batch_size=batch_size)
    scores, skipped = _score(functions, x, model.reconstruct(x, batch_size=batch_size), model)
    units = math.prod(codes.shape[1:])
    return {
        "dataset": data.name if isinstance(data, Dataset) else None,
        "split": data.split if isinstance(data, Dataset) else None,
        "n": len(x),
        "seed": seed,
        "metrics": scores,
        "skipped": skipped,
        "terms": _loss_terms(model, x, batch_size, seed),
        "latent_units": units,
        "active_units": active_units(codes),
        "aggregate_posterior": aggregate_posterior(model, x, seed=seed, batch_size=batch_size),
        "baseline": None if train is None else _baseline(functions, x, train, units, model, seed),
    }


def aggregate_posterior(
    model: Any, x: np.ndarray, *, seed: int = 0, batch_size: int = 256
) -> dict[str, Any] | None:
    """Compare the codes of many samples with the prior N(0, I), unit by unit.

    Codes are drawn from the posterior where there is one. Only active units count: the others
    follow the prior by themselves.

    Args:
        model: An `aezoo.Autoencoder`.
        x: Samples `(n, *sample_shape)`.
        seed: Seed of the draws.
        batch_size: Number of samples given to the model at once.

    Returns:
        `max_abs_mean`, `min_std` and `max_std` over the active units, and `units`, a mean and a
        standard deviation for each; None for a model without a prior or without active units.
    """
    if not model.engine.has("prior"):
        return None
    means = codes = model.encode(x, batch_size=batch_size)
    if model.engine.has("posterior"):
        codes = model.encode(x, sample=True, seed=seed, batch_size=batch_size)
    active = means.var(axis=0) > ACTIVE_VARIANCE
    if not active.any():
        return None
    mean, std = codes[:, active].mean(axis=0), codes[:, active].std(axis=0)
    return {
        "max_abs_mean": float(np.abs(mean).max()),
        "min_std": float(std.min()),
        "max_std": float(std.max()),
        "units": [[float(m), float(s)] for m, s in zip(mean, std, strict=True)],
    }


def _score(
    functions: dict[str, Any], target: np.ndarray, reconstruction: np.ndarray, model: Any
) -> tuple[dict[str, float], dict[str, str]]:
    scores, skipped = {}, {}
    for name, metric in functions.items():
        try:
            scores[name] = float(metric(target, reconstruction, sample_range=model.sample_range))
        except NotApplicable as reason:
            skipped[name] = str(reason)
    return scores, skipped


def _loss_terms(model: Any, x: np.ndarray, batch_size: int, seed: int) -> dict[str, float]:
    """Run Keras' `evaluate` with its noise started at `seed` and put back afterwards."""
    if not model.compiled:
        model.compile()
    state = model.noise.state
    before = state.numpy()
    state.assign([seed, 0])
    try:
        terms = model.evaluate(x, batch_size=batch_size, return_dict=True, verbose=0)
    finally:
        state.assign(before)
    return {name: float(value) for name, value in terms.items()}


def _baseline(
    functions: dict[str, Any], x: np.ndarray, train: Any, units: int, model: Any, seed: int
) -> dict[str, Any] | None:
    train = train.x if isinstance(train, Dataset) else np.asarray(train)
    if units >= min(len(train), math.prod(x.shape[1:])):
        return None
    pca = PCABaseline(train, components=units, sample_range=model.sample_range, seed=seed)
    scores, _ = _score(functions, x, pca.reconstruct(x), model)
    return {"name": "pca", "components": units, "n_train": pca.n_fitted, "metrics": scores}
