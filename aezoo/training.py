"""Trains a variant on a dataset and leaves a stored model: behind `aezoo train` and the zoo."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aezoo import data as datasets
from aezoo import factory, preprocessing, samplers, store, tensors
from aezoo.acceleration import Settings, choose
from aezoo.batches import check_batch_size, check_count
from aezoo.divergence import START, DivergenceError, StopOnDivergence
from aezoo.heap import keep_memory
from aezoo.muon import Muon
from aezoo.shuffling import shuffled

MANY = 10_000
OPTIMIZERS = ("adam", "muon")


@dataclasses.dataclass(frozen=True)
class Training:
    """What a training left.

    Attributes:
        model: The stored model, loaded back: its weights are those of the directory.
        directory: The store directory.
        history: One number an epoch for the loss, every term and their `val_` twins.
        settings: How it was computed.
        seconds: Wall time of the fit.
        interrupted: Whether Ctrl-C ended it before the last epoch.
    """

    model: Any
    directory: Path
    history: dict[str, list[float]]
    settings: Settings
    seconds: float
    interrupted: bool


def train(
    variant: str,
    data: str | datasets.Dataset,
    out: str | Path,
    *,
    validation: datasets.Dataset | None = None,
    epochs: int = 20,
    batch_size: int | None = None,
    learning_rate: float = 1e-3,
    optimizer: str = "adam",
    seed: int = 0,
    config: dict[str, Any] | None = None,
    sampler: str | dict[str, Any] | None = None,
    dtype: str = "auto",
    jit: bool | None = None,
    weights: str = "float32",
    overwrite: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Training:
    """Trains a new model and stores it.

    The learning rate decays to zero with a cosine. The seed decides the initial weights, the
    training noise and the order of the samples. The model is stored after every epoch, so that
    Ctrl-C or a crash keeps the last finished one.

    Args:
        variant: Name of a variant.
        data: Name or path of a dataset, or the training split itself.
        out: Directory to write.
        validation: The validation split where `data` is a `Dataset`.
        epochs: Passes over the training split.
        batch_size: Samples a step; an incomplete last batch is left out. None for 128, or 32
            where there are fewer than 10,000 samples: few samples need more steps an epoch.
        learning_rate: First learning rate.
        optimizer: `"adam"` for the variant's own, which is Adam; or `"muon"` for all weights, which
            trains deep networks of convolutions in fewer steps, see `aezoo.muon`.
        seed: Seed of everything random.
        config: Further arguments of the variant: `latent_dim`, `body`, `likelihood`, ...;
            `preprocess="standardise"` is fitted on the training split.
        sampler: Sampler to fit on the training split at the end: a name, a dictionary with `name`
            and arguments, `"auto"` for the one that suits the model's codes, or None.
        dtype: Policy of the networks in training, `"float32"`, `"mixed_bfloat16"` or `"auto"`.
        jit: Whether to compile steps with XLA; None to choose by the machine.
        weights: How weights are stored: `"float32"`, `"float16"` or `"bfloat16"`.
        overwrite: Replace a model at `out`.
        callbacks: Further Keras callbacks.

    Returns:
        What the training left.

    Raises:
        FileExistsError: `out` exists and `overwrite` is False.
        DivergenceError: A term of the loss was not finite; what is kept, it says.
        LookupError: No such variant, dataset or sampler.
        ValueError: An argument is outside its bounds, fewer samples than a batch, or the sampler is
            not for the model's codes.
    """
    store.check_target(out, overwrite=overwrite)
    if isinstance(data, datasets.Dataset):
        samples = data
    else:
        samples, validation = datasets.load(data), datasets.load(data, "validation")
    if batch_size is None:
        batch_size = min(128 if len(samples.x) >= MANY else 32, len(samples.x))
    check_count("epochs", epochs)
    check_batch_size(batch_size)
    if not learning_rate > 0:
        raise ValueError(f"learning_rate must be above 0. Received: {learning_rate=!r}.")
    if optimizer not in OPTIMIZERS:
        raise ValueError(
            f"optimizer must be one of {', '.join(OPTIMIZERS)}. Received: {optimizer=!r}."
        )
    if len(samples.x) < batch_size:
        raise ValueError(
            f"batch_size must be at most the number of training samples, {len(samples.x)}. "
            f"Received: {batch_size=!r}."
        )
    if weights not in tensors.DTYPES:
        raise ValueError(
            f"weights must be one of {', '.join(tensors.DTYPES)}. Received: {weights=!r}."
        )
    taken = sorted({"seed", "dtype", "sample_shape"} & set(config or {}))
    if taken:
        raise ValueError(
            "config holds what the data or an argument of its own decides: use seed= and dtype=, "
            f"and leave sample_shape to the data. Received: config with {taken}."
        )
    steps = len(samples.x) // batch_size
    settings = choose(steps, values=epochs * samples.x.size, dtype=dtype, jit=jit)
    keep_memory()
    model = _create(variant, samples, seed, dict(config or {}), settings.dtype)
    fitting = None
    sampler = model.default_sampler if sampler == "auto" else sampler
    if sampler is not None:  # a wrong one costs no training
        fitting = samplers.build(sampler)
        samplers.check_latent(fitting, model.latents)
    model.prepare(samples.x)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * steps)
    model.compile(
        Muon(schedule) if optimizer == "muon" else model.default_optimizer(schedule),
        jit_compile=settings.jit,
        steps_per_execution=settings.steps_per_execution,
    )
    checkpoint = Checkpoint(Path(out), weights=weights, overwrite=overwrite)
    recorder, guard = keras.callbacks.History(), StopOnDivergence()
    interrupted, start = False, time.monotonic()
    try:
        model.fit(
            shuffled(samples.x, batch_size=batch_size, seed=seed),
            epochs=epochs,
            shuffle=False,
            verbose=0,
            validation_data=None if validation is None else validation.x,
            validation_batch_size=batch_size,
            callbacks=[guard, recorder, checkpoint, *callbacks],
        )
    except DivergenceError as error:
        if guard.place in ("", START):
            raise
        checkpoint.save()
        raise DivergenceError(f"{error} They are kept in {out}.") from error
    except KeyboardInterrupt:
        interrupted = True
        if not checkpoint.epochs:
            raise
    seconds = time.monotonic() - start
    stored = factory.load(Path(out))
    if fitting is not None:
        stored.fit_sampler(data=samples.x, seed=seed, **fitting.spec)
        factory.save(stored, out, dtype=weights, overwrite=True)
    history = {k: [float(v) for v in values] for k, values in recorder.history.items()}
    return Training(stored, Path(out), history, settings, seconds, interrupted)


class Checkpoint(keras.callbacks.Callback):
    """Stores the model after every epoch.

    Args:
        directory: Where to.
        weights: How weights are stored.
        overwrite: Replace a model that was there before the training.
    """

    def __init__(self, directory: Path, *, weights: str, overwrite: bool):
        super().__init__()
        self._directory, self._weights, self._overwrite = directory, weights, overwrite
        self.epochs = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Stores the model.

        Raises:
            DivergenceError: A term of the validation loss is not finite.
        """
        wrong = [name for name, value in (logs or {}).items() if not np.isfinite(value)]
        if wrong:
            kept = f"the model of epoch {epoch} is kept" if self.epochs else "nothing is kept"
            raise DivergenceError(
                f"The training diverged in epoch {epoch + 1}: {', '.join(wrong)} not finite. Try a "
                f"lower learning rate; {kept}."
            )
        self.save()
        self.epochs += 1

    def save(self) -> None:
        """Stores the model as it is."""
        overwrite = self._overwrite or self.epochs > 0
        factory.save(self.model, self._directory, dtype=self._weights, overwrite=overwrite)


def _create(variant, samples, seed, config, dtype):
    if config.get("preprocess") == "standardise":
        step = preprocessing.standardise(samples.x)
        if samples.sample_range is not None:
            step |= dict(zip(("low", "high"), map(float, samples.sample_range), strict=True))
        config["preprocess"] = step
    return factory.create(
        variant, sample_shape=samples.sample_shape, seed=seed, dtype=dtype, **config
    )
