"""A fitted detector as a directory: `detector.json`, `detector.safetensors` and its model.

`detector.json` has a closed schema and names no code, path or address. It holds the SHA-256 of the
other file and of the weights of the model that the detector was fitted with.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from aezoo import factory, regular_file, sources, store, strict_json, tensors
from aezoo.fingerprint import fingerprint
from aezoo.graphs.onnx_file import moved
from aezoo.served import Served
from aezoo.stored import StoreError, StoreExistsError, StoreNotFoundError, naming
from aezoo.tasks import anomaly_scores
from aezoo.tasks.anomaly_detector import Detector

FACTS = "detector.json"
ARRAYS = "detector.safetensors"
MODEL = "model"
_CALIBRATION, _PREFIX = "calibration", "score/"
_KEYS = ("format", "score", "rate", "seed", "n_fitted", "sample_shape", "model", "arrays")
_MODEL_KEYS = ("variant", "sha256")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 256 * 1024 * 1024


def save(detector: Detector, directory: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Write a fitted detector, with its model, to a directory.

    Args:
        detector: A fitted detector.
        directory: Where to; its parents are made.
        overwrite: Replace a detector that is there.

    Returns:
        The directory.

    Raises:
        StoreExistsError: Something is there and `overwrite` is False, or it is no detector.
        ValueError: The detector is not fitted.

    Example:
        >>> import aezoo
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> detector = Detector(model, score="gmm").fit(aezoo.data.load("digits").examples(3))
        >>> place = save(detector, Path(tempfile.mkdtemp()) / "threes")
        >>> load(place, engine="onnx").threshold == detector.threshold
        True
    """
    if not detector.n_fitted:
        raise ValueError("Only a fitted detector can be saved: call fit(normal) first.")
    target = Path(directory)
    check_target(target, overwrite=overwrite)
    arrays = {_PREFIX + name: array for name, array in detector.scorer.arrays().items()}
    arrays[_CALIBRATION] = detector.calibration
    data = tensors.dump({n: tensors.cast(array, "float32") for n, array in arrays.items()})
    facts = {
        "format": 1,
        "score": detector.name,
        "rate": detector.rate,
        "seed": detector.seed,
        "n_fitted": detector.n_fitted,
        "sample_shape": [*detector.model.sample_shape],
        "model": {"variant": detector.model.variant, "sha256": _digest(detector.model)},
        "arrays": hashlib.sha256(data).hexdigest(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        new = Path(folder) / "new"
        new.mkdir()
        _keep(detector.model, new / MODEL)
        (new / ARRAYS).write_bytes(data)
        (new / FACTS).write_bytes(strict_json.dump(facts))
        if os.path.lexists(target):
            os.replace(target, Path(folder) / "old")
        os.replace(new, target)
    return target


def load(
    directory: str | os.PathLike[str], *, model: Any = None, engine: str = "keras"
) -> Detector:
    """Read a detector that `save` wrote.

    Args:
        directory: The directory.
        model: The model that it was fitted with; None for the one beside it.
        engine: What runs the model beside it, `"keras"` or `"onnx"`.

    Returns:
        The detector, which answers as it did.

    Raises:
        StoreError: A file is missing or damaged, or the detector belongs to another model.
    """
    place = Path(directory)
    if not place.is_dir():
        raise StoreNotFoundError(f"{place}: no such directory.")
    root = place.resolve()
    with naming(place / FACTS):
        text = regular_file.read(root / FACTS, roots=[root], limit=strict_json.MAX_BYTES)
        facts = _parse(text)
    with naming(place / ARRAYS):
        data = regular_file.read(root / ARRAYS, roots=[root], limit=_LARGEST)
        if hashlib.sha256(data).hexdigest() != facts["arrays"]:
            raise ValueError(f"its sha256 is not that in {FACTS}: it was damaged or exchanged")
    if model is None:
        model = factory.load(place / MODEL, engine=engine)
    found = _digest(model)
    if found != facts["model"]["sha256"] or [*model.sample_shape] != facts["sample_shape"]:
        raise StoreError(
            f"{place}: this detector belongs to another model: a {facts['model']['variant']!r} "
            f"whose weights have the SHA-256 {facts['model']['sha256'][:12]}..., not "
            f"{found[:12]}... Pass that model, or fit a new detector."
        )
    detector = Detector(model, score=facts["score"], rate=facts["rate"], seed=facts["seed"])
    with naming(place / ARRAYS):
        arrays = tensors.parse(data)
        calibration = arrays.pop(_CALIBRATION, np.empty(0))
        if not all(np.isfinite(array).all() for array in (calibration, *arrays.values())):
            raise ValueError("NaN or infinity")
        if not all(name.startswith(_PREFIX) for name in arrays):
            raise ValueError(f"arrays {sorted(arrays)}, expected those of a score")
        detector.scorer.load({n.removeprefix(_PREFIX): array for n, array in arrays.items()})
        detector.restore(calibration, facts["n_fitted"])
    return detector


def check_target(target: Path, *, overwrite: bool) -> None:
    """Raise StoreExistsError unless `save` may write a directory."""
    if not os.path.lexists(target):
        return
    if not target.is_dir() or {*os.listdir(target)} - {FACTS, ARRAYS, MODEL}:
        raise StoreExistsError(f"{target}: is there and is no detector; name another directory.")
    if not overwrite:
        raise StoreExistsError(
            f"{target}: exists already; to replace it pass overwrite=True "
            "(--force on the command line)."
        )


def _digest(model: Any) -> str:
    """Return the SHA-256 of a model's weights, whatever its sampler is."""
    return fingerprint(model, sampler=False).hex()


def _keep(model: Any, directory: Path) -> None:
    """Write a model as a directory, graphs included where it runs on them."""
    if isinstance(model, Served):
        stored = sources.read(model.source)
        config = {**stored.config, "sampler": None}
        arrays = stored.stored_arrays()
        graphs = moved(stored.files, store.dump_weights(arrays, config["dtype"]))
        store.write(directory, config, arrays, files=graphs)
        return
    sampler, model.sampler = model.sampler, None
    try:
        factory.save(model, directory)
    finally:
        model.sampler = sampler


def _parse(data: bytes) -> dict[str, Any]:
    """Return the checked content of `detector.json`."""
    facts = strict_json.parse(data)
    strict_json.check_keys(facts, _KEYS, "the document")
    strict_json.check_keys(facts["model"], _MODEL_KEYS, "'model'")
    rate, shape = facts["rate"], facts["sample_shape"]
    checks = {
        "format": facts["format"] == 1,
        "score": facts["score"] in anomaly_scores.SCORES,
        "rate": isinstance(rate, float) and 0 < rate < 1,
        "seed": _is_count(facts["seed"]) and facts["seed"] < 2**32,
        "n_fitted": _is_count(facts["n_fitted"]) and facts["n_fitted"] > 0,
        "sample_shape": isinstance(shape, list) and all(map(_is_count, shape)),
        "model": all(isinstance(facts["model"][key], str) for key in _MODEL_KEYS)
        and _SHA256.fullmatch(facts["model"]["sha256"]) is not None,
        "arrays": isinstance(facts["arrays"], str)
        and _SHA256.fullmatch(facts["arrays"]) is not None,
    }
    wrong = [key for key, fits in checks.items() if not fits]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is {facts[wrong[0]]!r:.80}, which no detector has")
    return facts


def _is_count(value: Any) -> bool:
    return strict_json.is_integer(value) and value >= 0
