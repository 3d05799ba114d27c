"""Memorisation: whether generated samples are copies of training samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from aezoo.metrics.samples import as_floats

MOST = 2000
_ROWS, _COLUMNS = 1000, 10_000


def memorisation(
    generated: ArrayLike,
    train: ArrayLike,
    real: ArrayLike,
    *,
    sample_range: tuple[float, float] | None = (0.0, 1.0),
) -> float:
    """How much nearer generated samples are to the training samples than unseen ones. 1 is healthy.

    The median distance of generated samples to their nearest training sample, divided by that of
    held-out real samples. Copies score 0. Distances are Euclidean, in the samples' own values:
    no network decides what alike means. Smooth samples lie nearer to everything than sharp ones,
    so compare a blurry model with the score of its reconstructions of held-out samples, which
    are no copies, and not with 1. Of more than 2,000 generated or held-out samples every second,
    third, ... is used.

    Args:
        generated: Samples of a model, shape `(m, *sample_shape)`, uint8 or float.
        train: The samples that it was trained on, shape `(n, *sample_shape)`.
        real: Samples that it was not trained on, shape `(l, *sample_shape)`.
        sample_range: Lowest and highest value of a sample, what uint8 stands for; None for
            samples without bounds.

    Returns:
        The ratio, at least 0.

    Raises:
        ValueError: If the samples differ in shape, there are none, a value is not a finite real
            number, or half of the held-out samples are training samples themselves.

    Example:
        ```python
        import numpy as np
        from aezoo.metrics import memorisation

        train, real, new = np.random.default_rng(0).random((3, 50, 8))
        assert memorisation(train[:10], train, real) == 0.0
        assert 0.8 < memorisation(new, train, real) < 1.25
        ```

    Reference:
        [Meehan et al., 2020](https://arxiv.org/abs/2004.05675), who compare the same distances
    """
    shapes = {np.shape(samples)[1:] for samples in (generated, train, real)}
    if len(shapes) > 1:
        raise ValueError(
            "generated, train and real must hold samples of one shape. "
            f"Received: {', '.join(map(str, sorted(shapes)))}."
        )
    known = _vectors(train, sample_range, "train")
    usual = _median_distance(_vectors(real, sample_range, "real"), known)
    if usual == 0:
        raise ValueError(
            "memorisation needs held-out samples: half of `real` and more are in `train`."
        )
    return _median_distance(_vectors(generated, sample_range, "generated"), known) / usual


def _vectors(samples: ArrayLike, sample_range: tuple[float, float] | None, name: str) -> np.ndarray:
    floats = as_floats(samples, sample_range, name=name)
    return floats.reshape(len(floats), -1)


def _median_distance(vectors: np.ndarray, known: np.ndarray) -> float:
    """Return the median distance of vectors, or of evenly chosen ones, to the nearest known."""
    part = vectors[:: -(-len(vectors) // MOST)]
    return float(np.median(_distances(part, known)))


def _distances(vectors: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the distance of each vector to the nearest known one, `(n,)`, float64."""
    nearest = np.concatenate(
        [_nearest(vectors[i : i + _ROWS], known) for i in range(0, len(vectors), _ROWS)]
    )
    # Not the distances that found them, whose rounding hides that a copy is exact.
    distances: np.ndarray = np.sqrt(
        [
            np.square(v - known[i], dtype=np.float64).sum()
            for v, i in zip(vectors, nearest, strict=True)
        ]
    )
    return distances


def _nearest(vectors: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the index of the nearest known vector of each, `(n,)`."""
    best = np.full(len(vectors), np.inf, np.float32)
    index = np.zeros(len(vectors), np.int64)
    for start in range(0, len(known), _COLUMNS):
        part = known[start : start + _COLUMNS]
        relative = np.einsum("ij,ij->i", part, part) - 2.0 * (vectors @ part.T)
        found = relative.argmin(axis=1)
        lowest = relative[np.arange(len(vectors)), found]
        closer = lowest < best
        index[closer], best[closer] = found[closer] + start, lowest[closer]
    return index
