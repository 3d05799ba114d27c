"""Anomalies: what normal samples teach, scores of others, and where images are unusual."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from aezoo import captions, pictures
from aezoo.arrays import to_uint8
from aezoo.data import Dataset, load
from aezoo.noise import some
from aezoo.tasks import anomaly_scores
from aezoo.tasks.anomaly_detector import Detector
from aezoo.tasks.comparison import MODEL, compare

_SHOWN = 24
_VARIANCE = 0.8
_MOST = 3000
_COLOURS = "inferno"
_HOT = 99.5


@dataclasses.dataclass(frozen=True, eq=False)
class Anomalies:
    """What a detector says of samples.

    Attributes:
        detector: The fitted detector, for further samples.
        x: The samples.
        scores: How abnormal each is, `(n,)`, float64: higher is more abnormal.
        p_values: Share of normal samples that score as high, `(n,)`.
        labels: True for anomalies, those above `detector.threshold`, `(n,)`.
    """

    detector: Detector
    x: np.ndarray
    scores: np.ndarray
    p_values: np.ndarray
    labels: np.ndarray

    @functools.cached_property
    def heat_maps(self) -> np.ndarray:
        """Where images are abnormal, `(n, h, w)`; see `Detector.heat_maps`."""
        return self.detector.heat_maps(self.x)

    def picture(self, *, count: int = _SHOWN) -> np.ndarray:
        """Return images with their reconstructions and heat maps, the most abnormal first.

        Args:
            count: Largest number of images.

        Returns:
            A picture, uint8, shape `(height, width, 3)`. Colours mean the same in all maps.

        Raises:
            ValueError: The samples are no images.
        """
        rows = np.argsort(-self.scores, kind="stable")[:count]
        x, heat = self.x[rows], self.detector.heat_maps(self.x[rows])
        seen, drawn, hot = to_uint8(x), to_uint8(self.detector.model.reconstruct(x)), coloured(heat)
        tiles = np.stack([np.broadcast_to(part, hot.shape) for part in (seen, drawn, hot)], axis=1)
        across = 3 * min(4, -(-len(rows) // 4))
        grid = pictures.grid(tiles.reshape(-1, *hot.shape[1:]), columns=across)
        return captions.columns(grid, ["image", "decoded", "heat"] * (across // 3))


def detect_anomalies(
    normal: Any,
    x: Any,
    model: Any = None,
    *,
    score: str | None = None,
    rate: float = 0.05,
    seed: int = 0,
) -> Anomalies:
    """Learn what is normal from samples, and judge others.

    Args:
        normal: Normal samples, `(m, *sample_shape)`, uint8 or floats.
        x: Samples to judge, `(n, *sample_shape)`.
        model: A model of such samples, or its source; None to train one, which takes a minute.
        score: What is measured: `"layers"` and `"rapp"` look into the encoder, `"reconstruction"`
            and `"erasing"` at what is drawn, `"mahalanobis"` and `"gmm"` at the code, `"elbo"` at
            the likelihood; see `aezoo.tasks.anomaly_scores`, and `Detector` for None.
        rate: Share of normal samples that may be called anomalies; see `Detector`.
        seed: Seed of the training and of what is held back to set the threshold.

    Returns:
        Scores, labels and heat maps, and the detector.

    Raises:
        LookupError: There is no such score.
        ValueError: There are too few normal samples for the rate, or samples do not fit the model.

    Example:
        >>> import aezoo
        >>> train, test = aezoo.data.load("digits"), aezoo.data.load("digits", "test")
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> found = detect_anomalies(train.examples(3), test.x, model, score="gmm")
        >>> bool(found.labels[test.labels == 3].mean() < found.labels[test.labels == 7].mean())
        True
    """
    detector = Detector(model, score=score, rate=rate, seed=seed).fit(normal)
    return judge(detector, x)


def judge(detector: Detector, x: Any) -> Anomalies:
    """Return what a fitted detector says of samples `(n, *sample_shape)`."""
    scores = detector.score(x)
    labels = scores > detector.threshold
    return Anomalies(detector, np.asarray(x), scores, detector.p_values(scores), labels)


def coloured(heat: np.ndarray) -> np.ndarray:
    """Return heat maps `(n, h, w)` as pictures `(n, h, w, 3)`, uint8, black to bright yellow."""
    from matplotlib import colormaps

    high = max(float(np.percentile(heat, _HOT)), np.finfo(np.float32).tiny)
    colours: np.ndarray = colormaps[_COLOURS](np.clip(heat / high, 0, 1), bytes=True)[..., :3]
    return colours


def evaluate(
    data: Any = "digits",
    *,
    model: Any = None,
    score: str | None = None,
    rate: float = 0.05,
    labels: Sequence[Any] | None = None,
    seeds: int = 1,
    seed: int = 0,
    train: Dataset | None = None,
) -> dict[str, Any]:
    """Measure detection class by class, beside PCA and a one-class support vector machine.

    For each class a detector is fitted to its samples in the training split, and judges the whole
    test split, in which all other classes are anomalies. The baselines see the same samples:
    squared reconstruction error of the principal components that explain 80 % of the variance, and
    scikit-learn's `OneClassSVM` on pixels, of up to 3,000 of them.

    Args:
        data: A dataset with labels: its name or path, which stands for the test split, or a
            `Dataset`.
        model: A model for all classes; None to train one a class and seed.
        score: See `detect_anomalies`.
        rate: See `detect_anomalies`.
        labels: The classes; None for all.
        seeds: Number of seeds that the detectors' figures are means over.
        seed: The first of them.
        train: The training split; None for that of the dataset that `data` names.

    Returns:
        What `aezoo.tasks.comparison.compare` returns, of areas under the ROC curve in percent, by
        class: of the `model`, `pca` and `ocsvm`; and `classes`, `score` (those that were taken),
        `rate`, `false_positives`, the share of normal test samples above the threshold,
        `deviation`, the standard deviation of the mean over seeds, and `fitted`, the normal samples
        a class.

    Raises:
        LookupError: There is no such dataset, label or score.
        ValueError: The dataset has no labels, a class has too few samples, or does not fit the
            model.

    Example:
        >>> import aezoo
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> found = evaluate("digits", model=model, score="reconstruction", labels=[3], rate=0.1)
        >>> sorted(found["scores"]["one-class AUROC"])
        ['model', 'ocsvm', 'pca']
    """
    if seeds < 1:
        raise ValueError(f"seeds must be at least 1. Received: {seeds=!r}.")
    if not isinstance(data, Dataset):
        train = load(data, "train") if train is None else train
        data = load(data, "test")
    if train is None:
        raise ValueError("Where data is a Dataset, train must be one too. Received: train=None.")
    if train.labels is None or data.labels is None:
        raise ValueError(f"The dataset {data.name!r} has no labels, which tell what is normal.")
    names = [*map(str, sorted(set(train.labels.tolist())) if labels is None else labels)]
    truth = data.labels.astype(str)
    rows, runs, alarms, fitted, used = [], [], [], [], set()
    for name in names:
        normal, abnormal = train.examples(name), truth != name
        if abnormal.all() or not abnormal.any():
            raise ValueError(f"The test split must hold {name!r} and others. Received: {truth!r}.")
        found = []
        for number in range(seed, seed + seeds):
            detector = Detector(model, score=score, rate=rate, seed=number)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of unusual ones among the normal
                detector.fit(normal)
            scores = detector.score(data.x)
            used.add(detector.name)
            found.append(auroc(scores, abnormal))
            alarms.append(float(np.mean(scores[~abnormal] > detector.threshold)))
        others = {
            baseline: auroc(function(normal, data.x), abnormal)
            for baseline, function in BASELINES.items()
        }
        runs.append(found)
        fitted.append(len(normal))
        rows.append({MODEL: float(np.mean(found)), **others})
    return compare(
        {"one-class AUROC": rows},
        unit="%",
        task="detect_anomalies",
        dataset=data.name,
        split=data.split,
        samples=len(data.x),
        fitted=fitted,
        classes=names,
        score=", ".join(sorted(map(str, used))),
        model="trained on each class" if model is None else detector.model.variant,
        rate=rate,
        false_positives=float(np.mean(alarms)),
        seeds=[*range(seed, seed + seeds)],
        deviation=float(np.std(np.mean(runs, axis=0))),
    )


def auroc(scores: np.ndarray, abnormal: np.ndarray) -> float:
    """Return the area under the ROC curve, in percent: how often an anomaly scores higher.

    Example:
        >>> round(auroc(np.array([1.0, 2, 3, 4]), np.array([False, True, False, True])), 1)
        75.0
    """
    from sklearn.metrics import roc_auc_score

    return 100 * float(roc_auc_score(abnormal, scores))


def pca_errors(normal: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return squared errors of the components that explain 80 % of the variance, `(n,)`."""
    from sklearn.decomposition import PCA

    flat, others = _flat(normal), _flat(x)
    pca = PCA(_VARIANCE, svd_solver="full").fit(flat)
    missing = others - pca.inverse_transform(pca.transform(others))
    errors: np.ndarray = np.square(missing).sum(axis=1)
    return errors


def ocsvm_scores(normal: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return how far samples are outside the region of `OneClassSVM`, `(n,)`.

    It is scikit-learn's with the settings of its own, fitted to up to 3,000 samples.
    """
    from sklearn.metrics.pairwise import rbf_kernel
    from sklearn.svm import OneClassSVM

    flat = _flat(some(normal, _MOST)).astype(np.float64)
    gamma = 1 / (flat.shape[1] * max(float(flat.var()), 1e-12))  # its "scale"
    svm = OneClassSVM(gamma=gamma).fit(flat)
    # What score_samples returns, by matrix products: ten times as fast.
    found: np.ndarray = -rbf_kernel(_flat(x), svm.support_vectors_, gamma) @ svm.dual_coef_[0]
    return found


BASELINES = {"pca": pca_errors, "ocsvm": ocsvm_scores}


def _flat(x: np.ndarray) -> np.ndarray:
    return anomaly_scores.floats(x).reshape(len(x), -1)
