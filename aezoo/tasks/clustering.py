"""Deep embedded clustering: clusters of codes, and an encoder that is tuned to tell them apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from aezoo import factory
from aezoo.arrays import check_samples
from aezoo.batches import check_count
from aezoo.data import Dataset, load
from aezoo.fused_adam import FusedAdam
from aezoo.metrics.clustering_accuracy import matched
from aezoo.noise import generator, some

_MOST = 10_000
_STARTS = 10
_MOVED = 0.001  # share of samples that change their cluster in an epoch, at the end


@dataclasses.dataclass(frozen=True, eq=False)
class Clusters:
    """What `cluster` found.

    Attributes:
        labels: Cluster of each sample, from 0, shape `(n,)`, int32. The largest cluster is 0.
        confidence: Share of that cluster in the sample's soft assignment, shape `(n,)`.
        centres: Codes of the centres, shape `(k, units)`.
        model: The tuned model. Its decoder is that of the codes before.
    """

    labels: np.ndarray
    confidence: np.ndarray
    centres: np.ndarray
    model: Any

    def assign(self, x: Any) -> np.ndarray:
        """Return the cluster of each of some other samples, shape `(n,)`, int32."""
        return self._soft(x).argmax(axis=1).astype(np.int32)

    def _soft(self, x: Any) -> np.ndarray:
        codes = self.model.encode(x)
        return soft_assignment(codes.reshape(len(codes), -1), self.centres)


def cluster(
    model: Any,
    x: Any,
    k: int,
    *,
    epochs: int = 20,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> Clusters:
    """Divide samples into clusters.

    k-means of the codes gives the first centres. Then encoder and centres are trained towards
    assignments that are surer and of evener sizes than their own, computed anew every epoch, until
    fewer than one sample in a thousand changes its cluster.

    Args:
        model: An `aezoo.Autoencoder`, such as `aezoo.tasks.reduce(x, 10, variant="ae")`. A copy of
            it is tuned.
        x: Samples `(n, *sample_shape)`, at least k.
        k: Number of clusters, at least 2.
        epochs: Most passes over the samples; 0 for k-means alone.
        batch_size: Samples a step.
        learning_rate: Of Adam.
        seed: Seed of k-means and of the order of the samples.

    Returns:
        The clusters.

    Raises:
        ValueError: The samples do not fit the model, are fewer than k, or an argument is wrong.

    Example:
        >>> import aezoo
        >>> found = cluster(aezoo.load("vae.digits"), aezoo.data.load("digits").x, 10, epochs=1)
        >>> found.labels.shape, found.centres.shape
        ((1297,), (10, 8))

    Reference:
        [Xie et al., 2016](https://arxiv.org/abs/1511.06335)
    """
    x = check_samples(x, model.sample_shape, sample_range=model.sample_range)
    for name, value, least in (("k", k, 2), ("epochs", epochs, 0), ("batch_size", batch_size, 1)):
        check_count(name, value, least)
    if len(x) < k:
        raise ValueError(
            f"There must be at least as many samples as clusters. Received: {len(x)} samples, {k=}."
        )
    if not isinstance(model, keras.Model):
        raise ValueError(
            "Only a model on Keras can be tuned: load it with engine='keras'. "
            f"Received: {type(model).__name__}."
        )
    tuned = _copy(model)
    centres = _kmeans(tuned.encode(x).reshape(len(x), -1), k, seed).cluster_centers_
    if epochs:
        centres = _tune(tuned, x, centres, epochs, batch_size, learning_rate, seed)
    soft = soft_assignment(tuned.encode(x).reshape(len(x), -1), centres)
    order = np.argsort(-np.bincount(soft.argmax(axis=1), minlength=k), kind="stable")
    soft = soft[:, order]
    labels = soft.argmax(axis=1).astype(np.int32)
    return Clusters(labels, soft.max(axis=1), np.asarray(centres[order], np.float32), tuned)


def soft_assignment(codes: Any, centres: Any) -> np.ndarray:
    """Return the share of each cluster in each code, under Student's t kernel.

    Args:
        codes: Shape `(n, units)`.
        centres: Shape `(k, units)`.

    Returns:
        `q_ij = (1 + |z_i - c_j|^2)^-1`, divided by its sum over j; shape `(n, k)`.

    Example:
        >>> soft_assignment(np.zeros((1, 2)), np.array([[0.0, 0.0], [1.0, 0.0]])).round(2).tolist()
        [[0.67, 0.33]]
    """
    distances = sum(
        np.square(np.subtract.outer(a, b)) for a, b in zip(codes.T, centres.T, strict=True)
    )
    shares = 1.0 / (1.0 + distances)
    normalised: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return normalised


def target_distribution(soft: np.ndarray) -> np.ndarray:
    """Return the assignments to train towards: surer, and of evener sizes.

    Args:
        soft: Soft assignments `q`, shape `(n, k)`.

    Returns:
        `p_ij = q_ij^2 / f_j` with `f_j = sum_i q_ij`, divided by its sum over j; shape `(n, k)`.

    Example:
        >>> target_distribution(np.array([[0.8, 0.2], [0.2, 0.8]])).round(2).tolist()
        [[0.94, 0.06], [0.06, 0.94]]
    """
    sharpened = np.square(soft) / soft.sum(axis=0)
    normalised: np.ndarray = sharpened / sharpened.sum(axis=1, keepdims=True)
    return normalised


def evaluate(
    model: Any,
    data: Any = "fashion_mnist",
    *,
    train: Dataset | None = None,
    epochs: int = 20,
    seeds: int = 3,
) -> dict[str, Any]:
    """Score clusters beside those of k-means, on the model's codes and on the samples.

    Each finds as many clusters as there are classes in up to 10,000 samples of the training split,
    without their labels, and assigns those of the test split.

    Args:
        model: An `aezoo.Autoencoder`.
        data: A dataset with labels: its name or path, or the test split as a `Dataset`.
        train: The training split where `data` is a `Dataset`.
        epochs: See `cluster`.
        seeds: Number of repetitions, with seeds from 0.

    Returns:
        JSON values: `dataset`, `n`, `n_train`, `k`, `seeds`; `scores`, the means of `accuracy`
        (clusters matched with classes one to one) and `nmi` by method, `dec`, `codes` and
        `samples`; `runs`, the values of each seed; and `verdict`, a sentence for each score.

    Raises:
        ValueError: The data has no labels, or does not fit the model.
    """
    from sklearn.metrics import normalized_mutual_info_score

    if not isinstance(data, Dataset):
        train = load(data, "train") if train is None else train
        data = load(data, "test")
    if train is None or data.labels is None:
        raise ValueError(
            "evaluate needs a test split with labels and a training split. "
            f"Received: labels={data.labels is not None}, train={train!r}."
        )
    names, classes = np.unique(data.labels, return_inverse=True)
    measures = {"accuracy": matched, "nmi": normalized_mutual_info_score}
    runs: dict[str, dict[str, list[float]]] = {measure: {} for measure in measures}
    for seed in range(seeds):
        x = some(train.x, _MOST, seed=seed)
        for method, assigned in _assignments(model, x, data.x, len(names), epochs, seed).items():
            for measure, score in measures.items():
                runs[measure].setdefault(method, []).append(float(score(classes, assigned)))
    scores = {
        measure: {method: float(np.mean(values)) for method, values in by_method.items()}
        for measure, by_method in runs.items()
    }
    return {
        "dataset": data.name,
        "n": len(data.x),
        "n_train": min(len(train.x), _MOST),
        "k": len(names),
        "seeds": seeds,
        "scores": scores,
        "runs": runs,
        "verdict": [_verdict(measure, by_method) for measure, by_method in scores.items()],
    }


class Assignments(keras.layers.Layer):
    """Codes to soft assignments, with centres that are trained.

    Args:
        centres: Where they start, shape `(k, units)`.
    """

    def __init__(self, centres: np.ndarray):
        super().__init__(autocast=False)
        start = keras.initializers.Constant(np.asarray(centres, np.float32))
        self.centres = self.add_weight(shape=centres.shape, initializer=start, name="centres")

    def call(self, codes: Any) -> Any:
        """Maps `(n, ...)` to `(n, k)`, see `soft_assignment`."""
        flat = ops.reshape(codes, (-1, 1, self.centres.shape[1]))
        shares = 1.0 / (1.0 + ops.sum(ops.square(flat - self.centres), axis=2))
        return shares / ops.sum(shares, axis=1, keepdims=True)


def _tune(
    model: Any,
    x: np.ndarray,
    centres: np.ndarray,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
) -> np.ndarray:
    """Train encoder and centres by self-training; return the centres."""
    layer = Assignments(centres)
    samples = keras.Input(model.sample_shape, dtype=x.dtype.name)
    network = keras.Model(samples, layer(model.encoder(samples)))
    network.compile(FusedAdam(learning_rate), loss="kl_divergence")
    draw, before = generator(seed), None
    for _ in range(epochs):
        codes = model.encode(x).reshape(len(x), -1)
        soft = soft_assignment(codes, ops.convert_to_numpy(layer.centres))
        assigned = soft.argmax(axis=1)
        if before is not None and np.mean(assigned != before) < _MOVED:
            break
        before, order = assigned, draw.permutation(len(x))
        target = target_distribution(soft).astype(np.float32)[order]
        network.fit(x[order], target, batch_size=batch_size, shuffle=False, verbose=0)
    return np.asarray(ops.convert_to_numpy(layer.centres))


def _copy(model: Any) -> Any:
    copy = factory.create(model.variant, **factory.model_config(model))
    weights = model.named_weights()
    for name, weight in copy.named_weights().items():
        weight.assign(weights[name])
    return copy


def _kmeans(vectors: np.ndarray, k: int, seed: int) -> Any:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # on small arrays threads wait far longer than they work
        return KMeans(k, n_init=_STARTS, random_state=seed).fit(vectors)


def _assignments(
    model: Any, x: np.ndarray, z: np.ndarray, k: int, epochs: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the clusters of test samples `z` by each method, learned from `x`."""
    vectors = {
        "codes": [model.encode(part).reshape(len(part), -1) for part in (x, z)],
        "samples": [part.reshape(len(part), -1).astype(np.float32) for part in (x, z)],
    }
    return {
        "dec": cluster(model, x, k, epochs=epochs, seed=seed).assign(z),
        **{name: _kmeans(fit, k, seed).predict(test) for name, (fit, test) in vectors.items()},
    }


def _verdict(measure: str, scores: Mapping[str, float]) -> str:
    best = max(("codes", "samples"), key=scores.__getitem__)
    lead = scores["dec"] - scores[best]
    word = "above" if lead > 0 else "BELOW" if lead < 0 else "level with"
    return (
        f"{measure}: deep embedded clustering has {scores['dec']:.3f}, {abs(lead):.3f} {word} "
        f"k-means of the {best}, the best baseline."
    )
