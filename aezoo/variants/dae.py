"""The denoising autoencoder."""

from typing import Annotated

import keras
from keras import ops

from aezoo import draws, schema
from aezoo.core import Autoencoder
from aezoo.schema import Interval, Rate


class Gaussian:
    """Adds Gaussian noise.

    Args:
        scale: Standard deviation of the noise, in units of the preprocessed sample.
    """

    def __init__(self, *, scale: Annotated[float, Interval(0.0, 100.0)] = 0.3):
        self.scale = scale

    def __call__(self, x, seed):
        """Returns `x` with noise."""
        return x + self.scale * draws.normal(ops.shape(x), seed)


class Masking:
    """Sets elements to 0.

    Args:
        rate: Share of elements set to 0.
    """

    def __init__(self, *, rate: Rate = 0.5):
        self.rate = rate

    def __call__(self, x, seed):
        """Returns `x` with holes."""
        return ops.where(draws.uniform(ops.shape(x), seed) < self.rate, 0.0, x)


class SaltAndPepper:
    """Sets elements to 0 or 1 with equal chance.

    Args:
        rate: Share of elements replaced.
    """

    def __init__(self, *, rate: Rate = 0.3):
        self.rate = rate

    def __call__(self, x, seed):
        """Returns `x` with some elements replaced."""
        draw = draws.uniform(ops.shape(x), seed)
        return ops.where(draw < self.rate / 2, 0.0, ops.where(draw < self.rate, 1.0, x))


find = schema.choose(
    {"gaussian": Gaussian, "masking": Masking, "salt_and_pepper": SaltAndPepper}, "corruption"
)


@keras.saving.register_keras_serializable(package="aezoo")
class DAE(Autoencoder):
    """Denoising autoencoder: reconstructs the sample from a corrupted copy of it.

    The corruption is part of the objective, in training and in validation; `encode` and
    `reconstruct` take samples as they come, noisy ones in particular.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        corruption: `"gaussian"`, `"masking"`, `"salt_and_pepper"`, a dictionary with `name` and
            arguments (`scale` or `rate`), or None where `fit(noisy, clean)` brings its own.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        corruption = {"name": "masking", "rate": 0.3}
        model = aezoo.create("dae", sample_shape=(8, 8, 1), corruption=corruption)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Vincent et al., 2010](https://www.jmlr.org/papers/v11/vincent10a.html)
    """

    def __init__(
        self, sample_shape, latent_dim=16, *, corruption: schema.Spec = "gaussian", **kwargs
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.corruption = None
        if corruption is not None:
            self.corruption = schema.build(corruption, find, "corruption")

    def forward(self, x, training=False, condition=None):
        """Reconstructs from a corrupted copy."""
        corrupted = self.corruption(x, self.noise) if self.corruption else x
        return super().forward(corrupted, training, condition)
