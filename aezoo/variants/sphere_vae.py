"""The hyperspherical variational autoencoder."""

import keras
from keras import ops

from aezoo import von_mises_fisher
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class SphereVAE(VAE):
    """Variational autoencoder whose codes lie on the unit sphere (S-VAE).

    The posterior is a von Mises-Fisher distribution, the prior uniform on the sphere, so that a
    posterior can forget all without being drawn to one point. `encode` and `reconstruct` use the
    mean direction.

    A draw turns the mean direction towards the noise, by the angle that the noise's component along
    it chooses through the inverse distribution function: no proposal is rejected, and the draw is
    differentiable in direction and concentration.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Dimension of the space that the sphere lies in, at least 2.
        **kwargs: See `aezoo.variants.vae.VAE`.

    Example:
        ```python
        model = aezoo.create("sphere_vae", sample_shape=(8, 8, 1), latent_dim=3)
        model.compile("adam")
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Davidson et al., 2018](https://arxiv.org/abs/1804.00891)
    """

    latents = ("vector",)  # the posteriors are no Gaussians

    def __init__(self, sample_shape, latent_dim=16, **kwargs):
        if latent_dim < 2:
            raise ValueError(
                "A sphere needs at least 2 dimensions; for a single unit use 'vae'. "
                f"Received: latent_dim={latent_dim!r}."
            )
        super().__init__(sample_shape, latent_dim, **kwargs)

    @property
    def posterior_shape(self):
        """Shape of the encoder network's output: a direction and one concentration."""
        return (self.latent_dim + 1,)

    def posterior(self, x, training=False, condition=None):
        """Returns `mean`, the mean direction `(n, latent_dim)`, and `concentration`, `(n,)`."""
        parameters = ops.cast(self.encoder.network(x, training=training), "float32")
        concentration = ops.softplus(parameters[:, -1]) + 1.0
        return {"mean": unit(parameters[:, :-1]), "concentration": concentration}

    def sample_posterior(self, posterior, noise):
        """Turns the mean direction towards the noise."""
        mean, noise = posterior["mean"], ops.cast(noise, "float32")
        along = ops.sum(noise * mean, axis=-1)
        across = unit(noise - along[:, None] * mean)
        share = 0.5 * (1.0 - ops.erf(along / 2.0**0.5))  # normal and independent of `across`
        angle = von_mises_fisher.angle(share, posterior["concentration"], self.latent_dim)
        return unit(ops.cos(angle)[:, None] * mean + ops.sin(angle)[:, None] * across)

    def kl_by_unit(self, outputs):
        """Returns the KL of the posterior from the uniform distribution, `(n, 1)`, in nats."""
        concentration = outputs["concentration"]
        return von_mises_fisher.kl_from_uniform(concentration, self.latent_dim)[:, None]

    def prior(self, noise, condition=None):
        """Returns the direction of the noise: the prior is uniform on the sphere."""
        return unit(ops.cast(noise, "float32"))

    def log_weight(self, x, noise, condition=None):
        """Returns `log p(x | z) + log p(z) - log q(z | x)` at one posterior sample."""
        posterior = self.posterior(x, condition=condition)
        z = self.sample_posterior(posterior, noise)
        parameters = self.likelihood_parameters(z, condition=condition)
        cosine = ops.sum(z * posterior["mean"], axis=-1)
        concentration, d = posterior["concentration"], self.latent_dim
        density = von_mises_fisher.log_density(cosine, concentration, d)
        return -self.likelihood.nll(x, parameters) - von_mises_fisher.log_area(d) - density


def unit(vectors):
    """Returns vectors `(n, d)` scaled to length 1; a vector of zeros stays one."""
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors / ops.sqrt(ops.maximum(squares, 1e-24))
