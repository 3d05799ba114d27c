"""A mixture of the posteriors of training samples."""

from typing import Annotated

import numpy as np

from aezoo.noise import generator
from aezoo.samplers import check_arrays, check_reach
from aezoo.samplers.uniform import to_uniform
from aezoo.schema import Interval


class Vamp:
    """Mixture, of equal weights, of the posteriors of samples drawn at random.

    An estimate of the aggregate posterior of models with Gaussian posteriors, without a fit.

    Args:
        components: Largest number of posteriors that are kept.

    Example:
        ```python
        model = aezoo.create("vae", sample_shape=(8, 8, 1))
        model.fit_sampler("vamp", aezoo.data.load("digits").x, components=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Tomczak and Welling, 2018](https://arxiv.org/abs/1705.07120)
    """

    latent = "posterior"

    def __init__(self, *, components: Annotated[int, Interval(1, 2**16)] = 500):
        self.components = components

    def fit(self, means, deviations, *, seed=0):
        """Chooses the posteriors.

        Args:
            means: Shape `(n, d)`.
            deviations: Standard deviations, shape `(n, d)`.
            seed: Seed of the choice.

        Returns:
            The sampler.
        """
        chosen = generator(seed).permutation(len(means))[: self.components]
        self.means = np.asarray(means, "float64")[chosen]
        self.deviations = np.asarray(deviations, "float64")[chosen]
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code: its own, and one that chooses the component."""
        return self.means.shape[1] + 1

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, d + 1)` to codes `(n, d)`, float32."""
        k = len(self.means)
        chosen = np.minimum((k * to_uniform(noise[:, -1])).astype("int64"), k - 1)
        return (self.means[chosen] + self.deviations[chosen] * noise[:, :-1]).astype("float32")

    def arrays(self):
        """Returns what was learned, float32 by name."""
        arrays = {"means": self.means, "deviations": self.deviations}
        return {name: array.astype("float32") for name, array in arrays.items()}

    def load(self, arrays):
        """Takes what `arrays` returned."""
        k, d = arrays["means"].shape if "means" in arrays and arrays["means"].ndim == 2 else (0, 0)
        check_arrays(arrays, {"means": (k, d), "deviations": (k, d)}, "vamp")
        if not 0 < k <= self.components:
            raise ValueError(f"Sampler 'vamp' has {k} components, expected 1 to {self.components}.")
        self.means, self.deviations = (
            arrays[name].astype("float64") for name in ("means", "deviations")
        )
        check_reach(self.means, self.deviations[..., None], "vamp")
        return self
