"""Scoring a model by its metrics, and what to compare the scores with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aezoo.baseline import PCABaseline
from aezoo.batches import check_count
from aezoo.data import Dataset, load
from aezoo.metrics import scoring
from aezoo.metrics.active_units import ACTIVE_VARIANCE, active_units
from aezoo.metrics.arguments import RECONSTRUCTION, SAMPLES, Arguments, parameters
from aezoo.metrics.scoring import Metrics
from aezoo.noise import generator

METRICS = ("mse", "psnr", "ssim")
MOST_SAMPLES = 10_000


def evaluate(
    model: Any,
    data: Any,
    *,
    metrics: Sequence[str] | str | None = None,
    train: Any = None,
    samples: int | None = None,
    sampler: Any = None,
    batch_size: int = 256,
    seed: int = 0,
) -> dict[str, Any]:
    """Score a model on samples it has not seen.

    Args:
        model: An `aezoo.Autoencoder`.
        data: A `Dataset`, an array of shape `(n, *sample_shape)`, or the name or path of a
            dataset, which stands for its test split.
        metrics: Names of metrics, see `aezoo.list_metrics()`; `"all"` for those that apply; None
            for `mse`, `psnr` and `ssim`.
        train: The training split, a `Dataset` or an array, which the PCA baseline is fitted to
            and samples are compared with. Where `data` is a name or path, None stands for that
            dataset's training split.
        samples: Number of samples to generate for metrics of samples, and of real ones to compare
            them with; None for as many as there are in `data`, at most 10,000.
        sampler: What to generate from, as `model.generate` takes it.
        batch_size: Number of samples given to the model at once.
        seed: Seed of everything that is drawn: generated samples, the choice of real ones, the
            posterior samples in the loss terms, the baseline.

    Returns:
        JSON values under these keys:

        - `dataset`, `split`: where the samples came from, None for an array.
        - `n`, `seed`.
        - `metrics`: name to score; `name.part` where a metric gives several. `reconstruct` uses
          the mean code.
        - `references`: name to `real`, `reconstructions`, for metrics that compare generated with
          real samples: the scores of other real samples and of reconstructions in the place of
          generated ones. What reconstructions lose, the decoder loses and not the sampler. One
          that cannot be had is left out.
        - `samples`: None, or `generated`, `real`: how many were compared; `sampler`; and
          `reference`: `"train"` where the `real` reference is as many training samples, or
          `"halves"` where it compares two halves of the real samples (always for `memorisation`).
        - `skipped`: name to reason, for the metrics that do not apply.
        - `terms`: the loss and its terms as `model.evaluate` gives them; where the posterior is
          a distribution these use one sample from it, so their `mse` is another than the one
          in `metrics`, mostly above it. None for a model that Keras does not run.
        - `latent_units`, `active_units`: see `aezoo.metrics.active_units`.
        - `aggregate_posterior`: see `aggregate_posterior`.
        - `baseline`: None, or PCA with as many components as there are latent units:
          `name`, `components`, `n_train`, and the `metrics` of its reconstructions.

    Raises:
        LookupError: If a metric or dataset has an unknown name.
        PluginError: If a metric cannot be loaded, or asks for what evaluation does not have.
        ValueError: If the samples do not fit the model, or are too few for a metric that was
            named. (Of `"all"`, such a metric is skipped.)

    Example:
        ```python
        import aezoo
        from aezoo.evaluation import evaluate

        scores = evaluate(aezoo.load("vae.digits"), "digits")
        assert scores["metrics"]["mse"] < scores["baseline"]["metrics"]["mse"]
        ```
    """
    everything = metrics == "all"
    functions, broken = scoring.load_all() if everything else (scoring.load(_names(metrics)), {})
    if samples is not None:
        check_count("samples", samples)
    if isinstance(data, (str, Path)):
        if train is None:
            train = load(data, "train")
        data = load(data, "test")
    facts = data if isinstance(data, Dataset) else None
    x = _array(data)
    given = Arguments(
        model,
        x,
        labels=None if facts is None else facts.labels,
        factors=None if facts is None else facts.factors,
        train=None if train is None else _array(train),
        samples=min(len(x), MOST_SAMPLES) if samples is None else samples,
        sampler=sampler,
        seed=seed,
        batch_size=batch_size,
    )
    units = math.prod(given.codes.shape[1:])
    scores, refused = scoring.score(functions, given, tolerant=everything)
    scored = {key.partition(".")[0] for key in scores}
    compared = _asking(SAMPLES, {name: functions[name] for name in functions if name in scored})
    halves = train is None or _same_split(train, data)
    references = _references(compared, given, halves=halves)
    return {
        "dataset": None if facts is None else facts.name,
        "split": None if facts is None else facts.split,
        "n": len(x),
        "seed": seed,
        "metrics": scores,
        "references": {
            key: references.get(key, {}) for key in scores if key.partition(".")[0] in compared
        },
        "samples": _samples(given, halves=halves) if compared else None,
        "skipped": broken | refused,
        "terms": _loss_terms(model, x, batch_size, seed) if hasattr(model, "evaluate") else None,
        "latent_units": units,
        "active_units": active_units(given.codes),
        "aggregate_posterior": aggregate_posterior(model, x, seed=seed, batch_size=batch_size),
        "baseline": None
        if train is None or not getattr(model, "learns_code", True)
        else _baseline(functions, given, units),
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
        standard deviation for each; None for a model whose prior is not N(0, I), or without active
        units.
    """
    if not model.engine.has("prior"):
        return None
    noise = generator(seed).standard_normal((8, *model.prior_noise_shape)).astype(np.float32)
    if not np.array_equal(model.engine("prior", noise), noise):
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


