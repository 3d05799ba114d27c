"""The linear autoencoder that every model is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np

from aezoo.arrays import check_samples
from aezoo.metrics.samples import as_floats

_NUMBERS_TO_FIT = 60_000 * 784


class PCABaseline:
    """Principal component analysis as an autoencoder: the best linear one for squared error.

    Args:
        train: Samples to fit, shape `(n, *sample_shape)`, uint8 or float. Where they hold more
            than 47 million numbers, a random part that does not is used.
        components: Number of components, below both n and the size of a sample.
        sample_range: `(low, high)` that reconstructions are clipped to, or None.
        seed: Seed of the randomised decomposition and of the random part.

    Attributes:
        n_fitted: Number of samples that were used.
        sample_shape: Shape of one sample.

    Raises:
        ValueError: If there are too few samples or dimensions for `components`.

    Example:
        ```python
        import numpy as np
        from aezoo.baseline import PCABaseline

        x = np.random.default_rng(0).random((50, 8, 8, 1))
        assert PCABaseline(x, components=4).reconstruct(x).shape == (50, 8, 8, 1)
        ```
    """

    def __init__(
        self,
        train: Any,
        *,
        components: int,
        sample_range: tuple[float, float] | None = (0.0, 1.0),
        seed: int = 0,
    ):
        from sklearn.decomposition import PCA

        self.sample_range = sample_range
        train = check_samples(train, np.shape(train)[1:], sample_range=sample_range, name="train")
        most = max(1, _NUMBERS_TO_FIT // train[0].size)
        if len(train) > most:
            chosen = np.random.default_rng(seed).choice(len(train), most, replace=False)
            train = train[np.sort(chosen)]
        flat = self._vectors(train)
        if not 1 <= components < min(flat.shape):
            raise ValueError(
                "components must be at least 1 and below the number of samples and the size of "
                f"one, {flat.shape}. Received: components={components!r}."
            )
        self.n_fitted, self.sample_shape = len(flat), train.shape[1:]
        self._pca = PCA(components, svd_solver="randomized", random_state=seed).fit(flat)

    def encode(self, x: Any) -> np.ndarray:
        """Project samples on the components.

        Args:
            x: Samples, shape `(n, *sample_shape)`, uint8 or float.

        Returns:
            Codes `(n, components)`, float32.
        """
        x = check_samples(x, self.sample_shape, sample_range=self.sample_range)
        return np.asarray(self._pca.transform(self._vectors(x)), np.float32)

    def decode(self, z: Any) -> np.ndarray:
        """Return the samples that codes stand for.

        Args:
            z: Codes `(n, components)`.

        Returns:
            Samples `(n, *sample_shape)`, float32, in `sample_range`.
        """
        samples = np.asarray(self._pca.inverse_transform(z), np.float32)
        if self.sample_range is not None:
            np.clip(samples, *self.sample_range, out=samples)
        return samples.reshape(-1, *self.sample_shape)

    def reconstruct(self, x: Any, *, batch_size: int = 4096) -> np.ndarray:
        """Project samples on the components and back.

        Args:
            x: Samples, shape `(n, *sample_shape)`, uint8 or float.
            batch_size: Number of samples projected at once.

        Returns:
            Reconstructions of the same shape, float32, in `sample_range`.
        """
        x = check_samples(x, self.sample_shape, sample_range=self.sample_range)
        reconstruction = np.empty(x.shape, np.float32)
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            reconstruction[part] = self.decode(self.encode(x[part]))
        return reconstruction

    def complete(self, x: Any, masks: Any) -> np.ndarray:
        """Fill what is missing by its mean given the rest, where samples are normal.

        This is probabilistic PCA: codes have the variances of the components, and what the
        components leave is noise of one variance. It is least squares on the known values, with
        the ridge that the variances ask for.

        Args:
            x: Samples, shape `(n, *sample_shape)`, uint8 or float.
            masks: Booleans of the same shape, True where a value is missing.

        Returns:
            Samples of the same shape with the missing values filled, float32, in `sample_range`.

        Reference:
            [Tipping and Bishop, 1999](https://doi.org/10.1111/1467-9868.00196)
        """
        x = check_samples(x, np.shape(x)[1:], sample_range=self.sample_range)
        flat, missing = self._vectors(x), np.reshape(masks, (len(x), -1))
        noise = max(float(self._pca.noise_variance_), 1e-9)
        deviations = np.sqrt(np.maximum(self._pca.explained_variance_ - noise, 0.0))
        loadings, mean = self._pca.components_.T * deviations, self._pca.mean_
        filled = flat.copy()
        for row, gone in zip(filled, missing, strict=True):
            known = loadings[~gone]
            normal = known.T @ known + noise * np.eye(len(deviations))
            code = np.linalg.solve(normal, known.T @ (row - mean)[~gone])
            row[gone] = mean[gone] + loadings[gone] @ code
        if self.sample_range is not None:
            np.clip(filled, *self.sample_range, out=filled)
        return filled.reshape(x.shape)

    def _vectors(self, samples: np.ndarray) -> np.ndarray:
        return as_floats(samples, self.sample_range, name="samples").reshape(len(samples), -1)
