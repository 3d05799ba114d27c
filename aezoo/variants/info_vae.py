"""The information maximising VAE."""

from typing import Annotated

import keras
from keras import ops

from aezoo import draws, kernels, losses, schema
from aezoo.schema import Interval, Weight
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class InfoVAE(VAE):
    """VAE that keeps information in its codes: less KL, and a discrepancy of all codes instead.

    The objective is `nll + (1 - alpha) kl + (alpha + lambda_ - 1) mmd`, where `mmd` is the squared
    maximum mean discrepancy between the codes of a batch and N(0, I). With `alpha=0` and
    `lambda_=1` it is the VAE, with `alpha=1` the MMD-VAE.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        alpha: Preference for information in the codes, at most 1.
        lambda_: Weight of the divergence of all codes from the prior, at least `1 - alpha`.
        kernel: `"imq"`, `"rbf"`, or a dictionary with `name` and `scales`, see `aezoo.kernels`.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("info_vae", sample_shape=(8, 8, 1), alpha=0.5, lambda_=100.0)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, batch_size=128, verbose=0)
        ```

    Reference:
        [Zhao et al., 2019](https://arxiv.org/abs/1706.02262)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        alpha: Annotated[float, Interval(-1e9, 1.0)] = 0.5,
        lambda_: Weight = 10.0,
        kernel: schema.Spec = "imq",
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        if alpha + lambda_ < 1.0:
            raise ValueError(
                "alpha + lambda_ must be at least 1: below, the objective pushes the codes away "
                f"from the prior. Received: alpha={alpha!r}, lambda_={lambda_!r}."
            )
        self.alpha, self.lambda_ = alpha, lambda_
        self.kernel = schema.build(kernel, kernels.find, "kernel")

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `mmd`, the squared discrepancy of the batch of codes from the prior."""
        terms = super().terms(x, target, outputs, training, condition)
        code = outputs["code"]
        prior = draws.normal(ops.shape(code), self.noise)
        return {**terms, "mmd": losses.squared_mmd(code, prior, self.kernel)}

    @property
    def kl_weight(self):
        """The weight of the KL is `1 - alpha`."""
        return 1.0 - self.alpha

    def term_weights(self):
        """Weighs `kl` by `1 - alpha` and `mmd` by `alpha + lambda_ - 1`."""
        return {**super().term_weights(), "mmd": self.alpha + self.lambda_ - 1.0}
