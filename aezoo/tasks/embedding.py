"""Codes of many samples, their places on a map, and how much of the labels they keep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from aezoo.arrays import check_codes
from aezoo.baseline import PCABaseline
from aezoo.batches import is_stream, samples_of
from aezoo.data import Dataset, load
from aezoo.metrics.probes import linear
from aezoo.noise import generator

_MOST_FITTED = 20_000
_MOST_TESTED = 10_000
_TSNE = (4_000, 1_000)  # training and test samples that t-SNE places together
_PLANE = 3  # dimensions up to which t-SNE is a baseline
_NAMES = {"pca": "PCA", "pixels": "the samples themselves", "tsne": "t-SNE"}


def embed(model: Any, data: Any, *, batch_size: int = 256) -> Iterator[np.ndarray]:
    """Encode samples, however many, in the memory of one batch.

    Args:
        model: A model, an `aezoo.Autoencoder` or what `aezoo.load` returned.
        data: Samples `(n, *sample_shape)`, or an iterable of batches of them.
        batch_size: Largest number of samples of an array that are encoded at once.

    Yields:
        Codes as vectors, `(batch, units)`, float32, in the order of the samples.

    Raises:
        ValueError: The samples do not fit the model.

    Example:
        >>> import aezoo
        >>> model, data = aezoo.load("vae.digits"), aezoo.data.load("digits")
        >>> [codes.shape for codes in embed(model, data.x, batch_size=1000)]
        [(1000, 8), (297, 8)]
    """
    if is_stream(data):
        parts: Any = samples_of(data)
    else:
        samples = np.asarray(data)
        parts = (samples[row : row + batch_size] for row in range(0, len(samples), batch_size))
    for part in parts:
        codes = model.encode(part, batch_size=batch_size)
        yield codes.reshape(len(codes), -1)


def plane(codes: Any) -> np.ndarray:
    """Return places of codes on a map: the codes where they are pairs, else two components.

    Args:
        codes: Shape `(n, *code_shape)`.

    Returns:
        Shape `(n, 2)`, float32: along the two directions in which codes vary most, where they have
        other than two numbers.

    Example:
        >>> plane(np.eye(3)[:, :2]).tolist() == np.eye(3)[:, :2].tolist()
        True
    """
    codes = check_codes(codes, np.shape(codes)[1:], name="codes")
    codes = codes.reshape(len(codes), -1)
    if codes.shape[1] == 2:
        return codes
    centred = codes - codes.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T.astype(np.float64) @ centred)
    places = centred @ directions[:, :-3:-1].astype(np.float32)
    return np.pad(places, [(0, 0), (0, 2 - places.shape[1])])


def evaluate(
    model: Any, data: Any = "fashion_mnist", *, train: Dataset | None = None, seed: int = 0
) -> dict[str, Any]:
    """Score how well classes can be read from codes, beside PCA, t-SNE and the raw samples.

    Classifiers learn from codes of the training split (up to 20,000, drawn at random) and are
    scored on those of the test split (up to 10,000): the vote of the 5 nearest, and a linear one.
    PCA has as many components as the code has numbers, and is fitted to the same samples. t-SNE
    cannot place new samples: 4,000 training and 1,000 test samples, their labels unseen, are placed
    together, for codes of up to three numbers.

    Args:
        model: A model with an encoder.
        data: A dataset with labels: its name or path, or the test split as a `Dataset`.
        train: The training split where `data` is a `Dataset`.
        seed: Seed of the choice of samples, of PCA and of t-SNE.

    Returns:
        JSON values: `dataset`, `n`, `n_train`, `seed`, `dimensions` of each space; `scores`, the
        accuracies `knn` and `linear_probe` by space, `model`, `pca`, `pixels` and `tsne`; and
        `verdict`, a sentence for each.

    Raises:
        ValueError: The data has no labels, or does not fit the model.

    Example:
        >>> import aezoo
        >>> scores = evaluate(aezoo.load("vae.digits"), "digits")["scores"]
        >>> scores["knn"]["model"] > 0.9
        True
    """
    if not isinstance(data, Dataset):
        train = load(data, "train") if train is None else train
        data = load(data, "test")
    if train is None:
        raise ValueError("Where data is a Dataset, train must be one too. Received: train=None.")
    fitted, tested = _drawn(train, _MOST_FITTED, seed), _drawn(data, _MOST_TESTED, seed)
    spaces = _spaces(model, fitted[0], tested[0], seed)
    scores: dict[str, dict[str, float]] = {"knn": {}, "linear_probe": {}}
    for name, (x, z) in spaces.items():
        for measure, accuracy in _accuracies(
            x, fitted[1][: len(x)], z, tested[1][: len(z)]
        ).items():
            scores[measure][name] = accuracy
    return {
        "dataset": data.name,
        "n": len(tested[0]),
        "n_train": len(fitted[0]),
        "seed": seed,
        "dimensions": {name: x.shape[1] for name, (x, _) in spaces.items()},
        "scores": scores,
        "verdict": [_verdict(measure, by_space) for measure, by_space in scores.items()],
    }


def _drawn(data: Dataset, most: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return samples and labels in a random order, so that the first ones are a fair part."""
    if data.labels is None:
        raise ValueError(f"The dataset {data.name!r} has no labels to be read from codes.")
    rows = generator(seed).permutation(len(data.x))[:most]
    return data.x[rows], np.asarray(data.labels)[rows]


def _spaces(
    model: Any, x: np.ndarray, z: np.ndarray, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the vectors that each space has for training and test samples."""
    codes, others = (np.concatenate([*embed(model, part)]) for part in (x, z))
    spaces = {"model": (codes, others)}
    units, size = math.prod(model.code_shape), math.prod(x.shape[1:])
    if units < min(len(x), size):
        pca = PCABaseline(x, components=units, sample_range=model.sample_range, seed=seed)
        spaces["pca"] = (pca.encode(x), pca.encode(z))
    x, z = (part.reshape(len(part), -1).astype(np.float32) for part in (x, z))
    if units <= _PLANE:
        spaces["tsne"] = _tsne(x[: _TSNE[0]], z[: _TSNE[1]], units, seed)
    return {**spaces, "pixels": (x, z)}


def _tsne(x: np.ndarray, z: np.ndarray, units: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.manifold import TSNE

    both = np.concatenate([x, z])
    perplexity = min(30.0, (len(both) - 1) / 3)
    placed = TSNE(units, perplexity=perplexity, init="pca", random_state=seed).fit_transform(both)
    return placed[: len(x)], placed[len(x) :]


def _accuracies(
    x: np.ndarray, labels: np.ndarray, z: np.ndarray, truth: np.ndarray
) -> dict[str, float]:
    from sklearn.neighbors import KNeighborsClassifier
    from threadpoolctl import threadpool_limits

    classifiers = {"knn": KNeighborsClassifier(min(5, len(x))), "linear_probe": linear()}
    with threadpool_limits(1):  # on small arrays threads wait far longer than they work
        return {
            name: float(classifier.fit(x, labels).score(z, truth))
            for name, classifier in classifiers.items()
        }


def _verdict(measure: str, scores: Mapping[str, float]) -> str:
    """Say by how many points the model is above or below each other space."""
    parts = []
    for name, value in scores.items():
        lead = 100 * (scores["model"] - value)
        if name != "model":
            word = "above" if lead > 0 else "BELOW" if lead < 0 else "level with"
            points = f"{abs(lead):.1f} points " if lead else ""
            parts.append(f"{points}{word} {_NAMES[name]}")
    title = measure.replace("_", " ")
    return f"{title}: the model has {scores['model']:.1%}, {', '.join(parts)}."
