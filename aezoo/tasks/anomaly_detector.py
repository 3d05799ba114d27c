"""A detector of anomalies: a model, a score, and a threshold at a stated false-positive rate."""

from __future__ import annotations

import math
import numbers
import os
import warnings
from typing import Any

import numpy as np

from aezoo.arrays import check_samples
from aezoo.noise import generator
from aezoo.tasks import anomaly_scores

_HELD_BACK = 0.1
_FAR = 3.0
_SMOOTHING = 1 / 28
_EPOCHS, _STEPS, _BATCH, _LEARNING_RATE = 20, 1600, 64, 1e-3

_IDENTITY = {"name": "standardise", "mean": 0.0, "std": 1.0}  # of unbounded samples
RECIPE = {"variant": "ae", "body": {"name": "mlp", "hidden": [256, 64]}, "latent_dim": 16}
"""The model that is trained where none is given."""


class Detector:
    """Learns what is normal from samples, and judges others.

    A part of the normal samples, a tenth or as many as the rate asks for, is held back from the
    fit. With n of them the threshold is the `ceil((n + 1) * (1 - rate))`-th smallest of their
    scores (split conformal prediction): of new normal samples no more than `rate` lie above, on
    average over fits.

    Args:
        model: A model, or what `aezoo.load` takes for it, such as a preset's name; None to train
            one on the normal samples, by `train`.
        score: A name of `aezoo.tasks.anomaly_scores.SCORES`: `"layers"`, `"reconstruction"`,
            `"mahalanobis"`, `"gmm"`, `"elbo"`, `"rapp"` or `"erasing"`; None for `"layers"`, or
            `"reconstruction"` by a model that is trained on too few samples for that.
        rate: False-positive rate, between 0 and 1.
        seed: Seed of the training, and of what is held back.

    Attributes:
        name: Name of the score.
        threshold: Samples with a higher score are anomalies.
        calibration: Scores of the normal samples that were held back, sorted.
        n_fitted: Number of samples that the score was fitted to.
        suspects: Rows of the normal samples that score far above the others, most abnormal first.

    Raises:
        LookupError: There is no such score.
        ValueError: The rate or the seed is none.

    Example:
        >>> import aezoo
        >>> data = aezoo.data.load("digits")
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> detector = Detector(model, score="gmm").fit(data.examples(3))
        >>> others = aezoo.data.load("digits", "test").examples(7)
        >>> bool(np.mean(detector.score(others) > detector.threshold) > 0.5)
        True

    Reference:
        [Bates et al., 2023](https://doi.org/10.1214/22-AOS2244)
    """

    def __init__(
        self,
        model: Any = None,
        *,
        score: str | None = None,
        rate: float = 0.05,
        seed: int = 0,
    ):
        if not _is_share(rate):
            raise ValueError(f"rate must be a number between 0 and 1. Received: {rate=!r}.")
        generator(seed)  # refuses what is no seed
        self.scorer: Any = None if score is None else anomaly_scores.find(score)
        if isinstance(model, (str, os.PathLike)):
            from aezoo import factory

            model = factory.load(model)
        self.model, self.rate, self.seed = model, float(rate), int(seed)
        self.name = score
        self._trains, self._chooses = model is None, score is None
        self.threshold = math.nan
        self.calibration = np.empty(0)
        self.n_fitted = 0
        self.suspects = np.empty(0, np.int64)

    def fit(self, x: Any) -> Detector:
        """Learn what is normal.

        Samples that score far above the others are named in a warning: they may be anomalies among
        the normal ones, which widen what counts as normal and raise the threshold.

        Args:
            x: Normal samples, `(n, *sample_shape)`, uint8 or floats; without a model of any range.

        Returns:
            The detector.

        Raises:
            ValueError: There are too few samples for the rate, they are all the same, or do not
                fit the model.
        """
        if self._trains:
            self.model = None
        x = self._check(x)
        n, needed = len(x), fewest(self.rate)
        held = max(needed, round(_HELD_BACK * n))
        if n < 2 * needed:
            possible = f" or a rate of at least {1 / (n // 2 + 1):.2g}" if n > 1 else ""
            raise ValueError(
                f"A false-positive rate of {self.rate:g} needs at least {2 * needed} normal "
                f"samples, {needed} of them to set the threshold: give more{possible}. "
                f"Received: {n} samples."
            )
        if (x == x[:1]).all():
            raise ValueError(
                f"The {n} normal samples are all the same, which tells nothing about how normal "
                "ones differ. Give samples that vary."
            )
        order = generator(self.seed).permutation(n)
        fitted, kept = np.sort(order[held:]), np.sort(order[:held])
        if self._trains:
            self.model = train(x[fitted], seed=self.seed)
        if self._chooses:
            self.name = anomaly_scores.suited(self.model, len(fitted), own=self._trains)
            self.scorer = anomaly_scores.find(self.name)
        self.scorer.fit(self.model, x[fitted])
        self.scorer.load(self.scorer.arrays())  # what a saved detector will hold, to the last bit
        scores = self._scores(x)
        self.restore(np.sort(scores[kept]), len(fitted))
        # What was fitted scores lower than what was not, the more so where it is little.
        suspects = np.concatenate([part[outlying(scores[part])] for part in (fitted, kept)])
        self.suspects = suspects[np.argsort(-scores[suspects], kind="stable")]
        if len(self.suspects):
            first = ", ".join(map(str, self.suspects[:5]))
            warnings.warn(
                f"{len(self.suspects)} of {n} normal samples score far above the others, rows "
                f"{first}{', ...' if len(self.suspects) > 5 else ''}: look whether they are "
                "normal, and fit again without those that are not.",
                stacklevel=2,
            )
        return self

    def restore(self, calibration: np.ndarray, n_fitted: int) -> None:
        """Set the threshold by scores of normal samples, sorted, where the score is fitted.

        Raises:
            ValueError: They are too few for the rate, or not sorted.
        """
        needed = fewest(self.rate)
        if calibration.ndim != 1 or len(calibration) < needed or (np.diff(calibration) < 0).any():
            raise ValueError(f"calibration must be at least {needed} scores in ascending order")
        self.calibration, self.n_fitted = calibration.astype(np.float64), n_fitted
        self.threshold = quantile(self.calibration, self.rate)

    def score(self, x: Any) -> np.ndarray:
        """Return how abnormal samples are, `(n,)`, float64: higher is more abnormal.

        Args:
            x: Samples `(n, *sample_shape)`, uint8 or floats.

        Raises:
            ValueError: The samples do not fit the model, or nothing was fitted.
        """
        self._require_fit()
        return self._scores(self._check(x))

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """Return the share of normal samples that score as high, `(n,)`, by what was held back.

        A score is above the threshold where this is at most the rate.

        Args:
            scores: What `score` returned.
        """
        self._require_fit()
        higher = len(self.calibration) - np.searchsorted(self.calibration, scores, side="left")
        found: np.ndarray = (higher + 1) / (len(self.calibration) + 1)
        return found

    def heat_maps(self, x: Any) -> np.ndarray:
        """Return where images are abnormal: squared errors per pixel, smoothed, `(n, h, w)`.

        With the score `erasing` they are those of pixels that were erased.

        Args:
            x: Images `(n, h, w, c)`, uint8 or floats.

        Raises:
            ValueError: The samples are no images, do not fit the model, or nothing was fitted.
        """
        self._require_fit()
        x = self._check(x)
        if x.ndim != 4:
            raise ValueError(
                f"Heat maps are of images (h, w, c). Received: samples of shape {x.shape[1:]}."
            )
        if isinstance(self.scorer, anomaly_scores.Erasing):
            errors = self.scorer.errors(self.model, x)
        else:
            errors = np.square(anomaly_scores.floats(x) - self.model.reconstruct(x))
        from scipy.ndimage import gaussian_filter

        sigma = min(x.shape[1:3]) * _SMOOTHING
        smooth: np.ndarray = gaussian_filter(errors.mean(axis=-1), (0, sigma, sigma))
        return smooth

    def _scores(self, x: np.ndarray) -> np.ndarray:
        found = self.scorer(self.model, x)
        return found.astype(np.float32).astype(np.float64)  # as the calibration is stored

    def _check(self, x: Any) -> np.ndarray:
        shape = np.shape(x)[1:] if self.model is None else self.model.sample_shape
        bounds = None if self.model is None else self.model.sample_range
        return check_samples(x, tuple(shape), sample_range=bounds)

    def _require_fit(self) -> None:
        if not self.n_fitted:
            raise ValueError("The detector has not been fitted: call fit(normal) first.")


