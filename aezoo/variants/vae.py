"""The variational autoencoder."""

import keras
from keras import ops

from aezoo import losses
from aezoo.core import Autoencoder


@keras.saving.register_keras_serializable(package="aezoo")
class VAE(Autoencoder):
    """Variational autoencoder with a diagonal Gaussian posterior and the prior N(0, I).

    The objective is the negative evidence bound, `nll + kl`, with one posterior sample. `encode`
    and `reconstruct` use the posterior mean.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("vae", sample_shape=(8, 8, 1), likelihood="bernoulli")
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Kingma and Welling, 2014](https://arxiv.org/abs/1312.6114);
        [Rezende et al., 2014](https://arxiv.org/abs/1401.4082)
    """

    posterior_parameters = 2

    def posterior(self, x, training=False, condition=None):
        """Returns `mean` and `log_variance` of the posterior, `(n, latent_dim)` each."""
        parameters = ops.cast(self.encoder.network(x, training=training), "float32")
        mean, log_variance = ops.split(parameters, 2, axis=-1)
        return {"mean": mean, "log_variance": log_variance}

    def code(self, posterior):
        """Returns the posterior mean."""
        return posterior["mean"]

    def sample_posterior(self, posterior, noise):
        """Returns `mean + standard deviation * noise`."""
        return posterior["mean"] + ops.exp(0.5 * posterior["log_variance"]) * noise

    def forward(self, x, training=False, condition=None):
        """Reconstructs from one posterior sample, in validation too."""
        posterior = self.posterior(x, training=training, condition=condition)
        noise = keras.random.normal(ops.shape(posterior["mean"]), seed=self.noise)
        z = self.sample_posterior(posterior, noise)
        return {"code": z, **posterior, **self.reconstruction(z, training, condition)}

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `kl`, the divergence of the posterior from the prior."""
        terms = super().terms(x, target, outputs, training, condition)
        kl = losses.gaussian_kl(outputs["mean"], outputs["log_variance"])
        return {**terms, "kl": kl}

    def term_weights(self):
        """Weighs `kl` by 1: the loss is the negative evidence bound."""
        return {**super().term_weights(), "kl": 1.0}

    def prior(self, noise, condition=None):
        """Returns the noise: the prior is N(0, I)."""
        return ops.cast(noise, "float32")

    def log_weight(self, x, noise, condition=None):
        """Returns `log p(x | z) + log p(z) - log q(z | x)` at one posterior sample."""
        posterior = self.posterior(x, condition=condition)
        z = self.sample_posterior(posterior, noise)
        parameters = self.likelihood_parameters(z, condition=condition)
        ratio = losses.gaussian_log_ratio(z, posterior["mean"], posterior["log_variance"])
        return -self.likelihood.nll(x, parameters) - ratio
