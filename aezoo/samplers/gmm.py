"""A mixture of Gaussians."""

from typing import Annotated

import numpy as np

from aezoo.samplers import check_arrays
from aezoo.samplers.normal import factor
from aezoo.schema import Interval

CANDIDATES = (1, 2, 5, 10, 20, 40)


class GMM:
    """Mixture of full-covariance Gaussians.

    Args:
        components: Number of components; None to take the one of 1, 2, 5, 10, 20, 40 with the
            highest likelihood on a held-out fifth of the codes.
        limit: Largest number of codes used for the fit, drawn at random.

    Example:
        ```python
        model.fit_sampler("gmm", images, components=10)
        ```

    Reference:
        [Ghosh et al., 2020](https://arxiv.org/abs/1903.12436)
    """

    def __init__(
        self,
        *,
        components: Annotated[int, Interval(1, 1024)] | None = None,
        limit: Annotated[int, Interval(2, 10**7)] = 20_000,
    ):
        self.components, self.limit = components, limit

    def fit(self, codes, *, seed=0):
        """Learns the mixture by expectation maximisation.

        Args:
            codes: Shape `(n, d)`.
            seed: Seed of the held-out split and of the starting points.

        Returns:
            The sampler.
        """
        from sklearn.mixture import GaussianMixture

        codes = np.asarray(codes, "float64")
        codes = np.random.default_rng(seed).permutation(codes)[: self.limit]
        # A unit without spread would make every covariance singular; the ridge is relative.
        ridge = 1e-6 * max(codes.var(axis=0).max(), 1e-6)

        def mixture(components, data):
            model = GaussianMixture(components, reg_covar=ridge, random_state=seed)
            return model.fit(data)

        components = self.components
        if components is None:
            held_out = len(codes) // 5
            rest = codes[held_out:]
            scores = {
                k: mixture(k, rest).score(codes[:held_out])
                for k in CANDIDATES
                if 10 * k <= len(rest) or k == 1
            } if held_out else {1: 0.0}  # fmt: skip
            components = max(scores, key=scores.__getitem__)
        if components > len(codes):
            raise ValueError(
                f"gmm needs at least as many samples as components. Received: {len(codes)} samples, "
                f"components={components}."
            )
        fitted = mixture(components, codes)
        self.weights, self.means = fitted.weights_, fitted.means_
        self.factors = np.stack([factor(covariance) for covariance in fitted.covariances_])
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code: its own, and one that chooses the component."""
        return self.means.shape[1] + 1

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, d + 1)` to codes `(n, d)`, float32."""
        cumulative = np.cumsum(self.weights) / np.sum(self.weights)
        chosen = np.searchsorted(cumulative, _normal_cdf(noise[:, -1]))
        chosen = np.minimum(chosen, len(self.weights) - 1)
        spread = np.einsum("nij,nj->ni", self.factors[chosen], noise[:, :-1])
        return (self.means[chosen] + spread).astype("float32")

    def arrays(self):
        """Returns what was learned, float32 by name."""
        arrays = {"weights": self.weights, "means": self.means, "factors": self.factors}
        return {name: array.astype("float32") for name, array in arrays.items()}

    def load(self, arrays):
        """Takes what `arrays` returned."""
        k, d = arrays["means"].shape if "means" in arrays and arrays["means"].ndim == 2 else (0, 0)
        check_arrays(arrays, {"weights": (k,), "means": (k, d), "factors": (k, d, d)}, "gmm")
        if k == 0 or (arrays["weights"] < 0).any() or arrays["weights"].sum() <= 0:
            raise ValueError("The weights of sampler 'gmm' must be probabilities.")
        self.weights, self.means, self.factors = (
            arrays[name].astype("float64") for name in ("weights", "means", "factors")
        )
        return self


def _normal_cdf(x):
    """Returns the standard normal distribution function, by `math.erfc` elementwise."""
    from math import erfc, sqrt

    return np.array([0.5 * erfc(-value / sqrt(2.0)) for value in x])