def _is_share(value: Any) -> bool:
    return isinstance(value, numbers.Real) and 0 < float(value) < 1


def fewest(rate: float) -> int:
    """Return how many normal samples must be held back for a false-positive rate.

    Example:
        >>> fewest(0.05), fewest(0.5)
        (19, 1)
    """
    return math.ceil(1 / rate - 1e-9) - 1


def quantile(scores: np.ndarray, rate: float) -> float:
    """Return the conformal threshold: the `ceil((n + 1) * (1 - rate))`-th smallest score.

    Args:
        scores: Shape `(n,)`, sorted, n at least `fewest(rate)`.
        rate: Between 0 and 1.

    Example:
        >>> quantile(np.arange(1.0, 20.0), 0.05), quantile(np.arange(1.0, 20.0), 0.1)
        (19.0, 18.0)
    """
    rank = math.ceil((len(scores) + 1) * (1 - rate) - 1e-9)
    return float(scores[rank - 1])


def outlying(scores: np.ndarray) -> np.ndarray:
    """Return the rows of scores far above the others, highest first, by Tukey's far fences.

    That is above the upper quartile by 3 times the quartiles' distance; of logarithms where all
    scores are above 0.

    Example:
        >>> outlying(np.array([1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 300, 500])).tolist()
        [8, 7]
    """
    values = np.log(scores) if scores.min() > 0 else scores
    low, high = np.quantile(values, [0.25, 0.75])
    order = np.argsort(-values, kind="stable")
    found: np.ndarray = order[values[order] > high + _FAR * (high - low)]
    return found


