"""The record of a preset: where a pretrained model comes from, and what it scores."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

import aezoo_registry
from aezoo import evaluation, factory, store, verification
from aezoo.data import Dataset
from aezoo.layout import RECORD, WEIGHTS

GOLDEN_SAMPLES = 4
GOLDEN_NUMBERS = 2**16
TOLERANCE = 1e-4
LOG_PROB_SAMPLES = 100


def write_record(
    directory: str | os.PathLike[str],
    name: str,
    *,
    train: Dataset,
    test: Dataset,
    recipe: Mapping[str, Any],
    computed: Mapping[str, Any] | None = None,
    metrics: Sequence[str] | None = None,
    tested: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Measure a stored model and make its directory a preset.

    Writes `record.json` and, for `aezoo verify`, `golden.safetensors`. What is measured are the
    stored weights, with the rounding that `aezoo.save(..., dtype="float16")` did. There is no time
    in it: writing it again gives the same record.

    Args:
        directory: The model directory, `presets/<variant.tag>` of a package.
        name: Name of the preset, `vendor/variant.tag`.
        train: What the model was trained on; PCA is fitted to it for comparison.
        test: What it is measured on.
        recipe: How it was trained, as JSON values: the command, the seed, the epochs, ...
        computed: What else its weights depend on, as JSON values: the dtype of the training, the
            machine, ...
        metrics: Names of metrics, see `aezoo.list_metrics()`; None for `mse`, `psnr` and `ssim`.
        tested: What a task's `evaluate` returned for the model, and `data`, what it looked at.

    Returns:
        The record.

    Raises:
        StoreError: The directory holds no valid model.
        LookupError: A metric has an unknown name.
        ValueError: The name is not that of the directory or of the model's variant, or the
            samples are not the model's, or too few for a metric.

    Example:
        ```python
        import tempfile

        import aezoo
        from aezoo.record import write_record

        directory = tempfile.mkdtemp() + "/vae.again"
        aezoo.save(aezoo.load("vae.digits"), directory, dtype="float16")
        train, test = (aezoo.data.load("digits", split) for split in ("train", "test"))
        recipe = {"command": "python train.py", "seed": 0}
        record = write_record(directory, "acme/vae.again", train=train, test=test, recipe=recipe)
        assert record["metrics"]["n"] == len(test.x)
        ```
    """
    path = Path(directory)
    stored = store.read(path)
    config = stored.config
    record: dict[str, Any] = {"name": name, "variant": config["variant"]}
    if name.rpartition("/")[2] != path.name:
        raise ValueError(
            f"The directory must be named like the preset without its vendor. "
            f"Received: directory={str(path)!r}, name={name!r}."
        )
    aezoo_registry.check_record(record, name)
    model = factory.load(path)
    most = max(1, min(GOLDEN_SAMPLES, GOLDEN_NUMBERS // test.x[0].size))
    golden = verification.golden(model, test.x[:most])
    record |= {
        "source": "embedded",
        "data": _data(train),
        "recipe": dict(recipe),
        **({} if computed is None else {"computed": dict(computed)}),
        "versions": factory.versions(),
        "parameters": int(model.count_params()),
        "bytes": stored.listed[WEIGHTS][0],
        "sha256": stored.listed[WEIGHTS][1],
        "dtype": config["dtype"],
        "metrics": _metrics(model, train, test, metrics),
        **({} if tested is None else {"tested": _rounded(dict(tested))}),
        "golden": {"tolerance": TOLERANCE},
    }
    text = json.dumps(record, indent=2, allow_nan=False) + "\n"
    (path / verification.GOLDEN).write_bytes(safetensors.numpy.save(golden))
    (path / RECORD).write_text(text, encoding="utf-8")
    return record


def _data(samples: Dataset) -> dict[str, Any]:
    return {
        "id": samples.name,
        "split": samples.split,
        "n": len(samples.x),
        "licence": samples.licence,
        "source": samples.source,
        "sha256": samples.fingerprint(),
    }


def _metrics(model: Any, train: Dataset, test: Dataset, metrics: Sequence[str] | None) -> Any:
    scores = evaluation.evaluate(model, test, train=train, metrics=metrics)
    for key in ("references", "samples"):
        if not scores[key]:
            del scores[key]
    if model.engine.has("log_weight"):
        x = test.x[:1000]
        log_prob = model.log_prob(x, k=LOG_PROB_SAMPLES, seed=0)
        bound = np.mean([model.log_prob(test.x, k=1, seed=seed).mean() for seed in range(5)])
        scores["elbo"] = {"nats": float(bound), "posterior_samples": 5, "n": len(test.x)}
        scores["log_likelihood"] = {
            "nats": float(log_prob.mean()),
            "importance_samples": LOG_PROB_SAMPLES,
            "n": len(x),
        }
    return _rounded(scores)


def _rounded(value: Any) -> Any:
    """Rounds to what the seed and the machine leave meaningful, so that records read well."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
