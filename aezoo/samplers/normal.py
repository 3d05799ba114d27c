"""A full-covariance Gaussian."""

import numpy as np

from aezoo.samplers import check_arrays, check_reach


class Normal:
    """Gaussian with the mean and full covariance of the codes.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("normal", aezoo.data.load("digits").x)
        images = model.generate(4, seed=0)
        ```
    """

    def fit(self, codes, *, seed=0):
        """Learns mean and covariance.

        Args:
            codes: Shape `(n, d)`.
            seed: Not used: the fit is exact.

        Returns:
            The sampler.
        """
        codes = np.asarray(codes, "float64")
        self.mean = codes.mean(axis=0)
        centred = codes - self.mean
        covariance = centred.T @ centred / max(len(codes) - 1, 1)
        self.factor = factor(covariance)
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code."""
        return len(self.mean)

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, d)` to codes `(n, d)`, float32."""
        return (self.mean + noise @ self.factor.T).astype("float32")

    def arrays(self):
        """Returns what was learned, float32 by name."""
        arrays = {"mean": self.mean, "factor": self.factor}
        return {name: array.astype("float32") for name, array in arrays.items()}

    def load(self, arrays):
        """Takes what `arrays` returned."""
        d = arrays["mean"].size if "mean" in arrays else 0
        check_arrays(arrays, {"mean": (d,), "factor": (d, d)}, "normal")
        self.mean, self.factor = (arrays[name].astype("float64") for name in ("mean", "factor"))
        check_reach(self.mean, self.factor, "normal")
        return self


def factor(covariance):
    """Returns a matrix `L` with `L @ L.T` equal to a covariance, singular ones included."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
