"""A kernel density estimate of the codes."""

from typing import Annotated

import numpy as np

from aezoo.noise import generator
from aezoo.samplers import check_arrays
from aezoo.samplers.uniform import to_uniform
from aezoo.samplers.whitening import load_whitening, whiten
from aezoo.schema import Interval

CANDIDATES = np.geomspace(0.125, 2.0, 17)
SELECTION = 1_000


class KDE:
    """Kernel density estimate: a code of a training sample, and Gaussian noise around it.

    The kernels have the shape of the codes' covariance, and the draws are shrunk by what the noise
    adds to it. Codes of training samples are stored with the sampler, and with a small bandwidth
    the draws are near copies of them: look at the metric `memorisation`.

    Args:
        bandwidth: Standard deviation of the noise, where the codes have 1; None for that under
            which kept codes are likeliest, each by the kernels of the others.
        limit: Largest number of codes kept, drawn at random.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("kde", aezoo.data.load("digits").x)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Parzen, 1962](https://doi.org/10.1214/aoms/1177704472), with the shrinkage of
        [Silverman, 1986](https://doi.org/10.1201/9781315140919), section 6.4
    """

    def __init__(
        self,
        *,
        bandwidth: Annotated[float, Interval(0.0, 10.0)] | None = None,
        limit: Annotated[int, Interval(2, 10**6)] = 4_000,
    ):
        self.bandwidth, self.limit = bandwidth, limit

    def fit(self, codes, *, seed=0):
        """Keeps codes, and chooses the bandwidth.

        Args:
            codes: Shape `(n, d)`, at least 2 of them.
            seed: Seed of the choice of codes.

        Returns:
            The sampler.

        Raises:
            ValueError: Too few codes, or all the same.
        """
        if len(codes) < 2:
            raise ValueError(
                f"kde needs at least 2 samples; 'normal' needs one. Received: {len(codes)} samples."
            )
        self.whitening = whiten(codes, "kde")
        kept = generator(seed).permutation(len(codes))[: self.limit]
        self.centres = self.whitening.forward(np.asarray(codes)[kept])
        self.width = likeliest_width(self.centres) if self.bandwidth is None else self.bandwidth
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code: its own, and one that chooses the kept code."""
        return self.centres.shape[1] + 1

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, noise_dim)` to codes `(n, d)`, float32."""
        chosen = (to_uniform(noise[:, -1]) * len(self.centres)).astype(int)
        centres = self.centres[np.minimum(chosen, len(self.centres) - 1)]
        spread = centres + self.width * noise[:, :-1]
        return self.whitening.inverse(spread / np.sqrt(1.0 + self.width**2))

    def arrays(self):
        """Returns the kept codes and how to whiten them, float32 by name."""
        width = np.array([self.width], "float32")
        return {"centres": self.centres, "width": width, **self.whitening.arrays()}

    def load(self, arrays):
        """Takes what `arrays` returned."""
        whitening = load_whitening(arrays, "kde")
        d, r = whitening.factor.shape
        k = max(len(np.atleast_1d(arrays.get("centres", ()))), 1)
        expected = {"centres": (k, r), "width": (1,), "mean": (d,), "factor": (d, r)}
        check_arrays(arrays, expected, "kde")
        self.whitening, self.centres = whitening, arrays["centres"].astype("float32")
        self.width = float(arrays["width"][0])
        with np.errstate(all="ignore"):
            finite = np.isfinite(whitening.inverse(self.centres)).all()
        if not 0 <= self.width <= 10 or not finite:
            raise ValueError(
                "The codes of sampler 'kde' are not finite, or its width not from 0 to 10. "
                f"Received: width={self.width}."
            )
        return self


def likeliest_width(centres):
    """Returns the bandwidth under which white codes are likeliest, each by the others' kernels.

    Args:
        centres: Shape `(n, r)`, n at least 2.

    Returns:
        One of 17 multiples, from an eighth to two, of Scott's `n^(-1 / (r + 4))`.
    """
    n, r = centres.shape
    asked = centres[:SELECTION].astype("float64")
    lengths = np.square(centres).sum(axis=1)
    squared = np.square(asked).sum(axis=1)[:, None] + lengths - 2.0 * asked @ centres.T
    squared[np.arange(len(asked)), np.arange(len(asked))] = np.inf
    widths = CANDIDATES * n ** (-1.0 / (r + 4))

    def score(width):
        exponent = -0.5 * np.maximum(squared, 0.0) / width**2
        largest = exponent.max(axis=1)
        total = np.log(np.exp(exponent - largest[:, None]).sum(axis=1))
        return np.mean(largest + total) - r * np.log(width)

    return float(max(widths, key=score))
