"""A mixture of Gaussians."""

from typing import Annotated

import numpy as np

from aezoo.samplers import check_arrays, check_reach
from aezoo.samplers.normal import factor
from aezoo.samplers.uniform import to_uniform
from aezoo.schema import Interval

CANDIDATES = (1, 2, 5, 10, 20, 40)
SELECTION = 5_000
ITERATIONS = 1_000


class GMM:
    """Mixture of full-covariance Gaussians.

    Args:
        components: Number of components; None to try 1, 2, 5, 10, 20, 40 on 5,000 codes for as long
            as the likelihood of a held-out fifth of them rises.
        limit: Largest number of codes used for the fit, drawn at random.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("gmm", aezoo.data.load("digits").x, components=10)
        images = model.generate(4, seed=0)
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
        fewest = max(self.components or 1, 2)
        if len(codes) < fewest:
            raise ValueError(
                "gmm needs at least two samples, and one a component. "
                f"Received: {len(codes)} samples, components={self.components}."
            )
        # A unit without spread would make every covariance singular; the ridge is relative.
        ridge = 1e-6 * max(codes.var(axis=0).max(), 1e-6)

        def mixture(components, data):
            model = GaussianMixture(
                components, reg_covar=ridge, max_iter=ITERATIONS, random_state=seed
            )
            return model.fit(data)

        components = self.components or _choose(mixture, codes[:SELECTION])
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
        chosen = np.searchsorted(cumulative, to_uniform(noise[:, -1]))
        chosen = np.minimum(chosen, len(self.weights) - 1)
        codes = np.empty((len(noise), self.means.shape[1]), "float32")
        for component in np.flatnonzero(np.bincount(chosen)):
            rows = chosen == component
            spread = noise[rows, :-1] @ self.factors[component].T
            codes[rows] = self.means[component] + spread
        return codes

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
        if self.components not in (None, k):
            raise ValueError(f"Sampler 'gmm' has {k} components, expected {self.components}.")
        self.weights, self.means, self.factors = (
            arrays[name].astype("float64") for name in ("weights", "means", "factors")
        )
        check_reach(self.means, self.factors, "gmm")
        return self


def _choose(mixture, codes):
    """Returns the last candidate before the likelihood of held-out codes falls."""
    held_out, rest = np.split(codes, [len(codes) // 5])
    best, best_score = 1, -np.inf
    for components in CANDIDATES:
        if len(held_out) < 1 or 10 * components > len(rest):
            break
        score = mixture(components, rest).score(held_out)
        if score <= best_score:
            break
        best, best_score = components, score
    return best
