"""The sigma-VAE."""

import keras

from aezoo.variants.vae import VAE

CALIBRATED = {"name": "gaussian", "scale": "batch"}


@keras.saving.register_keras_serializable(package="aezoo")
class SigmaVAE(VAE):
    """Gaussian VAE whose decoder's standard deviation is learnt: no weight of the KL to tune.

    The standard deviation is the one with the highest likelihood of each training batch (its
    root mean squared error), and at inference the running geometric mean of these, stored with
    the weights. It is the likelihood that makes the variant, and every other one is accepted.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        likelihood: As in `aezoo.Autoencoder`; for samples in [0, 1] that the decoder shall not
            leave, `{"name": "gaussian", "scale": "batch", "link": "sigmoid"}`.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("sigma_vae", sample_shape=(8, 8, 1))
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Rybkin et al., 2021](https://arxiv.org/abs/2006.13202)
    """

    def __init__(self, sample_shape, latent_dim=16, *, likelihood=CALIBRATED, **kwargs):
        super().__init__(sample_shape, latent_dim, likelihood=likelihood, **kwargs)
