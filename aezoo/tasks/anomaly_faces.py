"""A detector with the conventions of scikit-learn, and one with those of PyOD.

They contradict each other: scikit-learn's scores are higher for what is more normal and its
predictions +1 and -1; PyOD's are higher for what is more abnormal, and its labels 0 and 1. Both are
thin over `aezoo.tasks.anomaly_detector.Detector`, and take samples flat, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin

from aezoo.tasks.anomaly_detector import Detector


class SklearnDetector(OutlierMixin, BaseEstimator):
    """A detector for scikit-learn: higher is more normal, +1 is normal and -1 an anomaly.

    Args:
        model: See `Detector`; a preset's name is what `sklearn.base.clone` copies soonest.
        score: See `Detector`.
        rate: False-positive rate.
        seed: See `Detector`.

    Attributes:
        detector_: The `Detector`.
        offset_: `decision_function(X)` is `score_samples(X) - offset_`.
        n_features_in_: Numbers of a sample.

    Example:
        >>> import aezoo
        >>> x = aezoo.data.load("digits").examples(3)
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> found = SklearnDetector(model, score="gmm").fit(x.reshape(len(x), -1)).predict(x)
        >>> sorted(set(found.tolist()))
        [-1, 1]

    Reference:
        [Novelty and outlier detection](https://scikit-learn.org/stable/modules/outlier_detection.html)
    """

    def __init__(
        self,
        model: Any = None,
        score: str | None = None,
        rate: float = 0.05,
        seed: int = 0,
    ):
        self.model, self.score, self.rate, self.seed = model, score, rate, seed

    def fit(self, X: Any, y: Any = None) -> SklearnDetector:
        """Learn what is normal; `y` is not used."""
        detector = Detector(self.model, score=self.score, rate=self.rate, seed=self.seed)
        x = _shaped(X, detector.model)
        self.detector_ = detector.fit(x)
        self.n_features_in_ = int(np.prod(x.shape[1:]))
        self.offset_ = -detector.threshold
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """Return how normal samples are, `(n,)`."""
        return -_fitted(self).score(_shaped(X, _fitted(self).model))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return how normal samples are, below 0 for anomalies, `(n,)`."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Return +1 for normal samples and -1 for anomalies, `(n,)`."""
        return np.where(self.decision_function(X) < 0, -1, 1)


class PyODDetector:
    """A detector as PyOD has them: higher is more abnormal, 0 is normal and 1 an anomaly.

    Args:
        model: See `Detector`.
        score: See `Detector`.
        contamination: The false-positive rate. PyOD's detectors take it for the share of anomalies
            in what they are fitted to, which comes to the same where that is all normal.
        seed: See `Detector`.

    Attributes:
        detector_: The `Detector`.
        decision_scores_: Scores of what was fitted, `(n,)`.
        threshold_: Samples with a higher score are anomalies.
        labels_: 0 or 1 for each sample that was fitted, `(n,)`.

    Example:
        >>> import aezoo
        >>> x = aezoo.data.load("digits").examples(3)
        >>> model = aezoo.load("vae.digits", engine="onnx")
        >>> found = PyODDetector(model, score="gmm").fit(x)
        >>> bool((found.labels_ == (found.decision_scores_ > found.threshold_)).all())
        True

    Reference:
        [Zhao et al., 2019](https://www.jmlr.org/papers/v20/19-011.html)
    """

    def __init__(
        self,
        model: Any = None,
        score: str | None = None,
        contamination: float = 0.1,
        seed: int = 0,
    ):
        self.model, self.score, self.contamination, self.seed = model, score, contamination, seed

    def fit(self, X: Any, y: Any = None) -> PyODDetector:
        """Learn what is normal; `y` is not used."""
        detector = Detector(self.model, score=self.score, rate=self.contamination, seed=self.seed)
        x = _shaped(X, detector.model)
        self.detector_ = detector.fit(x)
        self.threshold_ = detector.threshold
        self.decision_scores_ = detector.score(x)
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return how abnormal samples are, `(n,)`."""
        detector = _fitted(self)
        return detector.score(_shaped(X, detector.model))

    def predict(self, X: Any) -> np.ndarray:
        """Return 0 for normal samples and 1 for anomalies, `(n,)`."""
        return (self.decision_function(X) > self.threshold_).astype(int)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return how far scores are between the least and the largest fitted one, `(n, 2)`.

        The second column is that of anomalies, the first what it lacks of 1: PyOD's method
        `linear`.
        """
        low, high = self.decision_scores_.min(), self.decision_scores_.max()
        share = (self.decision_function(X) - low) / max(high - low, np.finfo(float).tiny)
        abnormal = np.clip(share, 0.0, 1.0)
        return np.stack([1 - abnormal, abnormal], axis=1)


def _fitted(face: Any) -> Detector:
    if not hasattr(face, "detector_"):
        from sklearn.exceptions import NotFittedError

        raise NotFittedError(f"This {type(face).__name__} is not fitted yet: call fit(X) first.")
    detector: Detector = face.detector_
    return detector


def _shaped(x: Any, model: Any) -> np.ndarray:
    """Return flat samples in the shape of a model's, and others as they are."""
    x = np.asarray(x)
    shape = x.shape[1:] if model is None else tuple(model.sample_shape)
    flat = x.ndim == 2 and len(shape) > 1 and x.shape[1] == np.prod(shape)
    return x.reshape(-1, *shape) if flat else x