def train(x: np.ndarray, *, seed: int = 0) -> Any:
    """Train a model on normal samples: an autoencoder, fully connected.

    20 passes over the samples in batches of 64, or of fewer samples smaller batches, with Adam and
    a learning rate that decays from 0.001 to 0; at least 1,600 steps.

    Args:
        x: Samples `(n, *sample_shape)`; those that leave [0, 1] are standardised.
        seed: Seed of the training.

    Returns:
        The model, an `aezoo.Autoencoder`.
    """
    import keras

    from aezoo import factory, preprocessing
    from aezoo.acceleration import choose
    from aezoo.divergence import StopOnDivergence
    from aezoo.heap import keep_memory
    from aezoo.shuffling import shuffled

    unit = x.dtype == np.uint8 or (x.min() >= 0 and x.max() <= 1)
    step = None if unit and x.ndim == 4 else _IDENTITY if unit else preprocessing.standardise(x)
    config: dict[str, Any] = dict(RECIPE)
    model = factory.create(
        config.pop("variant"),
        sample_shape=x.shape[1:],
        seed=seed,
        dtype="float32",
        preprocess=step,
        **config,
    )
    batch = max(1, min(_BATCH, len(x) // 8))
    # Few samples are repeated within an epoch, of which each costs a while.
    rows = np.concatenate([x] * math.ceil(_STEPS * batch / (_EPOCHS * len(x))))
    steps = len(rows) // batch
    settings = choose(steps, dtype="float32")
    keep_memory()
    schedule = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, _EPOCHS * steps)
    model.compile(
        model.default_optimizer(schedule),
        jit_compile=settings.jit,
        steps_per_execution=settings.steps_per_execution,
    )
    model.fit(
        shuffled(rows, batch_size=batch, seed=seed),
        epochs=_EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=[StopOnDivergence()],
    )
    return model
