"""The uniform distribution on a sphere."""

import numpy as np

from aezoo.samplers import check_arrays, check_reach

TOLERANCE = 1e-3
MAX_DIMENSION = 2**20


class Hypersphere:
    """Uniform distribution on the sphere around 0 that all codes lie on.

    For models whose codes share one norm, such as `sphere_vae`.

    Example:
        ```python
        model = aezoo.create("sphere_vae", sample_shape=(8, 8, 1), latent_dim=3)
        model.fit_sampler("hypersphere", aezoo.data.load("digits").x)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Davidson et al., 2018](https://arxiv.org/abs/1804.00891)
    """

    spherical = True
    noise_dim: int
    """Numbers of noise for one code."""

    def fit(self, codes, *, seed=0):
        """Learns the radius.

        Args:
            codes: Shape `(n, d)`, of one norm.
            seed: Not used: the fit is exact.

        Returns:
            The sampler.

        Raises:
            ValueError: The norms differ by more than a thousandth, or are 0.
        """
        codes = np.asarray(codes, "float64")
        norms = np.linalg.norm(codes, axis=1)
        radius = norms.mean()
        if not np.ptp(norms) <= TOLERANCE * radius or radius == 0.0:
            raise ValueError(
                "hypersphere needs codes on a sphere around 0, such as those of 'sphere_vae'; for "
                "others use 'normal' or 'gmm'. "
                f"Received: codes with norms from {norms.min():.4g} to {norms.max():.4g}."
            )
        self.radius, self.noise_dim = radius, codes.shape[1]
        return self

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, d)` to codes `(n, d)`, float32."""
        norms = np.linalg.norm(noise, axis=1, keepdims=True)
        return (noise / np.maximum(norms, 1e-12) * self.radius).astype("float32")

    def arrays(self):
        """Returns what was learned, float32 by name."""
        return {
            "radius": np.array([self.radius], "float32"),
            "dimension": np.array([self.noise_dim], "float32"),
        }

    def load(self, arrays):
        """Takes what `arrays` returned."""
        check_arrays(arrays, {"radius": (1,), "dimension": (1,)}, "hypersphere")
        radius, dimension = (float(arrays[name][0]) for name in ("radius", "dimension"))
        if not radius > 0.0 or dimension not in range(1, MAX_DIMENSION + 1):
            raise ValueError(
                "Sampler 'hypersphere' needs a radius above 0 and a dimension of at least 1. "
                f"Received: {radius=}, {dimension=}."
            )
        self.radius, self.noise_dim = radius, int(dimension)
        check_reach(np.zeros(1), np.array([[radius]]), "hypersphere")
        return self
