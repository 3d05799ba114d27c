"""The uniform distribution on a sphere."""

import numpy as np

from aezoo.samplers import check_arrays, check_reach

TOLERANCE = 1e-3


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
        self.radii = np.full(codes.shape[1], radius)
        return self

    @property
    def noise_dim(self):
        """Numbers of noise for one code."""
        return len(self.radii)

    def transform(self, noise, condition=None):
        """Maps standard normal noise `(n, d)` to codes `(n, d)`, float32."""
        norms = np.linalg.norm(noise, axis=1, keepdims=True)
        return (noise / np.maximum(norms, 1e-12) * self.radii).astype("float32")

    def arrays(self):
        """Returns what was learned, float32 by name: the radius, once for each dimension."""
        return {"radii": self.radii.astype("float32")}

    def load(self, arrays):
        """Takes what `arrays` returned."""
        d = arrays["radii"].size if "radii" in arrays else 0
        check_arrays(arrays, {"radii": (d,)}, "hypersphere")
        if d == 0 or not np.ptp(arrays["radii"]) == 0.0 < arrays["radii"][0]:
            raise ValueError("The radii of sampler 'hypersphere' must be one positive number.")
        self.radii = arrays["radii"].astype("float64")
        check_reach(np.zeros(d), np.diag(self.radii), "hypersphere")
        return self
