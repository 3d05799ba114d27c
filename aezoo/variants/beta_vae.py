"""The beta-VAE."""

import keras

from aezoo.schema import Weight
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class BetaVAE(VAE):
    """Gaussian VAE with a weighted KL term; `beta=1` is the plain VAE.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        beta: Weight of the KL term, at least 0. Above 1 trades fidelity for independent latents.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("beta_vae", sample_shape=(8, 8, 1), beta=4.0)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        ```

    Reference:
        [Higgins et al., 2017](https://openreview.net/forum?id=Sy2fzU9gl)
    """

    def __init__(self, sample_shape, latent_dim=16, *, beta: Weight = 4.0, **kwargs):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.beta = beta

    @property
    def kl_weight(self):
        """The weight of the KL is `beta`."""
        return self.beta