def _baseline(functions: Metrics, given: Arguments, units: int) -> dict[str, Any] | None:
    """Score PCA by the metrics of reconstructions."""
    if units >= min(len(given.train), math.prod(given.x.shape[1:])):
        return None
    options = {"sample_range": given.sample_range, "seed": given.seed}
    pca = PCABaseline(given.train, components=units, **options)
    same = given.replaced(reconstruction=pca.reconstruct(given.x))
    scores, _ = scoring.score(_asking(RECONSTRUCTION, functions), same, tolerant=True)
    return {"name": "pca", "components": units, "n_train": pca.n_fitted, "metrics": scores}


def _references(
    functions: Metrics, given: Arguments, *, halves: bool
) -> dict[str, dict[str, float]]:
    """Score real samples and reconstructions in the place of generated samples."""
    if not functions:
        return {}
    copies = _asking({"train"}, functions)  # training samples are what these look for
    divided = functions if halves else copies
    others = {name: functions[name] for name in functions if name not in divided}
    found: dict[str, dict[str, float]] = {}
    for kind, part, alike in (
        ("real", divided, lambda: given.halved),
        ("real", others, lambda: given.against_train),
        ("reconstructions", functions, lambda: given.against_reconstructions),
    ):
        scores, _ = scoring.score(part, alike(), tolerant=True) if part else ({}, {})
        for key, value in scores.items():
            found.setdefault(key, {})[kind] = value
    return found


def _samples(given: Arguments, *, halves: bool) -> dict[str, Any]:
    return {
        "generated": len(given.generated),
        "real": len(given.real),
        "sampler": given.source,
        "reference": "halves" if halves else "train",
    }


def _asking(names: set[str], functions: Metrics) -> dict[str, Callable[..., Any]]:
    """Return the metrics whose parameters include all these."""
    return {key: f for key, f in functions.items() if names <= {*parameters(f)[0]}}


def _same_split(train: Any, data: Any) -> bool:
    if isinstance(train, Dataset) and isinstance(data, Dataset):
        return (train.name, train.split) == (data.name, data.split)
    return train is data


def _names(metrics: Sequence[str] | str | None) -> Sequence[str]:
    return METRICS if metrics is None else [metrics] if isinstance(metrics, str) else metrics


def _array(samples: Any) -> np.ndarray:
    return samples.x if isinstance(samples, Dataset) else np.asarray(samples)
