"""A kernel density estimate."""

import math
from typing import Annotated

import numpy as np
from aezoo.samplers import check_arrays
from aezoo.schema import Interval


class KDE:
    """Kernel density estimate: a code of the training data, with a little Gaussian noise.

    Args:
        bandwidth: Standard deviation of the noise, in units of each latent unit's own.
        limit: Largest number of codes kept.

    Example:
        ```python
        model = aezoo.load("vae.digits")
        model.fit_sampler("acme/kde", aezoo.data.load("digits").x, bandwidth=0.2)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Parzen, 1962](https://doi.org/10.1214/aoms/1177704472)
    """

    def __init__(
        self,
        *,
        bandwidth: Annotated[float, Interval(0.0, 10.0)] = 0.1,
        limit: Annotated[int, Interval(1, 100_000)] = 2000,
    ):
        self.bandwidth, self.limit = bandwidth, limit

    def fit(self, codes, *, seed=0):
        """Keeps at most `limit` of the codes `(n, d)`, drawn at random."""
        codes = np.asarray(codes, "float32")
        self.codes = np.random.default_rng(seed).permutation(codes)[: self.limit]
        self.scale = self.bandwidth * codes.std(axis=0)
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code: its own, and one that chooses the kept code."""
        return self.codes.shape[1] + 1

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, d + 1)` to codes `(n, d)`, float32."""
        uniform = np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in noise[:, -1]])
        chosen = np.minimum((uniform * len(self.codes)).astype(int), len(self.codes) - 1)
        return (self.codes[chosen] + self.scale * noise[:, :-1]).astype("float32")

    def arrays(self):
        """Returns what was learned, float32 by name."""
        return {"codes": self.codes, "scale": self.scale}

    def load(self, arrays):
        """Takes what `arrays` returned."""
        codes = arrays.get("codes", np.empty((0, 0)))
        expected = {"codes": (len(codes), codes.shape[-1]), "scale": codes.shape[-1:]}
        check_arrays(arrays, expected, "acme/kde")
        self.codes, self.scale = codes, arrays["scale"]
        return self
