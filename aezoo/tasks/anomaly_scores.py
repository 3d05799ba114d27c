"""How unusual a sample is to a model: scores that are higher for what is more abnormal.

A score is fitted to normal samples, and then gives each sample a number that depends on no other
sample. `arrays` returns what it learned, as float32, and `load` takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from aezoo.arrays import to_unit
from aezoo.noise import generator, some
from aezoo.samplers.gmm import GMM
from aezoo.tasks.anomaly_formulas import GRIDS, grids, mahalanobis, mixture_nll, shrinkage

Arrays = dict[str, np.ndarray]

_BATCH = 256
_WIDEST = 1536
_COMPONENTS = 512
_NUMBERS = 40_000_000
_TINY = 1e-12
_DRAWS = 8


class Score(Protocol):
    """What turns samples into one number each."""

    def fit(self, model: Any, x: np.ndarray) -> Any:
        """Learn what is normal from samples `(n, *sample_shape)`."""

    def __call__(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return scores `(n,)`, float64."""

    def arrays(self) -> Arrays:
        """Return what was learned, float32 by name."""

    def load(self, arrays: Mapping[str, np.ndarray]) -> Any:
        """Take what `arrays` returned; ValueError where it is not of this score."""


def residuals(model: Any, x: np.ndarray) -> np.ndarray:
    """Return what reconstructions lack, `x - decode(encode(x))`, flat, `(n, d)`, float32."""
    missing: np.ndarray = floats(x) - model.reconstruct(x)
    return missing.reshape(len(x), -1)


def floats(x: np.ndarray) -> np.ndarray:
    """Return samples as float32: uint8 in [0, 1], others as they are."""
    return to_unit(x) if x.dtype == np.uint8 else x


