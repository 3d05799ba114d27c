"""Autoencoders as transformers of scikit-learn."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from aezoo.batches import check_count
from aezoo.data import Dataset

_ROWS = 32
_VECTOR = 4096  # features that have a mean and a deviation of their own


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Nonlinear dimensionality reduction by an autoencoder, in the manner of scikit-learn.

    `fit` trains a variant on features of any scale, which are standardised inside the model:
    vectors feature by feature, images as a whole. Or it loads a model that was trained before,
    which takes what that model takes: uint8, or floats in its range.

    Args:
        n_components: Numbers in a code; not used where `model` names one.
        variant: Name of a variant, see `aezoo.list_variants()`.
        model: None to train, else what `aezoo.load` takes: a preset, a directory, a model on the
            Hub. It is not trained further.
        image_shape: `(height, width)` or `(height, width, channels)` where the features are the
            pixels of an image, row by row; None for vectors.
        body: Networks, see `aezoo.create`; None for those that suit the shape.
        config: Further arguments of the variant.
        epochs: Passes over the samples.
        batch_size: Samples a step; None for 128, or 32 of fewer than 10,000 samples.
        learning_rate: First learning rate of Adam; it decays to 0.
        random_state: Seed, `numpy.random.RandomState` or None, of everything random in `fit`.

    Attributes:
        model_: The fitted `aezoo.Autoencoder`.
        n_features_in_: Number of features that `fit` saw.
        feature_names_in_: Their names, where they had any.
        scale_: Standard deviations that errors are measured in, shape `(n_features_in_,)`.
        history_: Losses by epoch of the training; empty for a model that was loaded.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> x = load_digits().data
        >>> reducer = AutoencoderTransformer(2, epochs=2, random_state=0)
        >>> reducer.fit_transform(x).shape, reducer.inverse_transform([[0.0, 0.0]]).shape
        ((1797, 2), (1, 64))

    Reference:
        [Hinton and Salakhutdinov, 2006](https://doi.org/10.1126/science.1127647)
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        variant: str = "ae",
        model: str | None = None,
        image_shape: Sequence[int] | None = None,
        body: str | Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        epochs: int = 20,
        batch_size: int | None = None,
        learning_rate: float = 1e-3,
        random_state: Any = None,
    ):
        self.n_components = n_components
        self.variant = variant
        self.model = model
        self.image_shape = image_shape
        self.body = body
        self.config = config
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> AutoencoderTransformer:
        """Train on samples, or load the model.

        Args:
            X: Features, shape `(n_samples, n_features)`, at least two samples.
            y: Not used.

        Returns:
            The transformer.

        Raises:
            ValueError: The samples or an argument cannot be used.
            LookupError: There is no such variant or model.
        """
        X = self._features(X, reset=True)
        if self.model is None:
            self._train(X)
        else:
            self._load(self.model)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the codes of samples.

        Args:
            X: Features, shape `(n_samples, n_features)`.

        Returns:
            Codes, shape `(n_samples, n_components)`; float64 for float64, else float32.
        """
        X, samples = self._samples(X)
        codes = _apart(self.model_.encode, samples)
        return codes.reshape(len(codes), -1).astype(_precision(X), copy=False)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the samples that codes stand for.

        Args:
            X: Codes, shape `(n_samples, n_components)`.

        Returns:
            Features, shape `(n_samples, n_features)`; float64 for float64, else float32.
        """
        check_is_fitted(self)
        X = check_array(X, dtype=[np.float32, np.float64])
        if X.shape[1] != self._n_features_out:
            raise ValueError(
                f"A code has {self._n_features_out} numbers. Received: X.shape={X.shape}."
            )
        samples = self.model_.decode(X.reshape(-1, *self.model_.code_shape))
        return samples.reshape(len(X), -1).astype(X.dtype, copy=False)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return how well the model knows each sample: low for those unlike the training's.

        Args:
            X: Features, shape `(n_samples, n_features)`.

        Returns:
            Minus the mean squared error of the reconstruction, of standardised features; shape
            `(n_samples,)`, at most 0.
        """
        X, samples = self._samples(X)
        if samples.dtype == np.uint8:
            samples = samples / np.float32(255)
        difference = samples - _apart(self.model_.reconstruct, samples)
        difference = difference.reshape(len(X), -1)
        return -np.mean(np.square(difference / self.scale_), axis=1, dtype=_precision(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of `score_samples`, for a search over arguments.

        Args:
            X: Features, shape `(n_samples, n_features)`.
            y: Not used.
        """
        return float(np.mean(self.score_samples(X)))

    @property
    def _n_features_out(self) -> int:
        return math.prod(self.model_.code_shape)

    def _features(self, X: Any, *, reset: bool) -> np.ndarray:
        X = validate_data(self, X, reset=reset, ensure_min_samples=2 if reset else 1)
        kept = (
            (np.float32, np.float64) if self.model is None else (np.float32, np.float64, np.uint8)
        )
        return X if X.dtype in kept else X.astype(np.float32)

    def _samples(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return checked features, and what the model takes for them."""
        check_is_fitted(self)
        X = self._features(X, reset=False)
        return X, _single(X).reshape(-1, *self.model_.sample_shape)

    def _train(self, X: np.ndarray) -> None:
        from aezoo import training

        for name in ("n_components", "epochs"):
            check_count(name, getattr(self, name))
        seed = int(check_random_state(self.random_state).randint(2**32, dtype=np.int64))
        mean, std = _moments(X, apart=self.image_shape is None and X.shape[1] <= _VECTOR)
        step = {"name": "standardise", "mean": mean.tolist(), "std": std.tolist()}
        samples = _single(X).reshape(-1, *self._shape(X.shape[1]))
        data = Dataset("features", "train", samples, None, "not stated", "an array")
        with tempfile.TemporaryDirectory() as folder:
            trained = training.train(
                self.variant,
                data,
                Path(folder) / "model",
                epochs=int(self.epochs),
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                seed=seed,
                config={
                    "latent_dim": int(self.n_components),
                    "body": self.body,
                    "preprocess": step,
                    **(self.config or {}),
                },
                dtype="float32",
            )
        self.model_, self.history_ = trained.model, trained.history
        self.model_.source = ""  # the folder is gone
        self.scale_ = np.broadcast_to(np.asarray(std, np.float32), X.shape[1:]).copy()

    def _load(self, source: str) -> None:
        from aezoo import factory

        model = factory.load(source)
        if math.prod(model.sample_shape) != self.n_features_in_:
            raise ValueError(
                f"The model's samples have {math.prod(model.sample_shape)} features, shape "
                f"{model.sample_shape}. Received: model={source!r}, X with "
                f"{self.n_features_in_} features."
            )
        self.model_, self.history_ = model, {}
        self.scale_ = np.ones(self.n_features_in_, np.float32)

    def _shape(self, features: int) -> tuple[int, ...]:
        if self.image_shape is None:
            return (features,)
        shape = tuple(int(size) for size in self.image_shape)
        shape = (*shape, 1) if len(shape) == 2 else shape
        if len(shape) != 3 or math.prod(shape) != features:
            raise ValueError(
                "image_shape must be (height, width) or (height, width, channels), as many pixels "
                f"as there are features, {features}. Received: image_shape={self.image_shape!r}."
            )
        return shape

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the model as the files of a model directory."""
        from aezoo import factory, store

        state = super().__getstate__()
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                factory.save(state["model_"], Path(folder) / "model")
                state = {**state, "model_": store.contents(Path(folder) / "model")}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load the model from its files, as `aezoo.load` does it."""
        from aezoo import factory

        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in state["model_"].items():
                    Path(folder, name).write_bytes(content)
                state = {**state, "model_": factory.load(Path(folder))}
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks: the precision of the input is that of the codes."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _apart(function: Callable[[np.ndarray], np.ndarray], samples: np.ndarray) -> np.ndarray:
    """Call a function of samples so that the last bits of each are the same in any company.

    Products of few rows are rounded otherwise than those of many.
    """
    missing = -len(samples) % _ROWS
    padded = np.concatenate([samples, samples[-1:].repeat(missing, axis=0)])
    return function(padded)[: len(samples)]


def _precision(X: np.ndarray) -> Any:
    return np.float64 if X.dtype == np.float64 else np.float32


def _single(X: np.ndarray) -> np.ndarray:
    return X if X.dtype == np.uint8 else X.astype(np.float32, copy=False)


def _moments(X: np.ndarray, *, apart: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation, of each feature or of all; 1 where nothing varies."""
    axis = 0 if apart else None
    mean, std = X.mean(axis, dtype=np.float64), X.std(axis, dtype=np.float64)
    still = std <= 1e-6 * np.maximum(np.abs(mean), 1e-6)  # what float32 tells apart
    return mean, np.where(still, 1.0, std)
