"""knn_accuracy, linear_probe, clustering_accuracy, clustering_nmi and trustworthiness."""

import importlib
import itertools

import numpy as np
import pytest
from sklearn import datasets, manifold
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import normalized_mutual_info_score
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aezoo.metrics import (
    NotApplicable,
    clustering_accuracy,
    clustering_nmi,
    knn_accuracy,
    linear_probe,
)
from aezoo.metrics import trustworthiness as trustworthiness_of_codes
from aezoo.metrics.probes import FOLDS, folds

X, LABELS = datasets.load_digits(n_class=5, return_X_y=True)
X, LABELS = X[:300] / 16, LABELS[:300]
CODES = PCA(8, random_state=0).fit_transform(X)
NOISE = np.random.default_rng(0).normal(size=CODES.shape)


def trustworthiness(codes, labels, **options):
    return trustworthiness_of_codes(X, codes, **options)


# Scores of noise, and how far they may lie from it.
CHANCE = {
    knn_accuracy: (0.2, 0.08),
    linear_probe: (0.2, 0.08),
    clustering_accuracy: (0.27, 0.05),
    clustering_nmi: (0.0, 0.05),
    trustworthiness: (0.5, 0.05),
}
METRICS = pytest.mark.parametrize("metric", CHANCE, ids=lambda metric: metric.__name__)


@METRICS
def test_scores_fall_to_chance_as_noise_is_added(metric):
    scores = [metric(CODES + amount * NOISE, LABELS) for amount in (0, 0.5, 2)]
    assert scores == sorted(set(scores), reverse=True)
    assert scores[0] > 0.8
    chance, tolerance = CHANCE[metric]
    assert metric(NOISE, LABELS) == pytest.approx(chance, abs=tolerance)


@METRICS
def test_scores_are_those_of_the_vectors_at_any_order_of_units(metric):
    score = metric(CODES, LABELS)
    assert metric(CODES.reshape(-1, 2, 2, 2), LABELS) == score
    assert metric(CODES[:, ::-1], LABELS) == pytest.approx(score, abs=0.02)


@METRICS
def test_the_names_of_classes_do_not_matter(metric):
    names = np.array(["zero", "one", "two", "three", "four"])
    ordered = np.sort(names)[LABELS]
    assert metric(CODES, ordered) == metric(CODES, LABELS)
    assert metric(CODES, names[LABELS]) == pytest.approx(metric(CODES, LABELS), abs=0.02)


@pytest.mark.parametrize(
    ("metric", "classifier"),
    [
        (knn_accuracy, KNeighborsClassifier(5)),
        (linear_probe, make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))),
    ],
)
def test_probes_are_cross_validated_scikit_learn_classifiers(metric, classifier):
    codes = (CODES + NOISE).astype("float32")
    split = PredefinedSplit(folds(LABELS, FOLDS, seed=3))
    predicted = cross_val_predict(classifier, codes.astype(float), LABELS, cv=split)
    assert metric(codes, LABELS, seed=3) == pytest.approx(np.mean(predicted == LABELS))


def test_clusters_are_matched_with_classes_at_best():
    classes = LABELS[:120] % 3
    codes = (CODES + NOISE)[:120].astype("float32")
    clusters = KMeans(3, n_init=10, random_state=4).fit_predict(codes.astype(float))
    best = max(np.mean(np.take(p, clusters) == classes) for p in itertools.permutations(range(3)))
    assert clustering_accuracy(codes, classes, seed=4) == pytest.approx(best)
    nmi = normalized_mutual_info_score(classes, clusters)
    assert clustering_nmi(codes, classes, seed=4) == pytest.approx(nmi)


def test_trustworthiness_agrees_with_scikit_learn():
    codes = (CODES + NOISE).astype("float32")
    for k in (1, 5, 20):
        expected = manifold.trustworthiness(X.astype("float32"), codes, n_neighbors=k)
        assert trustworthiness_of_codes(X, codes, k=k) == pytest.approx(expected, abs=1e-6)


def test_trustworthiness_draws_from_many_samples(monkeypatch):
    whole = trustworthiness(CODES, None)
    module = importlib.import_module("aezoo.metrics.trustworthiness")
    monkeypatch.setattr(module, "LARGEST", 200)
    first, second, other = (trustworthiness(CODES, None, seed=seed) for seed in (1, 1, 2))
    assert first == second != other
    assert first == pytest.approx(whole, abs=0.03)


@pytest.mark.parametrize("number", [2, 5])
def test_folds_are_even_in_every_class(number):
    classes = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [2, 13, 31]))
    fold = folds(classes, number, seed=0)
    for members in (fold, *(fold[classes == c] for c in range(3))):
        counts = np.bincount(members, minlength=number)
        assert counts.max() - counts.min() <= 1
    assert not np.array_equal(fold, folds(classes, number, seed=1))


@pytest.mark.parametrize("metric", [knn_accuracy, linear_probe])
def test_rare_classes_are_scored_too(metric):
    labels = np.where(np.arange(300) < 2, 9, LABELS)
    assert 0.8 < metric(CODES, labels) < metric(CODES, LABELS) + 0.01
    assert metric([[0.0], [0.1], [5.0], [5.1]] * 3, [0, 0, 1, 1] * 3, **_few(metric)) == 1


def _few(metric):
    return {"k": 1} if metric is knn_accuracy else {}


@pytest.mark.parametrize(
    "metric", [knn_accuracy, linear_probe, clustering_accuracy, clustering_nmi]
)
def test_labels_are_checked(metric):
    with pytest.raises(NotApplicable, match="Received: 299 of 300 labels are 0"):
        metric(CODES, np.eye(1, 300, dtype=int)[0])
    with pytest.raises(NotApplicable, match="Received: 300 of 300 labels are cat"):
        metric(CODES, ["cat"] * 300)
    for labels in (LABELS[:-1], LABELS[:, None], LABELS / 2):
        with pytest.raises(ValueError, match=r"one integer or string a code, shape \(300,\)"):
            metric(CODES, labels)


def test_too_few_samples_for_k_neighbours():
    with pytest.raises(ValueError, match="k neighbours need 13 samples"):
        knn_accuracy(CODES[:12], np.arange(12) % 2, k=10)
    with pytest.raises(ValueError, match="k neighbours need 21 samples"):
        trustworthiness_of_codes(X[:20], CODES[:20], k=10)
    with pytest.raises(ValueError, match="equally many samples"):
        trustworthiness_of_codes(X, CODES[:20])