def inner_residuals(model: Any, x: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Return what reconstructions lack, in units of preprocessed samples, flat, float32."""
    from keras import ops

    seen, drawn = (ops.convert_to_numpy(model.preprocess.forward(part)) for part in (x, decoded))
    return (seen - drawn).reshape(len(x), -1)


class Reconstruction:
    """Mean squared error of the reconstruction."""

    def fit(self, model: Any, x: np.ndarray) -> Reconstruction:
        """Learn nothing: the model did."""
        return self

    def __call__(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return mean squared errors."""
        found: np.ndarray = np.square(residuals(model, x)).mean(axis=1, dtype=np.float64)
        return found

    def arrays(self) -> Arrays:
        """Return no arrays."""
        return {}

    def load(self, arrays: Mapping[str, np.ndarray]) -> Reconstruction:
        """Take no arrays."""
        _expect(arrays, {})
        return self


class Mahalanobis:
    """Squared Mahalanobis distance of the code.

    Reference:
        [Denouden et al., 2018](https://arxiv.org/abs/1812.02765)
    """

    def features(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return what distances are taken of, `(n, d)`."""
        return model.encode(x).reshape(len(x), -1)

    def fit(self, model: Any, x: np.ndarray) -> Mahalanobis:
        """Learn mean and covariance, shrunk towards a sphere by the rule of Ledoit and Wolf.

        Of more than 1,536 features the 512 directions of largest variance are kept, and one
        variance for all others.
        """
        width = self.features(model, x[:_BATCH]).shape[1]
        rows = some(x, max(2, _NUMBERS // width))
        features = np.concatenate([self.features(model, part) for part in _batches(rows)])
        self.mean = features.mean(axis=0, dtype=np.float64)
        centred = features - self.mean
        n, wide = len(rows), width > max(_WIDEST, len(rows))
        gram = centred @ centred.T if wide else centred.T @ centred
        share = shrinkage(centred, gram)
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 0.0) / n
        kept = slice(-min(_COMPONENTS, n - 1) if width > _WIDEST else 0, None)
        self.variances, vectors = values[kept], vectors[:, kept]
        self.basis = vectors.T
        if wide:
            lengths = np.sqrt(np.maximum(self.variances * n, _TINY))
            self.basis = (vectors / lengths).T @ centred
        mean_variance = values.sum() / width
        rest = (values.sum() - self.variances.sum()) / max(width - len(self.variances), 1)
        ridge = max(share * mean_variance, _TINY)
        self.variances = (1 - share) * self.variances + ridge
        self.floor = np.array([(1 - share) * rest + ridge])
        return self

    def __call__(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return distances over the number of features."""
        learned = self.mean, self.basis, self.variances, float(self.floor[0])
        return np.concatenate(
            [mahalanobis(self.features(model, part), *learned) for part in _batches(x)]
        )

    def arrays(self) -> Arrays:
        """Return mean, directions, and variances along and across them."""
        names = ("mean", "basis", "variances", "floor")
        return {name: getattr(self, name).astype(np.float32) for name in names}

    def load(self, arrays: Mapping[str, np.ndarray]) -> Mahalanobis:
        """Take what `arrays` returned."""
        k, d = arrays["basis"].shape if "basis" in arrays and arrays["basis"].ndim == 2 else (0, 0)
        _expect(arrays, {"mean": (d,), "basis": (k, d), "variances": (k,), "floor": (1,)})
        if not all((arrays[name] > 0).all() for name in ("variances", "floor")):
            raise ValueError("variances must be above 0")
        for name, array in arrays.items():
            setattr(self, name, array.astype(np.float64))
        return self


class Layers(Mahalanobis):
    """Squared Mahalanobis distance of what the encoder's layers answer, to a sample and its copy.

    The features are the activations of each layer up to the code, and how they differ from those
    of the reconstruction: a sample is unusual where it is understood unusually, or differently
    once it was drawn.
    """

    def features(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return activations and differences, side by side."""
        seen, drawn = activations(model, x), activations(model, model.reconstruct(x))
        return np.concatenate([*seen, *(a - b for a, b in zip(seen, drawn, strict=True))], axis=1)


class Rapp(Mahalanobis):
    """Residuals of a sample and of its hidden activations, whitened (RaPP's NAP).

    The activations are those of the encoder's layers; the reconstruction's are taken from the
    sample's. The covariance is shrunk, which the paper's is not.

    Reference:
        [Kim et al., 2020](https://openreview.net/forum?id=HkgeGeBYDB)
    """

    def features(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return differences, of the sample and of every layer, side by side."""
        decoded = model.reconstruct(x)
        pairs = zip(activations(model, x), activations(model, decoded), strict=True)
        missing = inner_residuals(model, x, decoded)
        return np.concatenate([missing, *(seen - drawn for seen, drawn in pairs)], axis=1)


class Mixture:
    """Negative log density of the code under a mixture of Gaussians, in nats.

    Reference:
        [Zong et al., 2018](https://openreview.net/forum?id=BJJLHbb0-)
    """

    def fit(self, model: Any, x: np.ndarray) -> Mixture:
        """Learn the mixture, with as many components as help on held-out codes."""
        fitted = GMM().fit(self._codes(model, x))
        return self.load(fitted.arrays())

    def _codes(self, model: Any, x: np.ndarray) -> np.ndarray:
        return model.encode(x).reshape(len(x), -1).astype(np.float64)

    def __call__(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return negative log densities."""
        gmm = self._gmm
        return mixture_nll(self._codes(model, x), gmm.weights, gmm.means, gmm.factors)

    def arrays(self) -> Arrays:
        """Return weights, means and factors of covariances."""
        return self._gmm.arrays()

    def load(self, arrays: Mapping[str, np.ndarray]) -> Mixture:
        """Take what `arrays` returned."""
        self._gmm = GMM().load(dict(arrays))
        return self


class Elbo(Reconstruction):
    """Negative evidence lower bound, in nats, over 8 draws of the posterior.

    The draws are the same for each sample.

    Reference:
        [Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114)
    """

    def fit(self, model: Any, x: np.ndarray) -> Elbo:
        """Check that the model has a bound.

        Raises:
            ValueError: It has none.
        """
        model.log_prob(x[:1])
        return self

    def __call__(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return the negative bounds."""
        noise = generator(0).standard_normal((_DRAWS, *model.code_shape)).astype(np.float32)
        found = [
            np.mean(
                [
                    model.engine("log_weight", part, np.repeat(draw[None], len(part), axis=0))
                    for draw in noise
                ],
                axis=0,
                dtype=np.float64,
            )
            for part in _batches(x)
        ]
        return -np.concatenate(found)


class Erasing:
    """Mean squared error of what the model draws where cells of a random grid were erased.

    Each of 3 grids is erased a quarter at a time, so that every pixel is drawn once a grid without
    being seen. Erased pixels get the mean of the normal images.

    Reference:
        [Zavrtanik et al., 2021](https://doi.org/10.1016/j.patcog.2020.107706)
    """

    def fit(self, model: Any, x: np.ndarray) -> Erasing:
        """Learn the mean image.

        Raises:
            ValueError: The samples are no images.
        """
        if x.ndim != 4:
            raise ValueError(
                "The score 'erasing' is for images of shape (h, w, c). "
                f"Received: samples of shape {x.shape[1:]}."
            )
        self.fill = floats(x).mean(axis=0, dtype=np.float64).astype(np.float32)
        return self

    def errors(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return mean squared errors of each value where it was erased, of the shape of `x`."""
        x, total = floats(x), np.zeros(x.shape, np.float32)
        for hole in grids(*x.shape[1:3]):
            drawn = model.reconstruct(np.where(hole[..., None], self.fill, x))
            total += np.where(hole[..., None], np.square(x - drawn), 0)
        return total / GRIDS

    def __call__(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return the errors' means."""
        means = [self.errors(model, part).mean(axis=(1, 2, 3)) for part in _batches(x)]
        return np.concatenate(means).astype(np.float64)

    def arrays(self) -> Arrays:
        """Return the mean image."""
        return {"fill": self.fill}

    def load(self, arrays: Mapping[str, np.ndarray]) -> Erasing:
        """Take what `arrays` returned."""
        shape = arrays["fill"].shape if "fill" in arrays else (0,) * 3
        _expect(arrays, {"fill": shape if len(shape) == 3 else (0,) * 3})
        self.fill = arrays["fill"].astype(np.float32)
        return self


def activations(model: Any, x: np.ndarray) -> list[np.ndarray]:
    """Return what the layers of a model's encoder answer, each `(n, d)`, float32.

    Args:
        model: An `aezoo.Autoencoder`.
        x: Samples `(n, *sample_shape)`.

    Raises:
        ValueError: The model runs on ONNX Runtime, which shows no layers, or its encoder has none.
    """
    network = getattr(getattr(model, "encoder", None), "network", None)
    if not getattr(network, "weights", None):
        raise ValueError(
            "This score looks into the layers of a trained encoder, which only Keras shows: load "
            "the model with engine='keras' (--engine keras), or choose another score, as 'gmm' "
            f"or 'mahalanobis'. Received: {type(model).__name__}."
        )
    return [
        np.concatenate(parts).reshape(len(x), -1).astype(np.float32, copy=False)
        for parts in zip(*(_layers(model)(part) for part in _batches(x)), strict=True)
    ]


def _layers(model: Any) -> Any:
    """Return the function from a batch of raw samples to the answers of layers with weights."""
    if "_anomaly_layers" not in model.__dict__:
        import keras

        network = model.encoder.network
        outputs = [layer.output for layer in network.layers if layer.weights]
        inner = keras.Model(network.inputs, outputs)

        def run(batch: np.ndarray) -> list[np.ndarray]:
            found = inner(model.preprocess.forward(keras.ops.convert_to_tensor(batch)))
            return [keras.ops.convert_to_numpy(a) for a in (found if len(outputs) > 1 else [found])]

        model.__dict__["_anomaly_layers"] = run
    return model.__dict__["_anomaly_layers"]


def _batches(x: np.ndarray) -> Iterator[np.ndarray]:
    return (x[start : start + _BATCH] for start in range(0, len(x), _BATCH))


def _expect(arrays: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> None:
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        raise ValueError(f"arrays {found}, expected {dict(shapes)}")


SCORES: dict[str, Any] = {
    "layers": Layers,
    "reconstruction": Reconstruction,
    "mahalanobis": Mahalanobis,
    "gmm": Mixture,
    "elbo": Elbo,
    "rapp": Rapp,
    "erasing": Erasing,
}
"""What a score is called to its class."""


def suited(model: Any, n: int, *, own: bool) -> str:
    """Return the score for where none is named.

    That is `layers`, but `reconstruction` for a model of the normal samples' own that has as many
    activations as there are samples, whose covariance they cannot tell.

    Args:
        model: The model.
        n: Number of normal samples.
        own: Whether the model was trained on them, and draws nothing else well.

    Example:
        >>> suited(None, 100, own=False)
        'layers'
    """
    if own and n <= Layers().features(model, np.zeros((1, *model.sample_shape), "float32")).size:
        return "reconstruction"
    return "layers"


def find(name: str) -> Score:
    """Return a score that is not fitted yet.

    Raises:
        LookupError: There is none of this name.

    Example:
        >>> type(find("gmm")).__name__
        'Mixture'
    """
    if name not in SCORES:
        raise LookupError(f"score must be one of {', '.join(SCORES)}. Received: score={name!r}.")
    return SCORES[name]()
